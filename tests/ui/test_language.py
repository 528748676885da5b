"""The pages speak English and Chinese, as Airflow's UI or the browser does, and no text is missing in either."""

import re
from pathlib import Path
from string import Formatter

import pytest
from visitors import client_of

from broadsheet.records import BlockLabel
from broadsheet.ui.language import CHINESE, ENGLISH, texts

UI = Path(__file__).resolve().parents[2] / "include" / "broadsheet" / "ui"
# Beginnings of keys whose end is a value: `tell("label_" ~ label)`.
OPEN = ("section_", "chart_", "status_", "label_")


def used_keys() -> set[str]:
    sources = [file.read_text("utf-8") for file in (*UI.glob("*.py"), *UI.glob("templates/*.html"))]
    told = {key for source in sources for key in re.findall(r"""tell\(f?["']([a-z_]+)["',]""", source)}
    messages = {key for source in sources for key in re.findall(r"(?:title|message)=\"([a-z_]+)\"", source)}
    return {key for key in told | messages if not key.endswith("_")} | {f"label_{label}" for label in BlockLabel}


def test_every_text_is_there_in_both_languages_with_the_same_places():
    for key, by_language in texts().items():
        assert set(by_language) == {ENGLISH, CHINESE}, key
        assert all(by_language.values()), key
        places = [{name for _, name, *_ in Formatter().parse(text) if name} for text in by_language.values()]
        assert places[0] == places[1], key


def test_every_text_that_a_page_uses_is_there_and_none_is_left_over():
    known = set(texts())
    used = used_keys()
    assert used <= known
    assert {key for key in known - used if not key.startswith(OPEN)} == set()


@pytest.mark.parametrize(
    ("headers", "query", "language"),
    [
        ({}, "", "en"),
        ({"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"}, "", "zh"),
        ({"accept-language": "de, zh;q=0.3, en;q=0.7"}, "", "en"),
        ({"accept-language": "de;q=nonsense,,;q="}, "", "en"),
        ({"accept-language": "en", "cookie": "broadsheet_language=zh-CN"}, "", "zh"),
        ({"accept-language": "zh", "cookie": "broadsheet_language=en"}, "", "en"),
        ({"accept-language": "zh", "cookie": "broadsheet_language=fr"}, "", "zh"),
        ({"accept-language": "zh"}, "?lang=en", "en"),
    ],
)
def test_the_language_is_that_of_the_query_of_airflow_or_of_the_browser(ui_lake, headers, query, language):
    answer = client_of(ui_lake, **{"accept-language": "fr", **headers}).get(f"/{query}")
    assert ("待处理隔离" in answer.text) == (language == "zh")
    assert ("Open quarantine" in answer.text) == (language == "en")


def test_every_page_can_be_made_in_chinese(ui_lake):
    client = client_of(ui_lake, **{"accept-language": "zh-CN"})
    for path in ("/", "/pages", "/feeds", "/sql", "/sql/dictionary", "/quality", "/quality/incidents", "/quality/quarantine"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert '<html lang="zh-CN">' in answer.text
        assert "总览" in answer.text
