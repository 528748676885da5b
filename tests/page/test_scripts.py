"""Pages in Japanese, Korean, Cyrillic, Arabic and Indic scripts, Turkish, Vietnamese and Indonesian. All sites, stories and people are invented."""

from datetime import date, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.page.credits import read_info_line, read_opening_credit, read_signature
from broadsheet.page.names import signed_names
from broadsheet.page.plain import lowered, plain
from broadsheet.page.read import read_page
from broadsheet.page.times import find_time, find_times
from broadsheet.records import Module, PersonRole


def people(text: str, **given: object) -> list[str]:
    return [person.name for person in read_info_line(text, **given).people]  # type: ignore[arg-type]


def minute(text: str, *, day_first: bool = True) -> str | None:
    found = find_times(text, day_first=day_first)
    return found[0].time.local.isoformat(timespec="minutes") if found else None


# --- times --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shown",
    [
        "27 ноября 2026, 09:30", "27 ноября 2026 г. в 09:30", "09:30, 27.11.26", "27 листопада 2026, 09:30", "27 نوفمبر 2026 - 09:30", "٢٧ نوفمبر ٢٠٢٦ - ٠٩:٣٠",
        "٢٧ تشرين الثاني ٢٠٢٦ - ٠٩:٣٠", "27\u200f/11\u200f/2026 09:30", "27 Kasım 2026 Cuma 09:30", "09:30, Thứ Sáu, 27/11/2026", "27 tháng 11, 2026 09:30", "27 नवंबर 2026 09:30",
        "27 พ.ย. 2569 09:30", "۶ آذر ۱۴۰۵ - ۰۹:۳۰", "2026年11月27日（金曜日）9時30分", "입력 2026.11.27 (09:30)", "2026.11.27. 오전 9:30", "2026.11.27 Fri 09:30", "9:30 صباحًا 27 نوفمبر 2026",
    ],
)  # fmt: skip
def test_one_minute_is_written_in_many_ways(shown: str) -> None:
    assert minute(shown) == "2026-11-27T09:30"


@pytest.mark.parametrize(
    "shown, day",
    [
        ("۱ فروردین ۱۴۰۵", "2026-03-21"),
        ("۲۹ اسفند ۱۴۰۴", "2026-03-20"),
        ("۱ مهر ۱۴۰۰", "2021-09-23"),
        ("۳۰ اسفند ۱۴۰۳", "2025-03-20"),
        ("1403/12/30", "2025-03-20"),
    ],
)
def test_days_of_the_persian_calendar(shown: str, day: str) -> None:
    found = find_time(shown)
    assert found is not None and found.local.date().isoformat() == day


@given(st.dates(date(1991, 1, 1), date(2039, 1, 1)))
def test_a_persian_year_has_every_day_once(day: date) -> None:
    """What is read of a year's days in their order is consecutive, and the next year follows."""
    from broadsheet.page.times import _from_jalali

    year = day.year - 622
    written = [(month, number) for month in range(1, 13) for number in range(1, 32 if month <= 6 else 31)][:365]
    read = [date(*found) for month, number in written if (found := _from_jalali(year, month, number))]
    assert [(after - before).days for before, after in pairwise(read)] == [1] * 364
    following = _from_jalali(year + 1, 1, 1)
    assert following is not None and (date(*following) - read[-1]).days in (1, 2)
    assert read[0].month == 3 and read[0].day in (20, 21, 22)


def test_a_year_of_another_age_is_no_date() -> None:
    assert minute("12 Mart 1453") is None
    assert minute("в 1390 году") is None


@pytest.mark.parametrize("shown", ["11/27(金) 9:30配信", "11月27日 9時30分", "27 ноября, 09:30"])
def test_a_day_without_a_year_is_read_by_the_time_that_the_head_states(shown: str) -> None:
    stated = datetime.fromisoformat("2026-11-27T00:30")
    found = find_times(shown, stated=stated)
    assert [one.time.local.isoformat() for one in found] == ["2026-11-27T09:30:00"]
    assert find_times(shown) == []
    assert find_times(shown, stated=datetime.fromisoformat("2026-06-01")) == []


