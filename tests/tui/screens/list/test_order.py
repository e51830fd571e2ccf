"""The order of the pairs."""

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.demo import NOW, DemoSession
from tests.tui.driving import app_of, play, until
from tui.screens.list.key_pair_list import KeyPairListScreen
from tui.screens.list.key_pair_table import HEADINGS
from tui.screens.list.listing import Listing


@pytest.mark.parametrize("column", HEADINGS)
def test_pairs_that_are_equal_by_a_column_stand_by_their_names(
    demo_session: DemoSession, column: str
) -> None:
    pairs = [replace(pair, tags=()) for pair in demo_session.backend.describe_key_pairs()]
    for is_reversed in (False, True):
        orders = set()
        for begun in (pairs, pairs[::-1], pairs[3:] + pairs[:3]):
            listing = Listing()
            listing.load(listing.prepare(begun), NOW)
            while listing.column != column:
                listing.sort_by_next()
            if is_reversed:
                listing.turn_round()
            # As after a change: what was sorted before is read once more, in another order.
            listing.load(listing.prepare(begun[::-1]), NOW)
            shown = listing.shown(NOW)
            orders.add(tuple(pair.key_name for pair in shown))
            names = [pair.key_name for pair in shown]
            assert column != "tags" or names == sorted(names)
        assert len(orders) == 1


def test_the_cursor_stays_on_its_pair_or_at_the_top(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = app_of(pilot).screen
        assert isinstance(screen, KeyPairListScreen)
        view = screen.view
        await until(pilot, lambda: len(view.shown) > 2, "the pairs")
        first = view.shown[0]
        await pilot.press("S")
        assert view.shown[-1] == first
        assert view.highlighted == view.shown[0]
        await pilot.press("down")
        second = view.highlighted
        await pilot.press("S")
        assert view.shown[1] != second
        assert view.highlighted == second

    play(demo_session, scene)
