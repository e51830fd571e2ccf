"""Learns from the surroundings what the app must know, and tells Textual what follows.

All of it comes before Textual is imported, which reads its variables while it is.
"""

import os
import sys
from collections.abc import Mapping, MutableMapping

from core.account import user
from core.errors import SettingsError


def check_terminal(environment: Mapping[str, str]) -> None:
    """Check that there is a terminal to draw on and to read from.

    Raises:
        SettingsError: names the stream that is no terminal, or says that TERM cannot show screens.
    """
    # Textual draws on stderr, so a redirect would get the whole screen, and a private key with it.
    for name, stream in (("input", sys.stdin), ("output", sys.stdout), ("error", sys.stderr)):
        if stream is None or not stream.isatty():
            raise SettingsError(
                f"Standard {name} is not a terminal. Run it in one, without redirects."
            )
    if environment.get("TERM", "dumb") == "dumb":
        raise SettingsError("This terminal (TERM=dumb) cannot show screens. Use another.")


def _is_remote(environment: Mapping[str, str]) -> bool:
    return bool(environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"))


def where(environment: Mapping[str, str]) -> str:
    """Return user and host where keys are made, if that is not under the person's hands."""
    if not _is_remote(environment):
        return ""
    return f"{user()}@{os.uname().nodename}"


_KEPT = {
    "TEXTUAL_ANIMATIONS",
    "TEXTUAL_COLOR_SYSTEM",
    "TEXTUAL_DISABLE_KITTY_KEY",
    "TEXTUAL_FPS",
    "TEXTUAL_THEME",
}
"""What a person may still tell Textual by its own variables."""

DEFAULT_THEME = "keypairs"

_REMOTE_FPS = "20"
"""Frames in a second on a line: while a key is held, a third of what would else be sent."""


def prepare(environment: MutableMapping[str, str], theme: str | None) -> None:
    """Set what Textual reads while it is imported.

    The variables by which it logs, photographs and types by itself are taken away; `TEXTUAL` is one
    of them, and lists features for developers.

    Raises:
        SettingsError: there is no such theme.
    """
    ours = [name for name in environment if name == "TEXTUAL" or name.startswith("TEXTUAL_")]
    for name in ours:
        if name not in _KEPT:
            del environment[name]
    # Everywhere: all that ever moves is scrolling, and a page that glides comes late and is sent
    # ten times over.
    environment.setdefault("TEXTUAL_ANIMATIONS", "none")
    if _is_remote(environment):
        environment.setdefault("TEXTUAL_FPS", _REMOTE_FPS)
    if environment.get("NO_COLOR"):
        # Textual turns NO_COLOR into greys; only the themes of 16 colours leave colour out.
        theme = _IN_16_COLOURS
    theme = theme or environment.get("TEXTUAL_THEME")
    if _has_few_colours(environment) and theme not in (_IN_16_COLOURS, "ansi-light"):
        theme = _IN_16_COLOURS
    if environment.get("TERM") in _IN_256_COLOURS and not environment.get("COLORTERM"):
        environment.setdefault("TEXTUAL_COLOR_SYSTEM", "256")
    # Before Textual is imported, which reads it then. Ours is none that it knows by itself; the app
    # takes it where none is named.
    environment.pop("TEXTUAL_THEME", None)
    if theme and theme != DEFAULT_THEME:
        environment["TEXTUAL_THEME"] = theme
        from textual.theme import BUILTIN_THEMES

        if theme not in BUILTIN_THEMES:
            known = ", ".join(sorted({DEFAULT_THEME, *BUILTIN_THEMES}))
            raise SettingsError(f"There is no theme {theme}; there are {known}.")


_IN_16_COLOURS = "ansi-dark"

_IN_256_COLOURS = ("screen", "tmux", "xterm")
"""Terminals that show as many, though Textual takes them to have 16 by their names."""


def _has_few_colours(environment: Mapping[str, str]) -> bool:
    """Return whether the terminal is one of those that have 16 colours or none."""
    term = environment.get("TERM", "")
    return term == "linux" or term.startswith("vt")
