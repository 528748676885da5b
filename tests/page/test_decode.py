"""Any bytes become text; honest texts come back, whatever charset the page claims."""

import codecs
import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.page.decode import decode

# Invented; of the length of a short news item.
SENTENCES = {
    "zh": [
        "昨日上午，云州市召开新闻发布会，通报了今年第一季度全市经济运行情况。",
        "据介绍，全市规模以上工业增加值同比增长百分之六点二，新开工的道路有十七条。",
        "本报讯（记者 林晚舟）青溪桥预计明年五月通车，两岸居民过河不再绕行。",
        "市民可以在每周三下午到图书馆二楼参加免费的书法课，不需要提前报名。",
    ],
    "tw": [
        "昨日上午，雲州市召開記者會，說明今年第一季全市經濟運行的情況。",
        "市長表示，這個計畫將會在明年開始實施，沿線居民都可以受益。",
        "圖書館從下週起延長開放時間，學生與家長都覺得相當方便。",
    ],
    "ja": [
        "昨日の午前、雲州市は記者会見を開き、今年の第一四半期の経済状況について説明しました。",
        "市長は来年から計画を実施すると述べた。川沿いの住民は新しい橋を楽しみにしている。",
    ],
    "ko": [
        "어제 오전 운주시는 기자회견을 열고 올해 첫 분기의 경제 상황에 대해 설명했다.",
        "시장은 내년부터 계획을 시행할 것이라고 말했다. 도서관은 다음 주부터 늦게까지 문을 연다.",
    ],
    "ru": [
        "Вчера утром в городе Облачный прошла пресс-конференция об экономике за первый квартал этого года.",
        "Мост через реку откроют в мае, жителям больше не придётся ехать в объезд.",
    ],
    "fr": [
        "Hier matin, la ville a présenté l'état de l'économie régionale : une croissance élevée.",
        "Le pont sera achevé en février ; les élèves de l'école voisine l'ont déjà traversé à pied.",
    ],
}
CHARSETS = {
    "zh": ("utf-8", "gb18030", "gb2312"),
    "tw": ("utf-8", "big5", "gb18030"),
    "ja": ("utf-8", "shift_jis", "euc_jp"),
    "ko": ("utf-8", "euc_kr"),
    "ru": ("utf-8", "windows-1251", "koi8-r"),
    "fr": ("utf-8", "windows-1252"),
}
CLAIMS = (None, "utf-8", "GB2312", "gbk", "big5", "Shift_JIS", "euc-kr", "windows-1251", "iso-8859-1", "euc-jp", "utf-16", "rot13", "no-such")


@st.composite
def texts(draw):
    language = draw(st.sampled_from(sorted(SENTENCES)))
    sentences = draw(st.permutations(SENTENCES[language]))
    return "\n".join(sentences[: draw(st.integers(2, len(sentences)))]), draw(st.sampled_from(CHARSETS[language]))


@given(texts(), st.sampled_from(CLAIMS), st.sampled_from(CLAIMS))
@settings(max_examples=300, deadline=None)
def test_a_text_comes_back_whatever_is_claimed(item, http_charset, meta_charset):
    text, charset = item
    meta = f'<meta charset="{meta_charset}">' if meta_charset else ""
    page = f"<html><head>{meta}</head>\n<p>{text}</p></html>"
    decoded = decode(page.encode(charset), http_charset=http_charset)
    assert decoded.text == page
    assert decoded.replaced_count == 0
    assert decoded.charset_declared == meta_charset


@given(st.binary(max_size=400), st.sampled_from(CLAIMS), st.booleans())
@settings(max_examples=400, deadline=None)
def test_any_bytes_give_storable_text(data, http_charset, is_html):
    decoded = decode(data, http_charset=http_charset, is_html=is_html)
    decoded.text.encode("utf-8")
    assert "\x00" not in decoded.text and "\r" not in decoded.text
    assert decoded.replaced_count <= decoded.text.count("\ufffd")
    codecs.lookup(decoded.charset)


