"""Which names are one outlet's, and what a user's file may say of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import ConfigurationError
from broadsheet.tables.outlets import load_outlets, normal_name

BUNDLED = load_outlets()
NAMES = st.text(max_size=20) | st.text("云州日报网 ()（）《》“”'‘·•APP客户端微博-、。a\u200b\u3000", max_size=16)


@pytest.fixture
def own(tmp_path):
    def load(text: str):
        (tmp_path / "outlets.yaml").write_text(text, "utf-8")
        return load_outlets(tmp_path / "outlets.yaml")

    return load


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("《 云州 晚报》", "云州晚报"),
        ("“云州网”", "云州网"),
        ("云州ＴＶ", "云州TV"),
        ("[云州网]、", "云州网"),
        ("《云州》与《青溪》", "《云州》与《青溪》"),
        ("克里斯•怀特", "克里斯·怀特"),
        ("Shane  O’Neil,", "Shane O'Neil"),
        ("《》", "《》"),
    ],
)
def test_a_name_has_one_form_however_it_is_written(written, name):
    assert normal_name(written) == name


@given(NAMES)
def test_the_form_of_a_name_and_its_outlet_are_final(text):
    assert normal_name(normal_name(text)) == normal_name(text)
    assert BUNDLED.of_name(BUNDLED.of_name(text).name) == BUNDLED.of_name(text)


@pytest.mark.parametrize(
    ("credited", "outlet"),
    [
        ("新华通讯社", "新华社"),
        ("REUTERS", "Reuters"),
        ("人民日报（海外版）", "人民日报海外版"),
        ("云州日报客户端", "云州日报"),
        ("云州日报（微信公众号）", "云州日报"),
        ("新浪微博", "新浪微博"),  # what is left would be another outlet
        ("云州日报（青溪版）", "云州日报(青溪版)"),
    ],
)
def test_aliases_and_what_accounts_add_are_one_outlet(credited, outlet):
    assert BUNDLED.of_name(credited).name == outlet


@pytest.mark.parametrize(("one", "other"), [("新华社", "新华网"), ("人民日报", "人民网"), ("第一财经", "第一财经日报"), ("云州日报", "云州晚报")])
def test_outlets_of_one_house_are_several(one, other):
    assert BUNDLED.of_name(one).name != BUNDLED.of_name(other).name


def test_a_host_is_of_the_nearest_domain_that_is_listed():
    assert [BUNDLED.of_host(host) for host in ("finance.sina.com.cn", "news.sina.com.cn", "yunzhou.example")] == [
        ("新浪财经", True),
        ("新浪", True),
        None,
    ]


def test_the_table_lists_each_outlet_under_the_form_that_its_credits_get():
    assert all(BUNDLED.names[name.casefold()] == normal_name(name) == name for name in {*BUNDLED.names.values(), *BUNDLED.hosts.values()})


def test_an_affiliation_is_an_outlet_only_by_its_name():
    assert BUNDLED.of_affiliation("云州日报").name == "云州日报"
    assert BUNDLED.of_affiliation("青溪县公安局") is BUNDLED.of_affiliation(None) is None


def test_a_users_file_is_laid_over_the_bundled_one(own):
    outlets = own(
        "suffixes: [视界]\noutlets:\n  云州网: {aliases: [云州热线], hosts: [yunzhou.example, news.cn]}\n  新华通讯社: {aliases: [新华社]}\n"
    )
    assert outlets.of_name("云州热线视界") == ("云州网", True)
    assert [outlets.of_host(host).name for host in ("news.yunzhou.example", "news.cn", "xinhuanet.com")] == ["云州网", "云州网", "新华网"]
    assert {outlets.of_name(name).name for name in ("新华社", "新华通讯社", "Xinhua")} == {"新华通讯社"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("outlets: {云州网: {hosts: [https://yunzhou.example/]}}", "outlets.云州网.hosts.0: must be a host name"),
        ("outlets: {云州网: {hosts: [www.yunzhou.example]}}", "without scheme, path and `www.`"),
        ("outlets: {云州网: {alias: [云州热线]}}", "outlets.云州网.alias: Extra inputs are not permitted"),
        ("outlets: {云州网: {aliases: 云州热线}}", "outlets.云州网.aliases: Input should be a valid list"),
        ("outlets: {163: {}}", "valid string"),
        ("[云州网]", "Input should be a valid dictionary"),
        ("outlets: {云州网: {aliases: [云州热线]}, 云州日报: {aliases: [云州热线]}}", "the name '云州热线' is given to 云州网 and to 云州日报"),
        ("outlets: {云州网: {hosts: [yz.example]}, 云州日报: {hosts: [yz.example]}}", "the host yz.example is given to 云州网 and to 云州日报"),
        ("outlets: {", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_with_file_key_and_reason(own, text, told):
    with pytest.raises(ConfigurationError) as error:
        own(text)
    assert told in str(error.value)
    assert "outlets.yaml" in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"none\.yaml cannot be read"):
        load_outlets(tmp_path / "none.yaml")
