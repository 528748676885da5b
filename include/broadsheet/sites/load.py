"""Profiles from their files."""

from pathlib import Path

import yaml

from broadsheet.errors import ConfigurationError
from broadsheet.page.profiles import Profile, Profiles, parse_profile

BUNDLED = Path(__file__).parent


def load_profiles(folder: Path | None) -> Profiles:
    """The bundled profiles and those of a folder, which win. Raises ConfigurationError naming file and key."""
    profiles = _of_folder(BUNDLED)
    if folder is not None:
        if not folder.is_dir():
            raise ConfigurationError(f"sites_dir {folder} is not a directory")
        profiles |= _of_folder(folder)
    return Profiles(by_host=profiles)


def load_profile(file: Path) -> Profile:
    """One profile. Its file is named after its host, so that one look into the folder says which sites have one."""
    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError, ValueError) as error:
        raise ConfigurationError(f"profile {file} cannot be read: {error}") from error
    profile = checked_profile(content, str(file))
    if file.stem.lower() != profile.host:
        raise ConfigurationError(f"profile {file}: is of the host {profile.host} and must be named {profile.host}.yaml")
    return profile


def checked_profile(content: object, where: str) -> Profile:
    """A profile from what its YAML holds, its selectors tried."""
    from broadsheet.page.dom import selector_error  # loads the page kernel: only where there are profiles

    return parse_profile(content, where, selector_error)


def _of_folder(folder: Path) -> dict[str, Profile]:
    if misnamed := next(folder.glob("*.yml"), None):
        raise ConfigurationError(f"site profile {misnamed} would not be read: its name must end in .yaml")
    return {profile.host: profile for profile in map(load_profile, sorted(folder.glob("*.yaml")))}
