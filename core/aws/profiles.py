"""Lists the profiles of the AWS files, without botocore, which is loaded once EC2 was chosen."""

import os
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
    """Return the names of the profiles in both files, `default` first; none where none is read.

    In the one file a profile is a section `[profile NAME]`, in the other `[NAME]`.
    """
    names = set()
    for variable, usual in _FILES:
        path = Path(environment.get(variable) or usual).expanduser()
        prefix = "profile " if variable == "AWS_CONFIG_FILE" else ""
        for section in _sections(path):
            if section == "default" or (prefix and section.startswith(prefix)):
                names.add(section.removeprefix(prefix).strip().strip("\"'"))
            elif not prefix:
                names.add(section)
    return tuple(sorted(names, key=lambda name: (name != "default", name)))


def region(profile: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the Region that a variable names, the strongest first, or a profile; else None."""
    named = next(filter(None, map(environment.get, REGION_VARIABLES)), None)
    if named:
        return named
    wanted = profile if profile == "default" else f"profile {profile}"
    for (variable, usual), section in zip(_FILES, (wanted, profile), strict=True):
        path = Path(environment.get(variable) or usual).expanduser()
        named = _parsed(path).get(section, "region", fallback=None)
        if named:
            return named
    return None


def _sections(path: Path) -> list[str]:
    return _parsed(path).sections()


def _parsed(path: Path) -> RawConfigParser:
    parser = RawConfigParser(strict=False, interpolation=None, default_section="")
    with suppress(OSError, UnicodeDecodeError, Error), path.open(encoding="utf-8") as file:
        parser.read_string(file.read(_LARGEST))
    return parser
