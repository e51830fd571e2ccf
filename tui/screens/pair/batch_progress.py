"""Shows how far something is that is done to many key pairs."""

from typing import ClassVar

from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from tui.widgets.key_hints import SOON, KeyHints
from tui.words.cells import bar
from tui.words.text import clip, shortened

_WIDEST = 58
"""Cells of the bar, however wide the frame is."""


class BatchProgress(Static):
    """A bar with how many of how many are done, the present one, and how to stop.

    It takes the place of the form that began it, frame and all, and the focus goes back to where
    it was when the form is back. It is drawn anew for each step, and never between two.

    Args:
        form: what it stands in for.
        hints: the bar at the bottom, which has the key that stops alone meanwhile.
        title: what is done, in a few words.
        stop: the key that stops.
        then: what there is to know of what is done by then, if anything.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"batch-progress--done", "batch-progress--muted"}
    """
    | Class | Description |
    | :- | :- |
    | `batch-progress--done` | The part of the bar that is full. |
    | `batch-progress--muted` | The rest of it, and the note. |
    """

    DEFAULT_CSS = """
    BatchProgress {
        display: none;
        .batch-progress--done { color: $text-primary; }
        .batch-progress--muted { color: $text-muted; }
        &:ansi .batch-progress--done { color: ansi_default; }
        &:ansi .batch-progress--muted { color: ansi_default; text-style: $muted-style; }
    }
    """

    def __init__(
        self, form: Widget, hints: KeyHints, *, title: str, stop: str, then: str = ""
    ) -> None:
        super().__init__(markup=False, classes="body")
        self.border_title = Content(title)
        self._form = form
        self._hints = hints
        self._hints_before: tuple[tuple[str, str], ...] = ()
        self._beginning: Timer | None = None
        self._stop = stop
        self._note = f"{stop} stops before the next one{'; ' * bool(then)}{then}."
        self._focused: Widget | None = None
        self._done = self._of = 0
        self._present = ""

    def begin(self) -> None:
        """Say what stops it, if it is not over at once; until it is known to be, the form stays."""
        if not self._hints_before:
            self._hints_before = self._hints.shown
            self._hints.show(self._hints_before[-1:])
            self._beginning = self.set_timer(SOON, self._teach_to_stop)

    def _teach_to_stop(self) -> None:
        self._hints.show(((self._stop, "stop"), *self._hints_before[-1:]))

    def step(self, done: int, of: int, present: str) -> None:
        """Show that so many are done; `present` is the name of the next, from anywhere."""
        self._done, self._of, self._present = done, of, shortened(present)
        if not self.display:
            self._focused = self.screen.focused
            self._form.display, self.display = False, True
        self.begin()
        self._teach_to_stop()
        self.refresh(layout=True)

    def end(self) -> None:
        """Show the form again, and its keys, if it was begun."""
        if self._beginning is not None:
            self._beginning.stop()
            self._beginning = None
        if self._hints_before:
            self._hints.show(self._hints_before)
            self._hints_before = ()
        if self.display:
            self._form.display, self.display = True, False
            if self._focused is not None:
                self._focused.focus()

    def render(self) -> Content:
        done, muted = map(self.get_visual_style, ("batch-progress--done", "batch-progress--muted"))
        count = f"  {self._done:,} of {self._of:,}"
        width = max(self.size.width, 1)
        full, rest = bar(self._done, self._of, min(_WIDEST, width - len(count)))
        blank = [Content()] if self.screen.has_class("-framed") else []
        lines = [
            Content.styled(full, done) + Content.styled(rest, muted) + Content(count),
            *blank,
            Content(clip(self._present, width)),
            *blank,
            Content.styled(self._note, muted),
        ]
        return Content("\n").join(lines)
