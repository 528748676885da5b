"""What a page's head says of it: metas, JSON-LD, title, canonical link. Evidence for the page reader, which prefers what is displayed."""

import html
import json
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from broadsheet.page.breadcrumbs import clean
from broadsheet.page.languages import stated_language
from broadsheet.page.names import has_person_form, is_cjk, is_outlet, read_names
from broadsheet.page.plain import lowered, plain
from broadsheet.page.times import day_if_midnight, parse_time
from broadsheet.page.vocabulary import load, word_set, words
from broadsheet.records import PageKind, PublishedTime, Record
from broadsheet.text import fold_blanks, headline_key

_LONGEST_BLOCK = 400_000  # characters of one JSON-LD script
_MOST_BLOCKS = 30
_MOST_NODES = 2000
_LONGEST_VALUE = 400


class TitleCandidate(Record, frozen=True):
    text: str  # as stated, with the site's suffix if it has one
    origin: str  # og, json_ld, twitter, meta or title


class Metadata(Record, frozen=True):
    titles: tuple[TitleCandidate, ...] = ()  # best first: og, json_ld, twitter, meta, title
    published: PublishedTime | None = None
    authors: tuple[str, ...] = ()  # people; outlets and placeholders are left out
    source: str | None = None
    editors: tuple[str, ...] = ()
    canonical_url: str | None = None  # as stated, perhaps relative
    language: str | None = None  # ISO 639-1
    site_name: str | None = None
    breadcrumb: tuple[str, ...] = ()
    kind_hint: PageKind | None = None  # article or list


def read_metadata(
    metas: list[tuple[str, str]], json_ld: list[str], document_title: str | None, canonical_href: str | None, html_lang: str | None
) -> Metadata:
    """`metas` are (name, property or itemprop; content) pairs in page order, `json_ld` the texts of its scripts."""
    by_name: dict[str, list[str]] = {}
    for name, content in metas:
        if (key := _key(name)) in _known_names() and (value := fold_blanks(content[:_LONGEST_VALUE])):
            by_name.setdefault(key, []).append(html.unescape(value))
    nodes = [node for text in json_ld[:_MOST_BLOCKS] for node in _nodes(text)]
    articles = [node for node in nodes if _types(node) & word_set("fields", "kinds", "article")]
    published = _published(by_name, articles)
    site_name = _first(by_name, "site_name") or next((name for node in articles for name, _ in _named(node.get("publisher"))), None)
    authors, agency = _authors(by_name, articles, site_name)
    return Metadata(
        titles=_titles(by_name, articles, document_title),
        published=published,
        authors=tuple(name for name in authors if not is_house(name, site_name)),
        source=_source(by_name) or (agency if agency and not is_house(agency, site_name) else None),
        editors=_people([*_all(by_name, "editor"), *(name for node in articles for name, _ in _named(node.get("editor")))]),
        canonical_url=_canonical(canonical_href, by_name, articles),
        language=_language(html_lang, articles, by_name),
        site_name=site_name,
        breadcrumb=_breadcrumb(nodes),
        kind_hint=_kind(by_name, nodes, articles),
    )


# --- metas ----------------------------------------------------------------------------------------------------------------------


@cache
def _meta_names(group: str) -> tuple[str, ...]:
    names = load("fields")["metas"][group]
    return tuple(_key(name) for name in names)


@cache
def _known_names() -> frozenset[str]:
    return frozenset(map(_key, words("fields", "metas")))


@lru_cache(maxsize=2000)
def _key(name: str) -> str:
    """`_pubtime`, `PubDate` and `publish-date` are one name each, however they are spelt."""
    return "".join(char for char in name[:80].lower() if char.isalnum())


def _all(by_name: dict[str, list[str]], group: str) -> list[str]:
    return [value for name in _meta_names(group) for value in by_name.get(name, ())]


def _first(by_name: dict[str, list[str]], group: str) -> str | None:
    return next((value for value in _all(by_name, group) if lowered(value) not in word_set("fields", "placeholders")), None)


def _source(by_name: dict[str, list[str]]) -> str | None:
    """A Latin one has the form of an outlet: some pages state the section as source."""
    source = _first(by_name, "source")
    return source if source and (is_cjk(source) or is_outlet(source) or "." in source) else None


