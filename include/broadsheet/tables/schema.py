"""Which table has which columns: grain, key, references, sort order. Columns themselves are declared in `fields.py`."""

from dataclasses import dataclass, field, replace

import pyarrow as pa

from broadsheet.tables.fields import FIELDS, Field

SCHEMA_VERSION = "3"
UNKNOWN_SITE = "unknown"  # of captures whose site nothing tells: they share it and are not of one site


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes
    ----------
    grain : what a row is; completes "one row per …".
    columns : in order; names of `FIELDS`.
    key : columns that identify a row.
    references : column -> (table, column) that must hold its value.
    part_of : the reference column whose row is a whole that this table's rows are parts of: it stands or falls with them, since it
        says something (a count, an order) that is wrong when one of them is missing.
    needs : (table, its column) of rows without at least one of which a row of this table says nothing.
    nullable, required : columns whose nullability differs here from their declaration.
    layer : ``entity`` rows are the same whichever capture shows them, ``event`` rows belong to one capture or absence,
        ``operation`` rows tell of runs, ``derived`` rows are computed in the warehouse and are not in the lake.
    """

    name: str
    grain: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    layer: str
    references: dict[str, tuple[str, str]] = field(default_factory=dict)
    nullable: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    part_of: str | None = None
    needs: tuple[str, str] | None = None
    sort: tuple[str, ...] = ()

    def field(self, name: str) -> Field:
        """The column as it is in this table."""
        declared = FIELDS[name]
        if name in self.nullable:
            return replace(declared, nullable=True)
        if name in self.required or name in self.key:
            return replace(declared, nullable=False)
        return declared

    @property
    def whole(self) -> tuple[str, str, str] | None:
        """(column, table, its column) of the row that the key says a row is a part of; None where it stands for itself."""
        return next(((column, *self.references[column]) for column in self.key if column in self.references), None)

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(self.field(name) for name in self.columns)

    @property
    def arrow(self) -> pa.Schema:
        """Arrow schema; column descriptions are field metadata."""
        return pa.schema(
            [pa.field(f.name, ARROW_TYPES[f.type], nullable=f.nullable, metadata={"description": f.description}) for f in self.fields],
            metadata={"table": self.name, "grain": self.grain, "schema_version": SCHEMA_VERSION},
        )


ARROW_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "json": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "local_timestamp": pa.timestamp("us"),
    "date": pa.date32(),
    "list_string": pa.list_(pa.string()),
    "binary": pa.binary(),
}

_PUBLISHED = ("published_at", "published_at_local", "published_at_precision", "published_at_raw", "published_at_rule")

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "outlets",
            "outlet that a source's or person's credit names or that runs a site, whatever its name's writing",
            ("outlet_id", "outlet_name", "outlet_basis", "run_id"),
            key=("outlet_id",),
            layer="entity",
            sort=("outlet_name",),
        ),
        Table(
            "sites",
            "site that a capture came from",
            ("site", "site_basis", "site_name", "outlet_id", "time_zone", "time_zone_basis", "run_id"),
            key=("site",),
            layer="entity",
            sort=("site",),
            references={"outlet_id": ("outlets", "outlet_id")},
        ),
        Table(
            "people",
            "name credited within one outlet that credits name, else within one site; the same name elsewhere is another row, though it may be "
            "the same person",
            ("person_id", "person_name", "person_basis", "outlet_id", "site", "run_id"),
            key=("person_id",),
            layer="entity",
            sort=("site", "outlet_id", "person_name", "person_id"),
            references={"outlet_id": ("outlets", "outlet_id"), "site": ("sites", "site")},
            nullable=frozenset({"site"}),
        ),
        Table(
            "captures",
            "page as fetched or delivered",
            (
                "capture_id",
                "site",
                "site_basis",
                "site_name",
                "url",
                "canonical_url",
                "captured_at",
                "captured_at_basis",
                "captured_after",
                "captured_before",
                "content_sha256",
                "byte_count",
                "media_type",
                "http_status",
                "http_charset",
                "charset",
                "charset_declared",
                "charset_basis",
                "replaced_count",
                "page_kind",
                "language",
                "layout_fingerprint",
                "coverage_ratio",
                "left_out_char_count",
                "site_profile",
                "site_profile_missed",
                "block_count",
                "visible_char_count",
                "article_id",
                "version_id",
                "input_path",
                "raw_file",
                "raw_offset",
                "raw_length",
                "parser_version",
                "run_id",
            ),
            key=("capture_id",),
            layer="event",
            sort=("site", "captured_at", "capture_id"),
            references={"site": ("sites", "site"), "article_id": ("articles", "article_id"), "version_id": ("article_versions", "version_id")},
            nullable=frozenset({"article_id", "version_id"}),
        ),
        Table(
            "page_absences",
            "answer that a page is not there: 404, 410, or a redirect to the front page or an error page",
            (
                "absence_id",
                "absence_kind",
                "site",
                "url",
                "canonical_url",
                "observed_at",
                "observed_at_basis",
                "observed_before",
                "http_status",
                "redirect_url",
                "input_path",
                "raw_file",
                "raw_offset",
                "raw_length",
                "run_id",
            ),
            key=("absence_id",),
            layer="event",
            sort=("site", "observed_at", "absence_id"),
            required=frozenset({"url", "canonical_url", "http_status"}),
            nullable=frozenset({"raw_file", "raw_offset", "raw_length"}),
        ),
        Table(
            "page_blocks",
            "labelled visible text block of a capture",
            ("capture_id", "block_index", "site", "block_label", "block_rule", "block_text", "char_start", "char_end", "module_index"),
            key=("capture_id", "block_index"),
            layer="event",
            sort=("site", "capture_id", "block_index"),
            references={"capture_id": ("captures", "capture_id")},
            nullable=frozenset({"module_index"}),
        ),
        Table(
            "channels",
            "node of a site's breadcrumb tree",
            ("channel_id", "site", "parent_channel_id", "channel_name", "channel_path", "depth", "run_id"),
            key=("channel_id",),
            layer="entity",
            sort=("site", "channel_path"),
            references={"site": ("sites", "site"), "parent_channel_id": ("channels", "channel_id")},
        ),
        Table(
            "articles",
            "publication on one site",
            ("article_id", "article_id_basis", "site", "canonical_url", "url_key", "headline", *_PUBLISHED, "first_capture_id", "run_id"),
            key=("article_id",),
            layer="entity",
            sort=("site", "published_at", "article_id"),
            references={"site": ("sites", "site"), "first_capture_id": ("captures", "capture_id")},
            needs=("article_versions", "article_id"),
        ),
        Table(
            "article_versions",
            "distinct headline and body text of an article",
            (
                "version_id",
                "article_id",
                "site",
                "headline",
                *_PUBLISHED,
                "channel_id",
                "language",
                "dateline",
                "body_text",
                "body_sha256",
                "paragraph_count",
                "char_count",
                "text_id",
                "body_signature",
                "shingle_count",
                "rights_notice",
                "rights_applies",
                "first_capture_id",
                "run_id",
            ),
            key=("version_id",),
            layer="entity",
            sort=("site", "published_at", "version_id"),
            references={
                "article_id": ("articles", "article_id"),
                "channel_id": ("channels", "channel_id"),
                "first_capture_id": ("captures", "capture_id"),
            },
        ),
        Table(
            "article_headlines",
            "headline of a version, by role",
            ("version_id", "headline_role", "position", "site", "headline_text", "headline_raw"),
            key=("version_id", "headline_role", "position"),
            layer="entity",
            sort=("site", "version_id", "headline_role", "position"),
            references={"version_id": ("article_versions", "version_id")},
        ),
        Table(
            "article_people",
            "credit of a person in a version, by role",
            ("version_id", "person_role", "position", "site", "person_name", "affiliation", "person_id", "credit_raw"),
            key=("version_id", "person_role", "position"),
            layer="entity",
            sort=("site", "version_id", "person_role", "position"),
            references={"version_id": ("article_versions", "version_id"), "person_id": ("people", "person_id")},
        ),
        Table(
            "article_sources",
            "credited outlet of a version, by role",
            ("version_id", "source_role", "position", "site", "outlet_name", "outlet_id", "url", "credit_raw"),
            key=("version_id", "source_role", "position"),
            layer="entity",
            sort=("site", "version_id", "source_role", "position"),
            references={"version_id": ("article_versions", "version_id"), "outlet_id": ("outlets", "outlet_id")},
        ),
        Table(
            "headline_feeds",
            "headline feed of a site",
            ("feed_id", "site", "feed_label", "feed_ordinal", "is_ranked", "run_id"),
            key=("feed_id",),
            layer="entity",
            sort=("site", "feed_label", "feed_ordinal"),
            references={"site": ("sites", "site")},
        ),
        Table(
            "headline_feed_snapshots",
            "distinct state of a feed",
            ("feed_snapshot_id", "feed_id", "site", "entry_count", "cut_count", "width_limit", "first_capture_id", "run_id"),
            key=("feed_snapshot_id",),
            layer="entity",
            sort=("site", "feed_id", "feed_snapshot_id"),
            references={"feed_id": ("headline_feeds", "feed_id"), "first_capture_id": ("captures", "capture_id")},
        ),
        Table(
            "headline_feed_observations",
            "sighting of a feed by a capture",
            (
                "capture_id",
                "module_index",
                "site",
                "feed_id",
                "feed_snapshot_id",
                "observed_at",
                "observed_at_basis",
                "observed_after",
                "observed_before",
            ),
            key=("capture_id", "module_index"),
            layer="event",
            sort=("site", "feed_id", "observed_at", "capture_id"),
            references={
                "capture_id": ("captures", "capture_id"),
                "feed_id": ("headline_feeds", "feed_id"),
                "feed_snapshot_id": ("headline_feed_snapshots", "feed_snapshot_id"),
            },
        ),
        Table(
            "headline_feed_entries",
            "rank of a feed's state",
            (
                "feed_snapshot_id",
                "rank",
                "site",
                "feed_headline_id",
                "headline_text",
                "headline_raw",
                "url",
                "canonical_url",
                "display_width",
                "is_truncated",
                "shown_full_headline",
                "has_image",
            ),
            key=("feed_snapshot_id", "rank"),
            layer="entity",
            sort=("site", "feed_snapshot_id", "rank"),
            references={
                "feed_snapshot_id": ("headline_feed_snapshots", "feed_snapshot_id"),
                "feed_headline_id": ("headline_resolutions", "feed_headline_id"),
            },
            part_of="feed_snapshot_id",
        ),
        Table(
            "related_links",
            "link of a related-links module of a capture",
            (
                "capture_id",
                "module_index",
                "position",
                "site",
                "module_heading",
                "headline_text",
                "headline_raw",
                "url",
                "canonical_url",
                "display_width",
                "is_truncated",
                "shown_full_headline",
                "has_image",
            ),
            key=("capture_id", "module_index", "position"),
            layer="event",
            sort=("site", "capture_id", "module_index", "position"),
            references={"capture_id": ("captures", "capture_id")},
        ),
        Table(
            "article_aliases",
            "article that is one publication with another, known under another id; articles without a row stand for themselves",
            ("article_id", "standing_article_id", "alias_basis"),
            key=("article_id",),
            layer="derived",
            sort=("article_id",),
            references={"article_id": ("articles", "article_id"), "standing_article_id": ("articles", "article_id")},
        ),
        Table(
            "headline_feed_widths",
            "width at which a feed has cut its headlines",
            ("feed_id", "width_limit", "site", "feed_snapshot_count", "first_observed_at", "last_observed_at", "is_learned"),
            key=("feed_id", "width_limit"),
            layer="derived",
            sort=("site", "feed_id", "width_limit"),
            references={"feed_id": ("headline_feeds", "feed_id")},
            nullable=frozenset({"first_observed_at", "last_observed_at"}),
        ),
        Table(
            "headline_titles",
            "full headline that a site shows: of an article, of a link or of a feed's uncut entry",
            ("title_id", "title", "title_key", "title_prefix", "site", "feed_id", "article_id"),
            key=("title_id",),
            layer="derived",
            sort=("title_key", "title_id"),
            references={"feed_id": ("headline_feeds", "feed_id"), "article_id": ("articles", "article_id")},
            nullable=frozenset({"feed_id", "article_id"}),
        ),
        Table(
            "headline_candidates",
            "full headline that may stand behind a headline of a feed",
            ("feed_headline_id", "title", "site", "title_key", "candidate_fit", "is_shown", "is_by_url", "is_same_page", "is_same_site"),
            key=("feed_headline_id", "title"),
            layer="derived",
            sort=("site", "feed_headline_id", "title"),
            references={"feed_headline_id": ("headline_resolutions", "feed_headline_id")},
        ),
        Table(
            "headline_resolutions",
            "headline as a feed shows it, with the full headline behind it as far as it is known",
            (
                "feed_headline_id",
                "feed_id",
                "site",
                "headline_text",
                "headline_key",
                "shown_text",
                "shown_prefix",
                "canonical_url",
                "is_truncated",
                "width_limit",
                "resolution_status",
                "resolution_method",
                "confidence",
                "candidate_count",
                "full_headline",
                "resolved_article_id",
            ),
            key=("feed_headline_id",),
            layer="derived",
            sort=("site", "feed_id", "feed_headline_id"),
            references={"feed_id": ("headline_feeds", "feed_id"), "resolved_article_id": ("articles", "article_id")},
        ),
        Table(
            "headline_spells",
            "unbroken stay of a headline at one rank of a feed, from observations with a known time",
            (
                "feed_id",
                "rank",
                "headline_key",
                "first_observed_at",
                "site",
                "headline_text",
                "feed_headline_id",
                "appeared_after",
                "last_observed_at",
                "gone_before",
                "observation_count",
            ),
            key=("feed_id", "rank", "headline_key", "first_observed_at"),
            layer="derived",
            sort=("site", "feed_id", "first_observed_at", "rank"),
            references={"feed_id": ("headline_feeds", "feed_id"), "feed_headline_id": ("headline_resolutions", "feed_headline_id")},
        ),
        Table(
            "reprint_bands",
            "band of a text's signature; working table, by which texts that may be alike are found",
            ("text_id", "band_index", "band_hash"),
            key=("text_id", "band_index"),
            layer="derived",
            sort=("text_id", "band_index"),
            references={"text_id": ("article_versions", "text_id")},
        ),
        Table(
            "reprint_pairs",
            "pair of different texts that were found alike",
            ("text_id", "other_text_id", "similarity", "containment"),
            key=("text_id", "other_text_id"),
            layer="derived",
            sort=("text_id", "other_text_id"),
            references={"text_id": ("article_versions", "text_id"), "other_text_id": ("article_versions", "text_id")},
            required=frozenset({"similarity", "containment"}),
        ),
        Table(
            "reprint_clusters",
            "group of articles that have the same or a like text in one of their versions, linked from one to the next",
            (
                "cluster_id",
                "article_count",
                "site_count",
                "dated_count",
                "first_published_at",
                "last_published_at",
                "origin_article_id",
                "origin_evidence",
                "origin_outlet",
            ),
            key=("cluster_id",),
            layer="derived",
            sort=("first_published_at", "cluster_id"),
            references={"origin_article_id": ("articles", "article_id")},
        ),
        Table(
            "reprint_members",
            "article of a cluster",
            (
                "cluster_id",
                "article_id",
                "version_id",
                "site",
                "published_at",
                "published_at_precision",
                "reprint_role",
                "origin_article_id",
                "origin_version_id",
                "origin_evidence",
                "is_origin_site",
                "credit_raw",
                "similarity",
                "containment",
                "lag_seconds",
                "title_change",
                "title_similarity",
            ),
            key=("article_id",),
            layer="derived",
            sort=("cluster_id", "published_at", "article_id"),
            references={
                "cluster_id": ("reprint_clusters", "cluster_id"),
                "article_id": ("articles", "article_id"),
                "version_id": ("article_versions", "version_id"),
                "origin_article_id": ("articles", "article_id"),
                "origin_version_id": ("article_versions", "version_id"),
            },
            nullable=frozenset({"credit_raw"}),
        ),
        Table(
            "headline_feed_days",
            "headline that a feed showed on a day, from observations with a known time",
            ("feed_id", "observed_date", "feed_headline_id", "site", "slot_count", "best_rank", "first_observed_at", "last_observed_at"),
            key=("feed_id", "observed_date", "feed_headline_id"),
            layer="derived",
            sort=("site", "feed_id", "observed_date", "feed_headline_id"),
            references={"feed_id": ("headline_feeds", "feed_id"), "feed_headline_id": ("headline_resolutions", "feed_headline_id")},
        ),
        Table(
            "headline_repeats",
            "headline that stands more than once in a state of a feed",
            ("feed_snapshot_id", "headline_key", "site", "slot_count"),
            key=("feed_snapshot_id", "headline_key"),
            layer="derived",
            sort=("site", "feed_snapshot_id", "headline_key"),
            references={"feed_snapshot_id": ("headline_feed_snapshots", "feed_snapshot_id")},
        ),
        Table(
            "headline_places",
            "place that a headline of a feed names, the full headline where it is resolved",
            ("feed_headline_id", "place_name", "site"),
            key=("feed_headline_id", "place_name"),
            layer="derived",
            sort=("site", "place_name", "feed_headline_id"),
            references={"feed_headline_id": ("headline_resolutions", "feed_headline_id")},
        ),
        Table(
            "search_documents",
            "article version in the search index",
            ("document_number", "version_id", "article_number", "site", "published_at_local"),
            key=("document_number",),
            layer="derived",
            sort=("site", "published_at_local", "document_number"),
            references={"version_id": ("article_versions", "version_id")},
        ),
        Table(
            "search_terms",
            "term of the search index",
            ("term_number", "term"),
            key=("term_number",),
            layer="derived",
            sort=("term_number",),
        ),
        Table(
            "search_postings",
            "term in a document of the search index",
            ("term_number", "document_number", "term_strength"),
            key=("term_number", "document_number"),
            layer="derived",
            sort=("term_number", "document_number"),  # a question reads only where its terms lie
            references={"term_number": ("search_terms", "term_number"), "document_number": ("search_documents", "document_number")},
            part_of="document_number",
        ),
        Table(
            "quarantine",
            "input, page or row that a run rejected",
            (
                "quarantine_id",
                "stage",
                "scope",
                "table_name",
                "row_key",
                "reasons",
                "detail",
                "site",
                "capture_id",
                "input_path",
                "row_json",
                "raw_excerpt",
                "run_id",
                "quarantined_at",
            ),
            key=("run_id", "quarantine_id"),
            layer="operation",
            sort=("quarantined_at", "quarantine_id"),
            nullable=frozenset({"site", "capture_id"}),
        ),
        Table(
            "stage_outcomes",
            "stage, shard and table of a run: what came in, went on and was quarantined",
            (
                "run_id",
                "stage",
                "shard",
                "table_name",
                "unit",
                "in_count",
                "out_count",
                "quarantined_count",
                "new_count",
                "absence_count",
                "passed_over_count",
                "started_at",
                "seconds",
            ),
            key=("run_id", "stage", "shard", "table_name"),
            layer="operation",
            sort=("started_at", "stage", "shard", "table_name"),
        ),
        Table(
            "quality_results",
            "check of a table in a run's shard",
            (
                "quality_result_id",
                "run_id",
                "shard",
                "suite",
                "table_name",
                "check_name",
                "column_name",
                "is_success",
                "policy_action",
                "checked_count",
                "failed_count",
                "examples",
                "meaning",
                "checked_at",
            ),
            key=("quality_result_id",),
            layer="operation",
            sort=("checked_at", "table_name", "check_name"),
        ),
        Table(
            "runs",
            "run of the pipeline",
            ("run_id", "started_at", "finished_at", "run_status", "parser_version", "schema_version", "program_version", "policy_json"),
            key=("run_id",),
            layer="operation",
            sort=("started_at",),
        ),
        Table(
            "snapshots",
            "published state of the warehouse",
            ("snapshot_id", "parent_snapshot_id", "run_id", "snapshot_published_at", "row_counts_json"),
            key=("snapshot_id",),
            layer="operation",
            sort=("snapshot_published_at",),
        ),
    )
}
