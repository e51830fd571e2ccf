"""Draws the private key for as long as the person wants it on the screen."""

from rich.segment import Segment
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from core.secret import KeyMaterial


class KeyMaterialView(ScrollView, can_focus=True):
    """Draws the key line by line from its holder while shown, and keeps none of it.

    A line that is longer than the box goes on below itself.
    """

    DEFAULT_CSS = """
    KeyMaterialView {
        padding: 0 1;
        overflow: hidden;  /* hidden, it leaves the keys that scroll to what is around it */
        scrollbar-size-vertical: 1;
        color: $text-muted;
        border-title-color: $text-muted;
        &.-shown { color: $foreground; overflow-y: auto; }
    }
    """

    shown: reactive[bool] = reactive(False)
    """Whether the key is drawn."""

    def __init__(self, material: KeyMaterial) -> None:
        super().__init__()
        self._material = material

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
        self.refresh()

    def on_resize(self) -> None:
        self._measure()

    def _measure(self) -> None:
        lines = self._lines()
        self.virtual_size = Size(self.size.width, len(lines))
        is_parted = self.shown and len(lines) > self._material.reveal().count("\n")
        parted = " · long lines go on below" if is_parted else ""
        self.border_title = f"private key · {self._material.size:,} bytes{parted}"

    @property
    def _room(self) -> int:
        """What a line has: in the last column a scrollbar would stand on a letter of the key."""
        return self.size.width - 1

    def _lines(self) -> list[str]:
        width = self._room
        if not (width > 0 and self.shown):
            return []  # as lines of one letter each it would need a scroll bar
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
