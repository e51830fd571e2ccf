"""The least of a terminal: what stands in which cell, and how it looks."""

import re

from rich.cells import get_character_cell_size

_TOKEN = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|\n|\r|.", re.S)

_SEEN_ON_SPACE = {"4", "5", "7", "9", "21", "53"}
_SWITCHED_OFF = {
    "22": {"1", "2"},
    "23": {"3"},
    "24": {"4", "21"},
    "25": {"5", "6"},
    "27": {"7"},
    "28": {"8"},
    "29": {"9"},
    "55": {"53"},
}

Look = tuple[frozenset[str], str, str]
PLAIN: Look = (frozenset(), "", "")


class Emulator:
    """Understands text, SGR, CUP, CHA, CUF and line ends; anything else is an error."""

    def __init__(self, columns: int, rows: int) -> None:
        self.cells: list[list[tuple[str, Look]]] = [[("?", PLAIN)] * columns for _ in range(rows)]
        self.x = self.y = 0
        self.look: Look = PLAIN

    def feed(self, output: str) -> None:
        """Take in what a program wrote."""
        for token in _TOKEN.finditer(output):
            parameters, final = token[1], token[2]
            if final == "H":
                row, _, column = parameters.partition(";")
                self.y, self.x = int(row or 1) - 1, int(column or 1) - 1
            elif final == "G":
                self.x = int(parameters or 1) - 1
            elif final == "C":
                self.x += int(parameters or 1)
            elif final == "m":
                self.look = _changed(self.look, parameters)
            elif token[0] == "\n":
                self.x, self.y = 0, self.y + 1
            else:
                assert token[0] >= " ", f"{token[0]!r} is not understood"
                self._put(token[0])

    def _put(self, character: str) -> None:
        row = self.cells[self.y]
        width = get_character_cell_size(character)
        if not width:
            text, look = row[self.x - 1]
            row[self.x - 1] = (text + character, look)
            return
        row[self.x] = (character, self.look)
        if width == 2:
            row[self.x + 1] = ("", self.look)
        self.x += width

    def picture(self) -> list[list[tuple[str, Look]]]:
        """Return the cells; a space has no foreground, and only what can be seen on one."""
        return [[_seen(cell) for cell in row] for row in self.cells]


def _seen(cell: tuple[str, Look]) -> tuple[str, Look]:
    text, (attributes, _, background) = cell
    if text == " " and not attributes & _SEEN_ON_SPACE:
        return text, (frozenset(), "", background)
    return cell


def _changed(look: Look, parameters: str) -> Look:
    attributes, foreground, background = set(look[0]), look[1], look[2]
    codes = iter(parameters.split(";"))
    for code in codes:
        number = int(code or 0)
        color = code
        if number in (38, 48):
            kind = next(codes)
            color = ";".join((code, kind, *(next(codes) for _ in range(3 if kind == "2" else 1))))
        if number == 0:
            attributes, foreground, background = set(), "", ""
        elif code in _SWITCHED_OFF:
            attributes -= _SWITCHED_OFF[code]
        elif 30 <= number <= 39 or 90 <= number <= 97:
            foreground = "" if number == 39 else color
        elif 40 <= number <= 49 or 100 <= number <= 107:
            background = "" if number == 49 else color
        else:
            attributes -= {"4", "21"} if code in ("4", "21") else set()
            attributes.add(code)
    return frozenset(attributes), foreground, background
