"""Shows the bar at the bottom of every screen: which keys do what here.

Our own because Textual's Footer leaks widgets on every change of focus, doubles the bytes that
such a change sends, and cuts its last hint in the middle.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from tui.actions.keymap import hints, wide_hints, without_changes
from tui.actions.table import Place

_GAP = "   "

_HELP = "help"
_STOP = "stop"
_KEPT = {"back", "leave", "done", "show all", "choose none", _STOP, _HELP}
"""The words of what leads out and of what explains the rest."""

SOON = 0.4
"""Seconds within which nobody stops what is begun: who is told that a key does would find it over.
"""

WIDE = 100
"""Columns of the window from which the bar teaches more than it must."""


class KeyHints(Widget):
    """One line of keys and words; the help stands at its right edge.

    What does not fit whole is left out, from the end; the ways out and to the help stay longest.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-hints--key", "key-hints--idle"}
    """
    | Class | Description |
    | :- | :- |
    | `key-hints--key` | A key that does something now. |
    | `key-hints--idle` | A key that does nothing yet, with its word. |
    """

    DEFAULT_CSS = """
    KeyHints {
        dock: bottom;
        height: 1;
        padding: 0 1;
        background: $panel;
        color: $text-muted;
        .key-hints--key { color: $text-accent; text-style: bold; }
        .key-hints--idle { color: $text-muted; }
        &:ansi {
            background: ansi_default;
            color: ansi_default;
            .key-hints--key { color: ansi_default; text-style: bold; }
            .key-hints--idle { color: ansi_default; text-style: $muted-style; }
        }
    }
    """

    def __init__(self, place: Place) -> None:
        super().__init__()
        self._place = place
        self._hints = hints(place)
        self.reads_only = False
        """Whether nothing is taught that changes something, as the session refuses it."""
        self._idle: Collection[str] = ()
        self._stops, self._stops_alone = "", True

    def show(self, shown: tuple[tuple[str, str], ...]) -> None:
        """Replace the hints by these pairs of key and word."""
        if shown != self._hints:
            self._hints = shown
            self.refresh()

    def mute(self, *words: str) -> None:
        """Mute the keys that have these words, and no others: they do nothing as yet."""
        if set(words) != set(self._idle):
            self._idle = words
            self.refresh()

    @property
    def muted(self) -> Collection[str]:
        """The words of the keys that do nothing as yet."""
        return set(self._idle)

    @contextmanager
    def stopping(self, key: str, *, alone: bool = True, after: float = 0.0) -> Iterator[None]:
        """Say that a key stops what runs, for as long as the block does; `alone` hides the others.

        These are such as do nothing meanwhile. `after` is how long, in seconds, it is to have run
        before that is said: what is over by then nobody stops.
        """
        before = self._stops, self._stops_alone

        def begin() -> None:
            self._stops, self._stops_alone = key, alone
            self.refresh()

        waits = self.set_timer(after, begin) if after else None
        if waits is None:
            begin()
        try:
            yield
        finally:
            if waits is not None:
                waits.stop()
            self._stops, self._stops_alone = before
            self.refresh()

    @property
    def shown(self) -> tuple[tuple[str, str], ...]:
        """The hints, whether or not there is room for them."""
        if not self._stops:
            return self._hints
        if self._stops_alone:
            return ((self._stops, _STOP),)
        return tuple((key, _STOP if key == self._stops else word) for key, word in self._hints)

    @property
    def left_out(self) -> Sequence[tuple[str, str]]:
        """The hints of wide windows for which this one has no room."""
        fit = self._fit()
        return [hint for hint in self._allowed(wide_hints(self._place)) if hint not in fit]

    def _allowed(self, shown: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
        return without_changes(shown, self._place) if self.reads_only else shown

    def _fit(self) -> list[tuple[str, str]]:
        shown = self.shown
        # Those of other places stand in the line above where the window is not wide.
        least = 0 if self._place is Place.LIST else WIDE
        if self.app.size.width >= least and shown == hints(self._place):
            ways = [hint for hint in shown if hint[1] in _KEPT]
            others = [hint for hint in shown if hint not in ways]
            shown = (*others, *wide_hints(self._place), *ways)
        return list(fitting(self._allowed(shown), self.size.width))

    def render(self) -> Content:
        width = self.size.width
        fit = self._fit()
        right = [fit.pop()] if fit and fit[-1][1] == _HELP else []
        line = Content(_GAP).join(map(self._hint, fit))
        for hint in right:
            text = self._hint(hint)
            line = line.append(" " * (width - line.cell_length - text.cell_length)).append(text)
        return line

    def _hint(self, hint: tuple[str, str]) -> Content:
        key, word = hint
        if word in self._idle:
            return Content.styled(f"{key} {word}", self.get_visual_style("key-hints--idle"))
        return Content.styled(key, self.get_visual_style("key-hints--key")).append(f" {word}")


def fitting(shown: Sequence[tuple[str, str]], width: int) -> Sequence[tuple[str, str]]:
    """Return the hints that fit into a line of `width` cells, in their order."""
    left = list(shown)
    while left and sum(cell_len(f"{key} {word}{_GAP}") for key, word in left) - len(_GAP) > width:
        others = [hint for hint in left if hint[1] not in _KEPT]
        left.remove((others or left)[-1])
    return left
