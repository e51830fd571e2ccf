"""Lays out a form: the fields that scroll, and of each a label and a line that judges it."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Resize
from textual.widget import Widget
from textual.widgets import Static

from tui.widgets.verdict_line import VerdictLine
from tui.words.verdict import Verdict


class FormBody(VerticalScroll):
    """Fields that scroll where they do not all fit; the one that has the focus stays in sight."""

    def __init__(self, *, can_focus: bool = False) -> None:
        super().__init__(can_focus=can_focus, classes="body")

    async def _on_resize(self, event: Resize) -> None:
        # Textual scrolls to a field only when it gets the focus.
        focused = self.screen.focused
        if focused is not None and self in focused.ancestors:
            self.call_after_refresh(focused.scroll_visible, animate=False)


class FormField(Vertical):
    """A label and a widget on one line, and the verdict on what it holds on the next.

    Args:
        label: our own text.
        control: what has the focus.
        stacked: the label stands above the control, which then has the whole width.
    """

    DEFAULT_CSS = """
    FormField {
        height: auto;
        .form-field--row { height: auto; }
        .form-field--label { width: 11; color: $text-muted; }
        .form-field--row > .form-field--control { width: 1fr; }
        VerdictLine { margin-left: 11; }
        &.-stacked VerdictLine { margin-left: 0; }
    }
    """

    def __init__(self, label: str, control: Widget, *, stacked: bool = False) -> None:
        super().__init__(classes="-stacked" if stacked else None)
        self._label = Static(label, classes="form-field--label", markup=False)
        self.control = control
        """What has the focus."""
        self.control.add_class("form-field--control")
        self._stacked = stacked
        self._verdict = VerdictLine()

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

    def show(self, verdict: Verdict) -> None:
        """Put a verdict below the control."""
        self._verdict.show(verdict)
