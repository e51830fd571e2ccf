"""Shows the form that adds a new private key to the ssh-agent."""

import asyncio
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.widgets import Input

from core.custody import agent_keys, lifetime
from core.custody.agent import AddNotConfirmed, AgentAsks, AgentOwner, NoAgent
from core.custody.agent_keys import AddedToAgent
from core.errors import KeyPairsError
from core.model import CreatedKeyPair
from tui.actions.keymap import bindings, hints, key_in, key_of
from tui.actions.table import Place
from tui.screens.create.discarding import is_kept, may_discard
from tui.screens.placed_screen import PlacedScreen
from tui.widgets.choice import Choice
from tui.widgets.form_field import FormBody, FormField
from tui.widgets.text_input import TextInput
from tui.words import judging
from tui.words.text import said_by
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import exclusively, is_busy, unless_busy

if TYPE_CHECKING:
    from core.session import Session

_USE, _ASK = "use", "ask"
_OPTIONS = ((_USE, "without asking"), (_ASK, "ask each time"))

_SECONDS_UNTIL_SAID = 1.0
"""How long adding takes before it is said what is waited for; most agents take a tenth of that."""


class AddToAgentScreen(PlacedScreen[AddedToAgent | None]):
    """How long, and whether to be asked at each use; ends with what was added, or None.

    Also where it ends with None the agent may hold the key, and then `not_confirmed` is set.

    Args:
        session: adds it.
        created: the pair, its private key in memory.
        is_saved: the private key is in a file, so that leaving loses nothing.
    """

    CSS_PATH = "add_to_agent.tcss"
    PLACE = Place.ADD_TO_AGENT
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#lifetime"

    def __init__(
        self, session: "Session", created: CreatedKeyPair, *, is_saved: bool = False
    ) -> None:
        super().__init__(f"Add {created.key_pair.key_name} to the ssh-agent")
        self._session = session
        self._created = created
        self.about = [created.key_pair]
        self._said = said_by if is_saved else _said
        self._lifetime = TextInput(id="lifetime")
        self._lifetime_field = FormField("Keep for", self._lifetime)
        self._use = Choice(_OPTIONS, id="use")
        self._use_field = FormField("Use it", self._use)
        self.answers: bool | None = None
        """Whether there is an agent that answers, once that is known."""
        self._refused = Verdict("")
        """Why the time was refused that was typed last."""
        self._form = FormBody(submits="add", lacks=lambda: self.answers is False)
        self._hints = hints(Place.ADD_TO_AGENT)
        self._accepted: AgentOwner | None = None
        self._stop = Event()
        self.not_confirmed = False
        """Whether the last key that was on its way to the agent was not seen to be there."""

    def content(self) -> ComposeResult:
        with self._form:
            yield self._lifetime_field
            yield self._use_field

    @work(exclusive=True, group="look")
    async def on_mount(self) -> None:
        self._judge_lifetime()
        try:
            found = await asyncio.to_thread(agent_keys.in_agent, self._session)
        except KeyPairsError as error:
            # Enter asks again, of an agent that was started meanwhile.
            self.answers = not isinstance(error, NoAgent)
            if self._form.is_attached:  # unless it failed
                self._form.mute_what_waits()
            self.say(Verdict(self._said(error), Tone.BAD))
        else:
            self.answers = True
            judged = judging.of_agent(found)
            held = judging.of_key_in_agent(found, self._created.key_pair, self._session.now())
            if judged.tone is Tone.PLAIN:
                self.fact_line.rest(held or judged)
            else:
                self.say(judged._replace(text=f"{held.text}; {judged.text}") if held else judged)

    @on(Input.Changed)
    def _judge_lifetime(self) -> None:
        is_kept(self)
        if self.fact_line.verdict == self._refused:
            self.say(Verdict(""))  # it was about another time
        self._lifetime_field.show(judging.of_lifetime(self._lifetime.value, self._session.now()))

    @on(Choice.Changed)
    def _judge_use(self) -> None:
        asks = self._use.value == _ASK
        words = "by ssh-askpass, which needs a display: without one it refuses every use"
        self._use_field.show(Verdict(words if asks else "", Tone.CAUTION if asks else Tone.PLAIN))

    def say_unforeseen(self, said: Verdict) -> None:
        """Say what went wrong that nobody expected; what was typed stays."""
        self.say(said)

    def action_back(self) -> None:
        """Go back; nothing is added. While the key is being added, stop waiting for the agent.

        Where a time was typed, ask once.
        """
        if is_busy(self):
            self._stop.set()
        elif not self._lifetime.value or self._is_of_no_use or may_discard(self):
            self.dismiss(None)

    @property
    def _is_of_no_use(self) -> bool:
        """Whether the time that was typed can wait: no agent takes it, or one perhaps has."""
        return self.answers is False or self.not_confirmed

    def on_unmount(self) -> None:
        # The program is about to end: nobody is left to answer what the agent may ask.
        self._stop.set()

    @on(Input.Submitted)
    @unless_busy
    def action_submit(self) -> None:
        """Add the private key to the agent."""
        try:
            kept = lifetime.parse(self._lifetime.value)
        except lifetime.LifetimeError:
            self._lifetime.focus()
            # That there is no agent is not to be taken for a matter of the time.
            if self.answers is not False:
                self._refused = self._lifetime_field.verdict
                self.say(self._refused)
            return
        # What was found before must not cover what comes of this.
        self.workers.cancel_group(self, "look")
        self._add(kept)

    @exclusively
    async def _add(self, kept: timedelta | None) -> None:
        self.say(Verdict("adding…"))
        self._stop.clear()
        stop = tuple((key, "stop waiting") for key, word in self._hints if word == "back")
        self.key_hints.show(stop)
        slow = self.set_timer(_SECONDS_UNTIL_SAID, self._say_what_is_waited_for)
        try:
            added = await asyncio.to_thread(
                agent_keys.add_to_agent,
                self._session,
                self._created,
                lifetime=kept,
                confirm=self._use.value == _ASK,
                accepted=self._accepted,
                stop=self._stop,
            )
        except AgentAsks as asked:
            self._accepted = asked.owner
            self.say(judging.of_agent_of_another(asked.owner))
        except AddNotConfirmed as error:
            self.not_confirmed = True
            again = f"{key_in(self.PLACE, 'submit')} tries again"
            self.say(Verdict(f"Perhaps added. {error.reason} {again}.", Tone.CAUTION))
        except KeyPairsError as error:
            self.answers = not isinstance(error, NoAgent)
            self.say(Verdict(f"Not added. {self._said(error)}", Tone.BAD))
        else:
            self.answers = True
            self.dismiss(added)
        finally:
            slow.stop()
            self.key_hints.show(self._hints)

    def _say_what_is_waited_for(self) -> None:
        back = key_in(Place.ADD_TO_AGENT, "back")
        self.say(
            Verdict(
                "waiting for the agent: it may be asking you for something, as gpg-agent asks for"
                f" a passphrase; {back} stops waiting",
                Tone.CAUTION,
            )
        )


def _said(error: KeyPairsError) -> str:
    # To leave and come back, as is advised elsewhere, would lose the key.
    if isinstance(error, NoAgent):
        back, save = key_in(Place.ADD_TO_AGENT, "back"), key_of("key-material.save")
        return f"{error.reason} Save the key to a file: {back}, then {save}."
    return said_by(error)
