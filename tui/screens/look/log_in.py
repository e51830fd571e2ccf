"""Offers to log in to AWS where that is what a form waits for; the form stays as it is."""

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.widgets import Static

from tui.actions.keymap import bindings
from tui.actions.table import Place
from tui.screens.placed_screen import PlacedScreen, ScreenKind
from tui.terminal.logging_in import log_in
from tui.widgets.form_field import FormBody
from tui.words.text import said_by, visible
from tui.words.verdict import Tone, Verdict

if TYPE_CHECKING:
    from core.ec2.unanswered import CredentialsError


class LogInScreen(PlacedScreen[bool]):
    """Says that the login has expired, and runs the command; ends with whether that went well."""

    PLACE = Place.LOG_IN
    KIND = ScreenKind.DIALOG
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "FormBody"

    def __init__(self, error: "CredentialsError") -> None:
        super().__init__("Log in again")
        self._error = error

    def content(self) -> ComposeResult:
        with FormBody(can_focus=True):
            command = self._error.command_line
            text = f"{said_by(self._error)}\n\nThis runs in the terminal below: {command}"
            yield Static("\n".join(map(visible, text.split("\n"))), markup=False, id="said")

    def action_submit(self) -> None:
        """Run the command, and go back where it went well."""
        said = log_in(self.app, self._error.command)
        if said:
            self.say(Verdict(said, Tone.BAD))
        else:
            self.dismiss(True)

    def action_back(self) -> None:
        """Go back without."""
        self.dismiss(False)
