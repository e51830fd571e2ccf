"""Writes pairs to a new file, as CSV or JSON."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from core.custody import export
from core.disk.destination import plain_export_name, suggest_export
from core.errors import SaveError
from core.model import KeptKeyPair
from core.words.plural import n_of
from tui.actions.keymap import bindings
from tui.actions.table import Place
from tui.screens.create.discarding import may_discard
from tui.screens.placed_screen import PlacedScreen
from tui.widgets.form_field import FormBody
from tui.widgets.path_field import PathField
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import exclusively, is_busy, unless_busy

if TYPE_CHECKING:
    from core.session import Session

_WHAT = "Written: names, fingerprints, public keys, tags; no private keys."


class ExportScreen(PlacedScreen[Path | None]):
    """One path, its verdict live; ends with the path that was written, or None.

    A failure is said below the path, and the path stays for another try.
    """

    PLACE = Place.EXPORT
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#path"

    def __init__(self, session: "Session", key_pairs: Sequence[KeptKeyPair]) -> None:
        super().__init__(f"Export {n_of(len(key_pairs), 'key pair')}")
        self._session = session
        self._key_pairs = key_pairs
        self._suggested = suggest_export(session.region)
        self._path = PathField(
            self._suggested,
            _holds,
            lambda place: place.makes is not None,
            plain_export_name(session.region),
        )

    def content(self) -> ComposeResult:
        with FormBody(submits="save"):
            yield self._path
            yield Static(_WHAT, markup=False, id="what")

    @on(Input.Changed)
    def _forget_refusal(self) -> None:
        if not is_busy(self):
            self.say(Verdict(""))

    def action_back(self) -> None:
        """Go back; nothing is saved. Where a path was typed, ask once."""
        is_as_suggested = self._path.path == self._suggested
        if not is_busy(self) and (is_as_suggested or may_discard(self)):
            self.dismiss(None)

    @on(Input.Submitted)
    @unless_busy
    def action_submit(self) -> None:
        """Save."""
        self._submit()

    @exclusively
    async def _submit(self) -> None:
        self.say(Verdict("saving…"))
        try:
            path = await asyncio.to_thread(
                export.export,
                self._key_pairs,
                self._session.region,
                self._path.path,
                accepted=self._path.accepted,
            )
        except SaveError as error:
            self.say(self._path.refuse_save(error))
        else:
            self.dismiss(path)


def _holds(path: str) -> Verdict:
    """Say which format a file of this name will have, and how to have the other."""
    try:
        is_csv = export.format_of(path) == export.CSV
    except export.WrongEnding as error:
        return Verdict(str(error), Tone.BAD)
    return Verdict("CSV; any other ending makes it JSON" if is_csv else "JSON; .csv makes it CSV")
