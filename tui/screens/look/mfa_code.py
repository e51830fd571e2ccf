"""Asks for the code of an MFA device, without which a role gives no credentials."""

import re

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from tui.actions.keymap import bindings, key_in
from tui.actions.table import Place
from tui.screens.placed_screen import PlacedScreen, ScreenKind
from tui.widgets.form_field import FormBody, FormField
from tui.widgets.text_input import TextInput
from tui.words.text import visible
from tui.words.verdict import Tone, Verdict


class MfaCodeScreen(PlacedScreen[str | None]):
    """One field; ends with the six digits that were typed, or None.

    Args:
        device: the device, as the AWS configuration names it.
    """

    PLACE = Place.MFA_CODE
    KIND = ScreenKind.DIALOG
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#code"

    def __init__(self, device: str) -> None:
        super().__init__("MFA code")
        # In the title it would be cut where the window is small.
        self._device = Static(visible(f"The code that {device} shows now"), markup=False)
        self._code = TextInput(id="code")
        self._field = FormField("Code", self._code)

    def content(self) -> ComposeResult:
        with FormBody():
            yield self._device
            yield self._field

    @on(Input.Changed)
    def _forget_refusal(self) -> None:
        self._field.show(Verdict(""))
        self.say(Verdict(""))

    @on(Input.Submitted)
    def action_submit(self) -> None:
        """Give the code to AWS."""
        code = self._code.value.replace(" ", "")
        if re.fullmatch("[0-9]{6}", code):
            self.dismiss(code)
        else:
            back = key_in(self.PLACE, "back")
            said = Verdict(f"six digits; {back} gives none", Tone.BAD)
            self._field.show(said)
            self.say(said)
