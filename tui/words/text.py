"""Makes every string from outside safe before it is shown.

Names in old files, tags, comments, paths, texts of errors: any of them may hold escape sequences
that Textual would hand to the terminal as they are, or characters that make text look like other
text. `visible` replaces them; what it returns is safe to draw, to put into a title and to print.
Markup is another matter: nothing from outside is ever given to anything that reads markup.
"""

import os
import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import lru_cache

from tui.words.cells import cell_len, set_cell_size

ELLIPSIS = "…"
_MOST_MARKS = 2
_LONGEST = 2_000
REPLACEMENT = "�"
_PICTURES = {chr(code): chr(0x2400 + code) for code in range(32)} | {"\x7f": "␡"}
_ESCAPED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

# Letters and marks that show nothing: Unicode's default ignorables that have none of those
# categories, among them the variation selectors, and the blank of Braille.
_INVISIBLE = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef"
)
# What terminals give other widths than Rich does, so that the rest of the line would move: skin
# tones, and what Unicode made wide later than some of them know.
_DISPUTED = (
    "\u2630-\u2637\u268a-\u268f\u3248-\u324f\u4dc0-\u4dff\U0001d300-\U0001d356"
    "\U0001d360-\U0001d376\U0001f3fb-\U0001f3ff"
)
_ALWAYS = re.compile(f"[{_INVISIBLE}{_DISPUTED}]")

# Two of them are a flag of two cells. One alone is one cell for Rich, and two for newer terminals.
_FLAG_LETTER = re.compile("[\U0001f1e6-\U0001f1ff]")
_FLAG = re.compile(f"{_FLAG_LETTER.pattern}{{2}}")
_FLAG_OR_CHARACTER = re.compile(f"{_FLAG.pattern}|.", re.DOTALL)


def visible(text: str) -> str:
    r"""Return the text with everything invisible spelled out as `\u{hex}`.

    That is control, format (bidi marks, zero width), surrogate, private and unassigned
    characters, variation selectors and fillers, line and paragraph separators, spaces other than
    the plain one, combining marks that nothing stands before or two stand before, half of a flag,
    and the characters for which terminals do not agree on a width. A backslash is doubled where
    what follows would make the spelling ambiguous, and nowhere else.
    """
    if text.isascii() and text.isprintable() and "\\u{" not in text:
        return text
    judged = list(_judged(text))
    # From the end: what a run of backslashes stands before decides on each of them.
    shown, is_doubled = [""] * len(judged), False
    for at, (character, spelled) in reversed([*enumerate(judged)]):
        if character == "\\":
            is_doubled = is_doubled or text.startswith("u{", at + 1)
            shown[at] = character * (1 + is_doubled)
        else:
            shown[at] = _spelled_out(character) if spelled else character
            is_doubled = spelled
    return "".join(shown)


def _spelled_out(character: str) -> str:
    return f"\\u{{{ord(character):x}}}"


def for_programs(text: str) -> str:
    """Return text as `visible` does, with each backslash doubled: as a program undoes it simply."""
    return "".join(
        _spelled_out(each) if spelled else "\\\\" if each == "\\" else each
        for each, spelled in _judged(text)
    )


def as_pasted(text: str) -> str:
    """Return text as `visible` does, but each backslash as it is: for what holds lines to paste.

    What is shown is then what is copied, and what may be typed off.
    """
    return "".join(_spelled_out(each) if spelled else each for each, spelled in _judged(text))


def pasteable(text: str) -> str:
    """Return a text to be pasted: a line break in it would make a shell run what follows."""
    return text if text.isprintable() else visible(text)


def masked(text: str) -> str:
    """Return the text with a stand-in for each character that `visible` would spell out.

    For fields, in which the cursor counts characters: the length stays the same.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _PICTURES.get(character, REPLACEMENT) if spelled else character
        for character, spelled in _judged(text)
    )


def _judged(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each character, and whether it must not be drawn as it is."""
    marks = _MOST_MARKS  # there is nothing yet that a mark could stand on
    flags = {at for flag in _FLAG.finditer(text) for at in range(*flag.span())}
    for at, character in enumerate(text):
        spelled = _is_spelled(character)
        if _FLAG_LETTER.match(character):
            spelled = at not in flags
        if not spelled and cell_len(character) == 0:
            spelled = marks == _MOST_MARKS
            marks = min(marks + 1, _MOST_MARKS)
        else:
            marks = 0
        yield character, spelled


@lru_cache(4096)
def _is_spelled(character: str) -> bool:
    category = unicodedata.category(character)
    return (
        category in _ESCAPED
        or category == "Mc"  # no width for Rich, one cell for terminals
        or (category == "Zs" and character != " ")
        or _ALWAYS.match(character) is not None
    )


def fit(text: str, width: int) -> str:
    """Return visible text in exactly `width` cells: padded, or cut with an ellipsis."""
    if width <= 0:
        return ""
    if cell_len(text) > width:
        return _without_half_flag(set_cell_size(text, width - 1)) + ELLIPSIS
    return set_cell_size(text, width)


def _without_half_flag(text: str) -> str:
    """Return a text that was cut, with a space for the half of a flag at its end."""
    return f"{text[:-1]} " if _FLAG_LETTER.search(_FLAG.sub("", text[-_LONGEST:])) else text


def clip(text: str, width: int) -> str:
    """Return visible text in at most `width` cells, cut with an ellipsis."""
    return fit(text, width) if cell_len(text) > width else text


