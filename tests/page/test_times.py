"""Publication times in every shape that pages print."""

from datetime import UTC, datetime

import pytest
from hostile_texts import adversarial, lines
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.page.times import YEARS, find_time, find_times, parse_time
from broadsheet.text import fold_blanks


@pytest.mark.parametrize(
    ("text", "local", "precision"),
    [
        ("2024-03-01 08:30 来源：云州网", "2024-03-01T08:30:00", "minute"),
        ("2024-03-01 08:30:05", "2024-03-01T08:30:05", "second"),
        ("2024/3/1 8:30", "2024-03-01T08:30:00", "minute"),
        ("时间：2024.03.01 来源", "2024-03-01T00:00:00", "day"),
        ("2024年3月1日 08:30", "2024-03-01T08:30:00", "minute"),
        ("2024年03月01日08:30 来源：云州网", "2024-03-01T08:30:00", "minute"),
        ("2024年3月1日08时30分", "2024-03-01T08:30:00", "minute"),
        ("2024年3月1日 下午3:04", "2024-03-01T15:04:00", "minute"),
        ("2024年3月1日 上午12:04", "2024-03-01T00:04:00", "minute"),
        ("2024年3月1日 星期五 14:33", "2024-03-01T14:33:00", "minute"),
        ("２０２４年３月１日　０８：３０", "2024-03-01T08:30:00", "minute"),
        ("24-03-01 08:30 来源:云州网", "2024-03-01T08:30:00", "minute"),  # the year comes first, always
        ("99-12-31 23:59", "1999-12-31T23:59:00", "minute"),
        ("2024-03-0107:42", "2024-03-01T07:42:00", "minute"),  # day and clock without a blank
        ("2024-03-01 04:29:4439健康报", "2024-03-01T04:29:44", "second"),
        ("March 3, 2021 at 5:04 PM", "2021-03-03T17:04:00", "minute"),
        ("5:04 p.m., March 3, 2021", "2021-03-03T17:04:00", "minute"),
        ("3 Mar 2021 17:04", "2021-03-03T17:04:00", "minute"),
        ("Date: 03 March 2021 Time: 5:04 PM", "2021-03-03T17:04:00", "minute"),
        ("3/13/2021 @ 5:04PM | 120 views", "2021-03-13T17:04:00", "minute"),
        ("First Published: 08:19 IST(19/3/2021)", "2021-03-19T08:19:00", "minute"),
        ("Thu Nov 21 10:00:00 2019", "2019-11-21T10:00:00", "second"),
        ("3. März 2021, 17:04 Uhr", "2021-03-03T17:04:00", "minute"),
        ("03.03.2021, 17.04 Uhr", "2021-03-03T17:04:00", "minute"),
        ("le 3 mars 2021 à 17h04", "2021-03-03T17:04:00", "minute"),
        ("3 de marzo de 2021 a las 17:04", "2021-03-03T17:04:00", "minute"),
        ("12 апреля 2021, 10:15", "2021-04-12T10:15:00", "minute"),
        ("2021. 3. 3. 오후 5:04", "2021-03-03T17:04:00", "minute"),
        ("2021年3月3日（水）17時04分", "2021-03-03T17:04:00", "minute"),
        ("25/12/2020 10:00", "2020-12-25T10:00:00", "minute"),
        ("Mar 3, 2021 – 4:39 PM", "2021-03-03T16:39:00", "minute"),
        ("Wednesday March 3, 2021 @ 4:39pm", "2021-03-03T16:39:00", "minute"),
        ("March 3, 2021 at 4:39p", "2021-03-03T16:39:00", "minute"),
        ("2021. március 3., 16:39", "2021-03-03T16:39:00", "minute"),
        ("13.03.2021, godz. 16:39", "2021-03-13T16:39:00", "minute"),
        ("3/27/21 4:39pm", "2021-03-27T16:39:00", "minute"),
        ("2024-03-01 25:61", "2024-03-01T00:00:00", "day"),  # the date is good, the clock is not
        ("2024-03-01 10:00-12:00", "2024-03-01T10:00:00", "minute"),  # a span of time, no offset
    ],
)
def test_a_time_is_read(text, local, precision):
    time = find_time(text)
    assert time is not None
    assert (time.local.isoformat(), time.precision, time.utc_offset_minutes) == (local, precision, None)


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("2021-03-03T17:04:00+08:00", 480),
        ("2021-03-03T17:04:00Z", 0),
        ("2021-03-03T17:04-05:00", -300),
        ("Wed, 03 Mar 2021 17:04:05 +0800", 480),
        ("March 3, 2021 5:04 PM EST", -300),
        ("March 3, 2021 5:04 PM CST", None),  # central or Chinese?
    ],
)
def test_a_stated_offset_is_kept_beside_the_wall_clock(text, offset):
    time = find_time(text)
    assert time is not None
    assert (time.local.hour, time.utc_offset_minutes) == (17, offset)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2021-02-30 10:00",
        "1989-06-01 10:00",
        "2101-01-01",
        "3021-02-03",
        "03/04/2021",
        "03-01 08:30",
        "3小时前",
        "昨天 08:30",
        "24-03-01",
        "电话 010-2021-0303-11",
        "版本 1.2.3",
    ],
)
def test_what_is_no_date_or_may_be_two_is_not_read(text):
    assert find_time(text) is None


