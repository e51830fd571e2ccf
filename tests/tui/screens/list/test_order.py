"""The order of the pairs."""

from dataclasses import replace

import pytest

from tests.demo import NOW, DemoSession
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
