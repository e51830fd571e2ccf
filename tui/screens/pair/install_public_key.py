"""Shows the form that installs a public key in authorized_keys."""

import asyncio
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input
from textual.widgets.input import Selection

from core.custody import installing, key_options
from core.custody.authorized_keys import AddedNotConfirmed, Addition
from core.errors import KeyPairsError
from core.model import KeptKeyPair, PrivateKeyState
from tui.actions.keymap import bindings, key_of
from tui.actions.table import Place
from tui.screens.create.discarding import may_discard
from tui.screens.placed_screen import PlacedScreen, ScreenKind, refuses_changes
from tui.terminal import clipboard
from tui.widgets.facts import Facts
from tui.widgets.form_field import FormField
from tui.widgets.text_input import TextInput
from tui.words import judging
from tui.words.text import named, said_by, short_path
from tui.words.verdict import READ_ONLY, Tone, Verdict
from tui.work.exclusive import exclusively, is_busy, unless_busy

if TYPE_CHECKING:
    from core.custody.authorized_keys import InstallationPlan
    from core.session import Session


class InstallPublicKeyScreen(PlacedScreen[str | None]):
    """The options of a line, the line, and what adding it would do; ends with what was done.

    For another host there is a command to copy; nothing here runs it.
    """

    CSS_PATH = "install_public_key.tcss"
    PLACE = Place.INSTALL
    KIND = ScreenKind.WORKBENCH
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#options"

    def __init__(self, session: "Session", key_pair: KeptKeyPair) -> None:
        super().__init__(f"Install the public key of {key_pair.key_name}")
        self._session = session
        self._key_pair = key_pair
        self.about = [key_pair]
        self._where = Facts(id="where")
        self._options = TextInput(id="options")
        restrict, from_ = key_of("install.restrict"), key_of("install.from")
        self._options.placeholder = f'none; {restrict}: restrict, {from_}: from="…"'
        self._field = FormField("Options", self._options)
        self._asked = ""
        """The line for which Enter has asked whether to write in another home than that of HOME."""
        self._facts = Facts(pasteable=True, id="facts")
        self._commands: tuple[str, ...] = ()

    def content(self) -> ComposeResult:
        with Vertical(id="form"):
            yield self._where
            yield self._field
        with VerticalScroll():
            yield self._facts

    def on_mount(self) -> None:
        self._judge()

    @on(Input.Changed)
    def _forget_outcome(self) -> None:
        # While it is being added, it is not what came of something.
        if not is_busy(self):
            self.say(Verdict(""))

    @on(Input.Changed)
    @work(exclusive=True, group="plan")
    async def _judge(self) -> None:
        try:
            plan, commands = await asyncio.to_thread(self._look, self._options.value)
        except KeyPairsError as error:
            self._field.show(judging.refusal(error))
            return
        self._commands = commands
        # What came of another line says nothing about this one.
        self.say(Verdict(""))
        self._show(plan)
        self._facts.show([*_elsewhere(commands), ("Line", plan.line)])

    def _show(self, plan: "InstallationPlan") -> None:
        where = [("File", str(plan.path))]
        if self._key_pair.custody.private_key is PrivateKeyState.UNSAVED:
            where.append(("Key", "never saved: works only while an agent or a copy holds it"))
        self._where.show(where)
        self._field.show(self._judged(plan))
        if plan.is_in_another_home and not plan.changes_nothing:
            self.say(judging.of_another_home(plan, asked=self._asked == plan.line))

    def _judged(self, plan: "InstallationPlan") -> Verdict:
        if not (self._session.read_only and self._commands):
            return judging.of_plan(plan)
        copy = key_of("install.copy")
        text = f"{READ_ONLY}: the line is not added here; {copy} copies what adds it elsewhere"
        return Verdict(text, Tone.CAUTION)

    def _look(self, options: str) -> "tuple[InstallationPlan, tuple[str, ...]]":
        plan = installing.installation(self._session, self._key_pair, options)
        try:
            key_options.check(options)
        except key_options.OptionsError:
            return plan, ()
        return plan, installing.copy_id_commands(self._key_pair, plan.line)

    def action_toggle_restrict(self) -> None:
        """Forbid all but running commands, or allow it again."""
        self._toggle("restrict")

    def action_toggle_from(self) -> None:
        """Let the key in only from some addresses, or from anywhere again."""
        self._toggle("from", key_options.client_address())

    def _toggle(self, name: str, value: str | None = None) -> None:
        self._options.value = key_options.toggled(self._options.value, name, value)
        start = self._options.value.find(key_options.PLACEHOLDER)
        if start >= 0:  # so that the address is typed over it
            self._options.selection = Selection(start, start + len(key_options.PLACEHOLDER))
        else:
            self._options.cursor_position = len(self._options.value)
        self._options.focus()

    @work(exclusive=True, group="copy")
    async def action_copy(self) -> None:
        """Send the commands for another host to the terminal's clipboard."""
        if self._commands:
            await clipboard.send(self.app, "\n".join(self._commands))
            clipboard.say_sent(self.app, "ssh-copy-id")
        else:
            self.say(Verdict("nothing was copied: the options are wrong", Tone.CAUTION))

    def action_back(self) -> None:
        """Go back; nothing is added. Where options were typed, ask once."""
        if not is_busy(self) and (not self._options.value.strip() or may_discard(self)):
            self.dismiss(None)

    @on(Input.Submitted)
    @unless_busy
    def action_submit(self) -> None:
        """Add the line to authorized_keys."""
        if not refuses_changes(self):
            self._install(self._options.value)

    @exclusively
    async def _install(self, options: str) -> None:
        try:
            # Looked at anew: what was refused may have been mended in another terminal.
            plan = await asyncio.to_thread(
                installing.installation, self._session, self._key_pair, options
            )
            asks = plan.is_in_another_home and self._asked != plan.line
            self._asked = plan.line
            self._show(plan)
            if plan.addition is Addition.REFUSED:
                self.say(judging.of_plan(plan))
            if plan.addition is Addition.REFUSED or (asks and not plan.changes_nothing):
                return
            done = await asyncio.to_thread(
                installing.install_public_key, self._session, self._key_pair, options
            )
        except AddedNotConfirmed as error:
            self.say(Verdict(said_by(error), Tone.CAUTION))
        except KeyPairsError as error:
            self.say(judging.refusal(error))
        else:
            path = short_path(str(done.path))
            present = done.addition is Addition.PRESENT
            words = f"already in {path}; unchanged" if present else f"added to {path}"
            self.dismiss(f"{named(self._key_pair.key_name)}: {words}")


def _elsewhere(commands: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return what to do for another host, as facts; the last of the commands is ssh-copy-id."""
    if not commands:
        return [("Other host", "its command stands here once the options are right")]
    note = []
    if len(commands) > 1:
        note = [("", f"after writing that .pub; {key_of('install.copy')} copies both")]
    return [("Other host", commands[-1]), *note]
