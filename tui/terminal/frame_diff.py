"""Sends the terminal only the cells that changed, in few bytes.

Textual writes whole widgets, each segment with its full style and a reset behind it: 6 KB for a
letter in the filter, on lines that carry 20 KB a second. Here the screen is remembered, and of an
update only what differs is sent, each style as its difference to the one before.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from rich.cells import cell_len, get_character_cell_size
from rich.color import ColorSystem
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from tui.terminal.signs import Signs

_ON = ("1", "2", "3", "4", "21", "5", "6", "7", "8", "9")
_OFF = dict(zip(_ON, ("22", "22", "23", "24", "24", "25", "25", "27", "28", "29"), strict=True))
"""How the attributes that text has are switched off, one by one (ECMA-48)."""

_SEEN_ON_SPACE = frozenset(("4", "5", "7", "9", "21", "53"))
_LONGEST_BRIDGE = 5
"""So many cells that did not change are cheaper to write again than to go past."""


class Look(NamedTuple):
    """How a cell looks, as codes of SGR; no foreground means that any will do, as on a space."""

    attributes: frozenset[str] = frozenset()
    foreground: str | None = ""
    background: str = ""


PLAIN = Look()

Cell = tuple[str, Look]
"""What stands in a cell.

Text that is not one cell a character stands whole in its first cell; the others are empty.
"""

Row = list[Cell | None]
"""The cells of a line; None is one of which nothing is known."""


class LazyFrame(CompositorUpdate):
    """An update that is made when it is sent, and not before."""

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make

    def render_segments(self, console: object) -> str:
        return self._make()


class FrameDiff:
    """Remembers what the terminal shows, and turns updates into what it has to be sent.

    Hyperlinks are left out; no screen has any.

    Args:
        signs: what to write in the place of signs that the terminal cannot show.
    """

    def __init__(self, signs: Signs | None = None) -> None:
        self._signs = signs or {}
        self._rows: list[Row] = []

    def forget(self) -> None:
        """Take nothing for granted: after this, whatever is drawn is sent whole."""
        self._rows = []

    def frame(self, update: LayoutUpdate | ChopsUpdate, colors: ColorSystem) -> str:
        """Return what makes the terminal show an update, or nothing if it does already."""
        if isinstance(update, LayoutUpdate):
            widths = [update.region.width] * len(update.strips)
            lines = {y: [(0, Strip.join(strips))] for y, strips in enumerate(update.strips)}
        else:
            widths = [ends[-1] for ends in update.chop_ends]
            lines = {
                y: [part for _, x1, x2 in spans for part in _parts(update, y, x1, x2)]
                for y, spans in groupby(update.spans, itemgetter(0))
            }
        if [len(row) for row in self._rows] != widths:
            self._rows = [[None] * width for width in widths]
        pen = _Pen()
        for y, parts in lines.items():
            self._draw(pen, y, parts, colors)
        return pen.finished()

    def _draw(
        self, pen: "_Pen", y: int, strips: Sequence[tuple[int, Strip]], colors: ColorSystem
    ) -> None:
        before = self._rows[y]
        row = before.copy()
        for x, strip in strips:
            cells = [
                cell
                for text, style, _ in strip
                for cell in _cells(text.translate(self._signs), style, colors)
            ]
            row[x : x + len(cells)] = cells[: len(row) - x]
        self._rows[y] = row
        if row != before:
            _write(pen, y, before, row)


def _parts(update: ChopsUpdate, y: int, x1: int, x2: int) -> Iterator[tuple[int, Strip]]:
    """Yield the parts of a line that are in a span, as ChopsUpdate takes them."""
    for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=True):
        if strip is not None and x <= x2 and end > x1:
            yield x, strip if x >= x1 and end <= x2 else strip.crop(0, min(end, x2) - x)


def _cells(text: str, style: Style | None, colors: ColorSystem) -> list[Cell]:
    look, space = _looks("" if style is None else Strip.render_ansi(style, colors))
    if text.isascii() or all(get_character_cell_size(character) == 1 for character in text):
        return [(c, space if c == " " else look) for c in text]
    return [(text, look), *[("", look)] * (cell_len(text) - 1)]


@lru_cache(1024)
def _looks(ansi: str) -> tuple[Look, Look]:
    """Return the look that SGR codes give to a character, and the one they give to a space."""
    attributes: set[str] = set()
    foreground = background = ""
    codes = iter(ansi.split(";") if ansi else ())
    for code in codes:
        number = int(code)
        if number in (38, 48):
            kind = next(codes)
            numbers = [code, kind, *(next(codes) for _ in range(3 if kind == "2" else 1))]
            color = ";".join(numbers)
        else:
            color = code
        if 30 <= number <= 39 or 90 <= number <= 97:
            foreground = "" if number == 39 else color
        elif 40 <= number <= 49 or 100 <= number <= 107:
            background = "" if number == 49 else color
        else:
            attributes.add(code)
    look = Look(frozenset(attributes), foreground, background)
    return look, look if attributes & _SEEN_ON_SPACE else Look(
        foreground=None, background=background
    )


def _write(pen: "_Pen", y: int, before: Row, row: Row) -> None:
    """Write what differs of a row."""
    if _is_odd(before) or _is_odd(row):
        # A terminal may count such text otherwise than we do: the whole row is written again.
        before = [None] * len(row)
    start = end = 0
    for x, (old, new) in enumerate(zip(before, row, strict=True)):
        if new != old:
            if x != end and not _bridges(row, start, end, x):
                pen.write(start, y, row[start:end])
                start = x
            end = x + 1
    pen.write(start, y, row[start:end])


def _is_odd(row: Row) -> bool:
    """Return whether a row has text that is not one cell a character."""
    texts = [cell[0] for cell in row if cell is not None]
    return "" in texts or len("".join(texts)) != len(texts)


def _bridges(row: Row, start: int, end: int, x: int) -> bool:
    """Return whether from what changed before `end` to what changed at `x` one had better write on.

    That is so if little lies between that looks as what was written last.
    """
    if start == end or x - end > _LONGEST_BRIDGE:
        return False
    last, *between = (PLAIN if cell is None else cell[1] for cell in row[end - 1 : x])
    return all(
        look == last or (look.foreground is None and look.background == last.background)
        for look in between
    )


class _Pen:
    """Writes cells, and remembers where it is and how it writes."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._look = PLAIN
        self._x: int | None = None
        self._y = -1

    def write(self, x: int, y: int, cells: Row) -> None:
        """Write cells of a row, from a column on."""
        for look, group in groupby(filter(None, cells), itemgetter(1)):
            texts = [text for text, _ in group]
            text = "".join(texts)
            if len(text) == len(texts) and "" not in texts:
                self._write(x, y, text, look)
                self._x = x + len(text)
            else:
                for column, odd in enumerate(texts, x):
                    if odd:
                        self._write(column, y, odd, look)
                        # Where the terminal stands after a text of several characters is a guess.
                        self._x = column + 1 if len(odd) == 1 else None
            x += len(texts)

    def _write(self, x: int, y: int, text: str, look: Look) -> None:
        if y != self._y:
            self._parts.append(f"\x1b[{y + 1};{x + 1}H")
        elif x != self._x:
            self._parts.append(f"\x1b[{x + 1}G")
        self._y = y
        look = self._wanted(look)
        if look != self._look:
            self._parts.append(f"\x1b[{_change(self._look, look)}m")
            self._look = look
        self._parts.append(text)

    def _wanted(self, look: Look) -> Look:
        """Return how to write what shall look so; on a space, most of the present look can stay."""
        if look.foreground is not None:
            return look
        if self._look.attributes & _SEEN_ON_SPACE:
            return Look(background=look.background)
        return self._look._replace(background=look.background)

    def finished(self) -> str:
        """Return everything that was written; the terminal is left with plain writing."""
        if self._look != PLAIN:
            self._parts.append("\x1b[m")
        return "".join(self._parts)


@lru_cache(4096)
def _change(before: Look, after: Look) -> str:
    anew = ";".join(("0", *sorted(after.attributes), after.foreground or "", after.background))
    anew = anew.replace(";;", ";").rstrip(";")
    removed = before.attributes - after.attributes
    if not removed <= _OFF.keys():
        return anew
    off = {_OFF[code] for code in removed}
    # What switches one attribute off may switch another off that is to stay.
    on = {
        code for code in after.attributes if code not in before.attributes or _OFF.get(code) in off
    }
    codes = [*sorted(off), *sorted(on)]
    if before.foreground != after.foreground:
        codes.append(after.foreground or "39")
    if before.background != after.background:
        codes.append(after.background or "49")
    step_by_step = ";".join(codes)
    return min(step_by_step, anew, key=len)