def _titles(by_name: dict[str, list[str]], articles: list[dict[str, Any]], document_title: str | None) -> tuple[TitleCandidate, ...]:
    stated = load("fields")["metas"]["title"]
    found = [("og", value) for name in stated["og"] for value in by_name.get(_key(name), ())]
    found += [("json_ld", value) for node in articles for key in ("headline", "name") if (value := _string(node.get(key)))]
    found += [("twitter", value) for name in stated["twitter"] for value in by_name.get(_key(name), ())]
    found += [("meta", value) for name in stated["meta"] for value in by_name.get(_key(name), ())]
    if document_title and (value := fold_blanks(document_title[:_LONGEST_VALUE])):
        found.append(("title", value))
    return tuple(TitleCandidate(text=value, origin=origin) for origin, value in dict.fromkeys(found))


def _published(by_name: dict[str, list[str]], articles: list[dict[str, Any]]) -> PublishedTime | None:
    """The first time stated to the minute, else the first date."""
    stated = [(value, f"meta:{name}") for name in _meta_names("published") for value in by_name.get(name, ())]
    stated += [
        (value, f"json_ld:{key}") for node in articles for key in ("datePublished", "dateCreated", "uploadDate") if (value := _string(node.get(key)))
    ]
    times = [day_if_midnight(time) for value, rule in stated[:40] if (time := parse_time(value, rule)) is not None]
    return next((time for time in times if time.precision != "day"), times[0] if times else None)


def _authors(by_name: dict[str, list[str]], articles: list[dict[str, Any]], site_name: str | None) -> tuple[tuple[str, ...], str | None]:
    """People who wrote it, and an organisation that stands in an author's place."""
    linked = [pair for node in articles for pair in _named(node.get("author") or node.get("creator"))]
    organisations = [name for name, kind in linked if kind.endswith("organization") and is_outlet(name)]
    people = _people([name for name, kind in linked if not kind.endswith("organization")])
    own = headline_key(site_name or "")  # as a whole: `Dogs & Cats` is no author Dogs
    people = people or _people([value for value in _all(by_name, "author") if not own or headline_key(value) != own])
    return people, organisations[0] if organisations else None


def _people(values: list[str]) -> tuple[str, ...]:
    names: list[str] = []
    for value in values[:20]:
        if "://" in value or value.startswith(("www.", "@")) or "@" in value or is_outlet(value):
            continue
        shown = plain(value)
        if shown.lower().startswith("by "):
            shown = shown[3:]
        found = read_names(shown, 0, len(shown), labelled=True)
        names += [
            name for name in found.names if not is_outlet(name) and not _ends_in_letter(name) and (is_cjk(name) or " " in name or name.isalpha())
        ]
    return tuple(dict.fromkeys(names))


def _ends_in_letter(name: str) -> bool:
    """`Science X` is a house, `Malcolm X.` is not known to us."""
    return len(name) > 2 and name[-2] == " " and name[-1].isalpha() and name.isascii()


def is_house(name: str, site_name: str | None) -> bool:
    """Whether an author is the site itself: `Example` or `Example Sport` on `Example`, `Example` on `The Example Blog`."""
    site, own = headline_key(site_name or ""), headline_key(name)
    if not site or not own:
        return False
    is_long = len(own) > 3 or (len(own) == 3 and not has_person_form(own)) if is_cjk(own) else len(own) >= 6
    return own.startswith(site) or (is_long and own in site)


def _canonical(href: str | None, by_name: dict[str, list[str]], articles: list[dict[str, Any]]) -> str | None:
    stated = [href or "", *_all(by_name, "canonical")]
    for node in articles:
        entity = node.get("mainEntityOfPage")
        stated += [_string(node.get("url")) or "", _string(entity.get("@id") if isinstance(entity, dict) else entity) or ""]
    for url in stated:
        if (url := url.strip()) and len(url) <= 2000 and not url.startswith(("#", "javascript:", "data:")):
            return url
    return None


def _language(html_lang: str | None, articles: list[dict[str, Any]], by_name: dict[str, list[str]]) -> str | None:
    stated = [html_lang or ""]
    for node in articles:
        value = node.get("inLanguage")
        stated.append(_string(value.get("alternateName") or value.get("name") if isinstance(value, dict) else value) or "")
    return next((code for value in (*stated, *_all(by_name, "language")) if (code := stated_language(value))), None)


