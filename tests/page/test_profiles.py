"""Site profiles as data: what is refused and how it is said; which profile and which layout a page gets."""

from datetime import date

import pytest
import yaml

from broadsheet.errors import ConfigurationError
from broadsheet.page.dom import selector_error
from broadsheet.page.profiles import Profile, Profiles, parse_profile

WRONG = {
    "layouts: [{}]": "host is missing",
    "host: a.example": "layouts is missing",
    "[]": "must be a mapping with host, name, time_zone, layouts; found list",
    "{host: a.example, layouts: [{}], zone: UTC}": "zone is not known; allowed: host, name, time_zone, layouts",
    "{host: 'https://a.example/', layouts: [{}]}": "host must be a host name",
    "{host: www.a.example, layouts: [{}]}": "host must be a host name",
    "{host: a.example, layouts: {}}": "layouts must be a list of one layout or more",
    "{host: a.example, time_zone: Mars/Base, layouts: [{}]}": "time_zone must be the name of a time zone",
    "{host: a.example, layouts: [{selects: {}}]}": "layouts[0].selects is not known; allowed: valid_from",
    "{host: a.example, layouts: [{select: {headline: h1}}]}": "layouts[0].select.headline is not known; allowed: title, body",
    "{host: a.example, layouts: [{select: {title: 'h1['}}]}": "layouts[0].select.title is no CSS selector",
    "{host: a.example, layouts: [{select: {title: [h1, 7]}}]}": "layouts[0].select.title must be a text; found 7",
    "{host: a.example, layouts: [{select: {title: }}]}": "layouts[0].select.title needs a selector",
    "{host: a.example, layouts: [{select: {title: h1}, optional: [body]}]}": "layouts[0].optional names 'body', which `select` does not have",
    "{host: a.example, layouts: [{labels: {.x: body}}]}": "layouts[0].labels..x must be one of masthead, nav",
    "{host: a.example, layouts: [{modules: [{selector: .x}]}]}": "layouts[0].modules[0].kind is missing",
    "{host: a.example, layouts: [{modules: [{selector: .x, kind: feed}]}]}": "layouts[0].modules[0].kind must be one of headline_feed, related_links",
    "{host: a.example, layouts: [{modules: [{selector: .x, kind: headline_feed, heading: b, heading_text: c}]}]}": "one is enough",
    "{host: a.example, layouts: [{modules: [{selector: .x, kind: headline_feed, ranked: 1}]}]}": "ranked must be true or false; found 1",
    "{host: a.example, layouts: [{valid_from: soon}]}": "layouts[0].valid_from must be a date, as 2026-03-01 is; found 'soon'",
    "{host: a.example, layouts: [{valid_from: 2026-03-01, valid_until: 2026-03-01}]}": "valid_until must be later than valid_from",
    "{host: a.example, layouts: [{valid_until: 2026-03-02}, {valid_from: 2026-03-01}]}": "layouts overlap",
    "{host: a.example, layouts: [{}, {}]}": "layouts overlap",
}


def profile_of(text: str) -> Profile:
    return parse_profile(yaml.safe_load(text), "a.example.yaml", selector_error)


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_named_with_file_and_key(text):
    with pytest.raises(ConfigurationError) as error:
        profile_of(text)
    assert str(error.value).startswith("profile a.example.yaml: ")
    assert WRONG[text] in str(error.value)


LAYOUTS = "{host: a.example, layouts: [{valid_from: 2026-03-01}, {valid_until: 2025-01-01}, {valid_from: 2025-01-01, valid_until: 2026-01-01}]}"


@pytest.mark.parametrize(
    ("day", "number"),
    [
        (date(2020, 1, 1), 0),
        (date(2024, 12, 31), 0),
        (date(2025, 1, 1), 1),
        (date(2025, 12, 31), 1),
        (date(2026, 1, 1), None),
        (date(2026, 3, 1), 2),
        (None, 2),
    ],
)
def test_a_day_has_the_layout_that_is_valid_on_it_and_an_unknown_day_the_newest(day, number):
    profile = profile_of(LAYOUTS)
    assert profile.layout_on(day) == (None if number is None else profile.layouts[number])


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("news.example", "news.example"),
        ("www.news.example", "news.example"),
        ("NEWS.example", "news.example"),
        ("city.news.example", "news.example"),
        ("sea.news.example", "sea.news.example"),
        ("a.sea.news.example", "sea.news.example"),
        ("othernews.example", None),
        ("example", None),
        ("", None),
        (None, None),
    ],
)
def test_the_most_specific_host_counts(host, found):
    profiles = Profiles(by_host={name: profile_of(f"{{host: {name}, layouts: [{{}}]}}") for name in ("news.example", "sea.news.example")})
    profile = profiles.of_host(host)
    assert (profile.host if profile else None) == found


def test_a_layouts_identity_is_of_what_it_says_and_not_of_its_end():
    begun, ended, other = (
        profile_of(f"{{host: a.example, layouts: [{{valid_from: 2026-03-01, select: {{title: {css}}}{end}}}]}}").layouts[0].identity
        for css, end in (("h1", ""), ("h1", ", valid_until: 2027-01-01"), ("h2", ""))
    )
    assert begun == ended != other
    assert begun.startswith("a.example@2026-03-01#")
