"""One page has one URL."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.urls import canonical, page_url, site_of, url_key

SITE = "https://www.yunzhou.example"


@pytest.mark.parametrize(
    ("url", "base", "expected"),
    [
        ("/c/1.html#top", SITE, f"{SITE}/c/1.html"),
        ("../2.html?b=2&a=1&utm_source=app", f"{SITE}/x/y/", f"{SITE}/x/2.html?a=1&b=2"),
        ("HTTPS://WWW.Yunzhou.example/a", None, f"{SITE}/a"),
        ("//cdn.yunzhou.example/a", SITE, "https://cdn.yunzhou.example/a"),
        ("http://yunzhou.example:80/a", None, "http://yunzhou.example/a"),
        ("https://yunzhou.example:0443/a", None, "https://yunzhou.example/a"),
        ("http://yunzhou.example:443/a", None, "http://yunzhou.example:443/a"),
        ("https://reader:secret@yunzhou.example.:443/a@b", None, "https://yunzhou.example/a@b"),
        ("https://reader:p@ss@yunzhou.example/a", None, "https://yunzhou.example/a"),
        ("https://[::1]:443/a", None, "https://[::1]/a"),
        ("https://Yunzhou.example.:8443/a", None, "https://yunzhou.example:8443/a"),
        ("https://云州.example/a", None, "https://xn--9kqw68a.example/a"),
        ("/list?tag=b&spm=1&tag=a", SITE, f"{SITE}/list?tag=a&tag=b"),  # a repeated parameter tells pages apart
        ("https://./a", None, None),
        ("javascript:void(0)", SITE, None),
        ("mailto:desk@yunzhou.example", SITE, None),
        ("/relative", None, None),
        ("https:///no-host", SITE, None),  # an absolute link is the same on every page
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
        assert site_of(found) == site_of(f"{found}#top") is not None


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


@pytest.mark.parametrize("written", ["https://云州.example/", "https://xn--9kqw68a.example/", "http://WWW.云州。example.:80/a"])
def test_one_host_is_one_site_however_it_is_written(written):
    assert site_of(written) == site_of(canonical(written)) == "xn--9kqw68a.example"


@pytest.mark.parametrize(
    ("url", "other", "is_one"),
    [
        ("http://www.yunzhou.example/a/1.html", "https://yunzhou.example/a/1.html", True),
        ("https://m.yunzhou.example/a/1.html", "https://www.yunzhou.example/a/1.html", True),
        ("https://yunzhou.example/a/index.html", "https://yunzhou.example/a/", True),
        ("https://yunzhou.example/", "https://yunzhou.example/index.shtml", True),
        ("https://yunzhou.example/a/1.html", "https://yunzhou.example/a/1_2.html", False),
        ("https://yunzhou.example/a/?id=1", "https://yunzhou.example/a/?id=2", False),
        ("https://m.example/a", "https://www.example/a", False),  # no more than a name and its ending: nothing to take away
        ("https://yunzhou.example:8080/a", "https://yunzhou.example/a", False),
    ],
)
def test_url_key_is_what_urls_of_one_page_share(url, other, is_one):
    assert (url_key(canonical(url)) == url_key(canonical(other))) == is_one
