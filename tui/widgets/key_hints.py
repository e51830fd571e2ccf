"""The bottom line: which keys do what here.

Our own because Textual's Footer leaks widgets on every change of focus, doubles the bytes that
such a change sends, and cuts its last hint in the middle.
"""

from textual.content import Content
from textual.widget import Widget

from tui.actions import Place
from tui.keymap import hints, wide_hints

_GAP = "   "

WIDE = 100
"""Columns of the window from which the bar teaches more than it must."""


class KeyHints(Widget):
    """One line of keys and words; what does not fit whole is left out, from the end."""

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

    def show(self, shown: tuple[tuple[str, str], ...]) -> None:
        """Replace the hints by these pairs of key and word."""
        if shown != self._hints:
            self._hints = shown
            self.refresh()

    def render(self) -> Content:
        parts: list[Content] = []
        width = 0
        shown = self._hints
        if self.app.size.width >= WIDE and shown == hints(self._place):
            shown += wide_hints(self._place)
        for key, word in shown:
            width += len(key) + 1 + len(word) + (len(_GAP) if parts else 0)
            if width > self.size.width:
                break
            parts.append(Content.styled(key, "$text-accent bold").append(f" {word}"))
        return Content(_GAP).join(parts)