def test_the_time_of_a_revision_is_not_that_of_publication() -> None:
    html = (
        "<html lang=ko><body><h1>남강시, 전통시장 세 곳에 공동 배송센터</h1><ul><li>수정 2026-11-27 11:12</li><li>등록 2026-11-27 09:30</li></ul>"
        + KOREAN
    )
    published = read_page(html, media_type="text/html").published
    assert published is not None and published.local.isoformat() == "2026-11-27T09:30:00"


# --- names --------------------------------------------------------------------------------------------------------------------------

KOREAN = (
    "".join(f"<p>남강시는 {n}일 중앙시장과 강변시장에 공동 배송센터를 열어 상인들이 당일 배송을 할 수 있게 됐다고 밝혔다.</p>" for n in (3, 4, 5, 6))
    + "</body></html>"
)


@pytest.mark.parametrize(
    "line, names",
    [
        ("류시온 기자", ["류시온"]), ("강은별 기자 star@example.kr", ["강은별"]), ("[강변신보 고민석 기자]", ["고민석"]), ("도쿄=나현수 특파원", ["나현수"]), ("전문 기자", []), ("사회부 기자", []),
        ("岡部恵子記者", ["岡部恵子"]), ("Автор: Олена Барвінок", ["Олена Барвінок"]), ("Текст: Мария Лугова", ["Мария Лугова"]), ("كتب أحمد عبد الحليم", ["أحمد عبد الحليم"]),
        ("Penulis: Rina Wulandari", ["Rina Wulandari"]), ("Muhabir: Elif Karaca", ["Elif Karaca"]), ("Tác giả: Hoàng Phương", ["Hoàng Phương"]), ("लेखक: राहुल मिश्रा", ["राहुल मिश्रा"]),
        ("фото: пресслужба міської ради", []),
    ],
)  # fmt: skip
def test_who_wrote_is_said_in_many_ways(line: str, names: list[str]) -> None:
    assert people(line) == names


def test_signed_names_keep_their_spans() -> None:
    assert [[line[start:end] for start, end in spans] for line in ["정하율·오세린 기자"] for _, _, spans in signed_names(line)] == [
        ["정하율", "오세린"]
    ]


@pytest.mark.parametrize(
    "opening, names",
    [
        ("(서울=강변통신) 김갑을 기자 = 남강시는 27일", ["김갑을"]),
        ("[강변일보 김갑을 기자] 남강시는 27일", ["김갑을"]),
        ("(서울) 남강시는 27일 시장을 열었다", []),
    ],
)
def test_a_korean_text_opens_with_its_reporter(opening: str, names: list[str]) -> None:
    assert [person.name for person in read_opening_credit(opening)] == names


@pytest.mark.parametrize(
    "tail, names",
    [
        ("会場を訪れた。（佐藤恵子、鈴木一郎）", ["佐藤恵子", "鈴木一郎"]),
        ("雨になる。【ソウル＝鈴木一郎】", ["鈴木一郎"]),
        ("青河の橋が開通した。（写真）", []),
        ("会場を訪れた。（東京都）", []),
    ],
)
def test_a_japanese_text_ends_with_its_reporter(tail: str, names: list[str]) -> None:
    assert [person.name for person in read_signature(tail)] == names


@pytest.mark.parametrize("word", ["社会", "岐阜県", "配信", "更新"])
def test_a_word_beside_the_time_is_no_outlet_in_japanese(word: str) -> None:
    line = f"2026年11月27日 9時30分 {word}"
    assert read_info_line(line, are_lone_words_credits=False).sources == ()


def test_a_name_of_the_head_is_whole_in_a_script_without_capitals() -> None:
    html = '<html lang=ar><head><meta name="author" content="أحمد عبد الحليم"></head><body><h1>افتتاح جسر جديد على نهر النورس</h1>' + "".join(
        f"<p>قال رئيس البلدية إن الجسر الجديد على النهر افتتح صباح اليوم وإن {n} حافلة عبرته قبل الظهر، وفق ما أعلنت المدينة.</p>"
        for n in (12, 20, 31)
    )
    assert [person.name for person in read_page(html, media_type="text/html").people] == ["أحمد عبد الحليم"]


