"""Reads the configuration file: keys, theme, mouse, and the place that it chooses.

    theme = "nord"
    mouse = false

    [keys]
    "key-pair.create" = "f2"

What is wrong with it is said in one line, and the program does not start: a key that does
something else than its owner thinks would be worse.
"""

import argparse
import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from core import choices
from core.disk import files
from core.ec2.place import Ec2Choice, chosen
from core.errors import SettingsError

_LARGEST = 64 * 1024
_LONGEST_LINE = 1_000
_SHOWN = 60
_KEY = r"[A-Za-z0-9_]+(?:\+[A-Za-z0-9_]+)*|[!-+\--~]"


class Config(NamedTuple):
    """What the file says; `keys` are by the ids of `tui.actions.table`."""

    theme: str | None = None
    mouse: bool = True
    keys: Mapping[str, str] = MappingProxyType({})
    place: str | None = None
    profile: str | None = None


def default_path() -> Path:
    """Return where the file is looked for."""
    return Path(choices.configuration_file())


def chosen_place(options: argparse.Namespace) -> Ec2Choice | None:
    """Return how the options, the variables and this file choose EC2, or None for this machine.

    Raises:
        SettingsError: a variable or the file names no such place, or the file cannot be read.
    """
    settings = load(default_path())
    return chosen(
        ec2=options.ec2,
        profile=options.profile,
        endpoint_url=options.endpoint_url,
        connect_timeout=options.cli_connect_timeout,
        read_timeout=options.cli_read_timeout,
        configured=(settings.place, settings.profile),
    )


def load(path: Path) -> Config:
    """Return what a configuration file says; one that is missing says nothing.

    Raises:
        SettingsError: it cannot be read or understood; names the file and the place.
    """
    try:
        # The file may be a link to where a person keeps such files; a loop of links stays one.
        text = files.read_regular_file(Path(os.path.realpath(path)), _LARGEST).decode()
    except FileNotFoundError as error:
        if path.is_symlink():
            raise SettingsError(f"{path} is a link, and there is no file behind it.") from error
        return Config()
    except OSError as error:
        raise SettingsError(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8.") from error
    for number, line in enumerate(text.split("\n"), start=1):
        # Reading a key takes the square of the number of its parts.
        if len(line) > _LONGEST_LINE:
            raise SettingsError(f"{path}: line {number} is longer than {_LONGEST_LINE} characters.")
    import tomllib

    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError is a ValueError
        raise SettingsError(f"{path} is not TOML: {error}.") from error
    return _config(values, path)


def _config(values: Mapping[str, Any], path: Path) -> Config:
    known = {
        "theme": (str, "a string"),
        "mouse": (bool, "true or false"),
        "keys": (dict, "a table"),
        "place": (str, "a string"),
        "profile": (str, "a string"),
    }
    for name, value in values.items():
        if name not in known:
            shown = name[:_SHOWN]
            raise SettingsError(f"{path}: unknown setting {shown}; known: {', '.join(known)}.")
        kind, called = known[name]
        if not isinstance(value, kind):
            raise SettingsError(f"{path}: {name} must be {called}.")
    keys = values.get("keys", {})
    for action_id, key in keys.items():
        # They are printed in the hints and the help, and Textual refuses some with a traceback.
        # Which of them are keys is told by `tui.actions.rebinding`, once Textual is there.
        named = isinstance(key, str) and all(re.fullmatch(_KEY, k) for k in key.split(","))
        if not named or len(key) > _SHOWN:
            raise SettingsError(
                f"{path}: [keys] {action_id[:_SHOWN]}: must be the name of a key, such as f2, or"
                ' several with commas between them: "f2,ctrl+n".'
            )
    return Config(
        values.get("theme"),
        values.get("mouse", True),
        keys,
        values.get("place"),
        values.get("profile"),
    )
