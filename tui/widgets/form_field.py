"""Lays out a form: the fields that scroll, and of each a label and a line that judges it."""

from collections.abc import Callable, Iterator, Mapping

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Key, Paste, Resize
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from tui.widgets.choice import HOW_TO_CHOOSE, Choice
from tui.widgets.fact_line import FactLine
from tui.widgets.key_hints import KeyHints
from tui.widgets.toggle import HOW_TO_SWITCH, Toggle
from tui.widgets.top_bar import TopBar
from tui.widgets.verdict_line import VerdictLine
from tui.words.cells import cell_len
from tui.words.text import fold, shortened
from tui.words.verdict import Tone, Verdict
from tui.work.brief_message import show_briefly

_HOW: Mapping[type[Widget], str] = {Choice: HOW_TO_CHOOSE, Toggle: HOW_TO_SWITCH}

_NO_TEXT = ("space", "question_mark")
"""What does something on a choice: it is chosen, or the help is shown."""


class FieldJudged(Message):
    """What a field holds is refused now, or no longer."""


class FormBody(VerticalScroll):
    """What a page or a dialog holds, which scrolls where it does not all fit.

    The field that has the focus stays in sight. Where the body has a frame, the title of the
    screen stands in it.

    Args:
        submits: the word of the key that does what a form is for, which is muted while it could
            only be refused.
        lacks: whether something is still to be typed before it can.
        hands_on: whether what is typed on a choice goes to a field for text. Where a passphrase is
            typed it must not: typed one field too far, it would stand there to be read.
    """

    def __init__(
        self,
        *,
        can_focus: bool = False,
        submits: str = "",
        lacks: Callable[[], bool] = lambda: False,
        hands_on: bool = True,
    ) -> None:
        super().__init__(can_focus=can_focus, classes="body")
        self._submits = submits
        self._lacks = lacks
        self._hands_on = hands_on

    def on_mount(self) -> None:
        self.border_title = Content(shortened(self.screen.query_one(TopBar).title))
        self.mute_what_waits()
        # Where the focus is changes nothing in it: what changes is sent to the terminal.
        if how := "; ".join(self._how_to_choose()):
            # What moves comes first: what chooses does so only there.
            self.screen.query_one(FactLine).teach(f"tab ↑ ↓ move; {how}", how)

    def _how_to_choose(self) -> Iterator[str]:
        """Yield what chooses, and where, if anything here is chosen."""
        for kind, how in _HOW.items():
            fields = [field for field in self.query(FormField) if isinstance(field.control, kind)]
            if fields:
                yield f"{', '.join(field.label for field in fields)}: {how}"

    def entitle(self, title: str) -> None:
        """Give the screen another title, which stands in the bar at the top and in the frame."""
        self.screen.query_one(TopBar).entitle(title)
        self.border_title = Content(shortened(title))

    @on(FieldJudged)
    def mute_what_waits(self) -> None:
        """Mute the key that does what the form is for, or no longer."""
        if self._submits:
            wrong = any(field.verdict.tone is Tone.BAD for field in self.query(FormField))
            for hints in self.screen.query(KeyHints):  # which go before what still judges a field
                hints.mute(*((self._submits,) if wrong or self._lacks() else ()))

    def on_key(self, event: Key) -> None:
        """Have a letter go to a field for text that is typed where nothing takes letters."""
        if (
            event.is_printable
            and event.key not in _NO_TEXT
            and self._type_on(Key(event.key, event.character))
        ):
            event.stop()

    def on_paste(self, event: Paste) -> None:
        """Likewise with what is pasted."""
        if self._type_on(Paste(event.text)):
            event.stop()

    def _type_on(self, typed: Key | Paste) -> bool:
        """Hand on what was typed on a choice to the nearest field for text, if there is one.

        Of two as near it is the one behind, to which Tab leads. Where nothing is handed on, say
        what leads there.
        """
        focused, order = self.screen.focused, self.screen.focus_chain
        if not isinstance(focused, Choice | Toggle) or focused not in order:
            return False
        at = order.index(focused)
        ways = [i - at for i, each in enumerate(order) if each.check_consume_key("a", "a")]
        if not ways:
            return False
        if not self._hands_on:
            leads = [
                f"{key} leads to {_label_of(order[at + min(there, key=abs)])}"
                for key, there in (
                    ("↑", [way for way in ways if way < 0]),
                    ("tab", [way for way in ways if way > 0]),
                )
                if there
            ]
            show_briefly(self.app, "; ".join((_HOW[type(focused)], *leads)))
            return True
        field = order[at + min(ways, key=lambda way: (abs(way), -way))]
        self.screen.set_focus(field)
        field.post_message(typed)
        how = f"in {_label_of(focused)} {_HOW[type(focused)]}"
        show_briefly(self.app, f"typed into {_label_of(field) or 'the field below'}; {how}")
        return True

    async def _on_resize(self, event: Resize) -> None:
        # Textual scrolls to a field only when it gets the focus.
        focused = self.screen.focused
        if focused is not None and self in focused.ancestors:
            field = next((each for each in focused.ancestors if isinstance(each, FormField)), None)
            if field is not None and field.verdict.tone is Tone.BAD:
                # With what is wrong with it: what takes the room may be the same said once more.
                self.call_after_refresh(field.scroll_visible, animate=False)
            self.call_after_refresh(focused.scroll_visible, animate=False)


