"""The short fuzz run: a few hundred mutated pages, and pages that hypothesis makes up. `make fuzz` is the long one."""

import random
import sys

import mutation
import pytest
from hostile_texts import lines
from hypothesis import given, settings
from hypothesis import strategies as st
from record_rules import broken_rules, read_bytes

import fuzz

SEED = 20260302
TAGS = ["div", "p", "ul", "ol", "li", "a", "h1", "h2", "span", "table", "tr", "td", "em", "b", "time", "nav", "footer", "aside", "article", "section", "figure",
        "figcaption", "form", "script", "style", "template", "svg", "noscript", "iframe", "select", "option", "textarea", "pre", "dl", "dt", "dd"]  # fmt: skip
VOID = ["br", "img src=/p.jpg alt=图片", "hr", "input", "meta property=og:title content=标题", "link rel=canonical href=https://www.example.com/1"]
NAMES = [
    "nav",
    "footer",
    "comment-list",
    "ad",
    "related",
    "share",
    "tags",
    "info",
    "title",
    "crumbs",
    "rank-list",
    "tab hidden",
    "editor",
    "content",
    "x1",
]
names = st.sampled_from(NAMES)
attributes = st.lists(
    st.one_of(
        names.map(lambda name: f'class="{name}"'), names.map(lambda name: f"id={name}"), st.just('style="display:none"'), st.just("href=/a/1.html"),
        st.just('href="javascript:;" title="一则更长的标题"'), st.just("datetime=2024-03-01T08:30"), st.text(max_size=12).map(lambda text: f"{text}={text}"),
    ), max_size=3,
).map(" ".join)  # fmt: skip
leaves = st.one_of(
    lines, st.sampled_from([f"<{tag}>" for tag in VOID]), st.sampled_from(["<!-- ", "-->", "&lt;p&gt;", "&#x1F4F0;", "<![CDATA[", "</p>", "<p"])
)
nodes = st.recursive(
    leaves, lambda inner: st.tuples(st.sampled_from(TAGS), attributes, st.lists(inner, max_size=5)).map(lambda node: f"<{node[0]} {node[1]}>{''.join(node[2])}</{node[0]}>"),
    max_leaves=40,
)  # fmt: skip
documents = st.tuples(
    st.sampled_from(["", "<!doctype html><html lang=zh><head><title>标题_云州网</title></head><body>"]), st.lists(nodes, max_size=6)
).map(lambda parts: parts[0] + "".join(parts[1]))


@settings(max_examples=150, deadline=None)
@given(documents, st.sampled_from(["utf-8", "gb18030", "utf-16", "big5"]), st.sampled_from(["text/html", "text/plain"]))
def test_made_up_pages_give_valid_records(document: str, charset: str, media_type: str) -> None:
    content = document.encode(charset, "replace")
    page = read_bytes(content, media_type=media_type)
    assert broken_rules(page) == []
    assert read_bytes(content, media_type=media_type) == page


@pytest.mark.parametrize("part", range(4))
def test_mutated_pages_give_valid_records(part: int) -> None:
    found = {number: broken for number in range(part, 320, 4) if (broken := fuzz.problem(SEED, number))}
    assert found == {}


def test_a_page_of_a_seed_is_always_the_same() -> None:
    assert [mutation.page(SEED, number) for number in range(20)] == [mutation.page(SEED, number) for number in range(20)]
    assert len({mutation.page(SEED, number) for number in range(50)}) > 45


@pytest.mark.parametrize("mutate", mutation.MUTATIONS)
def test_every_mutation_takes_any_bytes(mutate) -> None:
    for content in (b"", b"<", b"x" * 5000):
        for number in range(20):
            assert isinstance(mutate(random.Random(number), content), bytes)


def test_a_failing_page_is_kept_with_its_seed(tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["fuzz.py", "--pages", "3", "--seed", "5", "--keep", str(tmp_path / "fuzz")])
    monkeypatch.setattr(fuzz, "guarded", lambda work, jobs, **options: [(number, b'[0.01, "a problem"]') for number, _ in jobs])
    assert fuzz.main() == 1
    assert {path.suffix for path in (tmp_path / "fuzz").iterdir()} <= {".html", ".txt", ".problem"}
    assert len(list((tmp_path / "fuzz").glob("5-*.problem"))) == 3
    assert "3 pages, 3 failed, seed 5" in capsys.readouterr().out
