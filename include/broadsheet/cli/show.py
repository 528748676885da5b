"""One page in the terminal: its fields, its modules, its blocks coloured by label."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from broadsheet.capture.again import delivered_capture
from broadsheet.capture.raw_zone import RawZone
from broadsheet.capture.sources import first_page
from broadsheet.engine.reading import read_capture
from broadsheet.errors import ConfigurationError
from broadsheet.lake import Lake
from broadsheet.records import Block, BlockLabel, Page, PageResult
from broadsheet.settings import read_settings
from broadsheet.sites.load import load_profiles
from broadsheet.urls import canonical

STYLES = {
    BlockLabel.TITLE: "bold cyan",
    BlockLabel.BODY: "default",
    BlockLabel.FEED: "yellow",
    BlockLabel.RELATED: "green",
    BlockLabel.MODULE_HEADING: "bold",
    BlockLabel.UNKNOWN: "red",
    **dict.fromkeys((BlockLabel.INFO_LINE, BlockLabel.BYLINE, BlockLabel.CREDIT, BlockLabel.ORIGINAL_TITLE, BlockLabel.BREADCRUMB), "magenta"),
}


def read_shown(what: str, lake: Path, sites_dir: Path | None = None) -> PageResult:
    """The page of a path, or of a capture in the lake by the beginning of its id or by its URL, then the latest; read by its site's profile."""
    profiles = load_profiles(read_settings(sites_dir=sites_dir).sites_dir)
    if Path(what).is_file():
        item = first_page(Path(what))
        return read_capture(item.capture, item.content, profiles)
    capture = delivered_capture(_of_url(lake, what) if "://" in what else _of_id(lake, what))
    content = RawZone(Lake(lake)).read(capture.raw_file, capture.raw_offset, capture.raw_length)
    return read_capture(capture, content, profiles)


def _of_url(lake: Path, url: str) -> dict[str, Any]:
    from broadsheet.warehouse.query import query

    sql = "select * from captures where url in ($given, $url) order by captured_at desc nulls last, capture_id limit 1"
    found = query(lake, sql, parameters={"given": url, "url": canonical(url) or url}).to_pylist()
    if not found:
        raise ConfigurationError(f"no capture in {lake} is of {url}")
    return found[0]


def _of_id(lake: Path, what: str) -> dict[str, Any]:
    from broadsheet.warehouse.query import query

    if not what or not all(char in "0123456789abcdef" for char in what):
        raise ConfigurationError(f"{what!r} is neither a file, nor a URL, nor the beginning of a capture id")
    found = query(lake, "select * from captures where starts_with(capture_id, $id) order by capture_id limit 2", parameters={"id": what}).to_pylist()
    if len(found) != 1:
        raise ConfigurationError(f"{'no capture' if not found else 'more than one capture'} in {lake} begins with {what}")
    return found[0]


def print_page(result: PageResult) -> None:
    console = Console()
    page = result.page
    console.print(_fields(result))
    for number, module in enumerate(page.modules):
        title = f"{number} · {module.kind} · {module.heading or '(no heading)'}"
        if module.width_limit:
            title += f" · cut at {module.width_limit} columns"
        table = Table(title=Text(title), title_justify="left", show_header=False, box=None)
        for item in module.items:
            table.add_row(str(item.rank), Text(item.text + (" …" if item.is_truncated else "")), Text(item.url or "", style="dim"))
        console.print(table)
    blocks = Table.grid(padding=(0, 1))
    blocks.add_column(justify="right", no_wrap=True)
    blocks.add_column(overflow="fold")
    for block in page.blocks:
        said = Text.assemble((block.text, STYLES.get(block.label, "dim")), _decided(block))
        blocks.add_row(Text(block.label, style="dim"), said)
    console.print(blocks)
    console.print(f"coverage {page.coverage_ratio:.3f} · {len(page.blocks)} blocks · rules: broadsheet query on page_blocks", style="dim")


def _decided(block: Block) -> tuple[str, str]:
    """What of the site's profile gave a block its label; nothing where the generic path did."""
    return (f" ({block.rule})" if block.rule.startswith("profile:") else "", "dim italic")


def _fields(result: PageResult) -> Table:
    table = Table(show_header=False, box=None)
    for name, value in field_rows(result):
        table.add_row(Text(name, style="bold"), Text(value))
    return table


def field_rows(result: PageResult) -> list[tuple[str, str]]:
    """(name, value) of what was understood of a page as a whole; what has no value is left out."""
    page, capture = result.page, result.capture
    rows = [
        ("capture", capture.capture_id),
        ("kind", page.page_kind),
        ("url", capture.url or page.canonical_url),
        ("captured_at", f"{capture.captured_at or 'unknown'} ({capture.captured_at_basis})"),
        ("charset", f"{page.charset} ({page.charset_basis})"),
        ("breadcrumb", " / ".join(page.breadcrumb)),
        *((f"headline {headline.role}", headline.text) for headline in page.headlines),
        ("published", _published(page)),
        *((f"source {source.role}", source.name) for source in page.sources),
        *((person.role, f"{person.name}" + (f" ({person.affiliation})" if person.affiliation else "")) for person in page.people),
        ("dateline", page.dateline),
        ("rights", f"{page.rights_applies}: {page.rights_notice}" if page.rights_notice else None),
        ("body", f"{len(page.body)} paragraphs"),
        ("profile", page.site_profile),
        ("profile missed", ", ".join(page.profile_missed)),
        ("warnings", ", ".join(page.warnings)),
    ]
    return [(str(name), str(value)) for name, value in rows if value]


def _published(page: Page) -> str | None:
    time = page.published
    return f"{time.local:%Y-%m-%d %H:%M} ({time.precision}, {time.rule}: {time.raw})" if time else None
