"""A page as one object of the extraction contract (docs: `broadsheet extract --jsonl`)."""

from typing import Any

from broadsheet.page.own_lists import LEAD
from broadsheet.records import HeadlineRole, LinkItem, Module, Page, PersonRole, SourceRole

_WRITERS = (PersonRole.REPORTER, PersonRole.CORRESPONDENT, PersonRole.AUTHOR)
_EDITORS = (PersonRole.EDITOR, PersonRole.RESPONSIBLE_EDITOR)


def prediction(page_id: str, page: Page) -> dict[str, Any]:
    """The page as plain JSON values: what was displayed, in page order. Modules without entries are left out, and leading stories that stand alone,
    which are no list but have a key of their own."""
    return {
        "id": page_id,
        "page_kind": str(page.page_kind),
        "title": _title(page),
        "published_at": _published(page),
        "source": _source(page),
        "editor": _names(page, _EDITORS),
        "authors": _names(page, _WRITERS) or _names(page, (PersonRole.PHOTOGRAPHER,)),
        "breadcrumb": list(page.breadcrumb),
        "original_title": _original(page),
        "rights_notice": page.rights_notice,
        "body": "\n".join(page.body),
        "modules": [_module(module) for module in page.modules if module.items and not _is_lone_lead(module)],
        "leads": [_item(module.items[0]) for module in page.modules if _is_lone_lead(module)],
        "language": page.language,
        "coverage_ratio": page.coverage_ratio,
    }


def _is_lone_lead(module: Module) -> bool:
    return module.rule == LEAD and len(module.items) == 1


def _title(page: Page) -> str | None:
    main = next((headline for headline in page.headlines if headline.role == HeadlineRole.MAIN), None)
    return (main.raw or main.text) if main else None


def _original(page: Page) -> str | None:
    roles = (HeadlineRole.ORIGINAL, HeadlineRole.ORIGINAL_SUBTITLE)
    parts = [headline.raw or headline.text for headline in page.headlines if headline.role in roles]
    kept = [part for index, part in enumerate(parts) if not any(part in earlier for earlier in parts[:index])]
    return " ".join(kept) or None


def _published(page: Page) -> str | None:
    if page.published is None:
        return None
    local = page.published.local
    return local.date().isoformat() if page.published.precision == "day" else local.isoformat(timespec="minutes")


def _source(page: Page) -> str | None:
    if not page.sources:
        return None
    origin = next((source for source in page.sources if source.role == SourceRole.ORIGIN), page.sources[0])
    return origin.raw or origin.name


def _names(page: Page, roles: tuple[PersonRole, ...]) -> list[str]:
    return list(dict.fromkeys(person.name for person in page.people if person.role in roles))


def _module(module: Module) -> dict[str, Any]:
    return {
        "kind": str(module.kind),
        "heading": module.heading,
        "ranked": module.is_ranked,
        "items": [_item(item) for item in module.items],
    }


def _item(item: LinkItem) -> dict[str, Any]:
    dated = {"published_at": item.published.local.isoformat(timespec="minutes")} if item.published else {}
    return {"text": item.text, "href": item.url, **dated}
