"""Takes a passphrase, and shows how long it is and nothing else."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Key, Paste
from textual.message import Message
from textual.widget import Widget

from tui.words.text import ELLIPSIS
from tui.work.brief_message import show_briefly

_MARK = "•"


class PassphraseInput(Widget, can_focus=True):
    """One line of marks: letters are added, Backspace takes the last, Ctrl-U takes all.

    Our own because Textual's Input keeps its value in a reactive, sends it in messages, and lets
    it be copied. What was typed is here until `clear()` or the end of the screen, and nowhere else.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("backspace,ctrl+h", "delete", show=False),
        Binding("ctrl+u", "clear", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    DEFAULT_CSS = """
    PassphraseInput {
        height: 1;
        background: $surface;
        border-left: outer $foreground 25%;
        padding-left: 1;
        &:focus { background: $panel; border-left: outer $primary; }
        &.-refused, &.-refused:focus { border-left: outer $error; }
    }
    """

    class Changed(Message):
        """Something else stands in the field; what, is asked of the field."""

        def __init__(self, field: "PassphraseInput") -> None:
            super().__init__()
            self.field = field

        @property
        def control(self) -> "PassphraseInput":
            """The field that sent this."""
            return self.field

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._characters: list[str] = []

    def reveal(self) -> str:
        """Return what was typed."""
        return "".join(self._characters)

    def clear(self) -> None:
        """Forget what was typed."""
        self._characters.clear()
        self._changed()

    def on_unmount(self) -> None:
        # Textual may remember a closed screen for long, as the one that sent the last event.
        self._characters.clear()

    def action_clear(self) -> None:
        """Empty the field."""
        self.clear()

    def action_delete(self) -> None:
        """Take the last character away."""
        if self._characters:
            self._characters.pop()
            self._changed()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return character is not None and character.isprintable()

    def on_key(self, event: Key) -> None:
        if event.is_printable and event.character is not None:
            event.stop()
            event.prevent_default()
            self._add(event.character)

    def on_paste(self, event: Paste) -> None:
        event.stop()
        first, *others = event.text.splitlines() or [""]
        if any(line.strip() for line in others):
            show_briefly(self.app, "more than one line was pasted; the first alone was taken")
        self._add(first)

    def _add(self, text: str) -> None:
        self._characters += text
        self._changed()

    def _changed(self) -> None:
        self.refresh()
        self.post_message(self.Changed(self))

    def render(self) -> Content:
        room = max(self.size.width - 1, 0)
        count = len(self._characters)
        marks = Content(_MARK * count if count <= room else ELLIPSIS + _MARK * (room - 1))
        return marks + Content.styled(" ", "reverse") if self.has_focus else marks
