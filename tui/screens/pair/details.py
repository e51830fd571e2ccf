"""Shows everything about a key pair, on one page."""

import asyncio
from enum import Enum, auto
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from core.custody.rotation import NOTHING_REPLACED, Rotation
from core.model import KeptKeyPair
from tui.actions.keymap import bindings, reading_hints
from tui.actions.table import Place
from tui.screens.pair import usage
from tui.screens.pair.copy_menu import copy_something
from tui.screens.placed_screen import PlacedScreen
from tui.widgets.facts import Facts
from tui.words import details
from tui.words.verdict import READ_ONLY, Tone, Verdict
from tui.work.exclusive import exclusively
from tui.work.own_thread import in_own_thread

if TYPE_CHECKING:
    from core.ec2.place import Ec2Place
    from core.session import Session


class Next(Enum):
    """What is to be done with the pair next, which the list does."""

    TAGS = auto()
    DELETE = auto()


class DetailsScreen(PlacedScreen[Next | None]):
    """Fields, fingerprints with the commands that give them, files, history, lines to paste.

    Ends with what is to be done next, or None.
    """

    CSS_PATH = "details.tcss"
    PLACE = Place.DETAILS
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "VerticalScroll"

    def __init__(
        self,
        session: "Session",
        key_pair: KeptKeyPair,
        rotation: Rotation = NOTHING_REPLACED,
    ) -> None:
        super().__init__(key_pair.key_name)
        self._session = session
        self._key_pair = key_pair
        self._rotation = rotation
        self.about = [key_pair]
        self._used = Facts([("", usage.ASKING)], labelled=False)
        self._page = VerticalScroll(classes="body")

    def content(self) -> ComposeResult:
        with self._page:
            yield Facts(details.summary(self._key_pair, self._rotation))

    @work(exclusive=True)
    async def on_mount(self) -> None:
        if self._session.read_only:
            self.key_hints.show(reading_hints(Place.DETAILS))
        sections = await asyncio.to_thread(
            details.sections, self._session, self._key_pair, self._rotation
        )
        await self._page.remove_children()
        for heading, facts, pasteable in sections:
            if heading:
                await self._page.mount(Static(heading, markup=False, classes="heading"))
            labelled = any(label for label, _ in facts)
            await self._page.mount(Facts(facts, labelled=labelled, pasteable=pasteable))
            if not heading and self._session.place is not None:
                await self._page.mount(Static("What uses it", markup=False, classes="heading"))
                await self._page.mount(self._used)
                self._ask_what_uses_it(self._session.place)

    @work(group="usage")
    async def _ask_what_uses_it(self, place: "Ec2Place") -> None:
        name = self._key_pair.key_name
        found = await in_own_thread(lambda: usage.ask(place, [name]))
        self._used.show([("", line) for line in usage.lines(found[name])])

    @exclusively
    async def action_copy(self) -> None:
        """Send something of the pair to the terminal's clipboard."""
        await copy_something(self.app, self._session, self._key_pair)

    def action_tags(self) -> None:
        """Edit the tags of the pair."""
        self._leave_for(Next.TAGS)

    def action_delete(self) -> None:
        """Delete the pair."""
        self._leave_for(Next.DELETE)

    def _leave_for(self, change: Next) -> None:
        if self._session.read_only:
            self.say(Verdict(READ_ONLY, Tone.CAUTION))
        else:
            self.dismiss(change)
