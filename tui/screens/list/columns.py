"""Shares the width of the list among its columns, and between the list and its pane.

Nothing is stretched: a column is given what its texts need, up to a most useful width, and what is
left over stays empty at the right. From 80 columns on a wider window makes no column narrower,
unless the pane opens, and then every name still stands whole. All widths are in cells.
"""

from collections.abc import Iterable
from typing import NamedTuple

from core.model import KeptKeyPair
from tui.words.cells import cell_len
from tui.words.pairs import tag_texts, tags_with_more
from tui.words.text import shortened

MARKS = 3
"""What was chosen, what wants attention, and a blank."""

GAP = 2
SCROLLBAR = 2
"""The scrollbar, and a blank between it and what stands in the last column."""

TYPE, CREATED = 7, 10
_HEADING = len("Name ▲")  # as long as Tags, with the mark of the sorted column

_NAME_AT_FIRST, _NAME_AT_MOST = 20, 40
_TAGS_AT_FIRST, _TAGS_USEFUL, _TAGS_AMPLE, _TAGS_AT_MOST = 12, 24, 28, 60
_FIRST_TAG_AT_MOST = 32
_FINGERPRINT_AT_FIRST, _FINGERPRINT_USEFUL = 12, 20

_SMALL = 80
"""The width of a window in which the fingerprint may be shown at the price of tags."""

PANE_FROM = 110
_PANE_AT_LEAST, _PANE_AT_MOST = 48, 63

_FINGERPRINT_BESIDE_PANE_FROM = 140
"""The width of a window from which there is a fingerprint beside the pane, which has it whole."""


class Texts(NamedTuple):
    """The longest texts of a Region: names, first tags with their ` +n`, lines of all tags."""

    name: int = 0
    first_tag: int = 0
    tags: int = 0
    fingerprint: int = 0

    def bounded(self) -> "Texts":
        """Return these, no longer than a column is ever made for them."""
        return Texts(
            min(self.name, _NAME_AT_MOST),
            min(self.first_tag, _FIRST_TAG_AT_MOST),
            min(self.tags, _TAGS_AT_MOST),
            self.fingerprint,
        )


class Columns(NamedTuple):
    """The widths of the columns; one of 0 is not shown."""

    name: int
    key_type: int = 0
    fingerprint: int = 0
    created: int = 0
    tags: int = 0

    @property
    def total(self) -> int:
        """The width of a row: marks, columns, and the blanks between them."""
        shown = [
            width
            for width in (self.name, self.key_type, self.fingerprint, self.created, self.tags)
            if width
        ]
        return MARKS + sum(shown) + GAP * (len(shown) - 1)


def pane_width(window: int, texts: Texts) -> int:
    """Return the width of the pane beside the list, 0 where there is no room for one.

    It opens from 110 columns if it has 48 beside a table in which every name stands whole.
    """
    if window < PANE_FROM:
        return 0
    texts = texts.bounded()
    beside = _row(texts, tags=min(texts.first_tag, _TAGS_USEFUL))
    if window - beside < _PANE_AT_LEAST:
        return 0
    ample = _row(texts, tags=min(texts.tags, _TAGS_AMPLE), fingerprint=_FINGERPRINT_USEFUL)
    return max(_PANE_AT_LEAST, min(window - ample, _PANE_AT_MOST))


def _row(texts: Texts, *, tags: int, fingerprint: int = 0) -> int:
    """Return what a table with whole names takes of a window, scrollbar and a blank included."""
    columns = Columns(texts.name, TYPE, fingerprint, CREATED, tags)
    return columns.total + SCROLLBAR


def columns(window: int, texts: Texts, pane: int = 0) -> Columns:
    """Return the widths of the columns in a window, beside a pane of that width.

    Admitted is, in this order, what fits beside a name of 20: Type, Created, Tags; then the
    Fingerprint, beside the whole name. What is left goes to Name, Tags, Fingerprint, as much as
    each can use. Tags grow over 28 only once the whole Fingerprint stands there, because they
    would have to give it back in a wider window.
    """
    texts = texts.bounded()
    room = max(window - pane - SCROLLBAR - MARKS, 1)
    name = min(texts.name or len("Name"), _NAME_AT_FIRST, room)
    left = room - name
    shown: dict[str, int] = {}
    for column, width in (
        ("key_type", TYPE),
        ("created", CREATED),
        ("tags", min(_TAGS_AT_FIRST, max(texts.first_tag, 1))),
    ):
        if left >= GAP + width:
            shown[column] = width
            left -= GAP + width
    name, left = _grown(name, texts.name, left)
    tags = shown.get("tags", 0)
    fingerprint = 0
    useful, ample = min(texts.first_tag, _TAGS_USEFUL), min(texts.tags, _TAGS_AMPLE)
    if tags and not _takes_from_tags(texts, window, pane):
        tags, left = _grown(tags, max(useful, ample), left)
    if tags and left >= GAP + _FINGERPRINT_AT_FIRST and _may_have_fingerprint(window, pane):
        fingerprint = _FINGERPRINT_AT_FIRST
        left -= GAP + fingerprint
    if tags:
        tags, left = _grown(tags, useful, left)
        if fingerprint:
            fingerprint, left = _grown(
                fingerprint, min(texts.fingerprint, _FINGERPRINT_USEFUL), left
            )
        tags, left = _grown(tags, ample, left)
        if fingerprint and left >= texts.fingerprint - fingerprint:
            fingerprint, left = _grown(fingerprint, texts.fingerprint, left)
        if fingerprint >= texts.fingerprint:
            tags, left = _grown(tags, texts.tags, left)
    return Columns(name, shown.get("key_type", 0), fingerprint, shown.get("created", 0), tags)


def _grown(width: int, wanted: int, left: int) -> tuple[int, int]:
    """Return a width that was given what it wants of what is left, and what is left then."""
    more = max(min(wanted - width, left), 0)
    return width + more, left - more


def _may_have_fingerprint(window: int, pane: int) -> bool:
    return not pane or window >= _FINGERPRINT_BESIDE_PANE_FROM


def _takes_from_tags(texts: Texts, window: int, pane: int) -> bool:
    """Return whether the fingerprint is worth tags: where a small window has room for it.

    There, and in narrower windows, it comes before the second tag. Where it does not, tags come
    first, so that they need not shrink when there is room for it.
    """
    if pane:
        return False
    shortest = Columns(
        max(texts.name, 1),
        TYPE,
        _FINGERPRINT_AT_FIRST,
        CREATED,
        min(_TAGS_AT_FIRST, max(texts.first_tag, 1)),
    )
    return shortest.total + SCROLLBAR <= _SMALL


def longest_texts(key_pairs: Iterable[KeptKeyPair]) -> Texts:
    """Return how long the longest texts of some pairs are in cells, headings included."""
    name, first, line, fingerprint = _HEADING, _HEADING, _HEADING, 0
    for key_pair in key_pairs:
        name = max(name, cell_len(shortened(key_pair.key_name)))
        fingerprint = max(fingerprint, len(key_pair.key_fingerprint))
        texts = tag_texts(key_pair)
        if texts:
            first = max(first, cell_len(tags_with_more(texts[:1], len(texts))))
            line = max(line, cell_len(tags_with_more(texts, len(texts))))
    return Texts(name, first, line, fingerprint)
