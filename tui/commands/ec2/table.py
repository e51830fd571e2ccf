"""Draws an answer as a table, as the AWS CLI draws it."""

import os
import sys

from tui.words.cells import cell_len

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_PADDING = 4
_BORDERS = 2
_WIDTH_OF_A_FILE = 80


class _Section:
    """A title, the headings of columns, and rows; `depth` is how far inside others it stands."""

    def __init__(self, title: str | None, depth: int) -> None:
        self.title = title or ""
        self.depth = depth
        self.headings: list[str] = []
        self.rows: list[list[str]] = []

    def columns(self) -> list[int]:
        """Return the width of each column, with the space around it."""
        lines = [self.headings, *self.rows] if self.headings else self.rows
        count = max(map(len, lines), default=0)
        return [
            max(cell_len(line[column]) for line in lines if column < len(line)) + _PADDING
            for column in range(count)
        ]

    def width(self) -> int:
        """Return the least width of the whole table that this section fits into."""
        outside = _BORDERS + 2 * self.depth
        return max(cell_len(self.title) + outside, sum(self.columns()) + outside)

    def turned(self) -> None:
        """Put the headings of a single row beside its cells, one below the other."""
        if len(self.rows) == 1 and self.headings:
            self.rows = [list(pair) for pair in zip(self.headings, self.rows[0], strict=True)]
            self.headings = []


def table(title: str, answer: "Any") -> str:
    """Return an answer as a table; nothing at all where there is nothing in it."""
    sections = list(_sections(title, answer, 0))
    if not sections:
        return ""
    width = max(section.width() for section in sections)
    if width > _terminal_width():
        for section in sections:
            section.turned()
        width = max(section.width() for section in sections)
    lines = ["-" * width]
    for section in sections:
        edge = "|" * section.depth
        inner = width - 2 * section.depth
        lines += [f"{edge}{line}{edge}" for line in _lines(section, inner)]
    return "\n".join(lines) + "\n"


def _terminal_width() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or _WIDTH_OF_A_FILE
    except (OSError, ValueError):
        return _WIDTH_OF_A_FILE


def _sections(title: str | None, item: "Any", depth: int) -> "Iterator[_Section]":
    if not item:
        return
    section = _Section(title, depth)
    if isinstance(item, dict):
        yield from _sections_of_members(section, item)
    elif isinstance(item, list) and isinstance(item[0], dict):
        yield from _sections_of_rows(section, [each for each in item if isinstance(each, dict)])
    elif isinstance(item, list):
        section.rows = _rows(item)
        yield section
    else:
        section.rows = [[str(item)]]
        yield section


def _rows(items: "list[Any]") -> list[list[str]]:
    """Return a list of scalars as a column, and one of lists as rows of equal length."""
    rows = [[_cell(each) for each in i] if isinstance(i, list) else [_cell(i)] for i in items]
    longest = max(map(len, rows))
    return [row + [""] * (longest - len(row)) for row in rows]


def _cell(value: "Any") -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={_cell(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    return str(value)


def _sections_of_members(section: _Section, members: "dict[str, Any]") -> "Iterator[_Section]":
    names = sorted(name for name in members if not isinstance(members[name], dict | list))
    if len(names) == 1:
        section.rows = [[names[0], str(members[names[0]])]]
    elif names:
        section.headings = names
        section.rows = [[str(members[name]) for name in names]]
    yield section
    for name in sorted(members.keys() - set(names)):
        yield from _sections(name, members[name], section.depth + 1)


def _sections_of_rows(section: _Section, items: "list[dict[str, Any]]") -> "Iterator[_Section]":
    nested = {k for item in items for k in item if isinstance(item[k], dict | list)}
    headings = sorted({k for item in items for k in item} - nested)
    for number, item in enumerate(items):
        if nested and number:
            section = _Section(section.title, section.depth)
        section.headings = headings
        section.rows.append([str(item.get(name, "")) for name in headings])
        if nested:
            yield section
            for name in sorted(nested & item.keys()):
                yield from _sections(name, item[name], section.depth + 1)
    if not nested:
        yield section


def _lines(section: _Section, width: int) -> "Iterator[str]":
    if section.title:
        yield _centred(section.title, width, "|")
        if not section.headings and not section.rows:
            yield f"+{'-' * (width - 2)}+"
    columns = _spread(section.columns(), width)
    if not columns:
        return
    rule = "+" + "".join("-" * (w - (2 if n == 0 else 1)) + "+" for n, w in enumerate(columns))
    if section.headings:
        yield rule
        yield "".join(
            _centred(heading, w, "" if n else "|")
            for n, (heading, w) in enumerate(zip(section.headings, columns, strict=True))
        )
    if section.rows:
        yield rule
        for row in section.rows:
            yield "".join(
                _left(cell, w, "" if n else "|")
                for n, (cell, w) in enumerate(zip(row, columns, strict=True))
            )
        yield rule


def _spread(columns: list[int], width: int) -> list[int]:
    """Return columns widened, each by its share, so that they fill the whole width."""
    if not columns:
        return columns
    factor = width / sum(columns)
    wide = [round(factor * column) for column in columns]
    while (over := sum(wide) - width) != 0:
        order = range(len(wide)) if over > 0 else range(len(wide) - 1, -1, -1)
        step = -1 if over > 0 else 1
        for column in list(order)[: abs(over)]:
            wide[column] += step
    return wide


def _centred(text: str, width: int, left_edge: str) -> str:
    length = cell_len(text)
    start = max(width // 2 - length // 2 - 1, 0)
    left = f"{left_edge}{' ' * start}{text}"
    return f"{left}{' ' * (width - cell_len(left) - 1)}|"


def _left(text: str, width: int, left_edge: str) -> str:
    padding = 2 if width >= cell_len(text) + 2 + len(left_edge) + 1 else 0
    left = f"{left_edge}{' ' * padding}{text}"
    return f"{left}{' ' * (width - cell_len(left) - 1)}|"
