"""Makes the lines of the journal."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tui.widgets.pick_list import Item
from tui.words.text import visible

if TYPE_CHECKING:
    from core.store.journal import JournalEntry


def journal_items(entries: "Iterable[JournalEntry]") -> list[Item]:
    """Return what was done, the last first: when, what, to which pair, by whom from where."""
    return [_item(entry) for entry in reversed(list(entries))]


def _item(entry: "JournalEntry") -> Item:
    when = f"{entry.time.astimezone():%Y-%m-%d %H:%M}"
    outcome = "" if entry.outcome == "done" else f" ({entry.outcome})"
    client = f" from {entry.client}" if entry.client else ""
    return Item(
        entry.key_pair_id or "",
        visible(f"{when} {entry.operation}{outcome} {entry.key_name or ''}"),
        visible(f"{entry.user}{client}"),
    )