@pytest.mark.parametrize(
    ("text", "local", "precision"),
    [
        ("03-01 08:30", "2024-03-01T08:30:00", "minute"),
        ("12-25 10:37", "2023-12-25T10:37:00", "minute"),  # not yet reached this year
        ("20分钟前", "2024-03-05T09:40:00", "minute"),
        ("3小时前", "2024-03-05T00:00:00", "day"),  # true within an hour: only the day is claimed
        ("2 days ago", "2024-03-03T00:00:00", "day"),
        ("昨天 08:30", "2024-03-04T08:30:00", "minute"),
    ],
)
def test_a_reference_makes_relative_times_readable(text, local, precision):
    for reference in (datetime(2024, 3, 5, 10, 0), datetime(2024, 3, 5, 10, 0, tzinfo=UTC)):  # noqa: DTZ001 - page-local
        time = find_time(text, reference=reference)
        assert time is not None
        assert (time.local.isoformat(), time.precision) == (local, precision)


def test_a_publication_time_wins_over_an_update():
    time = find_time("最后更新：2024-03-02 10:00 发布：2024-03-01 09:00")
    assert time is not None and time.local.day == 1
    alone = find_time("Updated March 3, 2021")
    assert alone is not None and alone.local.day == 3


def test_a_bare_date_gives_way_to_the_same_day_with_a_clock():
    time = find_time("《云州日报》2024年03月01日 04版 2024-03-01 06:58")
    assert time is not None and time.raw == "2024-03-01 06:58"


@pytest.mark.parametrize(
    ("value", "local"),
    [
        ("20210303", "2021-03-03T00:00:00"),
        ("20210303T170400Z", "2021-03-03T17:04:00"),
        ("2021-03-03 00:00", "2021-03-03T00:00:00"),
        ("2021-3-3 7:05:09", "2021-03-03T07:05:09"),
    ],
)
def test_values_of_metas_are_read_whole(value, local):
    time = parse_time(value, "meta:date")
    assert time is not None
    assert (time.local.isoformat(), time.rule, time.raw) == (local, "meta:date", value)


def test_midnight_as_written_keeps_its_precision():
    time = parse_time("2021-03-03T00:00", "meta:date")
    assert time is not None and time.precision == "minute"


@pytest.mark.parametrize("value", ["", "1615000000", "yesterday", "a sentence that mentions 2021-03-03 among much else", "x" * 500])
def test_other_values_are_not_times(value):
    assert parse_time(value, "meta:date") is None


@given(lines)
def test_raw_is_in_the_text_and_times_are_plausible(text):
    for found in find_times(text, reference=datetime(2024, 3, 5, 10, 0)):  # noqa: DTZ001 - page-local
        assert fold_blanks(found.time.raw) in fold_blanks(text)
        assert found.time.local.year in YEARS
        assert found.time.local.tzinfo is None
        assert 0 <= found.start < found.end <= len(text)


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 12, 31)),  # noqa: DTZ001 - page-local
    st.sampled_from(["%Y-%m-%d %H:%M", "%Y年%m月%d日%H:%M", "%Y/%m/%d %H:%M", "%d %b %Y %H:%M", "%B %d, %Y %I:%M %p"]),
)
def test_what_is_printed_is_read_back(moment, shape):
    time = find_time(moment.strftime(shape))
    assert time is not None
    assert time.local == moment.replace(second=0, microsecond=0)


@pytest.mark.parametrize("text", adversarial, ids=lambda text: repr(text[:6]))
def test_long_hostile_texts_end(text):
    find_times(text, reference=datetime(2024, 3, 5))  # noqa: DTZ001 - page-local
    parse_time(text, "x")
