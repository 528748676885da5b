"""Every column, declared once. The same name means the same in every table.

Arrow schemas, DuckDB DDL, quality suites and the data dictionary derive from here; `schema.py` says which table has which.
"""

from dataclasses import dataclass

from broadsheet import media_types, records
from broadsheet.quality.reasons import INCIDENT_REASONS


@dataclass(frozen=True, slots=True)
class Field:
    """One column.

    Attributes
    ----------
    type : string, int32, int64, float64, boolean, timestamp (an instant, UTC, microseconds), local_timestamp (a wall clock
        without zone), date, list_string, json (text that holds JSON), binary.
    description : what a value says, for the data dictionary and `COMMENT ON`.
    unit : unit of a number, e.g. ``characters``.
    nullable : unless a table says otherwise.
    allowed : the closed set of values, if there is one.
    minimum, maximum : inclusive bounds of a number.
    pattern : full-match regular expression (RE2 syntax) of a string.
    is_blank_allowed : whether the empty string is a value.
    """

    name: str
    type: str
    description: str
    unit: str | None = None
    nullable: bool = False
    allowed: tuple[str, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    is_blank_allowed: bool = False


ID_PATTERN = r"[0-9a-f]{20}"
SHA256_PATTERN = r"[0-9a-f]{64}"
URL_PATTERN = r"https?://\S+"
STAGES = ("capture", "extract", "transform", "validate", "load")
OUTCOMES = ("replayed_good", "replayed_rejected", "dismissed")
SITE_BASES = tuple(records.SiteBasis)
# Where a feed's time comes from when the capture has none: bounded, but not known.
OBSERVED_BASES = (*records.TimeBasis, "publication")


def _id(name: str, description: str, **options) -> Field:
    return Field(name, "string", description, pattern=ID_PATTERN, **options)


def _count(name: str, description: str, unit: str = "rows", **options) -> Field:
    return Field(name, "int64", description, unit=unit, minimum=0, **options)


def _ratio(name: str, description: str, **options) -> Field:
    return Field(name, "float64", description, unit="ratio", minimum=0, maximum=1, **options)


_ALL = (
    # --- what identifies -------------------------------------------------------------------------------------------
    _id("capture_id", "Capture: one page as fetched or delivered; hash of content, url and capture time"),
    _id("article_id", "Article: one publication on one site; what it is a hash of, `article_id_basis` says"),
    _id("version_id", "Article version: hash of article, headline and body text"),
    _id("first_capture_id", "First capture that showed this, in the order of loading"),
    _id("channel_id", "Channel: node of a site's breadcrumb tree", nullable=True),
    _id("parent_channel_id", "The channel above; NULL for a root", nullable=True),
    _id(
        "feed_id",
        "Headline feed: hash of site (of the page's content where it is unknown), label and ordinal among equal labels on a page; of a page's own "
        "list of the page's URL too, and of the list's place where it has no label; of a feed file of its URL",
    ),
    _id("outlet_id", "Outlet: hash of its canonical name", nullable=True),
    _id("person_id", "Person: hash of the name and of what it is unique within, which `person_basis` says", nullable=True),
    _id("standing_article_id", "Article that the publication is to be counted as; itself no alias"),
    _id("feed_snapshot_id", "State of a feed: hash of feed and its entries in order"),
    _id("feed_headline_id", "Headline as a feed shows it: hash of feed, displayed text and URL"),
    _id("title_id", "Full headline at one place: hash of text, site, feed and article"),
    _id("quarantine_id", "Quarantined input, page or row: hash of stage, what it is, its reasons and an ordinal among equals"),
    _id("quality_result_id", "Quality result: hash of run, shard, table and check"),
    Field("snapshot_id", "string", "Published state of the warehouse", pattern=r"[0-9A-Za-z_.+:-]+"),
    Field("parent_snapshot_id", "string", "Snapshot that this one was built from; NULL for the first", nullable=True),
    Field("run_id", "string", "Run that wrote the row first"),
    Field("site", "string", "Site: host without `www.`; the masthead's name where no URL is known; `unknown` otherwise"),
    Field("site_basis", "string", "Where the site comes from", allowed=SITE_BASES),
    Field("parser_version", "string", "Version of the page kernel that read the capture"),
    Field("schema_version", "string", "Version of the tables"),
    # --- captures ----------------------------------------------------------------------------------------------------
    Field("content_sha256", "string", "SHA-256 of the page's bytes", pattern=SHA256_PATTERN),
    Field("url", "string", "URL as delivered or as written in the page", nullable=True),
    Field(
        "canonical_url",
        "string",
        "URL in canonical form: page's own canonical link first, no fragment, no tracking parameters, query sorted",
        nullable=True,
        pattern=URL_PATTERN,
    ),
    Field("captured_at", "timestamp", "When the page was captured; NULL when unknown, never the time of loading", nullable=True),
    Field("first_captured_at", "timestamp", "First capture with a known time", nullable=True),
    Field("last_captured_at", "timestamp", "Last capture with a known time", nullable=True),
    _count("version_count", "Versions seen, of all ids of the article", "versions"),
    Field("captured_at_basis", "string", "Where the capture time comes from", allowed=tuple(records.TimeBasis)),
    Field("captured_after", "timestamp", "Lower bound of the capture time; the article's own publication where the time is unknown", nullable=True),
    Field(
        "captured_before",
        "timestamp",
        "Upper bound of the capture time; the start of the first run that read it where the time is unknown",
        nullable=True,
    ),
    Field("media_type", "string", "How the page came", allowed=media_types.ALL),
    Field("charset", "string", "Charset that the bytes were decoded with, as a Python codec name"),
    Field("charset_declared", "string", "Charset that the page declares of itself", nullable=True),
    Field("charset_basis", "string", "Evidence for the charset", allowed=("bom", "utf8_valid", "http", "declared", "detected", "fallback")),
    _count("replaced_count", "Characters that decoding could not read (U+FFFD put in)", "characters"),
    _count("byte_count", "Size of the page", "bytes"),
    Field("http_status", "int32", "HTTP status of the response, if captured over HTTP", nullable=True, minimum=100, maximum=599),
    Field("http_charset", "string", "Charset that the server declared; NULL where it declared none or none answered", nullable=True),
    Field("page_kind", "string", "What the page is", allowed=tuple(records.PageKind)),
    Field("language", "string", "Language of the page, ISO 639-1", nullable=True, pattern=r"[a-z]{2}"),
    Field("layout_fingerprint", "string", "Hash of the page's structural skeleton: equal for pages of one template", is_blank_allowed=True),
    _ratio("coverage_ratio", "Share of the visible non-blank characters that lie in labelled blocks; those left out lie in none"),
    _count(
        "left_out_char_count",
        "Non-blank characters beyond the limit of blocks, not read; about: hidden ones count too, of at most half a million nodes",
        "characters",
    ),
    Field(
        "is_unfinished",
        "boolean",
        "Whether the page's HTML opens and is never closed, so that it was cut in transfer; NULL: read by an earlier program",
        nullable=True,
    ),
    Field(
        "stated_profile",
        "string",
        "Host of the site profile by which the capture's source wants it read; NULL: the one of its own host",
        nullable=True,
        pattern=r"[a-z0-9.-]+",
    ),
    Field(
        "site_profile",
        "string",
        "Layout of the site's profile that the page was read with: host, first day if it has one, hash of what it says. NULL: the generic path alone",
        nullable=True,
        pattern=r"[a-z0-9.-]+(?:@\d{4}-\d{2}-\d{2})?#[0-9a-f]{8}",
    ),
    Field(
        "site_profile_missed",
        "list_string",
        "Parts of that layout whose selectors matched nothing on the page, an article; the generic path found these",
        nullable=True,
    ),
    _count("block_count", "Visible text blocks of the page", "blocks"),
    _count("visible_char_count", "Visible non-blank characters of the page", "characters"),
    Field("input_path", "string", "File or WARC record as the user named it (first delivery)", nullable=True),
    Field("raw_file", "string", "WARC file in the raw zone, relative to the lake"),
    _count("raw_offset", "Offset of the WARC record in `raw_file`", "bytes"),
    _count("raw_length", "Length of the WARC record in `raw_file`", "bytes"),
    # --- absences ----------------------------------------------------------------------------------------------------
    _id("absence_id", "Absence: one answer that a page is not there; hash of url, time, status and the redirect's target"),
    Field("absence_kind", "string", "How the answer says that the page is not there", allowed=tuple(records.AbsenceKind)),
    Field("redirect_url", "string", "Where the redirect leads, in canonical form; NULL for 404 and 410", nullable=True, pattern=URL_PATTERN),
    # --- page blocks -------------------------------------------------------------------------------------------------
    Field("block_index", "int32", "Position of the block in its page, from 0", minimum=0),
    Field("block_label", "string", "What the block is", allowed=tuple(records.BlockLabel)),
    Field("block_rule", "string", "Rule that gave the label", is_blank_allowed=True),
    Field("block_text", "string", "Text of the block"),
    Field("char_start", "int32", "First character of the block in the page's text", unit="characters", minimum=0),
    Field("char_end", "int32", "Character after the last of the block in the page's text", unit="characters", minimum=0),
    Field("module_index", "int32", "Position of the module in its page, from 0", minimum=0),
    # --- articles ----------------------------------------------------------------------------------------------------
    Field(
        "article_id_basis",
        "string",
        "What identifies the article: its URL, or site, publication time and headline, or only the content",
        allowed=("url", "site_published_headline", "content"),
    ),
    Field(
        "url_key",
        "string",
        "What URLs of one page share: the canonical URL without scheme, `www.` or a device's host, and index file",
        nullable=True,
    ),
    Field(
        "alias_basis",
        "string",
        "Why the two are one publication. `url_variant`: URLs of one `url_key` that show one headline, minute and body. The others: no URL, "
        "and the headline and minute of just one article with URL, whose site is the same by name (`same_site`), by the name that its page "
        "gives itself (`same_masthead`) or by the outlet that runs it (`same_outlet`)",
        allowed=("url_variant", "same_site", "same_masthead", "same_outlet"),
    ),
    Field("headline", "string", "Headline as displayed, without campaign tag and subtitle"),
    Field("published_at", "timestamp", "Publication time as an instant; NULL when the page shows none", nullable=True),
    Field("published_at_local", "local_timestamp", "Publication time as the page displays it (wall clock)", nullable=True),
    Field("published_at_precision", "string", "How exact the displayed time is", nullable=True, allowed=("day", "minute", "second")),
    Field("published_at_raw", "string", "Text that the publication time was read from", nullable=True),
    Field("published_at_rule", "string", "Rule that read the publication time", nullable=True),
    Field("time_zone", "string", "Zone in which the site's times are read, IANA name"),
    Field("time_zone_basis", "string", "Where the zone comes from", allowed=("site", "source", "language", "default")),
    Field("body_text", "string", "Body paragraphs joined by newlines", is_blank_allowed=True),
    Field("body_sha256", "string", "SHA-256 of `body_text`", pattern=SHA256_PATTERN),
    _count("paragraph_count", "Paragraphs of the body", "paragraphs"),
    _count("char_count", "Non-blank characters of the body", "characters"),
    Field("dateline", "string", "Dateline that opens the body (新华社北京4月24日电)", nullable=True),
    Field("rights_notice", "string", "Rights notice as displayed", nullable=True),
    Field(
        "rights_applies",
        "string",
        "Whether a conditional rights notice covers this article",
        nullable=True,
        allowed=tuple(records.RightsApplicability),
    ),
    Field("headline_role", "string", "Role of the headline", allowed=tuple(records.HeadlineRole)),
    Field("headline_text", "string", "Headline as displayed, undoubled, without rank number"),
    Field("headline_raw", "string", "Text that the headline was read from", is_blank_allowed=True),
    Field("person_role", "string", "Role of the credited person; editors are never authors", allowed=tuple(records.PersonRole)),
    Field("person_name", "string", "Name of the person as credited; in `people` in normal form: without differences of width, blanks and dots"),
    Field(
        "person_basis",
        "string",
        "What the name is taken to be one person within: the outlet of the affiliation, the site, or, where the site is unknown, the page",
        allowed=("affiliation", "site", "page"),
    ),
    Field("affiliation", "string", "Outlet or office that the credit names", nullable=True),
    Field("source_role", "string", "`origin` wrote the piece, `via` is where this site took it from", allowed=tuple(records.SourceRole)),
    Field("outlet_name", "string", "Name of the outlet as credited; in `outlets` the canonical one, for which aliases and forms of writing stand"),
    Field(
        "outlet_basis",
        "string",
        "Where the canonical name comes from: the table of outlets lists it, or it is a credit or masthead in normal form",
        allowed=("listed", "credited"),
    ),
    Field("credit_raw", "string", "Text that the credit was read from", is_blank_allowed=True),
    Field("position", "int32", "Position among its like, from 1", minimum=1),
    # --- channels and sites --------------------------------------------------------------------------------------------
    Field("channel_name", "string", "Label of the channel"),
    Field("channel_path", "string", "Labels from the root to the channel, joined by ` / `"),
    Field("depth", "int32", "Level in the tree, from 1", minimum=1),
    Field("site_name", "string", "The site's own name for itself", nullable=True),
    # --- feeds and links -------------------------------------------------------------------------------------------------
    Field("module_heading", "string", "Heading of the module as displayed", nullable=True),
    Field("feed_label", "string", "Heading of the feed as displayed; empty for a feed without heading", is_blank_allowed=True),
    Field("feed_ordinal", "int32", "Ordinal among feeds of the same label on one page, from 1 (tabs)", minimum=1),
    Field(
        "feed_scope",
        "string",
        "Whose the feed is: `site`, a list that any page of the site may show; `page`, what a front or section page consists of; `file`, an RSS, "
        "Atom or JSON Feed file. NULL: read by an earlier program",
        nullable=True,
        allowed=("site", "page", "file"),
    ),
    Field(
        "feed_url",
        "string",
        "URL of the page or file whose the feed is, in canonical form; NULL for one of the whole site, and where it is not known",
        nullable=True,
        pattern=URL_PATTERN,
    ),
    Field(
        "entry_published_at",
        "timestamp",
        "Publication time that a feed file says of the entry, or that the page shows beside it; a day counts as its first moment",
        nullable=True,
    ),
    Field("entry_published_at_raw", "string", "Text that it was read from", nullable=True),
    Field("is_ranked", "boolean", "Whether the list shows an order of popularity or numbers"),
    _count("entry_count", "Entries of the feed's state", "entries"),
    _count("cut_count", "Entries whose headline is cut", "entries"),
    Field("width_limit", "int32", "Display columns at which headlines are cut here; NULL when none is cut", unit="columns", nullable=True, minimum=1),
    Field(
        "observed_at",
        "timestamp",
        "When it was seen: the feed in this state, the page not there; NULL when the time of the capture or answer is unknown",
        nullable=True,
    ),
    Field("observed_at_basis", "string", "Where `observed_at` or its bounds come from", allowed=OBSERVED_BASES),
    Field("observed_after", "timestamp", "Lower bound of the time at which it was seen", nullable=True),
    Field(
        "observed_before",
        "timestamp",
        "Upper bound of the time at which it was seen; of an absence the start of the first run that read it, where the time is unknown",
        nullable=True,
    ),
    Field("rank", "int32", "Rank in the feed, from 1, dense", minimum=1),
    Field("display_width", "int32", "Width of the displayed headline: ASCII 1, wide and ambiguous characters 2", unit="columns", minimum=0),
    Field("is_truncated", "boolean", "Whether the displayed headline is cut"),
    Field("has_image", "boolean", "Whether the entry carries an image"),
    Field("shown_full_headline", "string", "Longer headline that the page itself gives for the entry (link title, image text)", nullable=True),
    Field("headline_key", "string", "Headline by which equal ones are known: letters and digits alone, lower case, folded", is_blank_allowed=True),
    _count("feed_snapshot_count", "States of the feed with this width", "states"),
    Field("is_learned", "boolean", "Whether most states of the feed have this width: it is used for states that do not tell theirs"),
    Field("appeared_after", "timestamp", "Last observation of the feed before the stay; NULL if there is none", nullable=True),
    Field("first_observed_at", "timestamp", "First observation"),
    Field("last_observed_at", "timestamp", "Last observation"),
    Field("gone_before", "timestamp", "First observation of the feed after the stay; NULL if there is none", nullable=True),
    _count("observation_count", "Observations of the stay", "observations"),
    Field("observed_date", "date", "Day of the observations in the site's zone"),
    _count("slot_count", "Places in which the headline stands: one at each rank of each observed state", "slots"),
    Field("best_rank", "int32", "Highest place of the headline: its smallest rank", minimum=1),
    Field("place_name", "string", "Province, city, county or town, as rjieba's words tell it; short names completed (兰州 is 兰州市)"),
    # --- resolution --------------------------------------------------------------------------------------------------------
    Field("resolution_status", "string", "Outcome; a resolver never picks silently", allowed=("resolved", "ambiguous", "unresolved")),
    Field(
        "resolution_method",
        "string",
        "What decided; NULL when unresolved",
        nullable=True,
        allowed=("shown_full", "url", "same_page_exact", "same_page_cut", "warehouse_exact", "warehouse_cut"),
    ),
    Field(
        "confidence",
        "float64",
        "1 / number of candidates, lowered for short prefixes; NULL when unresolved",
        unit="ratio",
        nullable=True,
        minimum=0,
        maximum=1,
    ),
    Field("title", "string", "Full headline as displayed"),
    Field("title_key", "string", "`headline_key` of the full headline"),
    Field("title_prefix", "string", "Its first 16 characters, folded: what cut headlines are looked up by"),
    Field("shown_text", "string", "Displayed headline without the mark of its cut (`…`)", is_blank_allowed=True),
    Field(
        "shown_prefix",
        "string",
        "First 16, 8 or 4 characters of `shown_text`, folded, of a cut headline: what full ones are looked up by",
        nullable=True,
    ),
    Field(
        "candidate_fit",
        "string",
        "`exact`: the same letters; `cut`: the feed's width cuts the title to what is shown; NULL: only page or URL say that it is the one",
        nullable=True,
        allowed=("exact", "cut"),
    ),
    Field("is_shown", "boolean", "Whether a page gives the title for this very entry (link title, image text)"),
    Field("is_by_url", "boolean", "Whether the article that the entry's URL leads to has the title"),
    Field("is_same_page", "boolean", "Whether one capture shows both the feed's headline and, elsewhere, the full one"),
    Field("is_same_site", "boolean", "Whether a page of the same site shows the full headline"),
    _count("candidate_count", "Distinct full headlines that fit", "headlines"),
    Field("full_headline", "string", "Full headline behind the entry; NULL unless resolved", nullable=True),
    _id("resolved_article_id", "Article behind the entry, where the warehouse has just one; of several ids the one that stands", nullable=True),
    # --- reprints ------------------------------------------------------------------------------------------------------------
    _id("text_id", "Text: hash of the body's letters and digits; NULL for a body of fewer than 50, too few to tell reprints by", nullable=True),
    _id("other_text_id", "The other text of the pair; the greater of the two ids"),
    Field(
        "body_signature",
        "binary",
        "MinHash signature of the body: 128 unsigned 32-bit integers, little-endian; the share of equal ones estimates the share of common shingles",
        nullable=True,
    ),
    _count("shingle_count", "Distinct shingles of the body: pieces of 5 CJK or 10 other letters", "shingles", nullable=True),
    Field("band_index", "int32", "Position of the band in the signature, from 0", minimum=0),
    Field("band_hash", "int64", "Hash of the band's three minima: two texts with an equal one are compared"),
    _id("cluster_id", "Cluster of reprints: hash of the smallest of its articles' ids, so that it may change when an article joins or goes"),
    _count("article_count", "Articles of the cluster", "articles"),
    _count("site_count", "Sites: known ones of a cluster's articles, or those that had the story in a top five within the hour", "sites"),
    Field("sites", "list_string", "Sites that had the story in a top five within the hour"),
    Field("story_id", "string", "Story: cluster of reprints, else the letters and digits of a headline that is not cut"),
    Field("hour_ends_at", "timestamp", "First observation by which so many sites had the story in a top five: the end of the hour"),
    _count("dated_count", "Articles of the cluster with a publication time", "articles"),
    Field("first_published_at", "timestamp", "Earliest publication that is known; a day counts as its first moment", nullable=True),
    Field("last_published_at", "timestamp", "Latest publication that is known; a day counts as its first moment", nullable=True),
    _id("origin_article_id", "Article of the cluster that the others are reprints of; NULL when nothing tells", nullable=True),
    _id("origin_version_id", "Version of the origin that is most like this one; the origin's title and text at that time", nullable=True),
    Field(
        "origin_evidence",
        "string",
        "What says which article is the origin: `declared`, a credit names its site; `measured`, it was published before (the piece may still come "
        "from an outlet that is not in the warehouse); NULL when nothing does, and for the origin itself",
        nullable=True,
        allowed=("declared", "measured", "both"),
    ),
    Field("origin_outlet", "string", "Outlet that most of the articles credit as origin; NULL if none or several do equally", nullable=True),
    Field(
        "reprint_role",
        "string",
        "What the article is in its cluster; NULL when the origin is not known",
        nullable=True,
        allowed=("origin", "reprint"),
    ),
    Field(
        "is_origin_site",
        "boolean",
        "Whether the article is on the origin's site; NULL for the origin itself, and when a site or the origin is not known",
        nullable=True,
    ),
    _ratio(
        "similarity",
        "Estimated share of common shingles among all of both texts; NULL for the origin itself, and when it is not known",
        nullable=True,
    ),
    _ratio(
        "containment",
        "Estimated share of common shingles in the shorter text: near 1 when one is an abridgement of the other; NULL as `similarity` is",
        nullable=True,
    ),
    Field(
        "lag_seconds",
        "int64",
        "Publication after the origin's, negative where a credited origin came out later; NULL for the origin itself and where only a day is known",
        unit="seconds",
        nullable=True,
    ),
    Field(
        "title_change",
        "string",
        "Headline beside the origin's, by letters and digits: the same, a part of it, more than it, half of the letter pairs in common, or less",
        nullable=True,
        allowed=("same", "cut", "extended", "edited", "rewritten"),
    ),
    _ratio("title_similarity", "Share of common letter pairs of the two headlines (Dice)", nullable=True),
    # --- search --------------------------------------------------------------------------------------------------------------
    Field("document_number", "int64", "Document of the search index: the first 56 bits of `version_id`", minimum=0),
    Field("article_number", "int64", "Article of a document: the first 56 bits of `article_id`", minimum=0),
    Field("term_number", "int64", "Term of the search index: the first 60 bits of its MD5, as the macro `term_number(term)` gives", minimum=0),
    Field("term", "string", "Word, or pair of neighbouring characters, folded: lower case, half-width, simplified Chinese"),
    Field(
        "term_strength",
        "int32",
        "How much the document is about the term: the part of BM25 that grows with its occurrences in the body and falls with the body's length, "
        "and 150 for the headline, 75 for another headline",
        unit="hundredths",
        minimum=0,
        maximum=370,
    ),
    # --- days of sites and incidents -----------------------------------------------------------------------------------------
    Field("captured_date", "date", "Day of the captures in the site's zone; captures of unknown time are in none"),
    _count("capture_count", "Captures: of the article under all its ids, or of the day", "captures"),
    _count("content_count", "Captures with different bytes", "captures"),
    _count("article_capture_count", "Captures that show an article; those below that name a field of articles are of these", "captures"),
    _count("published_at_count", "Captures with a publication time", "captures"),
    _count("fresh_count", "Captures less than a day after the publication time", "captures"),
    _count("channel_count", "Captures with a breadcrumb", "captures"),
    _count("source_count", "Captures with a credited source", "captures"),
    _count("person_count", "Captures with a credited person, whatever the role", "captures"),
    _count("author_count", "Captures with a reporter, correspondent or author", "captures"),
    _count("editor_count", "Captures with an editor", "captures"),
    _count("body_count", "Captures with a body", "captures"),
    _count("feed_capture_count", "Captures that show a headline feed, with or without an article", "captures"),
    _count("feed_count", "Headline feeds, each once per capture that shows it", "modules"),
    _count("feed_entry_count", "Entries of these feeds", "entries"),
    _count("related_module_count", "Modules of related links, each once per capture that shows it", "modules"),
    _count("left_out_count", "Captures with text beyond the limit of blocks that are read", "captures"),
    _ratio("median_coverage_ratio", "Median of the captures' `coverage_ratio`"),
    _id("poorest_capture_id", "Capture of which the fewest fields were read, among those with an article if there are any: an example"),
    _id("richest_capture_id", "Capture of which the most fields were read: an example"),
    _id("incident_id", "Incident: hash of kind, site, day, metric, feed and layout"),
    Field("incident_kind", "string", "What happened; `broadsheet reasons` says what it means and what to do", allowed=tuple(INCIDENT_REASONS)),
    Field("incident_date", "date", "Day of the site on which it began"),
    Field("metric", "string", "What was compared with the days before"),
    Field("value", "float64", "Value of the metric on the day"),
    Field("baseline", "float64", "Median of the 14 days before"),
    Field("spread", "float64", "Expected spread: median absolute deviation × 1.4826, or what so few pages let expect", nullable=True, minimum=0),
    Field("deviation", "float64", "(value - baseline) / spread", nullable=True),
    _count("baseline_day_count", "Known days among the 14 before", "days"),
    _id("example_capture_id", "Capture of the day; NULL where there is none", nullable=True),
    _id("example_capture_id_before", "Capture of the known day before", nullable=True),
    # --- accounting ----------------------------------------------------------------------------------------------------------
    Field("stage", "string", "Stage of the pipeline", allowed=STAGES),
    Field("shard", "int32", "Shard of the run; -1 for work that is not sharded", minimum=-1),
    Field("scope", "string", "What was rejected", allowed=("input", "page", "row")),
    Field("table_name", "string", "Table that the row belongs or would have belonged to", nullable=True, is_blank_allowed=True),
    Field("row_key", "string", "Key of the row", nullable=True),
    Field("reasons", "list_string", "Every reason, as slugs of `broadsheet reasons`"),
    Field("detail", "string", "What was seen, for a person", is_blank_allowed=True),
    Field("row_json", "json", "The row itself; of a page its capture as delivered; of an input what the manifest says of it", nullable=True),
    Field("raw_excerpt", "string", "Beginning of the raw text", nullable=True),
    Field("quarantined_at", "timestamp", "When it was quarantined"),
    Field(
        "quarantine_outcome",
        "string",
        "What became of the rejection: read anew it is good, or is rejected again, or a person says that it is right to leave it out",
        allowed=OUTCOMES,
    ),
    _id("successor_id", "Rejection that took its place: read anew, the thing is rejected for another reason; NULL otherwise", nullable=True),
    Field("note", "string", "What a person, or the run, says to it", is_blank_allowed=True),
    Field("decided_at", "timestamp", "When that was"),
    Field("unit", "string", "What the stage counts", allowed=("input", "page", "row")),
    _count("in_count", "Units that came in", "units"),
    _count("out_count", "Units that went on", "units"),
    _count("quarantined_count", "Units that were quarantined; in = out + quarantined", "units"),
    _count("new_count", "Units among `out_count` that were not known before; of inputs: that are not the same page again", "units"),
    _count("absence_count", "Inputs among `new_count` that say that a page is not there; NULL where no inputs are counted", "inputs", nullable=True),
    _count(
        "passed_over_count",
        "Records of WARC files that are no pages (images, redirects, …), and pages that have a tombstone: neither inputs nor quarantined",
        "records",
    ),
    Field("seconds", "float64", "Wall time", unit="seconds", minimum=0),
    Field("suite", "string", "Suite of checks"),
    Field("check_name", "string", "Check: an expectation or a row rule"),
    Field("column_name", "string", "Column that is checked; NULL for checks of rows or tables", nullable=True),
    Field("is_success", "boolean", "Whether the check passed"),
    Field("policy_action", "string", "What policy does when the check fails", allowed=("warn", "quarantine", "stop")),
    _count("checked_count", "Values or rows checked"),
    _count("failed_count", "Values or rows that failed"),
    Field("meaning", "string", "What it means that the check fails, and what to do then"),
    Field("examples", "list_string", "Some values that failed", nullable=True),
    Field("checked_at", "timestamp", "When the check ran"),
    Field("started_at", "timestamp", "When it began"),
    Field("finished_at", "timestamp", "When it ended; NULL while running", nullable=True),
    Field("run_status", "string", "How the run ended", allowed=("succeeded", "stopped", "failed")),
    Field("policy_json", "json", "Quality policy in force"),
    Field("program_version", "string", "Version of Broadsheet"),
    Field("snapshot_published_at", "timestamp", "When the snapshot was published"),
    Field("row_counts_json", "json", "Rows by table in the snapshot"),
    # --- takedowns -----------------------------------------------------------------------------------------------------------
    Field("target", "string", "What was forgotten, and does not come back: a canonical URL, or a site with all below it"),
    Field("target_kind", "string", "Which of the two", allowed=("url", "site")),
    Field("takedown_reason", "string", "Why, as a person said it", is_blank_allowed=True),
    Field("forgotten_at", "timestamp", "When the takedown began"),
    _count("forgotten_capture_count", "Captures that went with the target and those given with it", "captures"),
    _count("forgotten_article_count", "Articles that went entirely", "articles"),
)

FIELDS: dict[str, Field] = {field.name: field for field in _ALL}
assert len(FIELDS) == len(_ALL), "a column is declared twice"
