import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.screens.look import check_up, journal
from tui.screens.workbench.widths import GAP, Column, needed, pane_width, shared, total

AROUND = 7

tables = st.sampled_from([check_up._COLUMNS, journal._COLUMNS]).flatmap(
    lambda columns: st.tuples(
        st.just(columns),
        st.tuples(*(st.integers(0, column.most) for column in columns)).filter(lambda n: n[0] > 0),
    )
)


@pytest.mark.long
@given(tables)
def test_a_wider_window_makes_no_column_narrower_and_the_pane_only_what_it_has(
    table: tuple[tuple[Column, ...], tuple[int, ...]],
) -> None:
    columns, needs = table
    at = {}
    for window in range(20, 301):
        pane = pane_width(window, columns, needs, AROUND)
        room = window - pane - AROUND
        at[window] = pane, shared(columns, needs, room)
        assert total(at[window][1]) <= max(room, sum(map(bool, needs)) * (GAP + 1)), window
        assert all(width <= need for width, need in zip(at[window][1], needs, strict=True))
    for window in range(21, 301):
        (pane_before, before), (pane, now) = at[window - 1], at[window]
        if bool(pane) == bool(pane_before):
            assert all(a <= b for a, b in zip(before, now, strict=True)), window
        if pane:
            assert window >= 120
            assert 48 <= pane <= 64
            small = at[80][1]
            kept = [i for i, column in enumerate(columns) if not column.in_pane]
            assert all(small[i] <= now[i] for i in kept), window
    assert at[300] == (64, list(needs))


def test_the_columns_of_the_journal_at_the_widths_of_the_sketches() -> None:
    rows = [("14:41:07", "create", "nightly-and-longer", "key-0" + "f" * 16, "boris", "✗ failed")]
    needs = needed(journal._COLUMNS, rows, titled=True)
    shown = {}
    for window in (40, 60, 80, 100, 120, 160):
        pane = pane_width(window, journal._COLUMNS, needs, 5)
        shown[window] = pane, shared(journal._COLUMNS, needs, window - pane - 5)
    assert shown == {
        40: (0, [8, 6, 8, 0, 0, 7]),
        60: (0, [8, 6, 18, 0, 5, 8]),
        80: (0, [8, 6, 18, 0, 5, 8]),
        100: (0, [8, 6, 18, 21, 5, 8]),
        120: (48, [8, 6, 18, 0, 5, 8]),
        160: (64, [8, 6, 18, 21, 5, 8]),
    }
