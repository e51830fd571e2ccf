"""Shows which key pair a page is about: its name, its type, and what tells it from others."""

from typing import ClassVar

from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

from core.model import KeyPair
from tui.words.cells import cell_len
from tui.words.text import shortened


class PairHeadline(Static):
    """Name and type of a pair, and after them what else is to be known, muted.

    Args:
        more: what that is, in words; it may come from anywhere.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "pair-headline--muted",
        "pair-headline--ed25519",
        "pair-headline--rsa",
    }
    """
    | Class | Description |
    | :- | :- |
    | `pair-headline--ed25519`, `pair-headline--rsa` | The type. |
    | `pair-headline--muted` | What follows. |
    """

    DEFAULT_CSS = """
    PairHeadline {
        .pair-headline--muted { color: $text-muted; }
        .pair-headline--ed25519 { color: $text-primary; }
        .pair-headline--rsa { color: $text-secondary; }
        &:ansi .pair-headline--ed25519, &:ansi .pair-headline--rsa { color: ansi_default; }
        &:ansi .pair-headline--muted { color: ansi_default; text-style: $muted-style; }
    }
    """

    def __init__(self, key_pair: KeyPair, *more: str) -> None:
        super().__init__(markup=False)
        self._key_pair = key_pair
        self._more = [shortened(each) for each in more]

    def show(self, key_pair: KeyPair) -> None:
        """Show the pair as it is now."""
        self._key_pair = key_pair
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        width = max(width, 1)  # a window of no width has none for it
        return self._in(width).get_height({}, width)

    def render(self) -> Content:
        return self._in(self.size.width)

    def _in(self, width: int) -> Content:
        """Return it with what does not fit into a line as a whole in the next."""
        key_type = self._key_pair.key_type.value
        headline = Content.assemble(
            (shortened(self._key_pair.key_name), "bold"),
            "  ",
            (key_type, self.get_visual_style(f"pair-headline--{key_type}")),
        )
        muted = self.get_visual_style("pair-headline--muted")
        in_line = headline.cell_length
        for each in self._more:
            length = cell_len(f" · {each}")
            has_room = in_line + length <= width
            headline += Content.styled(f" · {each}" if has_room else f"\n{each}", muted)
            in_line = in_line + length if has_room else cell_len(each)
        return headline
