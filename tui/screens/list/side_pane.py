"""Shows the pair under the cursor beside the list, where the window has room for it."""

from collections.abc import Callable

from textual.timer import Timer

from tui.screens.list.columns import Texts, pane_width
from tui.widgets.facts import Facts

_RESTS = 0.12
"""Seconds after which a cursor that has not moved again is at rest."""


class SidePane(Facts):
    """What there is to know of a pair; a person can close it, and open it again."""

    def __init__(self) -> None:
        super().__init__(id="summary")
        self.is_open = True
        """Whether the person wants it where there is room."""
        self._resting: Timer | None = None

    def fit(self, window: int, longest: Texts) -> int:
        """Take the width that there is for it beside the list, and return it; 0 hides it."""
        width = pane_width(window, longest) if self.is_open else 0
        self.display = bool(width)
        if width:
            self.styles.width = width
        return width

    def follow(self, show: Callable[[], None]) -> None:
        """Have it shown anew once the cursor rests: a key that is held moves only rows."""
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(_RESTS, show)