class FormField(Vertical):
    """A label and a widget on one line, and the verdict on what it holds on the next.

    Args:
        label: our own text; stacked there may be none, where a sentence above says it.
        control: what has the focus.
        stacked: the label stands above the control, which then has the whole width.
    """

    DEFAULT_CSS = """
    FormField {
        height: auto;
        .form-field--row { height: auto; }
        .form-field--label { width: 13; color: $text-muted; }
        .form-field--row > .form-field--control { width: 1fr; }
        /* Below the text of the field, not below its edge. */
        VerdictLine { margin-left: 15; }
        &.-stacked VerdictLine { margin-left: 2; }
        /* Textual styles the label anew only where the field itself has such a rule. */
        &:focus-within { height: auto; }
        &:focus-within .form-field--label { color: $text-primary; text-style: bold; }
        &:ansi .form-field--label { color: ansi_default; text-style: $muted-style; }
        &:ansi:focus-within .form-field--label { color: ansi_default; text-style: bold; }
    }
    """

    def __init__(self, label: str, control: Widget, *, stacked: bool = False) -> None:
        super().__init__(classes="-stacked" if stacked else None)
        self.label = label
        self._label = Static(label, classes="form-field--label", markup=False)
        self._label.display = bool(label)
        self.control = control
        """What has the focus."""
        self.control.add_class("form-field--control", update=False)  # it is nowhere yet
        self._stacked = stacked
        self._verdict = VerdictLine()
        self._verdict.display = False

    def compose(self) -> ComposeResult:
        if self._stacked:
            yield self._label
            yield self.control
        else:
            with Horizontal(classes="form-field--row"):
                yield self._label
                yield self.control
        yield self._verdict

    @property
    def verdict(self) -> Verdict:
        """What stands below the control."""
        return self._verdict.verdict

    def show(self, verdict: Verdict, *wrong: Widget) -> None:
        """Put a verdict below the control, and colour the edge of what it refuses.

        `wrong` are the parts of the control that are refused, where it is not the whole.
        """
        if (verdict.tone is Tone.BAD) != (self.verdict.tone is Tone.BAD):
            self.post_message(FieldJudged())
        self._verdict.show(verdict)
        self._verdict.display = bool(verdict.text)
        self.refuse(*((wrong or (self.control,)) if verdict.tone is Tone.BAD else ()))

    def refuse(self, *wrong: Widget) -> None:
        """Colour the edge of what is refused, and of nothing else in the field."""
        for widget in self.control.walk_children(with_self=True):
            widget.set_class(widget in wrong, "-refused")


def _label_of(control: Widget) -> str:
    """Return what stands beside a control of a form."""
    return next(each.label for each in control.ancestors if isinstance(each, FormField))


class WhatToType(Static):
    """Asks for something to be typed, which stands in one line where that has room for it.

    Parted between two lines, its second word would be read as another sentence's.
    """

    def __init__(self, asks: str = "", what: str = "", *, id: str | None = None) -> None:
        self._asks, self._what = asks, what
        self._shown = self._in_lines()
        super().__init__(self._shown, markup=False, id=id)

    def on_resize(self) -> None:
        self.ask(self._asks, self._what)

    def ask(self, asks: str, what: str) -> None:
        """Ask, in visible words, for `what` to be typed, as it is shown."""
        self._asks, self._what = asks, what
        content = self._in_lines(self.size.width)
        if content.plain != self._shown.plain:
            self._shown = content
            self.update(content)

    def _in_lines(self, width: int = 0) -> Content:
        """Return it for a width, or for one that is not known yet."""
        last = fold(self._asks.rpartition("\n")[2], width)[-1] if width else ""
        fits = not width or cell_len(f"{last} {self._what}") <= width
        return Content.assemble(self._asks, " " if fits else "\n", (self._what, "bold"))
