"""One page as HTML to look at: each block coloured by its label, fields and modules beside it. Nothing of the page can run in it:
all text is escaped, links are shown as text, and the document forbids scripts and requests."""

from collections import Counter
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from broadsheet.cli.show import field_rows
from broadsheet.lake import written_aside
from broadsheet.page.colours import COLOURS, colour_of
from broadsheet.records import PageResult


def write_page(result: PageResult, target: Path) -> Path:
    """Write the page to `target` and return it. Raises OSError when that cannot be done."""
    page = result.page
    environment = Environment(loader=PackageLoader("broadsheet.cli", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    counts = Counter(block.label for block in page.blocks)
    rendered = environment.get_template("page.html").render(
        title=page.headline() or result.capture.input_path,
        input_path=result.capture.input_path,
        page=page,
        colours=COLOURS,
        legend=[(label, count, colour_of(label)) for label, count in counts.most_common()],
        blocks=[
            {
                "text": block.text,
                "label": block.label,
                "rule": block.rule,
                "module": block.module_index,
                "colour": colour_of(block.label),
            }
            for block in page.blocks
        ],
        fields=field_rows(result),
        modules=page.modules,
    )
    with written_aside(target) as aside:
        aside.write_text(rendered, "utf-8", errors="replace")
    return target
