"""The private key of a new pair, the one time it exists."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen

from core import file_formats
from core.model import CreatedKeyPair, FileFormat
from tui import verdict
from tui.actions import Place
from tui.keymap import bindings, hints
from tui.text import short_path
from tui.tone import Tone, Verdict
from tui.widgets.facts import Facts
from tui.widgets.key_hints import KeyHints
from tui.widgets.key_material_view import KeyMaterialView
from tui.widgets.saved_file import SavedFile
from tui.widgets.top_line import TopLine
from tui.widgets.verdict_line import VerdictLine

if TYPE_CHECKING:
    from core.delivery import AddedToAgent
    from core.service import KeyPairService
    from tui.screens.save_key_material import SavedFiles

_UNSAVED = Verdict("Not saved yet, and there is no other copy.", Tone.CAUTION)
_ONLY_IN_AGENT = Verdict(
    "In no file: lost when the agent forgets it or ends, as at logout.", Tone.CAUTION
)


class KeyMaterialScreen(Screen[None]):
    """What was created, its fingerprints, and its private key, hidden until `v`.

    It cannot be left by accident: until the key was saved, or while no agent holds it, Escape and
    quitting lead to a question that only the pair's name answers.
    """

    CSS_PATH = "key_material.tcss"
    PLACE = Place.KEY_MATERIAL
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "KeyMaterialView"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]  # noqa: RUF012 - as Textual declares it

    def __init__(self, service: "KeyPairService", created: CreatedKeyPair) -> None:
        super().__init__()
        self._service = service
        self._created = created
        self._view = KeyMaterialView(created.key_material)
        self._state = VerdictLine()
        self._agent = VerdictLine(id="agent")
        self._agent.display = False
        self._key_hints = KeyHints(Place.KEY_MATERIAL)
        self._saved: list[SavedFiles] = []
        self._added: AddedToAgent | None = None

    @property
    def holds_key(self) -> bool:
        """Whether leaving now would lose the private key."""
        return not (self._saved or self._is_in_agent)

    @property
    def _is_in_agent(self) -> bool:
        if self._added is None:
            return False
        return self._added.until is None or self._service.now() < self._added.until

    def compose(self) -> ComposeResult:
        yield TopLine(f"The private key of {self._created.key_pair.key_name}")
        yield Facts(self._facts())
        yield self._view
        with VerticalScroll(can_focus=False, id="state"):
            yield self._state
            yield self._agent
        yield self._key_hints

    def _facts(self) -> Iterator[tuple[str, str]]:
        key_pair = self._created.key_pair
        yield "Id", key_pair.key_pair_id
        yield "Type", f"{key_pair.key_type}, as {self._created.key_format}"
        yield "EC2", key_pair.key_fingerprint
        yield "OpenSSH", key_pair.fingerprints.ssh_sha256

    def on_mount(self) -> None:
        self._state.show(_UNSAVED)
        # For the next pair, while the person is busy with this one.
        self.call_after_refresh(self._service.prepare_spare_key)

    def on_unmount(self) -> None:
        # Textual may remember a closed screen for long, as the one that sent the last event.
        del self._created

    def action_toggle_shown(self) -> None:
        """Show or hide the private key."""
        self._view.shown = not self._view.shown
        self._show_hints()

    def _hide(self) -> None:
        self._view.shown = False
        self._show_hints()

    def _show_hints(self) -> None:
        self.set_class(self._view.shown, "-shown")
        words = {
            "save": "save another" if self._saved else "save",
            "show": "hide" if self._view.shown else "show",
            "leave": "leave" if self.holds_key else "done",
        }
        self._key_hints.show(
            tuple((key, words.get(word, word)) for key, word in hints(Place.KEY_MATERIAL))
        )

    @work(exclusive=True, group="flow")
    async def action_save(self) -> None:
        """Save the private key to a file, and again in other formats."""
        from tui.screens.save_key_material import SaveKeyMaterialScreen

        self._hide()
        saved = await self.app.push_screen_wait(
            SaveKeyMaterialScreen(
                self._service, self._created, self._format_to_offer(), holds_key=self.holds_key
            )
        )
        if saved is not None:
            self._saved.append(saved)
            self._show_saved(saved)
            self._show_hints()

    def _format_to_offer(self) -> FileFormat:
        """Return the format it was created in, or once that is saved, the next that is not."""
        done = {saved.file_format for saved in self._saved}
        key_type = self._created.key_pair.key_type
        wanted: list[FileFormat] = [file_formats.of_key_format(self._created.key_format)]
        wanted += FileFormat
        possible = (each for each in wanted if file_formats.refusal(each, key_type) is None)
        return next((each for each in possible if each not in done), wanted[0])

    def _show_saved(self, saved: "SavedFiles") -> None:
        """Put what was saved last on top."""
        self._state.display = False
        files = list(_of_saved(saved))
        state = self.query_one("#state", VerticalScroll)
        state.mount(*files, before=0)
        several = len(self.query(SavedFile)) > 1
        self.set_class(several, "-several")
        # Tab leads there once there is more than fits.
        state.can_focus = several
        state.scroll_home(animate=False)

    @work(exclusive=True, group="flow")
    async def action_add_to_agent(self) -> None:
        """Add the private key to the ssh-agent."""
        from tui.screens.add_to_agent import AddToAgentScreen

        self._hide()
        added = await self.app.push_screen_wait(
            AddToAgentScreen(self._service, self._created, holds_key=self.holds_key)
        )
        if added is not None:
            self._added = added
            self._agent.show(verdict.of_added_to_agent(added, self._service.now()))
            self._agent.display = True
            if not self._saved:
                self._state.show(_ONLY_IN_AGENT)
            self._show_hints()

    @work(exclusive=True, group="flow")
    async def action_copy(self) -> None:
        """Send something of the pair to the terminal's clipboard, the private key only if asked."""
        from tui.copying import copy_of_new

        self._hide()
        await copy_of_new(self.app, self._created, holds_key=self.holds_key)

    @work(exclusive=True, group="flow")
    async def action_back(self) -> None:
        """Leave; unless the key was saved or an agent holds it, ask for the pair's name first."""
        from tui.screens.discard_key_material import DiscardKeyMaterialScreen

        self._hide()
        if not self.holds_key or await self.app.push_screen_wait(
            DiscardKeyMaterialScreen(self._service, self._created.key_pair)
        ):
            self.dismiss(None)


def _of_saved(saved: "SavedFiles") -> Iterator[SavedFile]:
    private = saved.private
    text = f"Saved to {short_path(str(private.path))}"
    if saved.encrypted:
        text += ", encrypted"
    if private.warning:
        yield SavedFile(Verdict(f"{text}. {private.warning}", Tone.CAUTION), private.proofs)
    else:
        yield SavedFile(Verdict(text, Tone.GOOD), private.proofs)
    if saved.public is not None:
        path = short_path(str(saved.public.path))
        yield SavedFile(Verdict(f"Public key saved to {path}", Tone.GOOD), saved.public.proofs)
    elif saved.failure:
        yield SavedFile(Verdict(f"The public key: {saved.failure}", Tone.BAD))
