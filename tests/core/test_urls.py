"""One page has one URL."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.urls import canonical, page_url, site_of

SITE = "https://www.yunzhou.example"


@pytest.mark.parametrize(
    ("url", "base", "expected"),
    [
        ("/c/1.html#top", SITE, f"{SITE}/c/1.html"),
        ("../2.html?b=2&a=1&utm_source=app", f"{SITE}/x/y/", f"{SITE}/x/2.html?a=1&b=2"),
        ("HTTPS://WWW.Yunzhou.example/a", None, f"{SITE}/a"),
        ("//cdn.yunzhou.example/a", SITE, "https://cdn.yunzhou.example/a"),
        ("javascript:void(0)", SITE, None),
        ("mailto:desk@yunzhou.example", SITE, None),
        ("/relative", None, None),
        ("http://[broken", None, None),
        ("", SITE, None),
        (None, SITE, None),
    ],
)
def test_canonical(url, base, expected):
    assert canonical(url, base) == expected


@given(st.text(max_size=60))
def test_any_text_is_a_url_or_none_and_canonical_is_stable(text):
    found = canonical(text, SITE)
    if found is not None:
        assert found.startswith(("http://", "https://"))
        assert canonical(found) == found


@pytest.mark.parametrize(
    ("captured", "stated", "expected"),
    [
        (f"{SITE}/a?spm=1", f"{SITE}/a", f"{SITE}/a"),
        (f"{SITE}/a", None, f"{SITE}/a"),
        (f"{SITE}/a", SITE + "/", f"{SITE}/a"),  # a template that names the front page on every page
        (f"{SITE}/a", "https://other.example/a", f"{SITE}/a"),
        (None, f"{SITE}/a", f"{SITE}/a"),
        (None, SITE + "/", None),
        (f"{SITE}/", f"{SITE}/", f"{SITE}/"),
    ],
)
def test_a_stated_canonical_link_wins_unless_plainly_wrong(captured, stated, expected):
    assert page_url(captured, stated) == expected


def test_site_is_the_host_without_www():
    assert site_of("https://www.Yunzhou.example:8080/a") == "yunzhou.example"
    assert site_of("ftp://yunzhou.example") is None
    assert site_of("http://[") is None
