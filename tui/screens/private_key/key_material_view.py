"""Draws the private key for as long as the person wants it on the screen."""

from rich.segment import Segment
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from core.secret import KeyMaterial
from tui.actions.keymap import key_of
from tui.words.text import fold

_HIDDEN = (
    " prints it on this terminal, and on whatever records this terminal. Saving needs no showing."
)
_FRAME_WIDTH, _FRAME_HEIGHT = 4, 2
"""What border and padding take."""


class KeyMaterialView(ScrollView, can_focus=True):
    """Draws the key line by line from its holder while shown, and keeps none of it.

    A line that is longer than the box goes on below itself.
    """

    DEFAULT_CSS = """
    KeyMaterialView {
        border: round $border-blurred;
        padding: 0 1;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        color: $text-muted;
        border-title-color: $text-muted;
        &:focus { border: round $border; }
        &.-shown { color: $foreground; }
        &:ansi { border: round ansi_bright_black; }
    }
    """

    shown: reactive[bool] = reactive(False)
    """Whether the key is drawn."""

    def __init__(self, material: KeyMaterial) -> None:
        super().__init__()
        self._material = material

    def stand_in(self, width: int, height: int) -> None:
        """Be away, while hidden, where there is less room than the whole sentence takes."""
        needed = len(_hidden(max(width - _FRAME_WIDTH, 1))) + _FRAME_HEIGHT
        self.set_class(not self.shown and height < needed, "-away")

    def on_unmount(self) -> None:
        self.set_reactive(KeyMaterialView.shown, False)
        del self._material
        # Empties the cache of the lines that were drawn: Textual may remember a closed widget for
        # long, as the one that sent the last event, and keeps that cache longer still.
        self.refresh()

    def watch_shown(self, shown: bool) -> None:
        self.set_class(shown, "-shown")
        self._measure()
        self.scroll_to(0, 0, animate=False)
        state = "shown" if shown else "hidden"
        self.border_title = f"private key · {self._material.size:,} bytes · {state}"
        self.refresh()

    def on_resize(self) -> None:
        self._measure()

    def _measure(self) -> None:
        lines = self._lines()
        self.virtual_size = Size(self.size.width, len(lines))

    def _lines(self) -> list[str]:
        width = self.size.width
        if not width:
            return []  # as lines of one letter each it would need a scroll bar
        if not self.shown:
            return _hidden(width)
        lines = self._material.reveal().splitlines()
        return [line[at : at + width] for line in lines for at in range(0, len(line) or 1, width)]

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        at = self.scroll_offset.y + y
        lines = self._lines()
        text = lines[at] if at < len(lines) else ""
        # Letter by letter: Rich remembers every text that it measured.
        parts = [*text, " " * (width - len(text))]
        return Strip([Segment(part, self.rich_style) for part in parts if part], width)


def _hidden(width: int) -> list[str]:
    return fold(key_of("key-material.show") + _HIDDEN, width)
