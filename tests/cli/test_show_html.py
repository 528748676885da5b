"""`broadsheet show --html`: everything of the page is there, and nothing of it can run."""

import re

from typer.testing import CliRunner

from broadsheet.cli import app

HOSTILE = """<html><head><title>Bridge opens</title></head><body><h1>Bridge opens <img src=x onerror=alert(1)>at "Seahaven" & more</h1>
<p>March 1, 2024</p><p>The bridge at Seahaven opened on Friday, and buses crossed it before noon: &lt;script&gt;alert(2)&lt;/script&gt;, it said.</p>
<p>Many more people came to the second opening on Saturday, and they stayed, the town says, for a long time, until late.</p>
<div><h3>Related stories</h3><ul><li><a href="javascript:alert(3)">A story that leads to a script and not to a page</a></li>
<li><a href="/s/1">The second story about the bridge and its builders</a></li><li><a href="/s/2">The third story about the bridge and its cost</a></li></ul></div>
</body></html>"""
runner = CliRunner()


def test_the_page_shows_blocks_fields_and_modules_and_cannot_run(tmp_path):
    page, out = tmp_path / "page.html", tmp_path / "shown" / "out.html"
    page.write_text(HOSTILE, "utf-8")
    result = runner.invoke(app, ["show", str(page), "--html", str(out)])
    assert result.exit_code == 0, result.output
    shown = out.read_text("utf-8")
    for text in ("The third story about the bridge", "related_links", "Related stories", "heading_related", "body", "/s/1"):
        assert text in shown
    assert "default-src 'none'" in shown
    assert not re.search(r"<(?:script|img|a|iframe|object|form|link|base)\b", shown)
    assert "&lt;script&gt;" in shown


def test_a_target_that_cannot_be_written_is_named(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(HOSTILE, "utf-8")
    result = runner.invoke(app, ["show", str(page), "--html", str(page / "out.html")], env={"COLUMNS": "500"})
    assert result.exit_code == 2
    assert "out.html" in result.output
