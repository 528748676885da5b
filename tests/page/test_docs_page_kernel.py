"""The worked example of docs/page_kernel.md is what the kernel says of that page, and the rules that the page lists exist."""

import re
from pathlib import Path

from broadsheet.page.read import read_page
from broadsheet.records import HeadlineRole, PersonRole, SourceRole

DOC = (Path(__file__).resolve().parents[2] / "docs" / "page_kernel.md").read_text("utf-8")
PAGE = read_page(re.search(r"```html\n(.+?)```", DOC, re.DOTALL)[1], media_type="text/html")


def test_the_table_of_blocks_is_what_the_kernel_says():
    rows = re.search(r"\| label \| rule \| text \|\n\|---\|---\|---\|\n(.+?)\n\n", DOC, re.DOTALL)[1].splitlines()
    documented = [tuple(cell.strip() for cell in row.strip("|").split(" | ")) for row in rows]
    assert documented == [(str(block.label), block.rule, block.text) for block in PAGE.blocks]


def test_what_the_page_says_of_the_example_is_true():
    assert (PAGE.headline(), PAGE.headline(HeadlineRole.CAMPAIGN_TAG), PAGE.headline(HeadlineRole.SUBTITLE)) == (
        "青河第三大桥通车", "看发展", "两岸往来只要五分钟",
    )  # fmt: skip
    assert {(source.role, source.name) for source in PAGE.sources} == {(SourceRole.VIA, "云州网"), (SourceRole.ORIGIN, "山河日报")}
    assert {(person.role, person.name) for person in PAGE.people} == {(PersonRole.EDITOR, "王小河"), (PersonRole.REPORTER, "李大江")}
    _, feed = PAGE.modules
    assert (feed.is_ranked, feed.width_limit, {item.is_truncated for item in feed.items}) == (True, 26, {True})
    assert PAGE.coverage_ratio == 1.0


def test_the_modules_that_the_page_names_exist():
    named = set(re.findall(r"`([a-z_]+\.py)`", DOC))
    folder = Path(__file__).resolve().parents[2] / "include" / "broadsheet" / "page"
    assert named <= {path.name for path in folder.glob("*.py")}
