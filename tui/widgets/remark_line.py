"""The line below the list: about the row under the cursor, or what came of something."""

from time import monotonic

from textual.widgets import Static

from tui.text import visible

_SAME_ACT = 0.3
"""Seconds within which a move of the cursor belongs to what was just done, and says nothing."""


class RemarkLine(Static):
    """One line; what was said last stays until the cursor moves."""

    DEFAULT_CSS = """
    RemarkLine {
        dock: bottom;
        height: 1;
        margin-bottom: 1;
        padding: 0 1;
        color: $text-muted;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(markup=False, id=id)
        self._said_at = -_SAME_ACT

    def say(self, text: str) -> None:
        """Say what came of something."""
        self._said_at = monotonic()
        self.update(visible(text), layout=False)

    def about(self, text: str) -> None:
        """Say what the row under the cursor is, in visible text, as the cursor has come to it."""
        if monotonic() - self._said_at > _SAME_ACT:
            self.update(text, layout=False)
