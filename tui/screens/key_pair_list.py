"""The first screen: the key pairs of a Region."""

import asyncio
import gc
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Input, Static

from core.errors import KeyPairsError
from core.model import KeyPair
from tui import details
from tui.actions import Place, bindings, hints
from tui.listing import Listing
from tui.rows import remark
from tui.text import sentence, visible
from tui.verdict import Tone, Verdict
from tui.widgets.cursor_list import CursorList
from tui.widgets.facts import Facts
from tui.widgets.filter_input import FilterInput
from tui.widgets.key_hints import KeyHints
from tui.widgets.key_pair_table import KeyPairTable
from tui.widgets.top_line import TopLine
from tui.widgets.verdict_line import VerdictLine

if TYPE_CHECKING:
    from core.service import KeyPairService


class KeyPairListScreen(Screen[None]):
    """The key pairs of a Region, and the way to everything that can be done with them.

    The first frame is drawn before the store is read; the pairs follow from a thread. From 110
    columns on, the details stand at the right.
    """

    CSS_PATH = "key_pair_list.tcss"
    PLACE = Place.LIST
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "KeyPairTable"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - as Textual has it

    def __init__(self, service: "KeyPairService", where: str) -> None:
        super().__init__()
        self._service = service
        self._listing = Listing()
        self._shown: list[KeyPair] = []
        self._said_at: KeyPair | None = None
        self.loaded = False
        """Whether the first reading of the store has been shown."""
        self._top_line = TopLine(service.region, " · ".join(filter(None, (*service.marks, where))))
        self._filter = FilterInput(id="filter")
        self._count = Static(markup=False, id="count")
        self._filter_bar = Horizontal(
            Static("Filter ", markup=False, id="filter-label"),
            self._filter,
            self._count,
            id="filter-bar",
        )
        self._note = VerdictLine(id="note")
        self._table = KeyPairTable()
        self._summary = Facts(id="summary")
        self._empty = Static(markup=False, id="empty")
        self._remark = Static(markup=False, id="remark")
        self._key_hints = KeyHints(Place.LIST)

    def compose(self) -> ComposeResult:
        yield self._top_line
        yield self._filter_bar
        yield self._note
        with Horizontal(id="panes"):
            yield self._table
            yield self._summary
        yield self._empty
        yield self._remark
        yield self._key_hints

    def on_mount(self) -> None:
        self._filter_bar.display = self._note.display = self._empty.display = False
        # The first frame does not share the processor with the reading.
        self.call_after_refresh(self._reload)

    @work(group="make ready")
    async def _make_ready(self) -> None:
        """Do what can wait until the pairs are on the screen."""
        await asyncio.to_thread(self._service.make_ready)
        if not gc.isenabled():
            # What is there now stays: looking through it again and again would stop the keys.
            gc.freeze()
            gc.enable()

    # What is shown ------------------------------------------------------------------------------

    def action_reload(self) -> None:
        """Read the Region's file again; nothing is parsed if no other session wrote it."""
        self._reload()

    @work(exclusive=True, group="reload")
    async def _reload(self, keep: str | None = None, say: str = "") -> None:
        await self._read(keep, say)

    async def _read(self, keep: str | None = None, say: str = "") -> None:
        try:
            key_pairs = await asyncio.to_thread(self._service.describe_key_pairs)
        except KeyPairsError as error:
            self._show_empty(sentence(error))
            self._loaded_first()
            return
        if key_pairs != tuple(self._listing.key_pairs.values()) or not self.loaded:
            now = self._service.now().astimezone()
            await asyncio.to_thread(self._listing.load, key_pairs, now)
            self._show(keep or self._table.highlighted)
            self._loaded_first()
        if say:
            self._say(say)

    def _loaded_first(self) -> None:
        if not self.loaded:
            self.loaded = True
            self.call_after_refresh(self._make_ready)

    def _show(self, keep: str | None) -> None:
        """Draw the list as it is filtered and sorted now."""
        listing = self._listing
        total = len(listing.key_pairs)
        self._shown = listing.shown(self._service.now())
        self._top_line.show(f"{self._service.region} · {total:,} pair{'s' * (total != 1)}")
        count = f"{len(self._shown):,} of {total:,}" if listing.query_text else ""
        self._count.update(count, layout=False)
        self._show_note()
        if self._shown:
            self._empty.display = False
            self.query_one("#panes").display = True
            self._table.set_rows(
                listing.rows(self._shown),
                keep,
                chosen=listing.chosen,
                sorted_by=(listing.column, listing.reverse),
            )
            if self.focused is None:
                self._table.focus()
        elif total:
            self._show_empty("Nothing matches.\n\nPress escape to show all pairs again.")
        else:
            self._show_empty(
                f"No key pairs in {self._service.region} yet.\n\n"
                "Press c to create one, i to import a public key, r to look at another Region."
            )

    def _show_note(self) -> None:
        """Say what is wrong with the filter, or which kind of fingerprint it is."""
        note = Verdict("")
        kind = self._listing.kind(self._shown)
        if self._listing.query.problems:
            note = Verdict(self._listing.query.problems[0], Tone.CAUTION)
        elif kind is not None:
            note = Verdict(f"that is {kind}", Tone.GOOD)
        self._note.show(note)
        self._note.display = bool(note.text)

    def _show_empty(self, text: str) -> None:
        self.query_one("#panes").display = False
        self._empty.display = True
        self._empty.update(text)
        self._remark.update("", layout=False)

    @on(CursorList.Highlighted)
    def _show_remark(self) -> None:
        key_pair = self._highlighted
        # What was said stays while the cursor does: the move that it came with is told of late.
        if key_pair is None or key_pair != self._said_at:
            self._said_at = None
            text = remark(key_pair, self._listing.rotation) if key_pair else ""
            self._remark.update(text, layout=False)
        self._show_summary()

    def _show_summary(self) -> None:
        key_pair = self._highlighted
        if key_pair and self.has_class("-wide"):
            self._summary.show(details.summary(key_pair, self._listing.rotation))

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_summary)

    def _say(self, text: str) -> None:
        """Say in the line below the list what came of something, until the cursor moves."""
        self._said_at = self._highlighted
        self._remark.update(visible(text), layout=False)

    @property
    def _highlighted(self) -> KeyPair | None:
        # While nothing is shown, the table keeps the row to come back to, out of sight.
        return self._listing.key_pairs.get(self._table.highlighted or "") if self._shown else None

    def _affected(self) -> list[KeyPair]:
        """Return the chosen pairs that are shown, or else the one under the cursor."""
        chosen = [pair for pair in self._shown if pair.key_pair_id in self._listing.chosen]
        return chosen or [pair for pair in (self._highlighted,) if pair]

    # The filter and the order -------------------------------------------------------------------

    def action_filter(self) -> None:
        """Go to the filter."""
        self._filter_bar.display = True
        self._filter.focus()
        self._key_hints.show(hints(Place.FILTER))

    @on(Input.Changed, "#filter")
    def _narrow(self) -> None:
        self._listing.filter(self._filter.value)
        self._show(self._table.highlighted)

    @on(FilterInput.Done)
    def _leave_filter(self, event: FilterInput.Done) -> None:
        if event.clear:
            self._filter.value = ""
        if not self._filter.value:
            self._filter_bar.display = False
        self._key_hints.show(hints(Place.LIST))
        self._table.focus()

    def action_show_all(self) -> None:
        """Clear the filter and show all pairs."""
        if self._filter.value:
            self._clear_filter()
            self._show(self._table.highlighted)

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._listing.sort_by_next()
        self._show(self._table.highlighted)

    def action_reverse(self) -> None:
        """Reverse the order."""
        self._listing.turn_round()
        self._show(self._table.highlighted)

    def action_choose(self) -> None:
        """Choose the pair under the cursor, or no longer, and go on to the next."""
        key_pair = self._highlighted
        if key_pair is not None:
            self._listing.chosen ^= {key_pair.key_pair_id}
            self._table.refresh_row(self._table.cursor)
            self._table.action_move(1)
            count = len(self._listing.chosen)
            self._say(f"{count} chosen" if count else "none chosen")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        # What is typed while a screen is on its way is not meant for the list: a name that begins
        # with "d" and "y" must not delete anything.
        return not any(
            worker.group == "flow" and worker.node is self and worker.is_running
            for worker in self.workers
        )

    # What can be done ---------------------------------------------------------------------------

    @work(exclusive=True, group="flow")
    async def action_create_key_pair(self) -> None:
        """Create a key pair, and stay with its private key until it is safe or given up."""
        await self._create()

    @work(exclusive=True, group="flow")
    async def action_replace_key_pair(self) -> None:
        """Create a pair that takes the place of the one under the cursor, which stays."""
        key_pair = self._highlighted
        if key_pair is not None:
            try:
                name = await asyncio.to_thread(self._service.successor_name, key_pair.key_name)
            except KeyPairsError as error:
                self._say(str(error))
            else:
                await self._create(key_pair, name)

    async def _create(self, replacing: KeyPair | None = None, key_name: str = "") -> None:
        from tui.screens.create_key_pair import CreateKeyPairScreen
        from tui.screens.key_material import KeyMaterialScreen

        form = CreateKeyPairScreen(self._service, replacing, key_name)
        created = await self.app.push_screen_wait(form)
        if created is None:
            return
        try:
            became = await self.app.push_screen_wait(KeyMaterialScreen(self._service, created))
        finally:
            created.key_material.wipe()
        await self._read(created.key_pair.key_pair_id, became)

    @work(exclusive=True, group="flow")
    async def action_import_key_pair(self) -> None:
        """Import a public key."""
        from tui.screens.import_key_pair import ImportKeyPairScreen

        imported = await self.app.push_screen_wait(ImportKeyPairScreen(self._service))
        if imported is not None:
            await self._read(imported.key_pair_id, f"imported {imported.key_name}")

    @work(exclusive=True, group="flow")
    async def action_details(self) -> None:
        """Show everything about the pair under the cursor."""
        from tui.screens.details import DetailsScreen

        key_pair = self._highlighted
        if key_pair is not None:
            screen = DetailsScreen(self._service, key_pair, self._listing.rotation)
            await self.app.push_screen_wait(screen)

    @on(CursorList.Selected)
    def _open_details(self) -> None:
        self.action_details()

    @work(exclusive=True, group="flow")
    async def action_edit_tags(self) -> None:
        """Edit the tags of the pair, or add tags to the chosen ones."""
        from tui.screens.edit_tags import EditTagsScreen

        affected = self._affected()
        if affected:
            screen = EditTagsScreen(self._service, affected, self._listing.tags_in_use())
            if await self.app.push_screen_wait(screen):
                await self._read(say="tags saved")

    @work(exclusive=True, group="flow")
    async def action_delete(self) -> None:
        """Delete the pair, or the chosen ones."""
        from tui.screens.delete_key_pairs import DeleteKeyPairsScreen

        affected = self._affected()
        if affected:
            screen = DeleteKeyPairsScreen(self._service, affected, self._listing.rotation)
            deleted = await self.app.push_screen_wait(screen)
            if deleted:
                name = affected[0].key_name if deleted == 1 else f"{deleted} pairs"
                await self._read(say=f"deleted {name}; u brings back what was deleted last")

    @work(exclusive=True, group="flow")
    async def action_copy_to_regions(self) -> None:
        """Copy the public half of the pair, or of the chosen ones, to other Regions."""
        from tui.screens.copy_to_regions import CopyToRegionsScreen

        affected = self._affected()
        if affected:
            counts = await asyncio.to_thread(self._service.regions_in_use)
            screen = CopyToRegionsScreen(self._service, affected, counts)
            copied = await self.app.push_screen_wait(screen)
            if copied:
                self._say(f"copied to {copied} Region{'s' * (copied != 1)}")

    @work(exclusive=True, group="flow")
    async def action_undo(self) -> None:
        """Bring the pair back that was deleted last."""
        try:
            deleted = await asyncio.to_thread(self._service.deleted_key_pairs)
            if not deleted:
                self._say("nothing was deleted in the last 30 days")
                return
            key_pair = await asyncio.to_thread(
                self._service.restore_key_pair, deleted[0].key_pair_id
            )
        except KeyPairsError as error:
            self._say(str(error))
        else:
            await self._read(key_pair.key_pair_id, f"brought {key_pair.key_name} back")

    @work(exclusive=True, group="flow")
    async def action_copy(self) -> None:
        """Send something of the pair to the terminal's clipboard."""
        from tui.copying import copy_something

        if self._highlighted is not None:
            await copy_something(self.app, self._highlighted, self._service.region)

    @work(exclusive=True, group="flow")
    async def action_region(self) -> None:
        """Look at another Region."""
        from tui.region_items import region_items
        from tui.screens.pick import PickScreen

        counts = await asyncio.to_thread(self._service.regions_in_use)
        items = region_items(counts)
        name = await self.app.push_screen_wait(PickScreen("Look at another Region", items))
        if name is not None and name != self._service.region:
            self._look_at(name)
            await self._read()

    @work(exclusive=True, group="flow")
    async def action_export(self) -> None:
        """Write the chosen pairs, or those that are shown, to a file."""
        from tui.screens.save_file import SaveFileScreen

        pairs = self._affected() if self._listing.chosen else self._shown
        if not pairs:
            self._say("there is nothing to export")
            return
        screen = SaveFileScreen(
            f"Export {len(pairs):,} key pair{'s' * (len(pairs) != 1)} (.csv or .json)",
            f"~/key-pairs-{self._service.region}.json",
            lambda path, yes: self._service.export(pairs, path, accepted=yes),
        )
        path = await self.app.push_screen_wait(screen)
        if path is not None:
            self._say(f"exported {len(pairs):,} to {path}")

    @work(exclusive=True, group="flow")
    async def action_journal(self) -> None:
        """Show what was done in this Region."""
        from tui.journal_items import journal_items
        from tui.screens.pick import PickScreen

        try:
            entries = await asyncio.to_thread(self._service.journal)
        except KeyPairsError as error:
            self._say(str(error))
            return
        title = f"The journal of {self._service.region}"
        await self.app.push_screen_wait(
            PickScreen(title, journal_items(entries), "Nothing was done here yet.")
        )

    @work(exclusive=True, group="flow")
    async def action_agent(self) -> None:
        """Show what the ssh-agent holds, and go to the pair that is picked there."""
        from tui.screens.agent_keys import AgentKeysScreen

        key_pair_id = await self.app.push_screen_wait(AgentKeysScreen(self._service))
        if key_pair_id is not None:
            await self._go_to(key_pair_id)

    @work(exclusive=True, group="flow")
    async def action_install(self) -> None:
        """Install the public key of the pair under the cursor in authorized_keys."""
        from tui.screens.install_public_key import InstallPublicKeyScreen

        key_pair = self._highlighted
        if key_pair is not None:
            screen = InstallPublicKeyScreen(self._service, key_pair)
            said = await self.app.push_screen_wait(screen)
            if said is not None:
                self._say(said)

    @work(exclusive=True, group="flow")
    async def action_find(self) -> None:
        """Say whose a key is, and go to its pair or import it."""
        from tui.screens.find import FindScreen, KeyToImport
        from tui.screens.import_key_pair import ImportKeyPairScreen

        chosen = await self.app.push_screen_wait(FindScreen(self._service))
        if isinstance(chosen, KeyToImport):
            screen = ImportKeyPairScreen(self._service, chosen.key_name, chosen.public_key)
            imported = await self.app.push_screen_wait(screen)
            if imported is not None:
                await self._read(imported.key_pair_id, f"imported {imported.key_name}")
        elif chosen is not None:
            self._look_at(chosen.region)
            await self._go_to(chosen.key_pair_id)

    @work(exclusive=True, group="flow")
    async def action_check_up(self) -> None:
        """Look for what is wrong in all Regions, and go to the pair that is picked there."""
        from tui.screens.check_up import CheckUpScreen

        chosen = await self.app.push_screen_wait(CheckUpScreen(self._service))
        if chosen is not None:
            self._look_at(chosen.region)
            await self._go_to(chosen.key_pair_id)

    async def _go_to(self, key_pair_id: str) -> None:
        """Put the cursor on a pair of this Region, without the filter where that hides it."""
        await self._read(key_pair_id)
        if all(shown.key_pair_id != key_pair_id for shown in self._shown):
            self._clear_filter()
        self._show(key_pair_id)

    def _clear_filter(self) -> None:
        self._filter.value = ""
        self._filter_bar.display = False
        self._listing.filter("")

    def _look_at(self, region: str) -> None:
        """Turn to a Region; what it holds is not read yet."""
        if region == self._service.region:
            return
        self._service = self._service.for_region(region)
        self._clear_filter()
        self._listing.chosen.clear()
        self.loaded = False