def _kind(by_name: dict[str, list[str]], nodes: list[dict[str, Any]], articles: list[dict[str, Any]]) -> PageKind | None:
    stated = {value.lower() for value in _all(by_name, "kind")}
    if stated & word_set("fields", "kinds", "article") or any(value.startswith("article") for value in stated):
        return PageKind.ARTICLE
    if len(articles) == 1:
        return PageKind.ARTICLE
    if any(_types(node) & word_set("fields", "kinds", "list") for node in nodes) or len(articles) > 3:
        return PageKind.LIST
    return PageKind.ARTICLE if articles else None


# --- JSON-LD --------------------------------------------------------------------------------------------------------------------

_WRAPPING = re.compile(r"^\s*(?:<!--|//\s?<!\[CDATA\[|<!\[CDATA\[|/\*\s?<!\[CDATA\[\s?\*/)|(?:-->|//\s?\]\]>|\]\]>|/\*\s?\]\]>\s?\*/)\s*;?\s*$")
_TRAILING_COMMA = re.compile(r",(?=\s{0,200}[}\]])")
# enough of a script that no parser takes
_LOOSE = re.compile(r'"(headline|datePublished|dateCreated|@type|inLanguage)"\s{0,9}:\s{0,9}"((?:[^"\\\n]|\\.){1,400})"')


def _nodes(text: str) -> Iterator[dict[str, Any]]:
    """Every object of a script, outer ones first."""
    stack: list[Any] = list(reversed(_parsed(text)))
    for _ in range(_MOST_NODES):
        if not stack:
            return
        value = stack.pop()
        if isinstance(value, dict):
            yield value
            stack.extend(
                child
                for key, child in reversed(value.items())
                if isinstance(child, dict | list) and key not in {"author", "creator", "publisher", "editor"}
            )
        elif isinstance(value, list):
            stack.extend(reversed(value[:_MOST_NODES]))


def _parsed(text: str) -> list[Any]:
    text = text[:_LONGEST_BLOCK]
    if "-->" in text or "]]>" in text or "<!" in text:
        text = _WRAPPING.sub("", text)
    text = text.strip().rstrip(";")
    if not text:
        return []
    for attempt in (text, html.unescape(text) if "&" in text else "", _TRAILING_COMMA.sub("", text)):
        if attempt and (values := _decoded(attempt)):
            return values
    loose: dict[str, Any] = {}
    for match in _LOOSE.finditer(text):
        loose.setdefault(match[1], match[2])
    return [loose] if loose else []


def _decoded(text: str) -> list[Any]:
    """Values of one or several JSON texts written after each other; empty if the first is broken."""
    decoder = json.JSONDecoder(strict=False)  # control characters in strings are common
    values: list[Any] = []
    position = 0
    while position < len(text) and len(values) < 50:
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            return values
        values.append(value)
        while position < len(text) and text[position] in " \t\r\n,;":
            position += 1
    return values


def _types(node: dict[str, Any]) -> set[str]:
    stated = node.get("@type")
    return {value.rsplit("/", 1)[-1].lower() for value in (stated if isinstance(stated, list) else [stated]) if isinstance(value, str)}


def _string(value: Any) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, str):
        return None
    return html.unescape(fold_blanks(value[:_LONGEST_VALUE])) or None


def _named(value: Any) -> Iterator[tuple[str, str]]:
    """(name, type in lower case) of a person or organisation, or of a list of them."""
    for item in value[:30] if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            kinds = sorted(_types(item))
            for name in item["name"][:30] if isinstance(item.get("name"), list) else [item.get("name")]:
                if text := _string(name):
                    yield text, kinds[-1] if kinds else ""
        elif isinstance(item, str) and (text := _string(item)):
            yield text, ""


def _breadcrumb(nodes: list[dict[str, Any]]) -> tuple[str, ...]:
    for node in nodes:
        if "breadcrumblist" not in _types(node):
            continue
        elements = node.get("itemListElement")
        crumbs: list[tuple[float, str]] = []
        for index, element in enumerate(elements[:30] if isinstance(elements, list) else []):
            if not isinstance(element, dict):
                continue
            item = element.get("item")
            name = _string(element.get("name")) or (_string(item.get("name")) if isinstance(item, dict) else None)
            position = element.get("position")
            if name:
                crumbs.append((float(position) if isinstance(position, int) and abs(position) < 1000 else float(index), name))
        if cleaned := clean([name for _, name in sorted(crumbs, key=lambda crumb: crumb[0])]):
            return tuple(cleaned)
    return ()
