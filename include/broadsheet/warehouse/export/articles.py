"""Articles of `selected` as records of news exchange, one JSON object a line."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timezone
from importlib import resources
from pathlib import Path

import duckdb
import msgspec

from broadsheet.lake import write_lines
from broadsheet.records import HeadlineRole, PersonRole, Record, RightsApplicability, SourceRole
from broadsheet.tables.schema import UNKNOWN_SITE

BATCH_ROWS = 2_000  # articles in memory at a time


class Title(Record, frozen=True, order=True):
    role: HeadlineRole
    position: int
    text: str


class Credit(Record, frozen=True, order=True):
    role: PersonRole
    position: int
    name: str
    affiliation: str | None = None


class Outlet(Record, frozen=True, order=True):
    role: SourceRole
    position: int
    name: str


class Article(Record, frozen=True):
    """An article in the version that was seen last, with all its credits, each kind by role and position."""

    article_id: str
    version_id: str
    site: str
    site_name: str | None
    url: str | None
    language: str | None
    headline: str
    headlines: tuple[Title, ...]
    people: tuple[Credit, ...]
    sources: tuple[Outlet, ...]
    published_at: datetime | None
    published_at_local: datetime | None
    published_at_precision: str | None
    channel_path: str | None
    dateline: str | None
    body_text: str
    rights_notice: str | None
    rights_applies: str | None

    @property
    def uri(self) -> str:
        """The article itself, whether or not its URL is known."""
        return f"urn:broadsheet:article:{self.article_id}"

    @property
    def publisher(self) -> str | None:
        return None if self.site == UNKNOWN_SITE else self.site_name or self.site

    @property
    def published(self) -> datetime | date | None:
        """Time of publication with the page's offset, which is what its wall clock is ahead of the instant; the day where no time is shown."""
        if self.published_at is None or self.published_at_local is None:
            return None
        if self.published_at_precision == "day":
            return self.published_at_local.date()
        offset = self.published_at_local - self.published_at.astimezone(UTC).replace(tzinfo=None)
        return self.published_at_local.replace(tzinfo=timezone(offset))

    @property
    def breadcrumb(self) -> tuple[str, ...]:
        return tuple(self.channel_path.split(" / ")) if self.channel_path else ()

    @property
    def copyright_notice(self) -> str | None:
        return self.rights_notice if self.rights_applies == RightsApplicability.APPLIES else None

    def titles(self, *roles: HeadlineRole) -> tuple[str, ...]:
        return tuple(headline.text for role in roles for headline in self.headlines if headline.role == role)

    def credited(self, *roles: PersonRole) -> tuple[Credit, ...]:
        return tuple(person for role in roles for person in self.people if person.role == role)

    def outlets(self, role: SourceRole) -> tuple[str, ...]:
        return tuple(source.name for source in self.sources if source.role == role)


_CREDITS = {"headlines": Title, "people": Credit, "sources": Outlet}


def read_articles(connection: duckdb.DuckDBPyConnection) -> Iterator[Article]:
    """Articles of the view `selected`, in one streamed query."""
    sql = resources.files("broadsheet.warehouse").joinpath("sql", "exported_articles.sql").read_text("utf-8")
    decoders = {name: msgspec.json.Decoder(list[kind]).decode for name, kind in _CREDITS.items()}  # type: ignore[valid-type]
    for batch in connection.execute(sql).to_arrow_reader(BATCH_ROWS):
        for row in batch.to_pylist():
            yield Article(**row | {name: tuple(sorted(decode(row[name]))) for name, decode in decoders.items()})


def write_articles(connection: duckdb.DuckDBPyConnection, out: Path, format: str) -> int:
    """Write the articles of `selected` as ``jsonld`` or ``ninjs``; returns their number."""
    from broadsheet.warehouse.export.news_article import news_article
    from broadsheet.warehouse.export.ninjs import news_object

    record_of = news_article if format == "jsonld" else news_object
    encode = msgspec.json.Encoder().encode
    return write_lines(out, (encode(record_of(article)) for article in read_articles(connection)))
