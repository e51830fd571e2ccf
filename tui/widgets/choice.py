"""Offers a few values on one line, chosen with the arrows or space."""

from collections.abc import Collection, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.words.text import clip

_CHOSEN, _FREE = "●", "○"
_GAP = "   "
HOW_TO_CHOOSE = "← → choose"
"""What a form says of such lines."""


class Choice(Widget, can_focus=True):
    """A line such as `● rsa   ○ ed25519`, or `● rsa 1/2` in little room.

    Args:
        options: pairs of the value and the label that is shown for it, which is our own text.
        value: the value that is chosen at first; the first if it is None.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", show=False),
        Binding("right,space", "move(1)", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    DEFAULT_CSS = """
    Choice {
        height: 1;
        background: $surface;
        border-left: outer $foreground 25%;
        padding-left: 1;
        .choice--chosen { color: $foreground; text-style: bold; }
        .choice--free { color: $text-muted; }
        .choice--forbidden { color: $text-muted; text-style: strike; }
        &:focus {
            background: $panel;
            border-left: outer $primary;
            .choice--chosen { color: $text-primary; text-style: bold; }
        }
        &.-refused, &.-refused:focus { border-left: outer $error; }
        &:ansi {
            .choice--chosen { color: ansi_default; text-style: bold; }
            .choice--free { color: ansi_default; text-style: $muted-style; }
            .choice--forbidden { color: ansi_default; text-style: dim strike; }
        }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"choice--chosen", "choice--forbidden", "choice--free"}
    """
    | Class | Description |
    | :- | :- |
    | `choice--chosen` | The option that is chosen. |
    | `choice--forbidden` | One that cannot be chosen. |
    | `choice--free` | The others. |
    """

    index: reactive[int] = reactive(0)
    """Which of the options is chosen."""

    class Changed(Message):
        """Another option was chosen."""

        def __init__(self, choice: "Choice") -> None:
            super().__init__()
            self.choice = choice

        @property
        def control(self) -> "Choice":
            """The widget that sent this."""
            return self.choice

    def __init__(
        self,
        options: Sequence[tuple[str, str]],
        *,
        value: str | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._options = tuple(options)
        self._forbidden: frozenset[str] = frozenset()
        self._wanted = 0
        """The index that a person chose last, whatever was forbidden since."""
        if value is not None:
            self._wanted = [option for option, _ in options].index(value)
            self.set_reactive(Choice.index, self._wanted)

    def forbid(self, values: Collection[str]) -> None:
        """Have some values not chosen any more, unless that would leave none.

        What a person chose gives way to the next, and comes back once it is allowed again.
        """
        self._forbidden = frozenset(values)
        self.index = self._next_allowed(self._wanted)
        self.refresh()

    def _next_allowed(self, start: int, step: int = 1) -> int:
        """Return the first index from `start` on, round and round, that is not forbidden."""
        count = len(self._options)
        indexes = [(start + step * each) % count for each in range(count)]
        allowed = (each for each in indexes if self._options[each][0] not in self._forbidden)
        return next(allowed, start % count)

    @property
    def value(self) -> str:
        """The value that is chosen."""
        return self._options[self.index][0]

    @property
    def _is_cramped(self) -> bool:
        gaps = len(_GAP) * (len(self._options) - 1)
        return sum(2 + len(label) for _, label in self._options) + gaps > self.size.width

    def render(self) -> Content:
        if self._is_cramped:
            text = clip(f"{_CHOSEN} {self._options[self.index][1]}", self.size.width)
            count = f" {self.index + 1}/{len(self._options)}"
            line = self._part(text, "chosen")
            # That there are others is not seen.
            has_room = len(text) + len(count) <= self.size.width
            return line + self._part(count * has_room, "free")
        labels: list[Content] = []
        for index, (_, label) in enumerate(self._options):
            if index == self.index:
                labels.append(self._part(f"{_CHOSEN} {label}", "chosen"))
            elif self._options[index][0] in self._forbidden:
                labels.append(self._part(f"{_FREE} {label}", "forbidden"))
            else:
                labels.append(self._part(f"{_FREE} {label}", "free"))
        return Content(_GAP).join(labels)

    def _part(self, text: str, look: str) -> Content:
        return Content.styled(text, self.get_visual_style(f"choice--{look}"))

    def watch_index(self) -> None:
        if self.is_mounted:
            self.post_message(self.Changed(self))

    def action_move(self, step: int) -> None:
        """Choose the next option, or the one before, round and round."""
        self.index = self._wanted = self._next_allowed(self.index + step, step)

    async def _on_click(self, event: Click) -> None:
        if self._is_cramped:
            self.action_move(1)
            return
        start = 0
        for index, (_, label) in enumerate(self._options):
            end = start + 2 + len(label)
            if start <= event.x < end and self._next_allowed(index) == index:
                self.index = self._wanted = index
            start = end + len(_GAP)
