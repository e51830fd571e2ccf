"""What the ssh-agent holds."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from core.errors import KeyPairsError
from tui import verdict
from tui.actions import Place
from tui.keymap import bindings
from tui.text import sentence, visible
from tui.tone import Tone, Verdict
from tui.widgets.cursor_list import CursorList
from tui.widgets.facts import Facts
from tui.widgets.key_hints import KeyHints
from tui.widgets.pick_list import Item, PickList
from tui.widgets.top_line import TopLine
from tui.widgets.verdict_line import VerdictLine

if TYPE_CHECKING:
    from core.delivery import AgentKey
    from core.service import KeyPairService

_TYPES = {"ssh-rsa": "rsa", "ssh-ed25519": "ed25519"}
_EMPTY = (
    "It holds no key, or is locked (ssh-add -X unlocks it).\n\n"
    "A new pair's private key is added by a on its screen, before it is left;"
    " one that was saved, by ssh-add and its file."
)


class AgentKeysScreen(Screen[str | None]):
    """The keys that the agent holds, and all about the one under the cursor.

    Ends with the id of the pair to go to in the list, or None.
    """

    CSS_PATH = "agent_keys.tcss"
    PLACE = Place.AGENT
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "PickList"

    def __init__(self, service: "KeyPairService") -> None:
        super().__init__()
        self._service = service
        self._keys: Sequence[AgentKey] = ()
        self._state = VerdictLine(id="state")
        self._list = PickList()
        self._facts = Facts()
        self._empty = Static(markup=False, id="empty")

    def compose(self) -> ComposeResult:
        yield TopLine("The ssh-agent")
        yield self._state
        yield self._list
        yield self._facts
        yield self._empty
        yield KeyHints(Place.AGENT)

    def on_mount(self) -> None:
        self._empty.display = False
        self.action_reload()

    @work(exclusive=True, group="look")
    async def action_reload(self) -> None:
        """Ask the agent what it holds."""
        try:
            found = await asyncio.to_thread(self._service.agent)
        except KeyPairsError as error:
            self._keys = ()
            self._state.show(Verdict("", Tone.PLAIN))
            self._show_empty(sentence(error))
            return
        self._keys = found.keys
        self._state.show(verdict.of_agent(found))
        if self._keys:
            self._show_empty("")
            self._list.set_items(list(self._items()), self._list.cursor)
        else:
            self._show_empty(_EMPTY)

    def _show_empty(self, text: str) -> None:
        self._empty.update(text)
        self._empty.display = bool(text)
        # Invisible rather than absent, so that the focus has a place to stay.
        self._list.set_class(bool(text), "-empty")
        self._facts.display = not text

    def _items(self) -> Iterator[Item]:
        for key in self._keys:
            name = key.key_pair.key_name if key.key_pair else f"not of {self._service.region}"
            yield Item("", visible(f"{self._type(key):<8} {key.identity.comment}"), visible(name))

    def _type(self, key: "AgentKey") -> str:
        return _TYPES.get(key.identity.algorithm, key.identity.algorithm)

    @on(CursorList.Highlighted)
    def _show_facts(self) -> None:
        if self._keys:
            self._facts.show(self._about(self._keys[self._list.cursor]))

    def _about(self, key: "AgentKey") -> Iterator[tuple[str, str]]:
        identity, key_pair = key.identity, key.key_pair
        yield "Type", self._type(key)
        if not identity.is_certificate:
            yield "Fingerprint", identity.fingerprint
        yield "Comment", identity.comment
        if key_pair is not None:
            yield "Key pair", f"{key_pair.key_name} ({key_pair.key_pair_id})"
        elif identity.is_certificate:
            yield "Key pair", "a certificate, which is never a key pair"
        else:
            yield "Key pair", f"not a key pair of {self._service.region}"

    @on(CursorList.Selected)
    def action_go(self) -> None:
        """Go to the pair in the list."""
        if not self._keys:
            return
        key_pair = self._keys[self._list.cursor].key_pair
        if key_pair is None:
            words = f"that key is none of {self._service.region}; there is nowhere to go"
            self._state.show(Verdict(words, Tone.CAUTION))
        else:
            self.dismiss(key_pair.key_pair_id)

    def action_back(self) -> None:
        """Go back to the list."""
        self.dismiss(None)
