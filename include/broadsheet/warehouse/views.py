"""The views of the warehouse: SQL beside this file, what they mean here."""

from dataclasses import dataclass, field

import duckdb

from broadsheet.tables.ddl import quoted
from broadsheet.warehouse.statements import sql_text


@dataclass(frozen=True, slots=True)
class View:
    """`grain` completes "one row per …"."""

    name: str
    grain: str
    description: str
    columns: dict[str, str] = field(default_factory=dict)

    @property
    def sql(self) -> str:
        return sql_text(f"{self.name}.sql")


VIEWS = (
    View(
        "current_articles",
        "article that stands for itself, in the version that was seen last",
        "Start here: an article with its credits on one row. What is known under several ids (`article_aliases`) is one row.",
        {
            "article_id": "Article; the one that stands where it has several ids",
            "version_id": "Version that was seen last",
            "site": "Site",
            "headline": "Headline without campaign tag and subtitle",
            "displayed_headline": "Headline as displayed, with campaign tag and subtitle",
            "campaign_tag": "Campaign tag, the text between 【 and 】",
            "original_title": "Title under which the piece first ran, as this site credits it",
            "published_at": "Publication time",
            "published_at_precision": "How exact the displayed time is",
            "channel_path": "Breadcrumb of the article",
            "origin": "Outlets credited as origin",
            "via": "Outlets credited as the way it came",
            "reporters": "Reporters and authors",
            "correspondents": "Correspondents (通讯员)",
            "editors": "Editors and responsible editors",
            "paragraph_count": "Paragraphs of the body",
            "char_count": "Non-blank characters of the body",
            "body_text": "Body paragraphs joined by newlines",
            "rights_applies": "Whether the page's rights notice covers the article",
            "version_count": "Versions seen, of all its ids",
            "capture_count": "Captures of the article, under all its ids",
            "first_captured_at": "First capture with a known time",
            "last_captured_at": "Last capture with a known time",
            "canonical_url": "URL",
        },
    ),
    View(
        "headline_ranks",
        "unbroken stay of a headline at one rank of a feed",
        "From observations with a known time only. When a headline came and went is known as an interval: it came after `appeared_after` and not "
        "after `first_observed_at`, it went after `last_observed_at` and before `gone_before`; NULL where the feed was not seen before or since.",
        {
            "site": "Site",
            "feed_id": "Feed",
            "feed_label": "Heading of the feed",
            "rank": "Rank, from 1",
            "feed_headline_id": "Headline as the feed shows it, as last seen",
            "headline_text": "Headline as displayed, perhaps cut",
            "full_headline": "Full headline, where it is resolved",
            "article_id": "Article behind it, where it is known",
            "appeared_after": "Last observation of the feed without it at this rank; NULL if there is none before",
            "first_observed_at": "First observation of the stay",
            "last_observed_at": "Last observation of the stay",
            "gone_before": "First observation of the feed after the stay; NULL if there is none since",
            "observation_count": "Observations of the stay",
        },
    ),
    View(
        "gone_pages",
        "unbroken absence of a URL that had been captured before",
        "Where a page was that is not there, from captures and absences with a known time only. The page went after `last_captured_at` and not "
        "after `first_absent_at`; it was back after `last_absent_at` and not after `back_at`, NULL where it was not captured since. The URL is "
        "gone: its article may still be found at another. An absence before the first capture, or of a URL never captured, is in "
        "`page_absences` alone.",
        {
            "site": "Site",
            "canonical_url": "URL that is gone",
            "article_id": "Article that its last capture showed; NULL on other pages",
            "headline": "Headline of that article, as last captured here",
            "last_capture_id": "Last capture before the absence",
            "last_captured_at": "When that was",
            "absence_kind": "How the first answer said that the page was not there",
            "http_status": "Its HTTP status",
            "redirect_url": "Where it led, if it was a redirect",
            "first_absent_at": "First answer that it was not there",
            "last_absent_at": "Last such answer before it was back, or the last known",
            "absence_count": "Answers that it was not there",
            "back_at": "First capture since; NULL if there is none",
        },
    ),
    View(
        "related_graph",
        "related link of a capture",
        "Which story was recommended beside which, with the article behind the link where the warehouse has it.",
        {
            "capture_id": "Capture that shows the link",
            "site": "Site",
            "captured_at": "When it was shown; NULL when unknown",
            "from_article_id": "Article that the link stands beside; NULL on list pages",
            "from_headline": "Headline of that article",
            "module_heading": "Heading of the links",
            "position": "Position among the links, from 1",
            "to_headline": "Headline of the link, the full one where the page gives it",
            "to_url": "URL of the link",
            "to_article_id": "Article behind the link; by URL, else by a headline that only one article of the site has",
        },
    ),
)


def create_views(connection: duckdb.DuckDBPyConnection) -> None:
    for view in VIEWS:
        connection.execute(f"create or replace view {view.name} as\n{view.sql}")
        connection.execute(f"comment on view {view.name} is {quoted(f'One row per {view.grain}. {view.description}')}")
        for name, description in view.columns.items():
            connection.execute(f"comment on column {view.name}.{name} is {quoted(description)}")
