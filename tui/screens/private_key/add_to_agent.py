"""The form that adds a new private key to the ssh-agent."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Input

from core.custody import agent_keys, lifetime
from core.custody.agent import AddNotConfirmed, NoAgent
from core.custody.agent_keys import AddedToAgent
from core.errors import KeyPairsError
from core.model import CreatedKeyPair
from tui.actions.keymap import bindings, key_in, key_of
from tui.actions.table import Place
from tui.widgets.choice import Choice
from tui.widgets.form_body import FormBody
from tui.widgets.form_field import FormField
from tui.widgets.key_hints import KeyHints
from tui.widgets.text_input import TextInput
from tui.widgets.top_line import TopLine
from tui.widgets.verdict_line import VerdictLine
from tui.words import judging
from tui.words.text import said_by
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import flow, is_flowing, once

if TYPE_CHECKING:
    from core.session import Session

_USE, _ASK = "use", "ask"
_OPTIONS = ((_USE, "without asking"), (_ASK, "ask each time"))


class AddToAgentScreen(Screen[AddedToAgent | None]):
    """How long, and whether to be asked at each use; ends with what was added, or None.

    Also where it ends with None the agent may hold the key, and then `not_confirmed` is set.

    Args:
        service: adds it.
        created: the pair, its private key in memory.
        holds_key: leaving the program now would lose the private key.
    """

    CSS_PATH = "add_to_agent.tcss"
    PLACE = Place.ADD_TO_AGENT
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#lifetime"

    def __init__(
        self, session: "Session", created: CreatedKeyPair, *, holds_key: bool = False
    ) -> None:
        super().__init__()
        self._session = session
        self._created = created
        self.holds_key = holds_key
        self._lifetime = TextInput(id="lifetime")
        self._lifetime_field = FormField("Keep for", self._lifetime)
        self._use = Choice(_OPTIONS, id="use")
        self._use_field = FormField("Use it", self._use)
        self._outcome = VerdictLine(id="outcome")
        self.not_confirmed = False
        """Whether the last key that was on its way to the agent was not seen to be there."""

    def compose(self) -> ComposeResult:
        yield TopLine(f"Add the private key of {self._created.key_pair.key_name} to the ssh-agent")
        with FormBody():
            yield self._lifetime_field
            yield self._use_field
            yield self._outcome
        yield KeyHints(Place.ADD_TO_AGENT)

    @work(exclusive=True, group="look")
    async def on_mount(self) -> None:
        self._judge_lifetime()
        try:
            found = await asyncio.to_thread(agent_keys.in_agent, self._session)
        except KeyPairsError as error:
            self._outcome.show(Verdict(_said(error), Tone.BAD))
        else:
            self._outcome.show(judging.of_agent(found))

    @on(Input.Changed)
    def _judge_lifetime(self) -> None:
        self._lifetime_field.show(judging.of_lifetime(self._lifetime.value, self._session.now()))

    @on(Choice.Changed)
    def _judge_use(self) -> None:
        asks = self._use.value == _ASK
        words = "by ssh-askpass, which needs a display: without one it refuses every use"
        self._use_field.show(Verdict(words if asks else "", Tone.CAUTION if asks else Tone.PLAIN))

    def say_unforeseen(self, said: Verdict) -> None:
        """Say what went wrong that nobody expected; what was typed stays."""
        self._outcome.show(said)

    def action_back(self) -> None:
        """Go back; nothing is added."""
        if not is_flowing(self):
            self.dismiss(None)

    @on(Input.Submitted)
    @once
    def action_submit(self) -> None:
        """Add the private key to the agent."""
        try:
            kept = lifetime.parse(self._lifetime.value)
        except lifetime.LifetimeError:
            self._lifetime.focus()
            return
        # What was found before must not cover what comes of this.
        self.workers.cancel_group(self, "look")
        self._add(kept)

    @flow
    async def _add(self, kept: timedelta | None) -> None:
        self._outcome.show(Verdict("adding…"))
        try:
            added = await asyncio.to_thread(
                agent_keys.add_to_agent,
                self._session,
                self._created,
                lifetime=kept,
                confirm=self._use.value == _ASK,
            )
        except AddNotConfirmed as error:
            self.not_confirmed = True
            self._outcome.show(Verdict(f"Perhaps added. {said_by(error)}", Tone.CAUTION))
        except KeyPairsError as error:
            self._outcome.show(Verdict(f"Not added. {_said(error)}", Tone.BAD))
        else:
            self.dismiss(added)


def _said(error: KeyPairsError) -> str:
    # To leave and come back, as is advised elsewhere, would lose the key.
    if isinstance(error, NoAgent):
        back, save = key_in(Place.ADD_TO_AGENT, "back"), key_of("key-material.save")
        return f"{error.reason} Save the key to a file: {back}, then {save}."
    return said_by(error)