def test_an_author_beside_the_house_is_one_of_it() -> None:
    html = (
        '<html lang=id><head><meta property="og:site_name" content="detakNews"></head><body><h1>Bus listrik gratis mulai diuji di empat koridor</h1><div class="author">Rina Wulandari - detakNews</div>'
        + "".join(
            f"<p>Pemerintah Kota Sukamaju mulai menguji coba bus listrik gratis di {n} koridor utama pada hari Jumat, kata wali kota.</p>"
            for n in (4, 5, 6)
        )
    )
    page = read_page(html, media_type="text/html")
    assert [(person.role, person.name) for person in page.people] == [(PersonRole.AUTHOR, "Rina Wulandari")]
    assert [source.name for source in page.sources] == ["detakNews"]


@pytest.mark.parametrize(
    "line, names",
    [
        ("By Jane Doe and Dan Brown", ["Jane Doe", "Dan Brown"]), ("By Oleh Petrenko", ["Oleh Petrenko"]), ("도쿄 특파원", []), ("온라인 기자", []),
    ],
)  # fmt: skip
def test_a_word_of_one_language_may_be_a_name_in_another(line: str, names: list[str]) -> None:
    assert people(line) == names


@pytest.mark.parametrize("tail", ["橋が開通した。（和田日報）", "会場を訪れた。（福田区）"])
def test_an_outlet_or_a_place_signs_nothing(tail: str) -> None:
    assert read_signature(tail) == ()


def test_a_dot_between_foreign_names_does_not_make_a_page_japanese() -> None:
    text = "".join(f"史蒂夫・乔布森在云州建的第{n}座大桥今天正式通车，两岸居民从此不用再坐渡船，公交线路也随之调整。\n\n" for n in (1, 2, 3))
    page = read_page(f"云州第三大桥正式通车\n\n2024-03-01 08:30 来源：云州日报\n\n{text}", media_type="text/plain")
    assert page.language == "zh"


@pytest.mark.parametrize("month, shown", [(5, "15 मई 2026 09:30"), (8, "15 آب 2026 09:30")])
def test_months_of_two_letters(month: int, shown: str) -> None:
    assert minute(shown) == f"2026-{month:02}-15T09:30"


def test_an_editor_of_the_page_is_no_author_of_its_head() -> None:
    ld = '{"@type": "NewsArticle", "headline": "云州第三大桥正式通车", "author": [{"@type": "Person", "name": "王小山"}, {"@type": "Person", "name": "李大河"}]}'
    html = (
        f'<html lang=zh><head><script type="application/ld+json">{ld}</script></head><body><h1>云州第三大桥正式通车</h1><p class="info">2024-03-01 08:30 记者：王小山 编辑：李大河 摄影：赵青</p>'
        + "".join(f"<p>云州第三大桥今天正式通车，两岸居民从此不用再坐渡船，{n}条公交线路也随之调整。</p>" for n in (3, 4, 5))
    )
    found = read_page(html, media_type="text/html").people
    assert [(person.role, person.name) for person in found if person.name == "李大河"] == [(PersonRole.EDITOR, "李大河")]


# --- letters ------------------------------------------------------------------------------------------------------------------------


@given(st.text())
def test_text_as_patterns_see_it_is_as_long_as_the_text(text: str) -> None:
    assert len(plain(text)) == len(lowered(text)) == len(text)


@pytest.mark.parametrize("first, second", [("SON DAKİKA", "son dakika"), ("أيضا", "ايضا"), ("۱۴۰۵", "1405"), ("بیشتر", "بيشتر")])
def test_letters_that_are_typed_in_several_ways_are_one(first: str, second: str) -> None:
    assert lowered(first) == lowered(second)


def test_joiners_that_spell_a_word_stay() -> None:
    persian = "این پل پس از سه سال می\u200cگذرد و مردم شهر از آن می\u200cروند، شهردار گفت که دوازده اتوبوس از آن گذشته است."
    assert (
        read_page(f"<html lang=fa><body><h1>پل تازه‌ی شهر باز شد</h1><p>{persian}</p><p>{persian} {persian}</p>", media_type="text/html").body[0]
        == persian
    )


