"""Reprints: the same text in several articles, whole, abridged or extended.

Texts that share a band of their MinHash signature are candidates; the signatures themselves then tell how much of two texts is common. Articles
that have a text in common or texts that are alike, in whichever versions, are a cluster, and so are those that are linked through others. An
article that is one publication with another (`aliases`) is no reprint of it: the one that stands for both is the member.
All follows from the rows that are there, so that the order and number of loads do not matter; docs/reprints.md tells what is found and what not.
"""

from collections import defaultdict
from collections.abc import Callable

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.ids import make_id
from broadsheet.tables.signatures import MINIMA_COUNT
from broadsheet.warehouse.changes import Changes
from broadsheet.warehouse.statements import row_count, run_sql, sql_text

# 42 bands of three minima: 99.9 % of the pairs with 55 % of their shingles in common share a band, 94 % with 40 %, 68 % with 30 %, 4 % with 10 %.
BAND_COUNT = 42
HUB_COUNT = 8
LEAST_SIMILARITY = 0.65
# One text is the other and more, or less. Below this similarity the estimate of the containment is too rough.
LEAST_CONTAINMENT, LEAST_SIMILARITY_OF_CONTAINED = 0.85, 0.3
_PAIRS_AT_ONCE = 50_000
_PAIRS_IN_MEMORY = 20 * _PAIRS_AT_ONCE
# What says that a pair of texts are alike.
ALIKE = f"similarity >= {LEAST_SIMILARITY} or containment >= {LEAST_CONTAINMENT} and similarity >= {LEAST_SIMILARITY_OF_CONTAINED}"
# fmt: off
_SCRATCH = (
    "touched_texts", "texts_of_now", "texts_of_before", "new_texts", "gone_texts", "touched_buckets", "touched_members", "candidates", "lost_pairs",
    "measured", "scope_articles", "scope_clusters", "links", "clustered", "clustered_versions", "clustered_articles", "declared_sites", "origins",
)
# fmt: on


def update(
    changes: Changes,
    measure: Callable[[duckdb.DuckDBPyConnection, str], None] | None = None,
    cluster: Callable[[duckdb.DuckDBPyConnection], None] | None = None,
) -> None:
    """Bring `reprint_bands`, `reprint_pairs`, `reprint_members` and `reprint_clusters` up to date.

    Parameters
    ----------
    measure, cluster : what makes `measured` and `clustered`, as `_measure` and `_cluster` do in the memory of one machine.
    """
    measure, cluster = measure or _measure, cluster or _cluster
    connection = changes.connection
    _update_bands(changes)
    _update_pairs(changes, measure)
    run_sql(connection, "derived/reprint_scope.sql")
    cluster(connection)
    run_sql(connection, "derived/reprint_origins.sql")
    measure(connection, "true")
    changes.replace("reprint_members", "select article_id from scope_articles", sql_text("derived/reprint_members.sql"))
    clusters = "select cluster_id from scope_clusters union select cluster_id from clustered"
    changes.replace("reprint_clusters", clusters, sql_text("derived/reprint_clusters.sql"))
    for name in _SCRATCH:
        connection.execute(f"drop table {name}")


def cluster_id(first_article_id: str) -> str:
    """Id of the cluster whose smallest article id this is."""
    return make_id("reprint_cluster", first_article_id)


def _update_bands(changes: Changes) -> None:
    changes.connection.execute(f"set variable band_count = {BAND_COUNT}")
    run_sql(changes.connection, "derived/reprint_texts.sql")
    changes.remove("reprint_bands", "from gone_texts")
    changes.insert_fresh("reprint_bands")


def _update_pairs(changes: Changes, measure: Callable[[duckdb.DuckDBPyConnection, str], None]) -> None:
    changes.connection.execute(f"set variable hub_count = {HUB_COUNT}")
    run_sql(changes.connection, "derived/reprint_candidates.sql")
    measure(changes.connection, ALIKE)
    changes.replace("reprint_pairs", "select text_id, other_text_id from measured union from lost_pairs", "from measured")


