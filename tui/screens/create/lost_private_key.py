"""Offers to delete a pair that EC2 made and whose private key was lost on the way."""

from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from core.errors import KeyPairsError
from tui.actions.keymap import bindings, key_in
from tui.actions.table import Place
from tui.screens.placed_screen import PlacedScreen, ScreenKind
from tui.widgets.form_field import FormBody, FormField, WhatToType
from tui.widgets.text_input import TextInput
from tui.words import judging
from tui.words.place import waited_for
from tui.words.text import visible
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import exclusively, is_busy, unless_busy
from tui.work.login import logged_in
from tui.work.slow_changes import run_change

if TYPE_CHECKING:
    from core.ec2.unanswered import PrivateKeyLost
    from core.session import Session


class LostPrivateKeyScreen(PlacedScreen[bool]):
    """Says what stands in EC2 and that nobody has its key; ends with whether it was deleted.

    The pair is named by its id, so that nothing else is deleted.
    """

    PLACE = Place.LOST_KEY
    KIND = ScreenKind.DIALOG
    IS_DANGEROUS = True
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#typed"

    def __init__(self, session: "Session", lost: "PrivateKeyLost") -> None:
        super().__init__("The private key was lost on the way")
        self._session = session
        self._lost = lost
        self._typed = TextInput(id="typed")
        self._field = FormField("Its name", self._typed)

    def content(self) -> ComposeResult:
        key_pair = self._lost.key_pair
        with FormBody():
            said = (
                self._lost.how,
                f"EC2 made {key_pair.key_name} ({key_pair.key_pair_id}), and nobody has its private"
                " key: it is of no use to anybody.\n",
            )
            yield Static("\n\n".join(map(visible, said)), markup=False, id="said")
            yield WhatToType("To delete it, type", visible(key_pair.key_name))
            yield self._field

    @on(Input.Changed)
    def _forget_refusal(self) -> None:
        self._field.show(Verdict(""))
        self.say(Verdict(""))

    @on(Input.Submitted)
    @unless_busy
    def action_submit(self) -> None:
        """Delete the pair, once its name is typed."""
        name = self._lost.key_pair.key_name
        if self._typed.value in (name, visible(name)):
            self._delete()
        else:
            back = key_in(self.PLACE, "back")
            wrong = judging.of_what_was_typed(self._typed.value, name, f"{back} keeps the pair")
            said = Verdict(wrong, Tone.BAD)
            self._field.show(said)
            self.say(said)

    @exclusively
    async def _delete(self) -> None:
        key_pair_id = self._lost.key_pair.key_pair_id
        delete = partial(self._session.backend.delete_key_pair, key_pair_id=key_pair_id)
        self.say(Verdict("deleting…"))
        back = key_in(self.PLACE, "back")
        try:
            await run_change(delete, self.say, self.key_hints, back, waited_for(self._session))
        except KeyPairsError as error:
            if not await logged_in(self, self._session, error):
                self.say(judging.refusal(error))
        else:
            self.dismiss(True)

    def action_back(self) -> None:
        """Keep the pair; while it is being deleted, give up waiting for that."""
        if is_busy(self):
            self._session.give_up_waiting()
        else:
            self.dismiss(False)
