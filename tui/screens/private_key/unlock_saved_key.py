"""Asks for the passphrase of a saved private key file, and opens it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from textual import on
from textual.app import ComposeResult

from core.errors import ProofFailed
from core.model import CreatedKeyPair
from core.secret import Passphrase
from tui.actions.keymap import bindings
from tui.actions.table import Place
from tui.screens.placed_screen import PlacedScreen, ScreenKind
from tui.screens.private_key.passphrase_input import PassphraseInput
from tui.widgets.form_field import FormBody, FormField
from tui.words.text import said_by, short_path
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import exclusively, is_busy, unless_busy


class UnlockSavedKeyScreen(PlacedScreen[CreatedKeyPair | None]):
    """One field; ends with the pair and its private key, or None.

    Args:
        path: the saved file, which is encrypted.
        open_with: opens it; blocks, and may raise ProofFailed.
    """

    PLACE = Place.UNLOCK
    KIND = ScreenKind.DIALOG
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "PassphraseInput"

    def __init__(
        self, path: Path, open_with: Callable[[Passphrase], CreatedKeyPair | None]
    ) -> None:
        super().__init__(f"The passphrase of {short_path(str(path))}")
        self._open_with = open_with
        self._passphrase = PassphraseInput(id="passphrase")
        self._field = FormField("Passphrase", self._passphrase)

    def content(self) -> ComposeResult:
        with FormBody():
            yield self._field

    @on(PassphraseInput.Changed)
    def _forget_refusal(self) -> None:
        # What is emptied after a refusal is no new try.
        if self._passphrase.reveal() and not is_busy(self):
            self._show(Verdict(""))

    def _show(self, said: Verdict) -> None:
        self._field.show(said)
        self.say(said)

    def action_back(self) -> None:
        """Go back; the file stays locked."""
        if not is_busy(self):
            self.dismiss(None)

    @unless_busy
    def action_submit(self) -> None:
        """Open the file with what was typed."""
        try:
            passphrase = Passphrase(self._passphrase.reveal())
        except ValueError as error:
            self._show(Verdict(str(error), Tone.BAD))
        else:
            self._open(passphrase)

    @exclusively
    async def _open(self, passphrase: Passphrase) -> None:
        self.say(Verdict("opening…"))
        try:
            opened = await asyncio.to_thread(self._open_with, passphrase)
        except ProofFailed as error:
            self._passphrase.clear()
            self._show(Verdict(said_by(error), Tone.BAD))
        else:
            self.dismiss(opened)
        finally:
            passphrase.wipe()
