"""Hand-written rules across columns and tables.

A rule is a function of the table's pandas batch and of the batch's other tables; it gives a boolean for each row, True where the
row is as it should be. Great Expectations knows each rule as a class of its own (`gx.py`); what a rule means, and what to do, stands in `reasons.py`.
"""

import functools
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from broadsheet.ids import content_sha256
from broadsheet.text import headline_key

Frames = Mapping[str, pd.DataFrame]
LOW_COVERAGE = 0.5
EARLIEST = pd.Timestamp("1990-01-01", tz="UTC")
CLOCK_SLACK = pd.Timedelta(days=1)
LONGEST_HEADLINE = 200  # characters
FEWEST_FOREIGN = 8  # characters beyond ASCII from which the charset of a text can be told
_URL_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)([-/_]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
URL_DAY_SLACK = pd.Timedelta(days=2)  # one for zones, one for a page that is put up after it was dated
_MARKUP = re.compile(
    r"</?(?:p|br|div|span|a|img|script|style|strong|font)\b[^<>]{0,300}>|&(?:nbsp|lt|gt|amp|quot|ldquo|rdquo|#\d{2,6});", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Rule:
    """`reason` is a slug of `reasons.py`, `expectation` the class by which Great Expectations knows the rule; `columns` are what it looks at."""

    reason: str
    expectation: str
    table: str
    columns: tuple[str, ...]
    holds: Callable[[pd.DataFrame, Frames], pd.Series]


RULES: list[Rule] = []


def rule(expectation: str, table: str, *columns: str) -> Callable:
    """Register a rule under its function's name, which says what is wrong; the expectation says what should be."""

    def register(function: Callable[[pd.DataFrame, Frames], pd.Series]) -> Callable:
        RULES.append(Rule(function.__name__, expectation, table, columns, function))
        return function

    return register


@rule("ExpectSpansOfBlocksToBeAsLongAsTheirText", "page_blocks", "char_start", "char_end", "block_text")
def block_span_mismatch(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    return rows["char_end"] - rows["char_start"] == rows["block_text"].fillna("").str.len()


@rule("ExpectRanksOfAFeedStateToRunFromOne", "headline_feed_entries", "feed_snapshot_id", "rank")
def ranks_not_dense(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    groups = rows.groupby("feed_snapshot_id", dropna=False)["rank"]
    return (groups.transform("min") == 1) & (groups.transform("max") == groups.transform("nunique"))


@rule("ExpectFeedStateToHaveItsEntries", "headline_feed_snapshots", "feed_snapshot_id", "entry_count")
def entry_count_mismatch(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    entries = frames.get("headline_feed_entries", pd.DataFrame({"feed_snapshot_id": []}))
    return rows["feed_snapshot_id"].map(entries["feed_snapshot_id"].value_counts()).fillna(0) == rows["entry_count"]


@rule("ExpectCutEntryToBeWithinItsFeedsLimit", "headline_feed_entries", "display_width", "is_truncated")
def entry_wider_than_limit(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    limits = frames.get("headline_feed_snapshots", pd.DataFrame({"feed_snapshot_id": [], "width_limit": []}))
    limit = rows["feed_snapshot_id"].map(limits.drop_duplicates("feed_snapshot_id").set_index("feed_snapshot_id")["width_limit"])
    # an ellipsis, up to six columns, stands beyond the limit
    return ~rows["is_truncated"].astype(bool) | limit.isna() | (rows["display_width"] <= limit.astype(float) + 6)


@rule("ExpectHeadlineToStandOnceInAFeedState", "headline_feed_entries", "headline_text", "url")
def headline_twice_in_feed(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    return ~rows.duplicated(["feed_snapshot_id", "headline_text", "url"], keep=False)


@rule("ExpectPublicationToComeBeforeCapture", "articles", "published_at", "first_capture_id")
@rule("ExpectPublicationToComeBeforeCapture", "article_versions", "published_at", "first_capture_id")
def published_after_capture(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    captures = frames.get("captures", pd.DataFrame({"capture_id": [], "captured_at": [], "captured_before": []})).drop_duplicates("capture_id")
    latest = captures.set_index("capture_id")["captured_at"].combine_first(captures.set_index("capture_id")["captured_before"])
    captured = pd.to_datetime(rows["first_capture_id"].map(latest), utc=True)
    return rows["published_at"].isna() | captured.isna() | (rows["published_at"] <= captured + CLOCK_SLACK)


@rule("ExpectPublicationToBeSince1990", "articles", "published_at")
@rule("ExpectPublicationToBeSince1990", "article_versions", "published_at")
def published_too_early(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    return rows["published_at"].isna() | (rows["published_at"] >= EARLIEST)


@rule("ExpectPublicationToBeOnTheDayInTheUrl", "articles", "published_at_local", "canonical_url")
def published_not_as_url(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    parts = rows["canonical_url"].astype("str").str.extract(_URL_DAY)
    day = pd.to_datetime(parts[0] + parts[2] + parts[3], format="%Y%m%d", errors="coerce")
    return ~((rows["published_at_local"] - day).abs() > URL_DAY_SLACK)


@rule("ExpectCaptureToBeInThePast", "captures", "captured_at")
def captured_in_future(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    return ~(rows["captured_at"] > pd.Timestamp.now(tz="UTC") + CLOCK_SLACK)


@rule("ExpectCaptureTimeToHaveABasis", "captures", "captured_at", "captured_at_basis")
def capture_time_without_basis(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    return rows["captured_at"].isna() == (rows["captured_at_basis"] == "none")


@rule("ExpectObservationTimeToHaveABasis", "page_absences", "observed_at", "observed_at_basis", "observed_before")
@rule("ExpectObservationTimeToHaveABasis", "headline_feed_observations", "observed_at", "observed_at_basis", "observed_after")
def observation_time_without_basis(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    is_bounded = rows["observed_at_basis"] == "publication"
    is_unknown = rows["observed_at_basis"] == "none"
    has_bound = rows.filter(["observed_after", "observed_before"]).notna().any(axis=1)
    return (rows["observed_at"].isna() == (is_bounded | is_unknown)) & (has_bound | ~is_bounded)


@rule("ExpectArticleToHaveABody", "article_versions", "body_text")
def body_missing(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    return rows["body_text"].fillna("").str.strip() != ""


@rule("ExpectBodyToBeMoreThanTheRightsNotice", "article_versions", "body_text", "rights_notice")
def body_is_rights_notice(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    body = rows["body_text"].fillna("").str.strip()
    return (body == "") | (body != rows["rights_notice"].fillna("").str.strip())


@rule("ExpectBodyToHaveItsHash", "article_versions", "body_text", "body_sha256")
def body_hash_mismatch(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    pairs = zip(rows["body_text"], rows["body_sha256"], strict=True)
    # what has no value or no text is told by the checks for that
    holds = [
        not (isinstance(body, str) and isinstance(stated, str)) or content_sha256(body.encode("utf-8", "surrogatepass")) == stated
        for body, stated in pairs
    ]
    return pd.Series(holds, index=rows.index, dtype=bool)


@rule("ExpectHeadlineNotToBeTheSitesName", "article_versions", "headline", "first_capture_id")
def headline_is_site_name(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    captures = frames.get("captures", pd.DataFrame({"capture_id": [], "site_name": []})).drop_duplicates("capture_id")
    names = rows["first_capture_id"].map(captures.set_index("capture_id")["site_name"])
    same = [bool(key := _key(headline)) and key == _key(name) for headline, name in zip(rows["headline"], names, strict=True)]
    return ~pd.Series(same, index=rows.index, dtype=bool)


@rule("ExpectHeadlineNotToBeAListsHeading", "article_versions", "headline", "first_capture_id")
def headline_is_module_heading(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    known = _module_headings(frames)
    return pd.Series([(c, _key(h)) not in known for c, h in zip(rows["first_capture_id"], rows["headline"], strict=True)], index=rows.index)


@rule("ExpectPersonNotToBeAListsHeading", "article_people", "person_name", "version_id")
def person_is_module_heading(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    versions = frames.get("article_versions", pd.DataFrame({"version_id": [], "first_capture_id": []})).drop_duplicates("version_id")
    captures = rows["version_id"].map(versions.set_index("version_id")["first_capture_id"])
    known = _module_headings(frames)
    return pd.Series([(c, _key(name)) not in known for c, name in zip(captures, rows["person_name"], strict=True)], index=rows.index)


@rule("ExpectPersonNotToBeAnOutlet", "article_people", "person_name")
def person_is_outlet(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    # of the whole batch: where the two are swapped, only other pages tell which is which
    credited = {_key(name) for name in frames.get("article_sources", pd.DataFrame({"outlet_name": []}))["outlet_name"].unique()} - {""}
    return ~rows["person_name"].map(_key).isin(credited)


@rule("ExpectHeadlineToBeShort", "article_versions", "headline")
def headline_too_long(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    return rows["headline"].fillna("").str.len() <= LONGEST_HEADLINE


@rule("ExpectHeadlineNotToBeRepeatedInBody", "article_versions", "headline", "body_text")
def headline_repeated_in_body(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    def is_repeated(headline: object, body: object) -> bool:
        key = _key(headline)
        return bool(key) and sum(_key(line) == key for line in _lines(body)) > 1

    return pd.Series([not is_repeated(*pair) for pair in zip(rows["headline"], rows["body_text"], strict=True)], index=rows.index, dtype=bool)


@rule("ExpectBodyToBeThereOnce", "article_versions", "body_text")
def body_doubled(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    def is_doubled(lines: list[str]) -> bool:
        half = len(lines) // 2
        return half > 0 and lines[:half] == lines[-half:] and len(lines) == 2 * half

    return ~rows["body_text"].map(lambda body: is_doubled(_lines(body))).astype(bool)


@rule("ExpectTextToHaveNoMarkup", "article_versions", "headline", "body_text")
def markup_in_text(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    return ~(rows["headline"].fillna("") + "\n" + rows["body_text"].fillna("")).str.contains(_MARKUP)


@rule("ExpectTextToBeDecodedRightly", "article_versions", "headline", "body_text")
def mojibake(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    texts = (rows[column].fillna("").str[:200].map(_is_mojibake) for column in ("headline", "body_text"))
    return ~functools.reduce(operator.or_, texts).astype(bool)


@rule("ExpectPersonToHaveNoLabel", "article_people", "person_name")
def label_in_person(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    return ~rows["person_name"].fillna("").str.contains("[:：]")


@rule("ExpectOutletToHaveNoLabel", "article_sources", "outlet_name")
def label_in_outlet(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    return ~rows["outlet_name"].fillna("").str.contains("[:：]")


@rule("ExpectLinkToLeadToAnotherPage", "related_links", "canonical_url", "capture_id")
def link_to_own_page(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    captures = frames.get("captures", pd.DataFrame({"capture_id": [], "canonical_url": []}))
    own = rows["capture_id"].map(captures.drop_duplicates("capture_id").set_index("capture_id")["canonical_url"])
    return rows["canonical_url"].isna() | own.isna() | (rows["canonical_url"] != own)


@rule("ExpectArticlePageToHaveAHeadline", "captures", "page_kind", "article_id")
def headline_missing(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    return (rows["page_kind"] != "article") | rows["article_id"].notna()


@rule("ExpectPageToBeReadToItsEnd", "captures", "left_out_char_count")
def page_cut_short(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    return rows["left_out_char_count"] == 0


@rule("ExpectPageToBeWhole", "captures", "is_unfinished")
def page_unfinished(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    return ~rows["is_unfinished"].eq(True).fillna(False).astype(bool)


@rule("ExpectHalfOfThePageToBeExplained", "captures", "coverage_ratio")
def low_coverage(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    return rows["coverage_ratio"] >= LOW_COVERAGE


@rule("ExpectSelectorsOfTheProfileToMatch", "captures", "site_profile_missed")
def profile_selector_missed(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    return rows["site_profile_missed"].map(lambda parts: not hasattr(parts, "__len__") or len(parts) == 0).astype(bool)


@rule("ExpectPageToBeDecodedWhole", "captures", "replaced_count")
def replacement_characters(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    return rows["replaced_count"] == 0


@rule("ExpectArticleToShowItsPublicationTime", "article_versions", "published_at")
def no_publication_time(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    return rows["published_at"].notna()


@rule("ExpectArticleToCreditAnOutlet", "article_versions", "version_id")
def no_source(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    sources = frames.get("article_sources")
    return rows["version_id"].isin(set(sources["version_id"]) if sources is not None else set())


@rule("ExpectEditorNotToBeTheAuthor", "article_people", "version_id", "person_name", "person_role")
def editor_is_author(rows: pd.DataFrame, frames: Frames) -> pd.Series:
    is_editor = rows["person_role"].isin(("editor", "responsible_editor"))
    writers = rows[~is_editor & (rows["person_role"] != "photographer")]
    known = set(zip(writers["version_id"], writers["person_name"], strict=True))
    both = [pair in known for pair in zip(rows["version_id"], rows["person_name"], strict=True)]
    return ~(is_editor & pd.Series(both, index=rows.index))


def _module_headings(frames: Frames) -> set[tuple[str, str]]:
    """(capture, heading by its letters and digits) of all lists on the batch's pages."""
    blocks = frames.get("page_blocks", pd.DataFrame({"block_label": [], "capture_id": [], "block_text": []}))
    headings = blocks[blocks["block_label"] == "module_heading"]
    return {(capture, key) for capture, key in zip(headings["capture_id"], headings["block_text"].map(_key), strict=True) if key}


def _lines(body: object) -> list[str]:
    return body.split("\n") if isinstance(body, str) else []


def _is_mojibake(text: str) -> bool:
    """Whether a text was decoded with a charset that it is not in: encoded back with that, it is UTF-8 throughout, as no text is by chance."""
    for charset in ("cp1252", "gb18030"):
        if (wrong := text.replace("\ufffd", "").encode(charset, "ignore")).isascii():
            continue
        right = wrong.decode("utf-8", "replace")
        foreign = sum(not character.isascii() for character in right)
        # some bytes have no character in the wrong charset, and are lost
        if foreign >= FEWEST_FOREIGN and right.count("\ufffd") <= foreign / 4:
            return True
    return False


def _key(text: object) -> str:
    return headline_key(text) if isinstance(text, str) else ""
