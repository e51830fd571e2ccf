"""Shares the width of a window between a table and the pane beside it, and among its columns.

Nothing is stretched: a column is given what its texts need, up to a most useful width, and what is
left over stays empty at the right. A wider window makes no column narrower, unless the pane opens,
and then none is narrower than in 80 columns but for those that the pane has whole. All widths are
in cells.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tui.words.cells import cell_len

GAP = 2

PANE_FROM = 120
"""The width of a window from which there may be a pane."""

_SMALL = 80
_PANE_AT_LEAST, _PANE_AT_MOST = 48, 64


class Column(NamedTuple):
    """A column: its heading, the most cells that it uses, and when it is left out.

    Those of rank 0 are always there. Of the others that with the highest rank goes first, once
    there are fewer than `least` cells for it. What is `in_pane` may have to make room for the
    pane, where it stands whole. `look` is how its texts are drawn where a line says nothing else.
    """

    title: str
    most: int
    rank: int = 0
    least: int = 8
    right: bool = False
    in_pane: bool = False
    look: str = ""


def needed(columns: Sequence[Column], rows: Iterable[Sequence[str]], *, titled: bool) -> list[int]:
    """Return how many cells each column can use: its longest text, or its title, up to its most.

    A column in which nothing stands needs none, whatever its title.
    """
    longest = [0] * len(columns)
    for row in rows:
        for number, text in enumerate(row):
            longest[number] = max(longest[number], cell_len(text))
    return [
        min(column.most, max(length, cell_len(column.title) if titled else 0)) if length else 0
        for column, length in zip(columns, longest, strict=True)
    ]


def total(widths: Iterable[int]) -> int:
    """Return what columns take with the blanks between them; one of 0 is not there."""
    shown = [width for width in widths if width]
    return sum(shown) + GAP * max(len(shown) - 1, 0)


def shared(columns: Sequence[Column], needs: Sequence[int], room: int) -> list[int]:
    """Return the width of each column in so many cells; one of 0 is left out.

    Those of rank 0 come first, and are cut where they do not fit, the longest first. Then each
    rank is given what it needs before the next is given anything.
    """
    widths = [0] * len(columns)
    always = [i for i, column in enumerate(columns) if not column.rank and needs[i]]
    left = room - GAP * max(len(always) - 1, 0)
    for i, width in zip(always, _cut([needs[i] for i in always], left), strict=True):
        widths[i] = width
    for i in sorted(range(len(columns)), key=lambda i: columns[i].rank):
        if not columns[i].rank or not needs[i]:
            continue
        left = room - total(widths) - GAP * any(widths)
        if left < min(needs[i], columns[i].least):
            break
        widths[i] = min(needs[i], left)
    return widths


def _cut(needs: Sequence[int], room: int) -> list[int]:
    """Return widths that fit in so many cells, made shorter from the longest down."""
    widths = list(needs)
    for _ in range(max(sum(needs) - max(room, len(needs)), 0)):
        # The last of the longest, so that with one cell more none of the others changes.
        longest = max(range(len(widths)), key=lambda i: (widths[i], i))
        widths[longest] -= 1
    return widths


def pane_width(window: int, columns: Sequence[Column], needs: Sequence[int], around: int) -> int:
    """Return the width of the pane beside a table, 0 where there is no room for one.

    It takes what the table leaves of the window, from 48 to 64; the table keeps 72 for what stands
    across its columns. Below 128 columns it is there only
    if beside it no column is narrower than in 80, but for those that it has itself.

    Args:
        window: the width of the window.
        columns: the columns of the table.
        needs: how many cells each can use.
        around: what a row takes besides its columns: margins, signs, the scrollbar.
    """
    kept = total(need for column, need in zip(columns, needs, strict=True) if not column.in_pane)
    if window < PANE_FROM or window - _PANE_AT_LEAST < min(kept + around, _SMALL):
        return 0
    table = max(total(needs) + around, PANE_FROM - _PANE_AT_LEAST)
    return max(_PANE_AT_LEAST, min(window - table, _PANE_AT_MOST))
