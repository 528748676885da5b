"""An article as IPTC ninjs 3.2, the latest version that the IPTC has approved. What is not known is left out."""

from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from broadsheet.records import HeadlineRole, PersonRole, SourceRole
from broadsheet.warehouse.export.articles import Article

# Roles of headlines are free; `main` and `subhead` are those of the IPTC's guide.
HEADLINE_ROLES = {role: str(role) for role in HeadlineRole} | {HeadlineRole.SUBTITLE: "subhead", HeadlineRole.ORIGINAL_SUBTITLE: "original_subhead"}
# Concepts of the IPTC's vocabulary of content production party roles.
SOURCE_ROLES = {
    SourceRole.ORIGIN: "http://cv.iptc.org/newscodes/contentprodpartyrole/origcont",
    SourceRole.VIA: "http://cv.iptc.org/newscodes/contentprodpartyrole/distributor",
}
CREATORS = (PersonRole.REPORTER, PersonRole.CORRESPONDENT, PersonRole.AUTHOR, PersonRole.PHOTOGRAPHER)
PLAIN = "text/plain"


class Standard(Struct, frozen=True):
    name: str = "ninjs"
    version: str = "3.2"
    schema: str = "https://www.iptc.org/std/ninjs/ninjs-schema_3.2.json"


class Text(Struct, frozen=True, rename="camel"):
    """A headline."""

    role: str
    value: str
    content_type: str = PLAIN


class Body(Struct, frozen=True, rename="camel"):
    value: str
    char_count: int
    role: str = "main"
    content_type: str = PLAIN


class Related(Struct, frozen=True):
    """A person, organisation or subject, and how it is related to the article."""

    name: str
    rel: str


class InfoSource(Struct, frozen=True):
    name: str
    role: str


class Rendition(Struct, frozen=True, rename="camel"):
    href: str
    name: str = "web"
    content_type: str = "text/html"


class NewsObject(Struct, frozen=True, kw_only=True, rename="camel"):
    uri: str
    standard: Standard = Standard()
    type: str = "text"
    representation_type: str = "full"
    version: str
    version_created: datetime | UnsetType
    language: str | UnsetType
    headlines: tuple[Text, ...]
    bodies: tuple[Body, ...] | UnsetType
    by: str | UnsetType
    people: tuple[Related, ...] | UnsetType
    organisations: tuple[Related, ...] | UnsetType
    info_sources: tuple[InfoSource, ...] | UnsetType
    subjects: tuple[Related, ...] | UnsetType
    renditions: tuple[Rendition, ...] | UnsetType
    copyright_notice: str | UnsetType


def news_object(article: Article) -> NewsObject:
    """`versionCreated` is the displayed time of publication: a date and time, so that a day alone has no place in it."""
    published = article.published
    return NewsObject(
        uri=article.uri,
        version=article.version_id,
        version_created=published if isinstance(published, datetime) else UNSET,
        language=article.language or UNSET,
        headlines=(Text(HEADLINE_ROLES[HeadlineRole.MAIN], article.headline), *_other_headlines(article)),
        bodies=(Body(article.body_text, len(article.body_text)),) if article.body_text else UNSET,
        by=", ".join(dict.fromkeys(person.name for person in article.credited(*CREATORS))) or UNSET,
        people=tuple(Related(person.name, person.role) for person in article.people) or UNSET,
        organisations=_organisations(article) or UNSET,
        info_sources=tuple(InfoSource(source.name, SOURCE_ROLES[source.role]) for source in article.sources) or UNSET,
        subjects=tuple(Related(label, "section") for label in article.breadcrumb) or UNSET,
        renditions=(Rendition(article.url),) if article.url else UNSET,
        copyright_notice=article.copyright_notice or UNSET,
    )


def _other_headlines(article: Article) -> tuple[Text, ...]:
    return tuple(Text(HEADLINE_ROLES[headline.role], headline.text) for headline in article.headlines if headline.role != HeadlineRole.MAIN)


def _organisations(article: Article) -> tuple[Related, ...]:
    publisher = (Related(article.publisher, "publisher"),) if article.publisher else ()
    affiliations = dict.fromkeys(person.affiliation for person in article.people if person.affiliation)
    return (*publisher, *(Related(name, "affiliation") for name in affiliations))
