"""Asks before a private key is given up."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.events import Key
from textual.widgets import Input, Static

from core.checks import deleted
from core.errors import KeyPairsError
from core.model import KeptKeyPair
from tui.actions.keymap import bindings, hints, key_in, key_of
from tui.actions.table import Place
from tui.screens.placed_screen import PlacedScreen, ScreenKind
from tui.terminal.clipboard import TO_COPY
from tui.widgets.choice import Choice
from tui.widgets.form_field import FormBody, FormField, WhatToType
from tui.widgets.text_input import TextInput
from tui.words import judging
from tui.words.pairs import what_comes_back
from tui.words.place import waited_for
from tui.words.text import visible
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import exclusively, is_busy, unless_busy
from tui.work.login import logged_in
from tui.work.slow_changes import run_change

if TYPE_CHECKING:
    from core.session import Session

_DELETE, _KEEP = "delete", "keep"
_OPTIONS = ((_DELETE, "delete it too"), (_KEEP, "keep it, marked !"))
_COMES = {_DELETE: "delete the pair", _KEEP: "keep the pair"}
"""The word of the key that gives the private key up."""


def _loss(*, shown: bool, sent: bool, perhaps_in_agent: bool) -> str:
    """Say what giving the private key up means, where it may be besides here."""
    places = ["was shown here"] * shown + [f"was {TO_COPY}"] * sent
    places += (
        [f"may be in the ssh-agent (the list's {key_of('list.agent')} shows what it holds)"]
        if perhaps_in_agent
        else []
    )
    if not places:
        return "The private key was not saved. It exists nowhere else, and cannot be made again."
    where = " and ".join(places)
    return f"The private key {where}; no file holds it, and it cannot be made again."


class DiscardKeyMaterialScreen(PlacedScreen[str | None]):
    """Asks for the pair's name; ends with what was given up, in words, or None.

    Args:
        shown: the private key stood on the screen.
        sent: the private key was sent to the terminal's clipboard.
        perhaps_in_agent: the agent may hold the private key, but was not seen to.
        deletes_pair: what is chosen at first: the pair is deleted too.
    """

    CSS_PATH = "discard_key_material.tcss"
    PLACE = Place.DISCARD
    KIND = ScreenKind.DIALOG
    IS_DANGEROUS = True
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#key-name"

    def __init__(
        self,
        session: "Session",
        key_pair: KeptKeyPair,
        *,
        sent: bool,
        shown: bool = False,
        perhaps_in_agent: bool = False,
        deletes_pair: bool = True,
    ) -> None:
        super().__init__("Leave without the private key?")
        self._loss = _loss(shown=shown, sent=sent, perhaps_in_agent=perhaps_in_agent)
        self._session = session
        self._key_pair = key_pair
        self.about = [key_pair]
        self._key_name = TextInput(id="key-name")
        self._field = FormField("", self._key_name, stacked=True)
        self._fate = Choice(_OPTIONS, value=_DELETE if deletes_pair else _KEEP, id="fate")

    def content(self) -> ComposeResult:
        with FormBody():
            yield Static(self._loss, markup=False, id="loss")
            yield FormField("The pair", self._fate)
            yield WhatToType("To give the private key up, type", visible(self._key_pair.key_name))
            yield self._field

    @property
    def deletes_pair(self) -> bool:
        """Whether the pair is to be deleted too, as it is chosen now."""
        return self._fate.value == _DELETE

    def on_key(self, event: Key) -> None:
        """Choose by an arrow also while the name is still to be typed, where it would do nothing.

        It is what the line at the bottom teaches, and what follows may be the deletion of the pair.
        """
        steps = {"left": -1, "right": 1}
        if event.key in steps and self._key_name.has_focus and not self._key_name.value:
            event.stop()
            self._fate.focus()
            self._fate.action_move(steps[event.key])

    @on(Input.Changed)
    def _forget_refusal(self) -> None:
        self._field.show(Verdict(""))
        self.say(Verdict(""))
        self._mute_what_waits()

    @on(Choice.Changed)
    def _name_what_comes(self) -> None:
        """Say what becomes of the pair as it is chosen: nothing but that tells the two apart."""
        (submit, _), *others = hints(self.PLACE)
        self.key_hints.show(((submit, _COMES[self._fate.value]), *others))
        self._mute_what_waits()

    def _mute_what_waits(self) -> None:
        """Mute the key that gives the private key up for as long as the name is not typed."""
        self.key_hints.mute(*(() if self._is_typed else _COMES.values()))

    @property
    def _is_typed(self) -> bool:
        # What the screen asks for must do, also where the name itself cannot be typed.
        name = self._key_pair.key_name
        return self._key_name.value in (name, visible(name))

    def on_mount(self) -> None:
        self._name_what_comes()

    def action_back(self) -> None:
        """Go back; the key is still there."""
        if is_busy(self):
            self._session.give_up_waiting()
        elif self.is_active:
            self.dismiss(None)

    @on(Input.Submitted)
    @unless_busy
    def action_submit(self) -> None:
        """Give the private key up, if the name is right."""
        # To keep the pair takes no worker, which would hold back what comes close behind: it would
        # close the screen of the key as well.
        if not self.is_active:
            return
        name = self._key_pair.key_name
        if not self._is_typed:
            back = key_in(self.PLACE, "back")
            otherwise = f"{back} goes back to the key"
            wrong = judging.of_what_was_typed(self._key_name.value, name, otherwise)
            said = Verdict(wrong, Tone.BAD)
            self._field.show(said)
            self.say(said)
            self._key_name.focus()
            return
        if self.deletes_pair:
            self._delete()
        else:
            self.dismiss(f"gave up the private key of {name}; the pair stays, marked !")

    @exclusively
    async def _delete(self) -> None:
        delete = partial(
            self._session.backend.delete_key_pair,
            key_pair_id=self._key_pair.key_pair_id,
            given_up=True,
        )
        try:
            back = key_in(self.PLACE, "back")
            await run_change(delete, self.say, self.key_hints, back, waited_for(self._session))
        except KeyPairsError as error:
            if not await logged_in(self, self._session, error):
                await asyncio.to_thread(deleted.explain, self._session, [error])
                self.say(Verdict(f"not deleted: {judging.refusal(error).text}", Tone.BAD))
        else:
            name = self._key_pair.key_name
            # In EC2 it is gone for good.
            can_be = self._session.backend.capabilities.brings_back
            back = f"; {key_of('list.deleted')} {what_comes_back(given_up=True)}" if can_be else ""
            self.dismiss(f"gave up the private key of {name}, and deleted the pair{back}")