@given(st.lists(st.integers(0xD800, 0xDFFF), min_size=1, max_size=6), st.sampled_from(["utf-16-le", "utf-16-be"]))
def test_lone_surrogates_do_not_survive(surrogates, codec):
    bom = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}[codec]
    decoded = decode(bom + "桥".join(map(chr, surrogates)).encode(codec, "surrogatepass"))
    decoded.text.encode("utf-8")


@pytest.mark.parametrize(
    ("data", "charset", "basis"),
    [
        (b"plain words", "utf-8", "utf8_valid"),
        (b"", "utf-8", "utf8_valid"),
        (codecs.BOM_UTF8 + "云州".encode(), "utf-8", "bom"),
        (codecs.BOM_UTF16_LE + "云州".encode("utf-16-le"), "utf-16-le", "bom"),
        (codecs.BOM_UTF16_BE + "云州".encode("utf-16-be"), "utf-16-be", "bom"),
        (codecs.BOM_UTF32_LE + "云州".encode("utf-32-le"), "utf-32-le", "bom"),
    ],
)
def test_marks_and_plain_ascii(data, charset, basis):
    decoded = decode(data, http_charset="gbk")
    assert (decoded.charset, decoded.charset_basis, decoded.replaced_count) == (charset, basis, 0)
    assert "\ufeff" not in decoded.text


def test_basis_tells_who_was_right():
    page = "<meta http-equiv='Content-Type' content='text/html; charset=gb2312'><p>" + SENTENCES["zh"][1]
    assert decode(page.encode("gbk"), http_charset="gbk").charset_basis == "http"
    assert decode(page.encode("gbk")).charset_basis == "declared"
    assert decode(page.encode("gbk"), is_html=False).charset_basis == "detected"
    lied_to = decode(page.encode())
    assert (lied_to.charset, lied_to.charset_basis, lied_to.charset_declared) == ("utf-8", "utf8_valid", "gb2312")


def test_utf8_mark_before_a_gb_page_is_not_believed():
    assert decode(codecs.BOM_UTF8 + SENTENCES["zh"][0].encode("gbk")).charset == "gb18030"


@pytest.mark.parametrize("lost", [1, 2])
def test_utf8_cut_inside_a_character_stays_utf8(lost):
    text = "".join(SENTENCES["zh"])
    decoded = decode(text.encode()[:-lost], http_charset="gbk")
    assert (decoded.charset, decoded.replaced_count) == ("utf-8", 1)
    assert decoded.text == text[:-1] + "\ufffd"


def test_a_few_broken_bytes_do_not_turn_utf8_into_mojibake():
    data = bytearray(("".join(SENTENCES["zh"]) * 20).encode())
    for position in range(300, len(data), 2500):
        data[position] = 0xFF
    decoded = decode(bytes(data), http_charset="gbk")
    assert decoded.charset == "utf-8"
    assert 1 <= decoded.replaced_count <= 20
    assert "图书馆二楼" in decoded.text


def test_a_mostly_ascii_gb_page_is_gb():
    page = "<div>" + "<a href='/x/y.html'>x</a>" * 4000 + "</div><h1>青溪桥明年五月通车</h1>"
    assert decode(page.encode("gbk")).text == page


def test_damage_from_before_the_capture_is_not_counted_as_ours():
    decoded = decode(("云州\ufffd" + SENTENCES["zh"][0]).encode())
    assert decoded.text.count("\ufffd") == 1
    assert decoded.replaced_count == 0


def test_nul_bytes_are_replaced_and_counted():
    assert decode(b"a\x00b").text == "a\ufffdb"
    assert decode(b"a\x00b").replaced_count == 1


def test_line_ends_are_one():
    assert decode(b"a\r\nb\rc\n").text == "a\nb\nc\n"


def test_noise_is_a_fallback_not_an_error():
    decoded = decode(gzip.compress(b"noise" * 500, mtime=0))
    assert decoded.charset_basis in {"fallback", "detected"}
    decoded.text.encode("utf-8")
