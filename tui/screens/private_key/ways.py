"""Shows what can be done with a private key, a line each, as far as there is room."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tui.words.cells import cell_len
from tui.words.text import pinched, shortened

_WHAT_WIDTH = 22


class Way(NamedTuple):
    """A key, what it does, and what that means.

    What it means may come from anywhere. `beside` is said behind it where all of it fits.
    """

    key: str
    what: str
    means: str
    beside: str = ""


class Ways(Widget):
    """Keys in a column, what they do in the next, and what that means."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"ways--key", "ways--muted"}
    """
    | Class | Description |
    | :- | :- |
    | `ways--key` | The keys. |
    | `ways--muted` | What it means. |
    """

    DEFAULT_CSS = """
    Ways {
        height: auto;
        .ways--key { color: $text-accent; text-style: bold; }
        .ways--muted { color: $text-muted; }
        &:ansi .ways--key { color: ansi_default; text-style: bold; }
        &:ansi .ways--muted { color: ansi_default; text-style: $muted-style; }
    }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._ways: Sequence[Way] = ()

    def show(self, ways: Sequence[Way]) -> None:
        """Show other ways, of which there are as many."""
        self._ways = ways
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._ways)

    def render(self) -> Content:
        key = self.get_visual_style("ways--key")
        muted = self.get_visual_style("ways--muted")
        widest = max((len(way.key) for way in self._ways), default=0) + 2
        room = max(self.size.width - widest - _WHAT_WIDTH, 1)
        return Content("\n").join(
            Content.styled(f"{way.key:<{widest}}", key)
            + Content(f"{way.what:<{_WHAT_WIDTH}}")
            + Content.styled(_fitting(way, room), muted)
            for way in self._ways
        )


def _fitting(way: Way, room: int) -> str:
    means = shortened(way.means)
    whole = f"{means}{way.beside}"
    return whole if cell_len(whole) <= room else pinched(means, room)
