"""Lists the profiles of the AWS files, without botocore, which is loaded once EC2 was chosen."""

import os
import shlex
from collections.abc import Mapping
from configparser import Error, RawConfigParser
from contextlib import suppress
from pathlib import Path

from core.choices import REGION_VARIABLES

_FILES = (
    ("AWS_CONFIG_FILE", "~/.aws/config"),
    ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
)

_LARGEST = 1024 * 1024


def profiles(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return the names of the profiles in both files, `default` first; none where none is read."""
    return tuple(sorted(_of_both(environment), key=lambda name: (name != "default", name)))


def region(profile: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the Region that a variable names, the strongest first, or a profile; else None."""
    named = next(filter(None, map(environment.get, REGION_VARIABLES)), None)
    return named or _of_both(environment).get(profile, {}).get("region") or None


def _of_both(environment: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
    """Return what both files say of each profile, put together as botocore does it.

    In the one file a profile is a section `[profile NAME]`, the last of a name counts; in the other
    it is `[NAME]`, and what stands there counts more.
    """
    config, credentials = (
        _parsed(Path(environment.get(variable) or usual).expanduser()) for variable, usual in _FILES
    )
    found: dict[str, dict[str, str]] = {}
    for section in config.sections():
        name = _name_in(section)
        if name is not None:
            found[name] = dict(config.items(section))
    for name in credentials.sections():
        found.setdefault(name, {}).update(credentials.items(name))
    return found


def _name_in(section: str) -> str | None:
    """Return the profile that a section of the configuration file is of; it may be quoted."""
    if section == "default":
        return section
    words: list[str] = []
    with suppress(ValueError):  # a quote that does not end
        words = shlex.split(section) if section.startswith("profile") else []
    return words[1] if len(words) == 2 else None


def _parsed(path: Path) -> RawConfigParser:
    parser = RawConfigParser(strict=False, interpolation=None, default_section="")
    with suppress(OSError, UnicodeDecodeError, Error), path.open(encoding="utf-8") as file:
        parser.read_string(file.read(_LARGEST))
    return parser
