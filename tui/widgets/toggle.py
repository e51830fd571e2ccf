"""Turns something on or off, on one line."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.words.text import pinched, visible

_ON, _OFF = "[x]", "[ ]"

HOW_TO_SWITCH = "space switches it"
"""What a form says of such a line."""

_LONGEST = 130
"""Cells of the label, which are three lines at 80 columns."""


class Toggle(Widget, can_focus=True):
    """A line such as `[ ] public key as ~/.ssh/web.pub`; space turns it on and off."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "switch", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    DEFAULT_CSS = """
    Toggle {
        height: auto;
        background: $surface;
        border-left: outer $foreground 25%;
        padding-left: 1;
        &:focus {
            background: $panel;
            color: $text-primary;
            text-style: bold;
            border-left: outer $primary;
        }
        &.-refused, &.-refused:focus { border-left: outer $error; }
        &:ansi:focus { color: ansi_default; }
    }
    """

    value: reactive[bool] = reactive(False)
    """Whether it is wanted."""

    class Changed(Message):
        """It was turned on or off."""

        def __init__(self, toggle: "Toggle") -> None:
            super().__init__()
            self.toggle = toggle

        @property
        def control(self) -> "Toggle":
            """The widget that sent this."""
            return self.toggle

    def __init__(self, label: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._label = label

    def show(self, label: str) -> None:
        """Show another label, which may come from anywhere."""
        if label != self._label:
            self._label = label
            self.refresh(layout=True)

    def render(self) -> Content:
        label = pinched(visible(self._label), _LONGEST)
        return Content(f"{_ON if self.value else _OFF} {label}")

    def watch_value(self) -> None:
        if self.is_mounted:
            self.post_message(self.Changed(self))

    def action_switch(self) -> None:
        """Turn it on or off."""
        self.value = not self.value

    async def _on_click(self, event: Click) -> None:
        self.action_switch()
