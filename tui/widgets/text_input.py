"""Takes one line of text, and sends nothing while nothing happens."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Focus, Paste
from textual.message import Message
from textual.suggester import Suggester, SuggestionReady

from tui.terminal.inert_input import InertInput
from tui.work.brief_message import show_briefly, stop_saying_briefly

TAKES = "→ takes what is grey"
"""What is to be said while a text is suggested."""

_LONGEST = 8 * 1024
"""More characters than any name, tag, path or filter may have; what is pasted is cut here."""


class TextInput(InertInput):
    """Textual's Input, one line high, with a cursor that does not blink.

    A blinking cursor sends 2 KB a second for ever. There is no maximum length: Textual would drop
    a longer paste without a word, where a verdict beside the field says by how much it is over.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    DEFAULT_CSS = """
    TextInput.-textual-compact {
        background: $surface;
        border-left: outer $foreground 25% !important;
        padding-left: 1;
        &:focus {
            background: $panel;
            background-tint: $panel 0%;
            border-left: outer $primary !important;
        }
        &.-refused, &.-refused:focus { border-left: outer $error !important; }
        & > .input--placeholder { color: $text-muted; }
        &:ansi {
            background: ansi_default;
            padding: 0 1;
            border-left: solid ansi_default !important;
            border-right: solid ansi_default !important;
        }
        &:ansi:focus {
            border-left: outer ansi_default !important;
            border-right: outer ansi_default !important;
        }
        &:ansi.-refused { border-left: solid $error !important; }
        &:ansi.-refused:focus { border-left: outer $error !important; }
        /* Also where there are no colours at all. */
        &:ansi > .input--cursor, &:ansi > .input--selection {
            background: ansi_default;
            color: ansi_default;
            text-style: reverse;
        }
    }
    """

    class Suggests(Message):
        """A text that begins with what is typed stands grey behind it."""

    def __init__(self, value: str = "", *, id: str | None = None, classes: str = "") -> None:
        self._said_of_paste = ""
        super().__init__(value, id=id, classes=classes, compact=True, select_on_focus=False)
        self.cursor_blink = False

    def _on_focus(self, event: Focus) -> None:
        # Textual's own handler, which comes next, drops the suggestion until something is typed.
        if self.suggester is not None and self.value:
            self.run_worker(self._suggest_anew(self.suggester, self.value))

    async def _suggest_anew(self, suggester: Suggester, value: str) -> None:
        known_as = value if suggester.case_sensitive else value.casefold()
        if whole := await suggester.get_suggestion(known_as):
            self.post_message(SuggestionReady(value, whole))

    def on_suggestion_ready(self, event: SuggestionReady) -> None:
        """Tell the screen, which may teach the key that takes it."""
        if self.value == event.value and event.suggestion not in ("", event.value):
            self.post_message(self.Suggests())

    def _on_paste(self, event: Paste) -> None:
        # Textual's own handler, which comes next, takes the first line of the event's text.
        count = len(event.text.splitlines())
        event.text = event.text[:_LONGEST]
        if count > 1:
            # Behind the change that the paste makes.
            said = f"one line fits here: the first of {count:,} was taken"
            self.call_next(self._say_of_paste, said)

    def _say_of_paste(self, said: str) -> None:
        if not self.value:
            return  # nothing was taken: a private key was pasted, which is said elsewhere
        self._said_of_paste = said
        show_briefly(self.app, said)

    def watch_value(self) -> None:
        """Say no longer of a paste what was said of it, once something else stands here."""
        if self._said_of_paste:
            stop_saying_briefly(self.app, self._said_of_paste)
            self._said_of_paste = ""
