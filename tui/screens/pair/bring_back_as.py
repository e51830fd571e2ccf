"""Brings a deleted key pair back under another name, where another pair has its own."""

from functools import partial
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.widgets import Input, Static

from core.errors import KeyPairsError
from core.model import KeptKeyPair
from tui.actions.keymap import bindings, key_in
from tui.actions.table import Place
from tui.screens.create.discarding import may_take_name
from tui.screens.placed_screen import PlacedScreen, RegionChanged
from tui.screens.refusing import say_refused
from tui.widgets.form_field import FormBody, FormField
from tui.widgets.text_input import TextInput
from tui.words import judging
from tui.words.place import waited_for
from tui.words.text import shortened
from tui.words.verdict import Verdict
from tui.work.exclusive import exclusively, is_busy, unless_busy
from tui.work.login import logged_in
from tui.work.slow_changes import run_change

if TYPE_CHECKING:
    from core.session import Session


class BringBackAsScreen(PlacedScreen[KeptKeyPair | None]):
    """A name for a deleted pair; ends with the pair that came back, or None.

    Args:
        key_pair: the deleted pair, whose own name is taken.
        key_name: the name to begin with.
        given_up: its private key was given up with it.
    """

    PLACE = Place.BRING_BACK
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#key-name"

    def __init__(
        self, session: "Session", key_pair: KeptKeyPair, key_name: str, *, given_up: bool = False
    ) -> None:
        super().__init__(f"Bring {key_pair.key_name} back under another name")
        self._session = session
        self._key_pair = key_pair
        self._given_up = given_up
        self._key_name = TextInput(key_name, id="key-name")
        self._field = FormField("Name", self._key_name)

    def content(self) -> ComposeResult:
        key_pair = self._key_pair
        with FormBody():
            as_it_was = f"All else of {key_pair.key_pair_id} comes back as it was"
            without = ", but without its private key, which was given up" * self._given_up
            yield Static(
                f"Another pair is called {shortened(key_pair.key_name)} now. {as_it_was}{without}.",
                markup=False,
                classes="explains",
            )
            yield self._field

    @on(Input.Changed)
    def _changed(self) -> None:
        self.say(Verdict(""))
        self._judge()

    @on(RegionChanged)
    @work(exclusive=True, group="judge")
    async def _judge(self) -> None:
        before = self._field.verdict
        judged = await judging.of_key_name_here(self._session, self._key_name.value)
        if judged.tone is not before.tone and not is_busy(self):
            self.say(Verdict(""))  # it was said of a name that was taken
        self._field.show(judged)

    def action_back(self) -> None:
        """Go back; the pair stays deleted."""
        if is_busy(self):
            self._session.give_up_waiting()
        else:
            self.dismiss(None)

    @on(Input.Submitted)
    @unless_busy
    def action_submit(self) -> None:
        """Bring the pair back under the name."""
        key_name = self._key_name.value
        if may_take_name(self, key_name, "bring back"):
            self._bring_back(key_name)

    @exclusively
    async def _bring_back(self, key_name: str) -> None:
        restore = partial(
            self._session.backend.restore_key_pair, self._key_pair.key_pair_id, key_name
        )
        back, waits_for = key_in(self.PLACE, "back"), waited_for(self._session)
        try:
            self.dismiss(
                await run_change(restore, self._field.show, self.key_hints, back, waits_for)
            )
        except KeyPairsError as error:
            if not await logged_in(self, self._session, error):
                await judging.explain_taken(self._session, error, key_name)
                say_refused(self, self._field, judging.refusal_of(error, key_name))
