"""The synthetic world: the same seed gives the same bytes, and its truth is what its pages show."""

import gzip
import hashlib
import json
from itertools import islice
from pathlib import Path

import pytest

from broadsheet.text import cut
from sampleworld import render
from sampleworld.world import SITES, build
from sampleworld.write import files, write

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sample"


def digests(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_bundled_sample_is_what_its_seed_gives(tmp_path):
    write(build(seed=7, pages=200, days=4), tmp_path)
    assert digests(tmp_path) == digests(SAMPLE), "run: PYTHONPATH=examples .venv/bin/python -m sampleworld --out examples/sample"


def test_another_seed_is_another_world():
    first = [content for _, content, _, _ in islice(files(build(seed=1, pages=6)), 6)]
    second = [content for _, content, _, _ in islice(files(build(seed=2, pages=6)), 6)]
    assert all(a != b for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("sighting", list(build(seed=3, pages=48).captures()), ids=lambda sighting: sighting.story.url)
def test_the_truth_is_on_the_page(sighting):
    truth, page = render.truth(sighting), render.html(sighting)
    for text in (truth["title"], *truth["body"], *truth["editor"], truth["authors"][0]):
        assert text in page.replace("&#34;", '"').replace("&#39;", "'")
    for module in truth["modules"]:
        assert module["heading"] in page
        for item in module["items"]:
            assert item["href"] in page
            if module["width"]:
                assert item["text"].removesuffix("...").removesuffix("…") == cut(item["full"], module["width"])


def test_pages_are_in_their_real_charset_whatever_they_declare():
    seen = set()
    for sighting in islice(build(seed=3, pages=12).captures(), 12):
        site = sighting.story.site
        content = render.html_bytes(sighting)
        assert content.decode(site.charset) == render.html(sighting)
        seen.add((site.charset, site.declared))
    assert {("gb18030", "gb2312"), ("utf-8", "gb2312"), ("utf-8", "utf-8")} <= seen


def test_everything_says_that_it_is_synthetic():
    for sighting in islice(build(seed=5, pages=6).captures(), 6):
        assert any(mark in render.html(sighting) for mark in ("虚构样例", "ynthetic sample"))
    for line in (SAMPLE / "manifest.jsonl").read_text("utf-8").splitlines():
        assert json.loads(line)["is_synthetic"] is True
    assert all(site.host.endswith(".example") for site in SITES)


def test_the_world_has_what_it_is_for():
    truths = [json.loads(line) for line in (SAMPLE / "truth.jsonl").read_text("utf-8").splitlines()]
    by_url: dict[str, set[tuple]] = {}
    for truth in truths:
        by_url.setdefault(truth["url"], set()).add((truth["title"], tuple(truth["body"])))
    assert any(len(versions) > 1 for versions in by_url.values()), "no silent edit"
    assert sum(truth["reprint_of"] is not None for truth in truths) > 5
    assert any(truth["original_title"] for truth in truths)
    assert any(item["is_truncated"] for truth in truths for module in truth["modules"] for item in module["items"] if "is_truncated" in item)
    text = next(path for path in sorted((SAMPLE / "pages").glob("*.txt.gz")))
    assert "•" in gzip.decompress(text.read_bytes()).decode()
