"""Profiles from their files."""

import pytest

from broadsheet.errors import ConfigurationError
from broadsheet.sites import load
from broadsheet.sites.load import load_profiles


def test_a_folder_goes_before_the_bundled_profiles(tmp_path, monkeypatch):
    bundled, own = tmp_path / "bundled", tmp_path / "own"
    for folder, name, host in ((bundled, "Bundled", "a.example"), (bundled, "Bundled", "b.example"), (own, "Own", "b.example")):
        folder.mkdir(exist_ok=True)
        (folder / f"{host}.yaml").write_text(f"{{host: {host}, name: {name}, layouts: [{{}}]}}", "utf-8")
    monkeypatch.setattr(load, "BUNDLED", bundled)
    names = {host: profile.layouts[0].site_name for host, profile in load_profiles(own).by_host.items()}
    assert names == {"a.example": "Bundled", "b.example": "Own"}
    assert set(load_profiles(None).by_host) == {"a.example", "b.example"}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.example.yaml", "host: [", "a.example.yaml cannot be read"),
        ("a.example.yaml", "{host: a.example, layouts: [{valid_from: 2026-02-30}]}", "cannot be read"),
        ("b.example.yaml", "{host: a.example, layouts: [{}]}", "must be named a.example.yaml"),
        ("a.example.yaml", "", "must be a mapping"),
        ("a.example.yml", "{host: a.example, layouts: [{}]}", "must end in .yaml"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path, name, content, message):
    (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(ConfigurationError, match=name) as error:
        load_profiles(tmp_path)
    assert message in str(error.value)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="not a directory"):
        load_profiles(tmp_path / "none")