def pinched(text: str, width: int) -> str:
    """Return visible text in at most `width` cells, with an ellipsis for what is cut of its middle.

    For what ends in a path, which says most at its end.
    """
    if cell_len(text) <= width:
        return text
    tail = text[-(width // 2) :]
    while cell_len(tail) > width // 2 or _FLAG_LETTER.search(_FLAG.sub("", tail)):
        tail = tail[1:]
    return _without_half_flag(set_cell_size(text, width - 1 - cell_len(tail))) + ELLIPSIS + tail


_LONGEST_NAME = 40


def named(name: str) -> str:
    """Return a name as a sentence has it: of a long one the middle is left out.

    What the sentence says of it is to be in sight, whatever something is called.
    """
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[: _LONGEST_NAME // 2]}{ELLIPSIS}{name[1 - _LONGEST_NAME // 2 :]}"


_GLUE = "\ue000"
"""Stands for a space at which no line ends; `visible` leaves none of these in a text."""


def fold_items(text: str, width: int, keys: Collection[str] = ()) -> list[str]:
    """Return visible text as lines of at most `width` cells, parted between its items.

    Those stand between middle dots or two blanks. No line ends between one of the `keys` and the
    word for what it does.
    """
    if keys:
        some = "|".join(map(re.escape, sorted(keys, key=len, reverse=True)))
        text = re.sub(rf"(?<![^ (])({some}) (?=\S)", rf"\1{_GLUE}", text)
    separator = next((each for each in _SEPARATORS if each in text), "")
    lines: list[str] = []
    for item in text.split(separator) if separator else [text]:
        clauses = re.split(r"(?<=[,;]) ", item) if separator else [item]
        for number, clause in enumerate(clauses):
            before = "" if not lines else " " if number else separator
            joined = (lines[-1] if lines else "") + before + clause
            if cell_len(joined) > width >= cell_len(clause):
                lines.append(clause)
            else:
                lines[-1:] = fold(joined, width)
    return [line.replace(_GLUE, " ") for line in lines]


_SEPARATORS = (" · ", "  ")


def fold_command(text: str, width: int) -> list[str]:
    """Return a visible command as `fold` does, but one behind a pipe or `&&` begins a line.

    Unless all fits into one. No line ends between an option and its value, where one has room for
    both.
    """

    def glued(option: re.Match[str]) -> str:
        return option[0].replace(" ", _GLUE) if cell_len(option[0]) <= width else option[0]

    lines: list[str] = []
    for command in _BEHIND_COMMAND.split(_OPTION.sub(glued, text)):
        joined = f"{lines[-1]} {command}" if lines else command
        if lines and cell_len(joined) > width:
            lines += fold(command, width)
        else:
            lines[-1:] = fold(joined, width)
    return [line.replace(_GLUE, " ") for line in lines]


_BEHIND_COMMAND = re.compile(r"(?<= [|])[ ]|(?<= &&)[ ]")
_OPTION = re.compile(r"(?<= )--?[A-Za-z][\w-]* (?:[^-\s|&]\S*|-(?=\s|$))")


def fold(text: str, width: int) -> list[str]:
    """Return visible text as lines of at most `width` cells, parted at spaces where there are any.

    Only a word that is longer than a line is parted itself; nothing is lost but the space at which
    a line ends.
    """
    first, *words = text.split(" ")
    lines = _cut(first, width)
    for word in words:
        joined = f"{lines[-1]} {word}"
        if cell_len(joined) > width and cell_len(word) <= width:
            lines.append(word)
        else:
            lines[-1:] = _cut(joined, width)
    return lines


def _cut(text: str, width: int) -> list[str]:
    lines = [""]
    room = width
    for character in _FLAG_OR_CHARACTER.findall(text):
        size = cell_len(character)
        if size > room and lines[-1]:
            # A fingerprint is parted behind a colon, never within a byte.
            half = _WITHIN_BYTE.search(lines[-1]) if character in _HEX_AND_COLON else None
            start = half[1] if half else ""
            lines[-1:] = [lines[-1].removesuffix(start), start]
            room = width - len(start)
        lines[-1] += character
        room -= size
    if len(lines) > 1 and not lines[-1].strip("="):
        # What ends base64 does not stand on a line alone.
        lines[-2:] = [lines[-2][:-1], lines[-2][-1:] + lines[-1]]
    return lines


_HEX_AND_COLON = frozenset("0123456789abcdefABCDEF:")
_WITHIN_BYTE = re.compile(r"(?:[0-9A-Fa-f]{2}:){2}([0-9A-Fa-f]{1,2})\Z")


def _home() -> str:
    return os.path.expanduser("~")  # noqa: PTH111 - a command that only reads has no time for pathlib


def short_path(path: str) -> str:
    """Return a path with the home folder as `~`, not yet made visible."""
    home = _home()
    return f"~{path[len(home) :]}" if path.startswith(f"{home}/") else path


def short_paths(text: str) -> str:
    """Return a text with the home folder as `~` in every path, not yet made visible."""
    # Only where a word begins: within a shell's quotes a ~ is no home folder.
    return re.sub(rf"(?<![^\s(]){re.escape(f'{_home()}/')}", "~/", text)


def said_by(error: Exception) -> str:
    """Return what an error says, with the home folder as `~`, not yet made visible."""
    return short_paths(str(error))


def sentence(error: Exception) -> str:
    """Return what an error says, fit to be shown, with the home folder as `~`.

    It may quote what was typed or found in a file, and so is cut where it gets absurdly long.
    """
    return shortened(said_by(error))


def shortened(text: str) -> str:
    """Return text as `visible` does, cut with an ellipsis where it gets absurdly long."""
    return visible(text) if len(text) <= _LONGEST else visible(text[:_LONGEST]) + ELLIPSIS
