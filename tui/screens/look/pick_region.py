"""Lets a person pick a Region: of EC2 one of the account's, as soon as EC2 has said which."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual import work

from core.errors import KeyPairsError
from tui.screens.look.pick import PickScreen
from tui.widgets.pick_list import Item, narrowed
from tui.widgets.search_input import FirstLine
from tui.words.place import NOT_ENABLED, region_heading, region_items
from tui.words.text import said_by
from tui.words.verdict import Tone, Verdict
from tui.work.own_thread import in_own_thread

if TYPE_CHECKING:
    from core.session import Session


class PickRegionScreen(PickScreen):
    """The Regions; ends with the name of the one that was picked, or None.

    All that are known here can be picked at once; when EC2 has answered, those that the account
    has. One that is not enabled is listed, and cannot be picked: it would answer as if the
    credentials were wrong.

    Args:
        session: whose place has the Regions.
        counts: the Regions in use, and how many pairs each has.
        title: what is asked.
        present: the Region where the list is, if that is in this place.
        begins_at: the Region on which the cursor begins, else the present one.
    """

    def __init__(
        self,
        session: "Session",
        counts: Mapping[str, int | None],
        title: str = "Look at another Region",
        *,
        present: str | None = None,
        begins_at: str | None = None,
    ) -> None:
        self._session = session
        self._counts = counts
        self._present = present
        self._enabled: Mapping[str, bool] | None = None
        items = self._lines()
        heading = region_heading(has_counts=session.place is None or bool(counts))
        super().__init__(title, items, heading=heading, present=begins_at or present)
        self._search.suggester = FirstLine(self._first)

    def _first(self, typed: str) -> str:
        return next((item.value for item in narrowed(self._items, typed)), "")

    def _lines(self) -> list[Item]:
        # What EC2 has in a Region where nobody looked is not known here.
        is_counted = self._session.place is None
        return region_items(self._counts, self._enabled, self._present, is_counted=is_counted)

    def on_mount(self) -> None:
        if self._session.place is not None:
            self._ask()

    @work(group="ask which are enabled")
    async def _ask(self) -> None:
        place = self._session.place
        if place is None:
            return
        try:
            self._enabled = await in_own_thread(place.regions)
        except KeyPairsError as error:
            text = f"which are enabled is not known: {said_by(error)}"
            self.say(Verdict(text, Tone.CAUTION))
        else:
            self.show_items(self._lines())

    def refusal(self, item: Item) -> str:
        enabled = self._enabled or {}
        return "" if enabled.get(item.value, True) else f"{item.value} is {NOT_ENABLED}"
