"""The configuration file: keys, theme, mouse.

    theme = "nord"
    mouse = false

    [keys]
    "key-pair.create" = "f2"

What is wrong with it is said in one line, and the program does not start: a key that does
something else than its owner thinks would be worse.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import files
from core.errors import SettingsError

_LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Config:
    """What the file says; `keys` are by the ids of `tui.actions`."""

    theme: str | None = None
    mouse: bool = True
    keys: Mapping[str, str] = field(default_factory=dict)


def default_path() -> Path:
    """Return where the file is looked for."""
    from platformdirs import user_config_path

    return user_config_path("keypairs", appauthor=False) / "config.toml"


def load(path: Path) -> Config:
    """Return what a configuration file says; one that is missing says nothing.

    Raises:
        SettingsError: it cannot be read or understood; names the file and the place.
    """
    try:
        text = files.read_private_file(path, _LARGEST).decode()
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise SettingsError(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8.") from error
    import tomllib

    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{path} is not TOML: {error}.") from error
    return _config(values, path)


def _config(values: Mapping[str, Any], path: Path) -> Config:
    known = {"theme": str, "mouse": bool, "keys": dict}
    for name, value in values.items():
        if name not in known:
            raise SettingsError(f"{path}: unknown setting {name}; known: {', '.join(known)}.")
        if not isinstance(value, known[name]):
            raise SettingsError(f"{path}: {name} must be a {known[name].__name__}.")
    keys = values.get("keys", {})
    for action_id, key in keys.items():
        if not isinstance(key, str) or not key:
            raise SettingsError(f"{path}: [keys] {action_id}: must be the name of a key.")
    return Config(values.get("theme"), values.get("mouse", True), keys)
