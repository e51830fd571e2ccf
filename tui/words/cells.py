"""Measures visible text, and draws bars, in cells of a terminal.

The widths are those by which Rich draws, of every character that `tui.words.text.visible` leaves as
it is; the commands do without Rich, which takes longer to import than they take to run.
"""

from functools import lru_cache
from unicodedata import category, east_asian_width

# The vowels and final consonants of Hangul are drawn in the cells of the consonant before them.
_JOINED = (range(0x1160, 0x1200), range(0xD7B0, 0xD800))


def cell_len(text: str) -> int:
    """Return how many cells a text takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


def set_cell_size(text: str, total: int) -> str:
    """Return a text in exactly that many cells: with spaces behind it, or cut.

    A wide character of which half would stay becomes a space.
    """
    if total <= 0:
        return ""
    if text.isascii():
        return text[:total].ljust(total)
    size = 0
    for end, character in enumerate(text):
        size += _width(character)
        if size > total:
            kept = text[:end]
            return kept + " " * (total - cell_len(kept))
    return text + " " * (total - size)


def bar(done: int, of: int, width: int) -> tuple[str, str]:
    """Return the full and the empty part of a bar of so many cells; full only when all is done."""
    width = max(width, 1)
    full = min(done, of) * width // max(of, 1)
    return "█" * full, "░" * (width - full)


@lru_cache(4096)
def _width(character: str) -> int:
    if category(character) in ("Mn", "Me") or any(ord(character) in part for part in _JOINED):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
