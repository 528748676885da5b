"""The vocabularies are well-formed data, and their patterns match what they list."""

import re

import pytest

from broadsheet.page.plain import lowered, plain
from broadsheet.page.vocabulary import alternation, load, pattern, word_set, words
from broadsheet.records import PersonRole


def test_every_label_is_found_by_its_own_pattern():
    for kind in load("fields")["labels"]:
        compiled = pattern("fields", "labels", kind)
        for word in words("fields", "labels", kind):
            assert compiled.fullmatch(lowered(word)), (kind, word)


def test_every_person_role_has_labels():
    assert {role.value for role in PersonRole} <= set(load("fields")["labels"])


def test_no_month_name_stands_for_two_months():
    months = load("fields")["months"]
    assert sorted(months) == list(range(1, 13))
    names = [name for group in months.values() for name in set(group)]
    assert len(names) == len(set(names))
    assert all(len(name) >= 2 for name in names)
    assert all(len(name) <= 12 for name in names if name.isalpha())  # the pattern takes so many letters; others are listed in it


def test_longest_word_wins_and_latin_words_match_whole_only():
    compiled = re.compile(alternation(["编辑", "责任编辑", "By", "Edited by"]))
    assert compiled.search("责任编辑:甲")[0] == "责任编辑"
    assert compiled.search("edited  by jane")[0] == "edited  by"
    assert compiled.search("nearby") is None
    assert compiled.search("bystander") is None


def test_word_sets_are_lower_case_and_half_width():
    assert "n/a" in word_set("fields", "placeholders")
    assert "文|图" in words("fields", "labels", "author")


def test_unknown_vocabulary_is_an_error():
    with pytest.raises(FileNotFoundError):
        load("no_such_vocabulary")


@pytest.mark.parametrize("text", ["２０２４年：甲｜乙\u3000丙\xa0丁", "İSTANBUL", "ß", "", "Ünal\u200bÅ"])
def test_plain_and_lowered_keep_the_length(text):
    assert len(plain(text)) == len(lowered(text)) == len(text)
