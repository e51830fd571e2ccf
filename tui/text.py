"""Every string from outside passes through here before it is shown.

Names in old files, tags, comments, paths, texts of errors: any of them may hold escape sequences
that Textual would hand to the terminal as they are, or characters that make text look like other
text. `visible` replaces them; what it returns is safe to draw, to put into a title and to print.
Markup is another matter: nothing from outside is ever given to anything that reads markup.
"""

import unicodedata
from pathlib import Path

from rich.cells import cell_len, set_cell_size

ELLIPSIS = "…"
_MOST_MARKS = 2
REPLACEMENT = "�"
_PICTURES = {chr(code): chr(0x2400 + code) for code in range(32)} | {"\x7f": "␡"}
_ESCAPED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def visible(text: str) -> str:
    r"""Return the text with everything invisible spelled out as `\u{hex}`.

    That is control, format (bidi marks, zero width), surrogate, private and unassigned
    characters, line and paragraph separators, spaces other than the plain one, and combining
    marks beyond the second in a row. A backslash is doubled, so that the spelling is unambiguous.
    """
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    shown: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me", "Mc"} else 0
        if character == "\\":
            shown.append("\\\\")
        elif category in _ESCAPED or (category == "Zs" and character != " ") or marks > _MOST_MARKS:
            shown.append(f"\\u{{{ord(character):x}}}")
        else:
            shown.append(character)
    return "".join(shown)


def masked(text: str) -> str:
    """Return the text with a stand-in for each character that `visible` would spell out.

    For fields, in which the cursor counts characters: the length stays the same.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if c == "\\" or visible(c) == c else _PICTURES.get(c, REPLACEMENT) for c in text
    )


def fit(text: str, width: int) -> str:
    """Return visible text in exactly `width` cells: padded, or cut with an ellipsis."""
    if width <= 0:
        return ""
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + ELLIPSIS
    return set_cell_size(text, width)


def clip(text: str, width: int) -> str:
    """Return visible text in at most `width` cells, cut with an ellipsis."""
    return fit(text, width) if cell_len(text) > width else text


def fold(text: str, width: int) -> list[str]:
    """Return visible text as lines of at most `width` cells, losing nothing; at least one line."""
    lines = [""]
    room = width
    for character in text:
        size = cell_len(character)
        if size > room and lines[-1]:
            lines.append("")
            room = width
        lines[-1] += character
        room -= size
    return lines


def short_path(path: str) -> str:
    """Return a path with the home folder as `~`, not yet made visible."""
    home = str(Path.home())
    return f"~{path[len(home) :]}" if path.startswith(f"{home}/") else path


def short_paths(text: str) -> str:
    """Return a text with the home folder as `~` in every path, not yet made visible."""
    return text.replace(f"{Path.home()}/", "~/")


def sentence(error: Exception) -> str:
    """Return what an error says, fit to be shown, with the home folder as `~`."""
    return visible(short_paths(str(error)))
