"""The first screen: the key pairs of a Region, and the way to everything else."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from textual import on

from core.custody import rotation
from core.errors import KeyPairsError
from core.model import KeptKeyPair
from tui.actions.keymap import bindings, key_in, key_of
from tui.actions.table import Place
from tui.screens.list.list_screen import ListScreen
from tui.terminal.typing_speed import ALONE
from tui.widgets.cursor_list import CursorList
from tui.words.text import said_by, short_path
from tui.work.exclusive import flow, is_flowing
from tui.work.read_only import changes
from tui.work.slow_changes import patiently

if TYPE_CHECKING:
    from core.session import Session
    from tui.app import KeyPairsApp
    from tui.screens.look.outcome import Chosen


class KeyPairListScreen(ListScreen):
    """The key pairs of a Region, and what can be done with them."""

    CSS_PATH = "key_pair_list.tcss"
    PLACE = Place.LIST
    BINDINGS = bindings(PLACE)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        # What is typed while a screen is on its way is not meant for the list: a name that begins
        # with "d" and "y" must not delete anything. To give up waiting does no harm.
        return action == "show_all" or not is_flowing(self)

    def action_show_all(self) -> None:
        """Give up what waits for another session; where nothing does, show all pairs."""
        if is_flowing(self):
            self._session.store.give_up_waiting()
        else:
            super().action_show_all()

    @changes
    @flow
    async def action_create_key_pair(self) -> None:
        """Create a key pair, and stay with its private key until it is safe or given up."""
        await self._create()

    @changes
    @flow
    async def action_replace_key_pair(self) -> None:
        """Create a pair that takes the place of the one under the cursor, which stays."""
        key_pair = self._highlighted
        if key_pair is not None:
            try:
                name = await asyncio.to_thread(_successor_name, self._session, key_pair)
            except KeyPairsError as error:
                self._say(said_by(error))
            else:
                await self._create(key_pair, name)

    async def _create(self, replacing: KeptKeyPair | None = None, key_name: str = "") -> None:
        from tui.screens.create.create_key_pair import CreateKeyPairScreen
        from tui.screens.private_key.key_material import KeyMaterialScreen

        form = CreateKeyPairScreen(self._session, replacing, key_name)
        created = await self.app.push_screen_wait(form)
        if created is None:
            return
        try:
            became = await self.app.push_screen_wait(KeyMaterialScreen(self._session, created))
        finally:
            created.key_material.wipe()
        await self._read(created.key_pair.key_pair_id, became)

    @changes
    @flow
    async def action_import_key_pair(self) -> None:
        """Import a public key."""
        from tui.screens.create.import_key_pair import ImportKeyPairScreen

        imported = await self.app.push_screen_wait(ImportKeyPairScreen(self._session))
        if imported is not None:
            await self._read(imported.key_pair_id, f"imported {imported.key_name}")

    @flow
    async def action_details(self) -> None:
        """Show everything about the pair under the cursor."""
        from tui.screens.pair.details import DetailsScreen, Next

        key_pair = self._highlighted
        while key_pair is not None:
            screen = DetailsScreen(self._session, key_pair, self._listing.rotation)
            chosen = await self.app.push_screen_wait(screen)
            if chosen is None:
                return
            if chosen is Next.TAGS:
                await self._edit_tags([key_pair])
            else:
                await self._delete([key_pair])
            # Back to where it was asked for, if the pair is still there.
            key_pair = self._listing.key_pairs.get(key_pair.key_pair_id)

    @on(CursorList.Selected)
    async def _open_details(self) -> None:
        # Not called: while something else is under way, it would take its place.
        await self.run_action("details")

    @changes
    @flow
    async def action_edit_tags(self) -> None:
        """Edit the tags of the pair, or add tags to the chosen ones."""
        await self._edit_tags(self._affected())

    async def _edit_tags(self, affected: Sequence[KeptKeyPair]) -> None:
        from tui.screens.pair.edit_tags import EditTagsScreen

        if affected:
            screen = EditTagsScreen(self._session, affected, self._listing.tags_in_use())
            if await self.app.push_screen_wait(screen):
                await self._read(say=f"tags saved: {_what(affected)}")

    @changes
    @flow
    async def action_delete(self) -> None:
        """Delete the pair, or the chosen ones."""
        await self._delete(self._affected())

    async def _delete(self, affected: Sequence[KeptKeyPair]) -> None:
        from tui.screens.pair.delete_key_pairs import DeleteKeyPairsScreen

        if affected:
            screen = DeleteKeyPairsScreen(self._session, affected, self._listing.rotation)
            deleted = await self.app.push_screen_wait(screen)
            if deleted:
                one = deleted == 1
                name = affected[0].key_name if one else f"{deleted} pairs"
                undo = f"{key_of('key-pair.undo')} brings {'it' if one else 'them'} back"
                await self._read(say=f"deleted {name}; {undo}")

    @changes
    @flow
    async def action_copy_to_regions(self) -> None:
        """Copy the public half of the pair, or of the chosen ones, to other Regions."""
        from tui.screens.pair.copy_to_regions import CopyToRegionsScreen

        affected = self._affected()
        if affected:
            counts = await asyncio.to_thread(self._session.regions_in_use)
            screen = CopyToRegionsScreen(self._session, affected, counts)
            copied = await self.app.push_screen_wait(screen)
            if copied:
                self._say(f"copied to {copied} Region{'s' * (copied != 1)}")

    @changes
    @flow
    async def action_undo(self) -> None:
        """Bring back what was deleted last."""
        from tui.screens.list.undo import bring_back_last

        undo = partial(bring_back_last, self._session)
        try:
            back = key_in(Place.LIST, "show_all")
            brought = await patiently(undo, lambda waits: self._say(waits.text), back)
        except KeyPairsError as error:
            self._say(said_by(error))
        else:
            first = brought.restored[0].key_pair_id if brought.restored else None
            await self._read(first, brought.words)

    @flow
    async def action_copy(self) -> None:
        """Send something of the pair to the terminal's clipboard."""
        from tui.words.copy_menu import copy_something

        if self._highlighted is not None:
            await copy_something(self.app, self._session, self._highlighted)

    @flow
    async def action_region(self) -> None:
        """Look at another Region."""
        from tui.screens.look.pick import PickScreen
        from tui.words.regions import region_items

        counts = await asyncio.to_thread(self._session.regions_in_use)
        items = region_items(counts)
        name = await self.app.push_screen_wait(PickScreen("Look at another Region", items))
        if name is not None and name != self._session.region:
            self._look_at(name)
            await self._read()

    @flow
    async def action_export(self) -> None:
        """Write the chosen pairs, or those that are shown, to a file."""
        from tui.screens.pair.export import ExportScreen

        pairs = self._chosen() or self._shown
        if not pairs:
            self._say("there is nothing to export")
            return
        path = await self.app.push_screen_wait(ExportScreen(self._session, pairs))
        if path is not None:
            self._say(f"exported {len(pairs):,} to {short_path(str(path))}")

    @flow
    async def action_journal(self) -> None:
        """Show what was done in this Region, and go to the pair of a line, if it is still there."""
        from tui.screens.look.pick import PickScreen
        from tui.words.journal import journal_items

        try:
            entries = await asyncio.to_thread(self._session.journal)
        except KeyPairsError as error:
            self._say(said_by(error))
            return
        title = f"The journal of {self._session.region}"
        key_pair_id = await self.app.push_screen_wait(
            PickScreen(
                title, journal_items(entries), "Nothing was done here yet.", verb="go to the pair"
            )
        )
        if key_pair_id in self._listing.key_pairs:
            await self._go_to(key_pair_id)
        elif key_pair_id:
            self._say("that pair is not there any more")

    @flow
    async def action_agent(self) -> None:
        """Show what the ssh-agent holds, and go to the pair of a key or import it."""
        from tui.screens.look.agent_keys import AgentKeysScreen

        await self._follow(await self.app.push_screen_wait(AgentKeysScreen(self._session)))

    @flow
    async def action_install(self) -> None:
        """Install the public key of the pair under the cursor in authorized_keys."""
        from tui.screens.pair.install_public_key import InstallPublicKeyScreen

        key_pair = self._highlighted
        if key_pair is not None:
            screen = InstallPublicKeyScreen(self._session, key_pair)
            said = await self.app.push_screen_wait(screen)
            if said is not None:
                self._say(said)

    @flow
    async def action_find(self) -> None:
        """Say whose a key is, and go to its pair or import it."""
        from tui.screens.look.find import FindScreen

        await self._follow(await self.app.push_screen_wait(FindScreen(self._session)))

    async def _follow(self, chosen: "Chosen | None") -> None:
        """Go to the pair that was chosen on another screen, or import the key."""
        from tui.screens.create.import_key_pair import ImportKeyPairScreen
        from tui.screens.look.outcome import KeyToImport

        if isinstance(chosen, KeyToImport):
            if self.refuses_changes():
                return
            screen = ImportKeyPairScreen(self._session, chosen.key_name, chosen.public_key)
            imported = await self.app.push_screen_wait(screen)
            if imported is not None:
                await self._read(imported.key_pair_id, f"imported {imported.key_name}")
        elif chosen is not None:
            self._look_at(chosen.region)
            await self._go_to(chosen.key_pair_id)

    @flow
    async def action_check_up(self) -> None:
        """Look for what is wrong in all Regions, and go to the pair that is picked there."""
        from tui.screens.look.check_up import CheckUpScreen

        await self._follow(await self.app.push_screen_wait(CheckUpScreen(self._session)))

    async def action_quit(self) -> None:
        """Quit, if this key stands alone and is not part of a text."""
        app = cast("KeyPairsApp", self.app)
        if app.is_amid_keys:
            self._doubt()
        else:
            self.set_timer(ALONE, partial(self._quit_or_doubt, app, app.strokes.count))

    async def _quit_or_doubt(self, app: "KeyPairsApp", count: int) -> None:
        if app.strokes.count == count and not app.is_key_behind:
            await app.run_action("quit")
        elif self.is_current:
            self._doubt()

    def _doubt(self) -> None:
        self._say(f"that {key_of('app.quit')} came amid other keys; to quit, press it alone")

    async def _go_to(self, key_pair_id: str) -> None:
        """Put the cursor on a pair of this Region, without the filter where that hides it."""
        await self._read(key_pair_id)
        if all(shown.key_pair_id != key_pair_id for shown in self._shown):
            self._clear_filter()
        self._show(key_pair_id)


def _what(key_pairs: Sequence[KeptKeyPair]) -> str:
    return key_pairs[0].key_name if len(key_pairs) == 1 else f"{len(key_pairs):,} pairs"


def _successor_name(session: "Session", key_pair: KeptKeyPair) -> str:
    return rotation.successor_name(key_pair.key_name, session.key_names())
