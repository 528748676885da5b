"""Times beside the entries of HTML lists. All sites and stories are invented."""

import pytest
from invented_pages import FEED, PARAGRAPHS

from broadsheet.page.read import read_page
from broadsheet.records import PublishedTime


def times(entry: str, count: int = 3) -> list[PublishedTime | None]:
    """Of a list under a heading; `entry` is one's markup around {text}, with {n} for its number."""
    rows = "".join(entry.format(n=n, text=f'<a href="/a/{n}.html">{FEED[n - 1]}</a>') for n in range(1, count + 1))
    outer = "table" if entry.startswith("<tr") else "ul"
    markup = f"<html><body><p>2020-01-01 08:00</p><div><h3>要闻</h3><{outer}>{rows}</{outer}></div><p>2021-01-01 08:00</p></body></html>"
    return [item.published for item in read_page(markup, media_type="text/html").modules[0].items]


def shown(entry: str, count: int = 3) -> list[str | None]:
    return [time.local.isoformat(" ", "minutes") if time else None for time in times(entry, count)]


@pytest.mark.parametrize(
    ("entry", "clock"),
    [
        ('<li>{text}<span class="date">2026-03-0{n}</span></li>', "00:00"),
        ("<li><span>[2026-03-0{n} 08:30]</span>{text}</li>", "08:30"),
        ("<li><h4>{text}</h4><p>云州日报 2026年3月{n}日 08:30</p></li>", "08:30"),
        ("<li><div><div><h4>{text}</h4></div><div>2026-03-0{n} 08:30 评论 12</div></div></li>", "08:30"),
        ("<tr><td>{text}</td><td>2026/03/0{n}</td></tr>", "00:00"),
        ('<li>{text}<time datetime="2026-03-0{n}T08:30:00+08:00">3小时前</time></li>', "08:30"),
    ],
)
def test_the_time_beside_an_entry_is_its_time(entry: str, clock: str) -> None:
    assert shown(entry) == [f"2026-03-0{n} {clock}" for n in (1, 2, 3)]


def test_a_time_keeps_the_offset_that_the_page_states() -> None:
    stated = times('<li>{text}<time datetime="2026-03-0{n}T08:30:00+01:00">08:30</time></li>')
    assert [time.utc_offset_minutes if time else None for time in stated] == [60, 60, 60]
    displayed = times("<li>{text}<i>2026-03-0{n} 08:30</i></li>")
    assert [time.utc_offset_minutes if time else 0 for time in displayed] == [None, None, None]


@pytest.mark.parametrize(
    "entry",
    [
        "<li>{text}</li>",
        "<li>{text}<span>3小时前</span></li>",  # of which clock?
        "<li>{text}<span>03-0{n}</span></li>",  # of which year?
        "<li>{text}<span>2025年5月1日开工的小区已有三百户入住。</span></li>",
    ],
)
def test_what_is_no_time_of_an_entry_is_none(entry: str) -> None:
    assert shown(entry) == [None, None, None]


def test_a_time_in_one_entry_of_many_is_something_else() -> None:
    rows = [f'<li><a href="/a/{n}.html">{text}</a>{"<i>2026-03-01</i>" if n == 1 else ""}</li>' for n, text in enumerate(FEED)]
    markup = f"<html><body><div><h3>要闻</h3><ul>{''.join(rows)}</ul></div></body></html>"
    assert not any(item.published for item in read_page(markup, media_type="text/html").modules[0].items)


def test_the_page_s_own_time_is_not_its_entries_time() -> None:
    rows = "".join(f'<li><a href="/a/{n}.html">{text}</a></li>' for n, text in enumerate(FEED))
    text = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    markup = f"<html><body><h1>青河第三大桥正式通车</h1><p>2026-03-01 08:30</p><div>{text}</div><div><h3>要闻</h3><ul>{rows}</ul></div></body></html>"
    assert not any(item.published for item in read_page(markup, media_type="text/html").modules[0].items)
