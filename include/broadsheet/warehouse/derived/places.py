"""Which places Chinese headlines name: provinces, cities, counties and towns, by the words that rjieba finds.

An inference. Some of its words for places are none in a headline, a name may be divided elsewhere than where it ends, and a place that it does not
know is found by its suffix (县, 市, …) alone. Of a cut headline that is not resolved, only what is shown can be read.
"""

from functools import lru_cache
from itertools import pairwise

import pyarrow as pa
import rjieba

from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.changes import Changes

_SUFFIXES = ("省", "市", "自治区", "特区", "州", "盟", "区", "县", "旗", "镇", "乡")
# With these a short name is completed: 区, 镇 and 乡 would make places of regions (欧洲) and of ordinary words.
_COMPLETING = ("省", "市", "自治区", "特区", "州", "盟", "县", "旗")
_COUNTY = ("县", "镇", "乡")  # beside these a noun need not be known as a place: 梨园 县
_PLACE, _NAMES = "ns", ("ns", "nr", "nrt", "nz")


def places_of(headline: str) -> list[str]:
    """Places that a headline names, each once, in the order of the headline; short names completed (兰州 is 兰州市)."""
    words = [*rjieba.tag(headline), ("", "")]
    found = (_place(word, kind, following) for (word, kind), (following, _) in pairwise(words) if len(word) > 1)
    return list(dict.fromkeys(place for place in found if place))


def _place(word: str, kind: str, following: str) -> str | None:
    if (kind == _PLACE and following in _SUFFIXES) or (kind.startswith("n") and following in _COUNTY):
        return word + following
    if kind in _NAMES and len(word) > 2 and word.endswith(_SUFFIXES):
        return word
    return _completed(word) if kind == _PLACE else None


@lru_cache(maxsize=10_000)
def _completed(name: str) -> str | None:
    """The name with the suffix under which the dictionary knows it."""
    return next((name + suffix for suffix in _COMPLETING if rjieba.tag(name + suffix, hmm=False) == [(name + suffix, _PLACE)]), None)


def update(changes: Changes) -> None:
    """Bring `headline_places` up to date."""
    connection = changes.connection
    shown = connection.execute(
        f"select feed_headline_id, site, coalesce(full_headline, headline_text) as headline from {changes.added('headline_resolutions')}"
    ).to_arrow_table()
    rows = [
        {"feed_headline_id": headline["feed_headline_id"], "place_name": place, "site": headline["site"]}
        for batch in shown.to_batches(max_chunksize=10_000)
        for headline in batch.to_pylist()
        for place in places_of(headline["headline"])
    ]
    connection.register("named_places", pa.Table.from_pylist(rows, schema=TABLES["headline_places"].arrow))
    touched = f"select feed_headline_id from (from {changes.added('headline_resolutions')} union all from {changes.removed('headline_resolutions')})"
    changes.replace("headline_places", touched, "from named_places")
    connection.unregister("named_places")
