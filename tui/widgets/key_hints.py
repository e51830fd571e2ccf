"""Shows the bottom line: which keys do what here.

Our own because Textual's Footer leaks widgets on every change of focus, doubles the bytes that
such a change sends, and cuts its last hint in the middle.
"""

from collections.abc import Sequence
from functools import partial

from rich.cells import cell_len
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from tui.actions.keymap import hints, wide_hints
from tui.actions.table import Place
from tui.words.text import clip

_GAP = "   "
_SECONDS = 3
"""How long a person has for what is said."""

_KEPT = {"back", "leave", "done", "show all", "help"}
"""The words of what leads out and of what explains the rest."""

WIDE = 100
"""Columns of the window from which the bar teaches more than it must."""


class KeyHints(Widget):
    """One line of keys and words, and at its end, for a moment, what came of something.

    What does not fit whole is left out, from the end; the ways out and to the help stay longest.
    """

    DEFAULT_CSS = """
    KeyHints {
        dock: bottom;
        height: 1;
        color: $text-muted;
        &:ansi { text-style: dim; }
    }
    """

    def __init__(self, place: Place) -> None:
        super().__init__()
        self._place = place
        self._hints = hints(place)
        self._said = ""
        self._timer: Timer | None = None

    @property
    def said(self) -> str:
        """What is said at the end of the line."""
        return self._said

    def say(self, text: str) -> None:
        """Say a visible text at the end of the line for a moment, or no longer if it is empty."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if text:
            self._timer = self.set_timer(_SECONDS, partial(self.say, ""))
        if text != self._said:
            self._said = text
            self.refresh()

    def show(self, shown: tuple[tuple[str, str], ...]) -> None:
        """Replace the hints by these pairs of key and word."""
        if shown != self._hints:
            self._hints = shown
            self.refresh()

    def render(self) -> Content:
        shown = self._hints
        if self.app.size.width >= WIDE and shown == hints(self._place):
            shown += wide_hints(self._place)
        width = self.size.width
        said = clip(self._said, width)
        room = width - cell_len(_GAP + said) if said else width
        line = Content(_GAP).join(
            Content.styled(key, "$text-accent bold").append(f" {word}")
            for key, word in fitting(shown, room)
        )
        if not said:
            return line
        return line.append(" " * (width - line.cell_length - cell_len(said))).append(
            Content.styled(said, "$foreground bold")
        )


def fitting(shown: Sequence[tuple[str, str]], width: int) -> Sequence[tuple[str, str]]:
    """Return the hints that fit into a line of `width` cells, in their order."""
    left = list(shown)
    while left and sum(len(f"{key} {word}{_GAP}") for key, word in left) - len(_GAP) > width:
        others = [hint for hint in left if hint[1] not in _KEPT]
        left.remove((others or left)[-1])
    return left
