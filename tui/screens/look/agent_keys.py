"""Shows the keys that the ssh-agent holds, and which key pair each is."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.events import Key
from textual.timer import Timer
from textual.widgets import Static

from core.checks.finding import PairReference
from core.custody import agent_keys
from core.custody.agent import TO_START, TO_UNLOCK
from core.disk import files
from core.errors import KeyPairsError
from tui.actions.keymap import bindings, hints, key_of
from tui.actions.table import Place
from tui.screens.look.follow_up import FollowUp, KeyToImport, PairToBringBack, name_for
from tui.screens.placed_screen import PlacedScreen, ScreenKind, refuses_changes
from tui.screens.refusing import say_if_of_list
from tui.screens.workbench.bench import NOTHING, Bench, RowFacts, RowPane, Said
from tui.screens.workbench.grouped_list import GroupedList, Line
from tui.screens.workbench.widths import Column
from tui.widgets.cursor_list import CursorList
from tui.widgets.verdict_line import VerdictLine
from tui.words import judging
from tui.words.text import named, said_by, sentence, shortened, visible
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import exclusively, unless_busy

if TYPE_CHECKING:
    from core.custody.agent import AgentOwner
    from core.custody.agent_keys import AgentKey
    from core.session import Session

_COLUMNS = (
    Column("Type", 12),
    Column("Comment", 48, in_pane=True),
    Column("Key pair", 44),
)
_LATER = 2.0
"""Seconds after which an agent has surely forgotten a key whose time was said to be over."""

_LOOKS = {"rsa": "secondary", "ed25519": "primary"}
_TYPES = {"ssh-rsa": "rsa", "ssh-ed25519": "ed25519"}
_EMPTY = "It holds no key, or is locked ({unlock} unlocks it).\n\n"
_ADD = "To add one, press {add} on a new pair's key screen, or {saved} in a saved one's details."
_ADD_SAVED = "To add one, press {saved} in the details of a saved pair."
"""The same where no new pair is made."""


class AgentKeysScreen(PlacedScreen[FollowUp | None]):
    """The keys that the agent holds, and all about the one under the cursor.

    Ends with the pair to go to, in any Region, with a deleted one to bring back, with an unknown
    key to import, or with None.
    """

    CSS_PATH = "agent_keys.tcss"
    PLACE = Place.AGENT
    KIND = ScreenKind.WORKBENCH
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "GroupedList"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]  # noqa: RUF012 - as Textual declares it

    def __init__(self, session: "Session") -> None:
        super().__init__("The ssh-agent")
        self._session = session
        self._keys: Sequence[AgentKey] = ()
        self._next_end: Timer | None = None
        self._owner: AgentOwner | None = None
        self._asked: AgentKey | None = None
        """The key of which it was asked whether it is to be taken out."""
        self._state = VerdictLine(id="state")
        self._list = GroupedList(_COLUMNS)
        self._pane = RowPane()
        self._empty = Static(markup=False, id="empty")
        self._bench = Bench(
            [self._state], self._list, [self._empty], [self._pane], self._show_facts
        )

    def content(self) -> ComposeResult:
        yield self._bench

    def on_mount(self) -> None:
        self._empty.display = False
        self._ask()

    def on_key(self, event: Key) -> None:
        """Say so where a key is one of the list's."""
        say_if_of_list(self, event)

    def action_reload(self) -> None:
        """Ask the agent again, and say when that was done."""
        self._ask(is_told=True)

    @work(exclusive=True, group="look")
    async def _ask(self, *, is_told: bool = False) -> None:
        """Ask the agent what it holds."""
        try:
            found = await asyncio.to_thread(agent_keys.in_agent, self._session)
        except KeyPairsError as error:
            # A command to paste stands on a line of its own.
            reason = sentence(error).replace(f" {TO_START}, ", f"\n\n  {TO_START}\n\n")
            self._show((), Verdict(""), reason)
        else:
            add, saved = key_of("key-material.agent"), key_of("details.agent")
            taught = _ADD_SAVED if self._session.read_only else _ADD
            ways = f"{_EMPTY}{taught}".format(add=add, saved=saved, unlock=TO_UNLOCK)
            empty = "" if found.keys else ways
            self._owner = found.owner
            self._show(found.keys, judging.of_agent(found), empty)
        if is_told:
            # For a moment: what is taught here stands in the same line.
            self.fact_line.say_briefly(
                f"asked again at {self._session.now().astimezone():%H:%M:%S}"
            )

    def _show(self, keys: "Sequence[AgentKey]", state: Verdict, empty: str) -> None:
        """Show what the agent holds, or why there is nothing to show."""
        self._keys = keys
        self._ask_again_at_the_next_end()
        # Together with the keys: the cursor may have been on one that is gone.
        picked = self._list.picked
        self._list.load(list(self._lines()), picked.value if picked else None)
        self._state.show(state)
        self._show_empty(empty)

    def _ask_again_at_the_next_end(self) -> None:
        """Have the agent asked again once it has forgotten the next key, if that is known."""
        if self._next_end is not None:
            self._next_end.stop()
            self._next_end = None
        now = self._session.now()
        if ends := [key.until for key in self._keys if key.until is not None]:
            left = (min(ends) - now).total_seconds() + _LATER
            self._next_end = self.set_timer(left, self._ask)

    def _show_empty(self, text: str) -> None:
        self._empty.update(text)
        self._empty.display = bool(text)
        # Invisible rather than absent, so that the focus has a place to stay.
        self._list.set_class(bool(text), "-empty")
        self._show_facts()
        self._hint()

    def _lines(self) -> Iterator[Line]:
        for number, key in enumerate(self._keys):
            kind = self._type(key)
            known = key.key_pair or key.elsewhere or key.deleted
            yield Line(
                f"{number}",
                (visible(kind), shortened(key.identity.comment), shortened(_whose(key))),
                looks=(_LOOKS.get(kind, "muted"), "", "" if known else "muted"),
            )

    def _type(self, key: "AgentKey") -> str:
        return _TYPES.get(key.identity.algorithm, key.identity.algorithm)

    def _show_facts(self) -> None:
        if not self._list.shown:
            self._pane.show(NOTHING)
            return
        facts = [
            (label, visible(value)) for label, value in self._about(self._keys[self._list.cursor])
        ]
        (_, kind), *others = facts
        self._pane.show(
            RowFacts(
                shortened(self._keys[self._list.cursor].identity.comment) or kind,
                kind,
                [(label, [Said(value)]) for label, value in others],
                # Its type stands in the table, and its comment, unless that is long.
                [Said(value, label=label) for label, value in sorted(others, key=_is_comment)],
            )
        )

    @on(CursorList.Highlighted)
    def _hint(self) -> None:
        """Say what Enter does now, if it does anything, or what answers what was asked."""
        at = self._keys[self._list.cursor].identity if self._keys else None
        if self._asked is not None and self._asked.identity != at:
            self._ask_no_more()
            return
        if self._asked is not None:
            yes, back = key_of("agent.yes"), key_of("agent.back")
            self.key_hints.show(((yes, "take it out"), (back, "keep it")))
            return
        (key, _), *others = hints(Place.AGENT)
        if not self._keys:
            others = [hint for hint in others if hint[0] != key_of("agent.remove")]
        chosen = self._chosen
        changes = isinstance(chosen, KeyToImport | PairToBringBack)
        can = chosen is not None and not (changes and self._session.read_only)
        word = "import" if isinstance(chosen, KeyToImport) else "go to pair"
        word = "bring back" if isinstance(chosen, PairToBringBack) else word
        self.key_hints.show((*([(key, word)] if can else []), *others))

    @property
    def _chosen(self) -> FollowUp | None:
        """What Enter takes."""
        if not self._keys:
            return None
        key = self._keys[self._list.cursor]
        if key.key_pair is not None:
            pair = key.key_pair
            return PairReference(self._session.region, pair.key_pair_id, pair.key_name)
        if key.deleted is not None:
            return PairToBringBack(key.deleted)
        if key.elsewhere is None and key.identity.algorithm in _TYPES:
            return KeyToImport(name_for(key.identity.comment), key.identity.public_key)
        return key.elsewhere

    def _about(self, key: "AgentKey") -> Iterator[tuple[str, str]]:
        identity, elsewhere = key.identity, key.elsewhere
        yield "Type", self._type(key)
        if not identity.is_certificate:
            yield "Fingerprint", identity.fingerprint
        yield "Comment", identity.comment
        of = "a certificate for " if identity.is_certificate else ""
        if key.key_pair is not None:
            yield "Key pair", f"{of}{key.key_pair.key_name} ({key.key_pair.key_pair_id})"
        elif elsewhere is not None:
            where = f"{elsewhere.key_name} in {elsewhere.region} ({elsewhere.key_pair_id})"
            yield "Key pair", of + where
        elif key.deleted is not None:
            back = "" if self._session.read_only else f"; {key_of('agent.go')} brings it back"
            was = f"{key.deleted.key_name} in {key.deleted.region}"
            yield "Key pair", f"{of}{was}, which was deleted{back}"
        elif identity.is_certificate:
            yield "Key pair", f"{of}a key that no pair has"
        elif identity.algorithm in _TYPES:
            imports = "" if self._session.read_only else f"; {key_of('agent.go')} imports it"
            yield "Key pair", f"in no Region{imports}"
        else:
            yield "Key pair", "none; a pair is RSA or ED25519"
        # The protocol of agents has no way to ask for it.
        until = key.until and f"until {judging.moment(key.until, self._session.now())}"
        known = until or ("no limit" if key.for_good else "")
        yield "Time left", f"{known}, as asked when it was added" if known else "agents do not say"

    # Taking a key out ---------------------------------------------------------------------------

    @unless_busy
    def action_remove(self) -> None:
        """Take the key under the cursor out of the agent; ask first where it may be lost."""
        if self._keys and not refuses_changes(self):
            self._remove(self._keys[self._list.cursor], is_agreed=False)

    @unless_busy
    def action_yes(self) -> None:
        """Take out the key of which that was asked."""
        if refuses_changes(self):
            return
        if self._asked is not None:
            self._remove(self._asked, is_agreed=True)
        elif self._keys:
            key = key_of("agent.remove")
            self.say(Verdict(f"{key} takes the key under the cursor out of the agent"))

    @exclusively
    async def _remove(self, key: "AgentKey", *, is_agreed: bool) -> None:
        name = _name(key)
        if not is_agreed and (why := await asyncio.to_thread(_what_is_lost, key, self._owner)):
            self._asked = key
            self.say(Verdict(f"{why}; {key_of('agent.yes')} takes it out", Tone.CAUTION))
            self._hint()
            return
        self._asked = None
        self.say(Verdict(f"taking {name} out of the agent…"))
        try:
            warning = await asyncio.to_thread(agent_keys.remove_from_agent, self._session, key)
        except KeyPairsError as error:
            self.say(Verdict(f"{name} was not taken out. {said_by(error)}", Tone.BAD))
        else:
            said = Verdict(f"{name} is out of the agent", Tone.GOOD)
            self.say(Verdict(f"{said.text}. {warning}", Tone.CAUTION) if warning else said)
        self._ask()

    def action_back(self) -> None:
        """Leave the key where it is, if that was asked, or go back to the list."""
        if self._asked is None:
            self.dismiss(None)
        else:
            self._ask_no_more()

    def _ask_no_more(self) -> None:
        self._asked = None
        self.say(Verdict(""))
        self._hint()

    @on(CursorList.Selected)
    def action_go(self) -> None:
        """Go to the pair of the key, or import the key."""
        chosen = self._chosen
        if isinstance(chosen, KeyToImport | PairToBringBack) and refuses_changes(self):
            return
        if chosen is not None:
            self.dismiss(chosen)


def _is_comment(fact: tuple[str, str]) -> bool:
    return fact[0] == "Comment"


def _what_is_lost(key: "AgentKey", owner: "AgentOwner | None") -> str:
    """Return what is to be known before a key is taken out, if anything is; blocks."""
    name = _name(key)
    if owner is not None:
        return f"the agent belongs to {owner.name}, who may need {name}"
    with suppress(OSError):  # of what cannot be seen nothing is known
        if files.present(key.saved_to):
            return ""
    lost = "out of the agent it is gone, unless another agent or a copy holds it"
    return f"{name} is in no file that is known here: {lost}"


def _name(key: "AgentKey") -> str:
    """Return what a key is called."""
    pair = key.key_pair or key.elsewhere or key.deleted
    return named(pair.key_name if pair else key.identity.comment or key.identity.algorithm)


def _whose(key: "AgentKey") -> str:
    """Return the pair that a key is, for the end of its row."""
    if key.key_pair is not None:
        return key.key_pair.key_name
    if key.elsewhere is not None:
        return f"{key.elsewhere.key_name} in {key.elsewhere.region}"
    if key.deleted is not None:
        return f"{key.deleted.key_name}, deleted"
    return "unknown" if key.identity.algorithm in _TYPES else "not supported"
