"""Shows the form that adds a `Host` block for a saved key to the ssh configuration."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.widgets import Input

from core.custody.recipes import USER
from core.custody.ssh_folder import ssh_config
from core.custody.ssh_folder.ssh_config import BlockPlan, BlockStanding, HostBlock
from core.errors import KeyPairsError
from core.model import KeptKeyPair
from tui.actions.keymap import bindings, hints, key_of
from tui.actions.table import Place
from tui.screens.create.discarding import may_discard
from tui.screens.placed_screen import PlacedScreen
from tui.widgets.facts import Facts
from tui.widgets.form_field import FormBody, FormField
from tui.widgets.text_input import TextInput
from tui.widgets.verdict_line import MARKS
from tui.words import judging
from tui.words.text import short_path, short_paths
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import exclusively, is_busy, unless_busy

if TYPE_CHECKING:
    from core.session import Session

_TONES = {
    BlockStanding.ADDABLE: Tone.GOOD,
    BlockStanding.PRESENT: Tone.CAUTION,
    BlockStanding.REFUSED: Tone.BAD,
}


class AddSshHostScreen(PlacedScreen[str | None]):
    """Name, address and user; the block, and what adding it would do; ends with what was done.

    The first Enter says what would be written, and the second writes it, if it is the same still.

    Args:
        key_file: the saved file that the block names.
    """

    PLACE = Place.SSH_HOST
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#host"

    def __init__(self, session: "Session", key_pair: KeptKeyPair, key_file: str) -> None:
        super().__init__(f"A Host block for {key_pair.key_name}")
        self._session = session
        self._key_pair = key_pair
        self.about = [key_pair]
        self._key_file = key_file
        self._alias = TextInput(ssh_config.suggested_alias(key_pair.key_name), id="alias")
        self._host = TextInput(id="host")
        self._host.placeholder = "its address, such as web.example.com"
        self._user = TextInput(USER, id="user")
        self._fields = {
            "alias": FormField("Host", self._alias),
            "host": FormField("HostName", self._host),
            "user": FormField("User", self._user),
        }
        self._first = self._typed
        self._block = Facts(pasteable=True, judged=True, id="block")
        self._asked: BlockPlan | None = None

    def content(self) -> ComposeResult:
        with FormBody():
            yield from self._fields.values()
            yield self._block

    def on_mount(self) -> None:
        self._judge()

    @property
    def _typed(self) -> HostBlock:
        alias, host, user = (each.value.strip() for each in (self._alias, self._host, self._user))
        return HostBlock(alias, host, user)

    @on(Input.Changed)
    @work(exclusive=True, group="plan")
    async def _judge(self) -> None:
        if not is_busy(self):
            self._ask(None)
            self.say(Verdict(""))
        try:
            planned = await asyncio.to_thread(ssh_config.plan, self._typed, self._key_file)
        except KeyPairsError as error:
            self._show_block([], judging.refusal(error))
        else:
            self._show(planned)

    def _show(self, planned: BlockPlan) -> Verdict:
        text = "; ".join((planned.explanation, *planned.cautions))
        tone = Tone.CAUTION if planned.cautions else _TONES[planned.standing]
        said = Verdict(short_paths(text), tone)
        # While the address is still to be typed, that it is missing is no refusal.
        is_begun = bool(self._host.value) or planned.wrong != "host"
        at_field = said if is_begun else Verdict(said.text)
        for name, field in self._fields.items():
            field.show(at_field if name == planned.wrong else Verdict(""))
        lines = _lines(planned.text)
        self._show_block(lines, Verdict("") if planned.wrong else said, str(planned.path))
        return said

    def _show_block(self, lines: Sequence[tuple[str, str]], said: Verdict, path: str = "") -> None:
        """Show the file, what is said of it, and the block."""
        about = [("File", path)] * bool(path)
        if said.text:
            about.append(("", f"{MARKS[said.tone]}{said.text}"))
        self._block.show([*about, *lines])

    def _ask(self, planned: BlockPlan | None) -> None:
        """Take the next Enter for a yes to a block, or for the question."""
        self._asked = planned
        (key, add), *others = hints(self.PLACE)
        self.key_hints.show(((key, add if planned else "write, asks once"), *others))

    def action_back(self) -> None:
        """Go back; nothing is added. Where something was typed, ask once."""
        if not is_busy(self) and (self._typed == self._first or may_discard(self)):
            self.dismiss(None)

    @on(Input.Submitted)
    @unless_busy
    def action_submit(self) -> None:
        """Say what would be written, and at the second time write it."""
        self._add(self._typed)

    @exclusively
    async def _add(self, typed: HostBlock) -> None:
        try:
            planned = await asyncio.to_thread(ssh_config.plan, typed, self._key_file)
            said = self._show(planned)
            if planned.standing is not BlockStanding.ADDABLE:
                self._ask(None)
                self.say(said)
                return
            if self._asked is None or self._asked[:2] != planned[:2]:
                self._ask(planned)
                again = f"press {key_of('ssh-host.submit')} again to write it"
                path = short_path(str(planned.path))
                self.say(Verdict(f"{path}: {said.text}; {again}", Tone.CAUTION))
                return
            await asyncio.to_thread(ssh_config.add, self._session, self._key_pair, planned)
        except KeyPairsError as error:
            self.say(judging.refusal(error))
        else:
            path = short_path(str(planned.path))
            self.dismiss(f"Host {typed.alias} added to {path}; ssh {typed.alias} uses it")


def _lines(text: str) -> list[tuple[str, str]]:
    first, *others = text.splitlines()
    return [("Block", first), *(("", line) for line in others)]
