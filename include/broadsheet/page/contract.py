"""A page as the plain JSON object that `broadsheet extract --jsonl` writes."""

from typing import Any

from broadsheet.records import HeadlineRole, Page, PersonRole, SourceRole


def prediction(page_id: str, page: Page) -> dict[str, Any]:
    """Fields as displayed: the headline with its tag and subtitle, a compound source whole, times in the page's own clock."""
    main = next((headline for headline in page.headlines if headline.role == HeadlineRole.MAIN), None)
    originals = [headline.text for headline in page.headlines if headline.role in (HeadlineRole.ORIGINAL, HeadlineRole.ORIGINAL_SUBTITLE)]
    return {
        "id": page_id,
        "page_kind": page.page_kind,
        "title": (main.raw or main.text) if main else None,
        "published_at": _time(page),
        "source": _source(page),
        "editor": _names(page, PersonRole.EDITOR, PersonRole.RESPONSIBLE_EDITOR),
        "authors": _names(page, PersonRole.REPORTER, PersonRole.CORRESPONDENT, PersonRole.AUTHOR),
        "breadcrumb": list(page.breadcrumb),
        "original_title": " ".join(originals) or None,
        "rights_notice": page.rights_notice,
        "body": "\n".join(page.body),
        "modules": [
            {
                "kind": module.kind,
                "heading": module.heading,
                "ranked": module.is_ranked,
                "items": [{"text": item.text, "href": item.url} for item in module.items],
            }
            for module in page.modules
            if module.items
        ],
        "language": page.language,
        "coverage_ratio": page.coverage_ratio,
    }


def _time(page: Page) -> str | None:
    if page.published is None:
        return None
    return page.published.local.strftime("%Y-%m-%d" if page.published.precision == "day" else "%Y-%m-%dT%H:%M")


def _source(page: Page) -> str | None:
    origin = next((source for source in page.sources if source.role == SourceRole.ORIGIN), None) or next(iter(page.sources), None)
    return (origin.raw or origin.name) if origin else None


def _names(page: Page, *roles: PersonRole) -> list[str]:
    return list(dict.fromkeys(person.name for person in page.people if person.role in roles))
