"""An article as schema.org NewsArticle in JSON-LD. What is not known is left out."""

from datetime import date, datetime

from msgspec import UNSET, Struct, UnsetType, field

from broadsheet.records import HeadlineRole, PersonRole, SourceRole
from broadsheet.warehouse.export.articles import Article, Credit

CONTEXT = "https://schema.org"


class Organization(Struct, frozen=True, kw_only=True):
    type: str = field(name="@type", default="Organization")
    name: str


class Person(Struct, frozen=True, kw_only=True, rename="camel"):
    type: str = field(name="@type", default="Person")
    name: str
    affiliation: Organization | UnsetType
    job_title: str | UnsetType


class Original(Struct, frozen=True, kw_only=True, rename="camel"):
    """The publication that an article was taken from."""

    type: str = field(name="@type", default="NewsArticle")
    headline: str | UnsetType
    alternative_headline: tuple[str, ...] | UnsetType
    publisher: tuple[Organization, ...] | UnsetType


class NewsArticle(Struct, frozen=True, kw_only=True, rename="camel"):
    context: str = field(name="@context", default=CONTEXT)
    type: str = field(name="@type", default="NewsArticle")
    id: str = field(name="@id")
    identifier: str
    version: str
    url: str | UnsetType
    headline: str
    alternative_headline: tuple[str, ...] | UnsetType
    keywords: tuple[str, ...] | UnsetType
    date_published: datetime | date | UnsetType
    in_language: str | UnsetType
    author: tuple[Person, ...] | UnsetType
    contributor: tuple[Person, ...] | UnsetType
    editor: tuple[Person, ...] | UnsetType
    publisher: Organization | UnsetType
    source_organization: tuple[Organization, ...] | UnsetType
    is_based_on: Original | UnsetType
    article_section: tuple[str, ...] | UnsetType
    dateline: str | UnsetType
    article_body: str | UnsetType
    copyright_notice: str | UnsetType


def news_article(article: Article) -> NewsArticle:
    """Editors are no authors; who helped in another way than writing is a contributor, with what they did as job title."""
    return NewsArticle(
        id=article.uri,
        identifier=article.article_id,
        version=article.version_id,
        url=article.url or UNSET,
        headline=article.headline,
        alternative_headline=article.titles(HeadlineRole.KICKER, HeadlineRole.SUBTITLE) or UNSET,
        keywords=article.titles(HeadlineRole.CAMPAIGN_TAG) or UNSET,
        date_published=article.published or UNSET,
        in_language=article.language or UNSET,
        author=tuple(map(_person, article.credited(PersonRole.REPORTER, PersonRole.AUTHOR))) or UNSET,
        contributor=tuple(map(_contributor, article.credited(PersonRole.CORRESPONDENT, PersonRole.PHOTOGRAPHER))) or UNSET,
        editor=tuple(map(_person, article.credited(PersonRole.EDITOR, PersonRole.RESPONSIBLE_EDITOR))) or UNSET,
        publisher=Organization(name=article.publisher) if article.publisher else UNSET,
        source_organization=_organizations(article.outlets(SourceRole.ORIGIN)),
        is_based_on=_original(article),
        article_section=article.breadcrumb or UNSET,
        dateline=article.dateline or UNSET,
        article_body=article.body_text or UNSET,
        copyright_notice=article.copyright_notice or UNSET,
    )


def _original(article: Article) -> Original | UnsetType:
    """Known where the page gives the title that the piece had there, or another outlet that it came by."""
    titles = article.titles(HeadlineRole.ORIGINAL)
    via, origin = (tuple(name for name in article.outlets(role) if name != article.publisher) for role in (SourceRole.VIA, SourceRole.ORIGIN))
    if not titles and not via:
        return UNSET
    return Original(
        headline=titles[0] if titles else UNSET,
        alternative_headline=article.titles(HeadlineRole.ORIGINAL_SUBTITLE) or UNSET,
        publisher=_organizations(via or origin),
    )


def _person(credit: Credit, job_title: str | UnsetType = UNSET) -> Person:
    affiliation = Organization(name=credit.affiliation) if credit.affiliation else UNSET
    return Person(name=credit.name, affiliation=affiliation, job_title=job_title)


def _contributor(credit: Credit) -> Person:
    return _person(credit, credit.role)


def _organizations(names: tuple[str, ...]) -> tuple[Organization, ...] | UnsetType:
    return tuple(Organization(name=name) for name in names) or UNSET