def likeness(signature: np.ndarray, other_signature: np.ndarray, count: np.ndarray, other_count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Similarity and containment of pairs of texts, as far as their signatures tell.

    Parameters
    ----------
    signature, other_signature : uint32, (pairs, MINIMA_COUNT).
    count, other_count : how many shingles the texts have, float64, (pairs,).
    """
    similarity = (signature == other_signature).mean(axis=1)
    # |A∩B| = s (|A| + |B|) / (1 + s) where s = |A∩B| / |A∪B|
    common = similarity * (count + other_count) / (1 + similarity)
    return similarity, np.minimum(common / np.minimum(count, other_count), 1).round(4)


def minima_of(signatures: list[bytes]) -> np.ndarray:
    """Signatures as numbers: uint32, (texts, MINIMA_COUNT)."""
    return np.frombuffer(b"".join(signatures), "<u4").reshape(-1, MINIMA_COUNT)


def _measure(connection: duckdb.DuckDBPyConnection, kept: str) -> None:
    """Make the temporary table `measured` of the pairs of texts in `candidates`, with similarity and containment from their signatures: those for
    which the condition `kept` holds. Texts are numbered for it, and some of the pairs at a time are in memory: there may be very many."""
    connection.execute(
        "create or replace temp table numbered as select row_number() over () - 1 as number, * from ("
        "select text_id, any_value(body_signature) as body_signature, any_value(shingle_count) as shingle_count from article_versions "
        "semi join (select unnest([text_id, other_text_id]) as text_id from candidates) using (text_id) group by text_id)"
    )
    texts = connection.execute("select body_signature, shingle_count from numbered order by number").to_arrow_table()
    minima = np.concatenate([minima_of([]), *(minima_of(batch["body_signature"].to_pylist()) for batch in texts.to_batches())])
    counts = texts["shingle_count"].to_numpy().astype(float)
    connection.execute(
        "create or replace temp table pairs as "
        f"select one.number, other.number as other_number, (row_number() over () - 1) // {_PAIRS_IN_MEMORY} as part "
        "from candidates join numbered as one using (text_id) join numbered as other on other.text_id = candidates.other_text_id"
    )
    connection.execute("create or replace temp table measured (text_id varchar, other_text_id varchar, similarity double, containment double)")
    for part in range(-(-row_count(connection, "pairs") // _PAIRS_IN_MEMORY)):
        pairs = connection.execute("select number, other_number from pairs where part = ?", [part]).to_arrow_table()
        one, other = (pairs[column].to_numpy() for column in ("number", "other_number"))
        similarity, containment = np.zeros(len(one)), np.zeros(len(one))
        for start in range(0, len(one), _PAIRS_AT_ONCE):
            some = slice(start, start + _PAIRS_AT_ONCE)
            similarity[some], containment[some] = likeness(minima[one[some]], minima[other[some]], counts[one[some]], counts[other[some]])
        connection.register(
            "measured_rows", pairs.append_column("similarity", pa.array(similarity)).append_column("containment", pa.array(containment))
        )
        connection.execute(
            "insert into measured by name select one.text_id, other.text_id as other_text_id, similarity, containment "
            f"from (from measured_rows where {kept}) join numbered as one using (number) join numbered as other on other.number = other_number"
        )
        connection.unregister("measured_rows")
    connection.execute("drop table pairs")
    connection.execute("drop table numbered")


def _cluster(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary table `clustered` (article_id, cluster_id) of the articles in scope that `links` link with others."""
    from scipy.sparse import coo_array  # here, since to import it costs more than a small load
    from scipy.sparse.csgraph import connected_components

    links = connection.execute("from links").to_arrow_table().combine_chunks()
    nodes = pc.unique(pa.chunked_array([*links["left_id"].chunks, *links["right_id"].chunks], pa.string()))
    left, right = (pc.index_in(links[side], nodes).to_numpy() for side in ("left_id", "right_id"))
    _, components = connected_components(coo_array((np.ones(len(left), bool), (left, right)), shape=(len(nodes), len(nodes))), directed=False)
    articles = connection.execute("select article_id from scope_articles semi join links on left_id = article_id").to_arrow_table()["article_id"]
    together = defaultdict(list)
    for article_id, node in zip(articles.to_pylist(), pc.index_in(articles, nodes).to_pylist(), strict=True):
        together[components[node]].append(article_id)
    clusters = [(cluster_id(min(members)), members) for members in together.values() if len(members) > 1]
    rows = pa.table(
        {
            "article_id": pa.array([article_id for _, members in clusters for article_id in members], pa.string()),
            "cluster_id": pa.array([cluster_id for cluster_id, members in clusters for _ in members], pa.string()),
        }
    )
    connection.register("clustered_rows", rows)
    connection.execute("create or replace temp table clustered as from clustered_rows")
    connection.unregister("clustered_rows")
