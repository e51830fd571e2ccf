"""The first screen: the key pairs of a Region."""

import asyncio
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from core.errors import StoreError
from core.model import KeyPair
from tui.actions import Place, bindings
from tui.rows import remark, row_of
from tui.text import sentence
from tui.widgets.key_hints import KeyHints
from tui.widgets.key_pair_table import KeyPairTable
from tui.widgets.top_line import TopLine

if TYPE_CHECKING:
    from core.service import KeyPairService


class KeyPairListScreen(Screen[None]):
    """The key pairs of a Region, and the way to everything that can be done with them.

    The first frame is drawn before the store is read; the pairs follow from a thread.
    """

    CSS_PATH = "key_pair_list.tcss"
    BINDINGS = bindings(Place.LIST)
    AUTO_FOCUS = "KeyPairTable"

    def __init__(self, service: "KeyPairService", where: str) -> None:
        super().__init__()
        self._service = service
        self._key_pairs: dict[str, KeyPair] = {}
        self.loaded = False
        """Whether the first reading of the store has been shown."""
        self._top_line = TopLine(service.region, where)
        self._table = KeyPairTable()
        self._empty = Static(markup=False, id="empty")
        self._remark = Static(markup=False, id="remark")

    def compose(self) -> ComposeResult:
        yield self._top_line
        yield self._table
        yield self._empty
        yield self._remark
        yield KeyHints(Place.LIST)

    def on_mount(self) -> None:
        self._empty.display = False
        self._reload()

    @work(exclusive=True, group="reload")
    async def _reload(self, keep: str | None = None) -> None:
        await self._show_key_pairs(keep or self._table.highlighted)

    async def _show_key_pairs(self, keep: str | None) -> None:
        try:
            key_pairs = await asyncio.to_thread(self._service.describe_key_pairs)
        except StoreError as error:
            self._show_empty(sentence(error))
            self.loaded = True
            return
        now = self._service.now().astimezone()
        self._key_pairs = {key_pair.key_pair_id: key_pair for key_pair in key_pairs}
        ordered = sorted(key_pairs, key=lambda key_pair: key_pair.key_name.casefold())
        count = len(ordered)
        self._top_line.show(f"{self._service.region} · {count:,} pair{'s' * (count != 1)}")
        if ordered:
            self._empty.display = False
            self._table.display = True
            self._table.set_rows([row_of(key_pair, now) for key_pair in ordered], keep)
            self._table.focus()
        else:
            self._show_empty(
                f"No key pairs in {self._service.region} yet.\n\nPress c to create one."
            )
        self.loaded = True

    def _show_empty(self, text: str) -> None:
        self._table.display = False
        self._empty.display = True
        self._empty.update(text)
        self._remark.update("")

    @on(KeyPairTable.Highlighted)
    def _show_remark(self, event: KeyPairTable.Highlighted) -> None:
        key_pair = self._key_pairs.get(event.key_pair_id or "")
        self._remark.update(remark(key_pair) if key_pair else "")

    def action_reload(self) -> None:
        """Read the Region's file again."""
        self._reload()

    @work(exclusive=True, group="create")
    async def action_create_key_pair(self) -> None:
        """Create a key pair, and stay with its private key until it is safe or given up."""
        from tui.screens.create_key_pair import CreateKeyPairScreen
        from tui.screens.key_material import KeyMaterialScreen

        created = await self.app.push_screen_wait(CreateKeyPairScreen(self._service))
        if created is None:
            return
        try:
            await self.app.push_screen_wait(KeyMaterialScreen(self._service, created))
        finally:
            created.key_material.wipe()
        await self._show_key_pairs(created.key_pair.key_pair_id)
