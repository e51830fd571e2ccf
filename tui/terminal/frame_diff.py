"""Sends the terminal only the cells that changed, in few bytes.

Textual writes whole widgets, each segment with its full style and a reset behind it: 6 KB for a
letter in the filter, on lines that carry 20 KB a second. Here the screen is remembered, and of an
update only what differs is sent, each style as its difference to the one before.
"""

from collections.abc import Iterator, Sequence
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

_WHITE = "97"

_SEEN_ON_SPACE = frozenset(("4", "5", "7", "9", "21", "53"))
_UNDERLINES = frozenset(("4", "21"))
"""Text has one of them: the terminal takes the last."""

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


class Frame(CompositorUpdate):
    """What is sent for an update; `is_sent` says whether Textual has taken it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.is_empty = not text
        self.is_sent = False

    def render_segments(self, console: object) -> str:
        self.is_sent = True
        return self._text


class FrameDiff:
    """Remembers what the terminal shows, and turns updates into what it has to be sent.

    Hyperlinks are left out; no screen has any.

    Args:
        signs: what to write in the place of signs that the terminal cannot show.
        is_console: whether it is a Linux console, which reverses colours in a way of its own.
    """

    def __init__(self, signs: Signs | None = None, *, is_console: bool = False) -> None:
        self._signs = signs or {}
        self._is_console = is_console
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
        runs: list[_Run] = []
        for y, parts in lines.items():
            before = self._rows[y]
            row = self._rows[y] = self._drawn(before, parts, colors)
            if row != before:
                runs += _changes(y, before, row)
        return min((_written(order) for order in _orders(runs)), key=len)

    def _drawn(self, before: Row, strips: Sequence[tuple[int, Strip]], colors: ColorSystem) -> Row:
        """Return a row with strips drawn over what it was."""
        row = before.copy()
        for x, strip in strips:
            cells = [
                cell
                for text, style, _ in strip
                for cell in self._cells(text.translate(self._signs), style, colors)
            ]
            row[x : x + len(cells)] = cells[: len(row) - x]
        return row

    def _cells(self, text: str, style: Style | None, colors: ColorSystem) -> list[Cell]:
        codes = "" if style is None else Strip.render_ansi(style, colors)
        look, space = _looks(codes, self._is_console)
        if text.isascii() or all(get_character_cell_size(character) == 1 for character in text):
            return [(c, space if c == " " else look) for c in text]
        return [(text, look), *[("", look)] * (cell_len(text) - 1)]


def _parts(update: ChopsUpdate, y: int, x1: int, x2: int) -> Iterator[tuple[int, Strip]]:
    """Yield the parts of a line that are in a span, as ChopsUpdate takes them."""
    for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=True):
        if strip is not None and x <= x2 and end > x1:
            yield x, strip if x >= x1 and end <= x2 else strip.crop(0, min(end, x2) - x)


@lru_cache(1024)
def _looks(ansi: str, is_console: bool) -> tuple[Look, Look]:
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
            if code in _UNDERLINES:
                attributes -= _UNDERLINES
            attributes.add(code)
    look = Look(frozenset(attributes), foreground, background)
    if is_console:
        look = _reversed_on_console(look)
    return look, look if look.attributes & _SEEN_ON_SPACE else Look(
        foreground=None, background=look.background
    )


def _reversed_on_console(look: Look) -> Look:
    """Return a look that a Linux console shows as others show what is reversed.

    It brightens letters after it has reversed them, not before: what is bold or has a bright colour
    gets letters of dark grey, not to be read on red; and what is dim it does not reverse at all.
    """
    if "7" not in look.attributes:
        return look
    plain = look.attributes - {"1", "2"}
    if look.foreground is None or len(look.foreground) != len(_WHITE):
        return look._replace(attributes=plain)
    # There is no bright red to write on: white can be read on the dark one, black cannot.
    return Look(plain - {"7"}, _WHITE, f"4{look.foreground[-1]}")


class _Run(NamedTuple):
    """Cells of a row that are written in one go; those of one that is no `odd` look the same."""

    y: int
    x: int
    cells: Sequence[Cell]
    look: Look
    odd: bool = False


def _changes(y: int, before: Row, row: Row) -> Iterator[_Run]:
    """Yield what differs of a row."""
    if _is_odd(before) or _is_odd(row):
        # A terminal may count such text otherwise than we do: the whole row is written again.
        yield _Run(y, 0, [cell for cell in row if cell is not None], PLAIN, odd=True)
        return
    start = end = 0
    for x, (old, new) in enumerate(zip(before, row, strict=True)):
        if new != old:
            if x != end and not _bridges(row, start, end, x):
                yield from _runs(y, start, row[start:end])
                start = x
            end = x + 1
    yield from _runs(y, start, row[start:end])


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


def _runs(y: int, x: int, cells: Row) -> Iterator[_Run]:
    """Yield neighbouring cells by how they look; a space belongs to what it stands beside."""
    run: list[Cell] = []
    look = PLAIN
    for cell in cells:
        if cell is None:
            continue
        both = _look_of_both(look, cell[1]) if run else cell[1]
        if both is None:
            yield _Run(y, x, run, look)
            x, run, both = x + len(run), [], cell[1]
        run.append(cell)
        look = both
    if run:
        yield _Run(y, x, run, look)


def _look_of_both(one: Look, other: Look) -> Look | None:
    """Return a look in which what looks as the one and as the other can be written, if any."""
    if one == other or _shows(one, other):
        return one
    return other if _shows(other, one) else None


def _shows(look: Look, wanted: Look) -> bool:
    """Return whether a space that is to look as `wanted` can be written in a look."""
    return (
        wanted.foreground is None
        and wanted.background == look.background
        and not look.attributes & _SEEN_ON_SPACE
    )


def _orders(runs: Sequence[_Run]) -> Iterator[list[_Run]]:
    """Yield orders of runs of which one is short: a way to go is shorter than two colours.

    A look is mostly set once, and a background too. Then those that share a foreground may follow
    each other, as the label of a field and its text do. Odd rows come first and stay as they are.
    """
    looks = list(dict.fromkeys(run.look for run in runs if not run.odd))
    backgrounds = list(dict.fromkeys(look.background for look in looks))
    places: dict[Look, tuple[int, int]] = {}
    for look in looks:
        like = next((other for other in looks if other != look and _shows(other, look)), look)
        places[look] = (backgrounds.index(look.background), looks.index(like))

    def sorted_by(places: dict[Look, tuple[int, int]]) -> list[_Run]:
        return sorted(runs, key=lambda run: (-1, 0) if run.odd else places[run.look])

    yield sorted_by(places)
    chained = _chained([*_grouped(sorted(looks, key=places.__getitem__))])
    yield sorted_by({look: (0, index) for index, look in enumerate(chained)})


def _grouped(looks: Sequence[Look]) -> Iterator[list[Look]]:
    """Yield neighbouring looks of the same background."""
    for _, group in groupby(looks, lambda look: look.background):
        yield [*group]


def _chained(groups: list[list[Look]]) -> list[Look]:
    """Return looks so that of one background goes on, if any does, as those of another end.

    A group is turned round for that, not mixed: what stands beside each other stays so.
    """
    chain: list[Look] = []
    while groups:
        last = chain[-1]._replace(background="") if chain else None
        number, start = next(
            (
                (number, start)
                for number, group in enumerate(groups)
                for start, look in enumerate(group)
                if look._replace(background="") == last
            ),
            (0, 0),
        )
        group = groups.pop(number)
        chain += [*group[start:], *group[:start]]
    return chain


def _written(runs: Sequence[_Run]) -> str:
    """Return what writes runs in their order."""
    pen = _Pen()
    for run in runs:
        pen.write(run)
    return pen.finished()


class _Pen:
    """Writes cells, and remembers where it is and how it writes."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._look = PLAIN
        self._x: int | None = None
        self._y = -1

    def write(self, run: _Run) -> None:
        """Write a run."""
        if not run.odd:
            self._write(run.x, run.y, "".join([text for text, _ in run.cells]), run.look)
            self._x = run.x + len(run.cells)
            return
        x = run.x
        for look, group in groupby(run.cells, itemgetter(1)):
            texts = [text for text, _ in group]
            text = "".join(texts)
            if len(text) == len(texts) and "" not in texts:
                self._write(x, run.y, text, look)
                self._x = x + len(text)
            else:
                for column, odd in enumerate(texts, x):
                    if odd:
                        self._write(column, run.y, odd, look)
                        # Where the terminal stands after any other text is a guess.
                        self._x = column + 1 if len(odd) == cell_len(odd) == 1 else None
            x += len(texts)

    def _write(self, x: int, y: int, text: str, look: Look) -> None:
        if (x, y) != (self._x, self._y):
            self._parts.append(self._way(x, y))
        self._y = y
        look = self._wanted(look)
        if look != self._look:
            self._parts.append(f"\x1b[{_change(self._look, look)}m")
            self._look = look
        self._parts.append(text)

    def _way(self, x: int, y: int) -> str:
        """Return what brings the terminal there in the fewest bytes."""
        if y != self._y:
            return f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"
        if self._x is None or x < self._x:
            return f"\x1b[{x + 1}G"
        return min(f"\x1b[{x + 1}G", f"\x1b[{x - self._x}C", key=len)

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
