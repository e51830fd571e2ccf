"""Shows which key pair a page is about: its name, its type, and what tells it from others."""

from typing import ClassVar

from textual.content import Content
from textual.widgets import Static

from core.model import KeyPair
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
        self._more = "".join(f" · {shortened(each)}" for each in more)

    def show(self, key_pair: KeyPair) -> None:
        """Show the pair as it is now."""
        self._key_pair = key_pair
        self.refresh(layout=True)

    def render(self) -> Content:
        key_type = self._key_pair.key_type.value
        return Content.assemble(
            (shortened(self._key_pair.key_name), "bold"),
            "  ",
            (key_type, self.get_visual_style(f"pair-headline--{key_type}")),
            (self._more, self.get_visual_style("pair-headline--muted")),
        )