# --- lists --------------------------------------------------------------------------------------------------------------------------


def lists(html: str) -> list[Module]:
    return [module for module in read_page(html, media_type="text/html").modules if module.items]


def test_an_entry_is_the_part_of_its_link_that_is_named_a_title() -> None:
    stories = [
        "남강시, 전통시장 세 곳에 공동 배송센터",
        "강변 다리 이달 말 다시 열린다",
        "새벌시장 상인회, 주말 장터 운영",
        "버스 노선 열두 개 새로 바뀐다",
    ]
    entries = "".join(
        f'<li><a href="/news/{n}"><strong class="list_title">{text}</strong><span class="num">조회수 14,{n}10</span></a></li>'
        for n, text in enumerate(stories)
    )
    found = lists(
        f"<html lang=ko><body><h1>강변 다리 이달 말 다시 열린다</h1>{KOREAN.removesuffix('</body></html>')}<div><h3>많이 본 뉴스</h3><ul>{entries}</ul></div></body></html>"
    )
    assert [(module.heading, module.is_ranked, [item.text for item in module.items]) for module in found] == [("많이 본 뉴스", True, stories)]


@pytest.mark.parametrize(
    "language, heading",
    [
        ("ru", "Самое читаемое"),
        ("ru", "Вам может быть интересно"),
        ("uk", "Найпопулярніше за тиждень"),
        ("tr", "İLGİLİ HABERLER"),
        ("ar", "موضوعات متعلقة"),
        ("ja", "あわせて読みたい"),
        ("ko", "이 시각 많이 본 뉴스"),
    ],
)
def test_a_heading_of_several_words_is_one(language: str, heading: str) -> None:
    entries = "".join(f'<li><a href="/news/2026/{n}.html">{text}</a></li>' for n, text in enumerate(
        ["Мост через реку открыли после ремонта", "Двенадцать улиц города перекроют в субботу", "Городской рынок переезжает к вокзалу", "Новый автобус свяжет три района"]))  # fmt: skip
    text = "".join(
        f"<p>Мост через реку открыли на две недели раньше срока, сообщил мэр города, и в первый день по нему прошли {n} автобусов.</p>"
        for n in (12, 20, 31)
    )
    found = lists(
        f"<html lang={language}><body><h1>Мост через реку открыли после ремонта</h1>{text}<div><h3>{heading}</h3><ul>{entries}</ul></div></body></html>"
    )
    assert [(module.heading, len(module.items)) for module in found] == [(heading, 4)]


def test_an_hour_that_ends_every_entry_is_no_part_of_it() -> None:
    entries = "".join(f'<li><a href="/news/2026/{n}.html"><span>{text}</span> <span>0{n}:41</span></a></li>' for n, text in enumerate(
        ["Мост через реку открыли после ремонта", "Двенадцать улиц города перекроют в субботу", "Городской рынок переезжает к вокзалу"]))  # fmt: skip
    text = "".join(
        f"<p>Мост через реку открыли на две недели раньше срока, сообщил мэр города, и в первый день по нему прошли {n} автобусов.</p>"
        for n in (12, 20, 31)
    )
    found = lists(
        f"<html lang=ru><body><h1>Мост через реку открыли после ремонта</h1>{text}<div><h3>Последние новости</h3><ul>{entries}</ul></div></body></html>"
    )
    assert [item.text for item in found[0].items][1] == "Двенадцать улиц города перекроют в субботу"


# --- rights -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "notice",
    [
        "無断転載・複製を禁じます。",
        "ⓒ 강변신보, 무단 전재 및 재배포 금지",
        "При использовании материалов ссылка на источник обязательна.",
        "Dilarang mengutip tanpa izin tertulis dari redaksi.",
    ],
)
def test_who_may_reprint_is_said_in_many_languages(notice: str) -> None:
    html = f"<html><body><h1>강변 다리 이달 말 다시 열린다</h1><div>{KOREAN.removesuffix('</body></html>')}<p>{notice}</p></div></body></html>"
    assert read_page(html, media_type="text/html").rights_notice is not None
