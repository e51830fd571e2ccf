"""The private key of a new pair, the one time it exists."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Static

from core import destination
from core.model import CreatedKeyPair, SavedKeyMaterial
from tui.actions import Place, bindings, hints
from tui.text import short_path
from tui.verdict import Tone, Verdict
from tui.widgets.facts import Facts
from tui.widgets.key_hints import KeyHints
from tui.widgets.key_material_view import KeyMaterialView
from tui.widgets.top_line import TopLine
from tui.widgets.verdict_line import VerdictLine

if TYPE_CHECKING:
    from core.service import KeyPairService

_UNSAVED = Verdict("Not saved yet, and there is no other copy.", Tone.CAUTION)


class KeyMaterialScreen(Screen[None]):
    """What was created, its fingerprints, and its private key, hidden until `v`.

    It cannot be left by accident: until the key was saved, Escape and quitting lead to a question
    that only the pair's name answers.
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
        self._proofs = Static(markup=False, id="proofs")
        self._proofs.display = False
        self._key_hints = KeyHints(Place.KEY_MATERIAL)
        self._saved = False

    @property
    def holds_key(self) -> bool:
        """Whether leaving now would lose the private key."""
        return not self._saved

    def compose(self) -> ComposeResult:
        yield TopLine(f"The private key of {self._created.key_pair.key_name}")
        yield Facts(self._facts())
        yield self._view
        with Vertical(id="state"):
            yield self._state
            yield self._proofs
        yield self._key_hints

    def _facts(self) -> Iterator[tuple[str, str]]:
        key_pair = self._created.key_pair
        yield "Id", key_pair.key_pair_id
        yield "Type", f"{key_pair.key_type}, as {self._created.key_format}"
        yield "EC2", key_pair.key_fingerprint
        yield "OpenSSH", key_pair.fingerprints.ssh_sha256

    def on_mount(self) -> None:
        self._state.show(_UNSAVED)

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
            "show": "hide" if self._view.shown else "show",
            "leave": "done" if self._saved else "leave",
        }
        self._key_hints.show(
            tuple((key, words.get(word, word)) for key, word in hints(Place.KEY_MATERIAL))
        )

    @work(exclusive=True, group="flow")
    async def action_save(self) -> None:
        """Save the private key to a file."""
        from tui.screens.save_file import SaveFileScreen

        self._hide()
        created = self._created
        saved = await self.app.push_screen_wait(
            SaveFileScreen(
                f"Save the private key of {created.key_pair.key_name}",
                destination.suggest(created.key_pair.key_name, created.key_format),
                lambda path: self._service.save_key_material(created, path),
                holds_key=self.holds_key,
            )
        )
        if saved is not None:
            self._saved = True
            self._state.show(_of_saved(saved))
            self._proofs.update("✓ " + " · ".join(saved.proofs))
            self._proofs.display = True
            self._show_hints()

    @work(exclusive=True, group="flow")
    async def action_copy(self) -> None:
        """Send something of the pair to the terminal's clipboard, the private key only if asked."""
        from tui.copying import copy_of_new

        self._hide()
        await copy_of_new(self.app, self._created, holds_key=self.holds_key)

    @work(exclusive=True, group="flow")
    async def action_back(self) -> None:
        """Leave; unless the key was saved, ask for the pair's name first."""
        from tui.screens.discard_key_material import DiscardKeyMaterialScreen

        self._hide()
        if self._saved or await self.app.push_screen_wait(
            DiscardKeyMaterialScreen(self._service, self._created.key_pair)
        ):
            self.dismiss(None)


def _of_saved(saved: SavedKeyMaterial) -> Verdict:
    text = f"Saved to {short_path(str(saved.path))}"
    if saved.warning:
        return Verdict(f"{text}. {saved.warning}", Tone.CAUTION)
    return Verdict(text, Tone.GOOD)
