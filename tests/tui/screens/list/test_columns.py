import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.store_records import key_pair
from tui.screens.list.columns import (
    SCROLLBAR,
    Columns,
    Texts,
    columns,
    longest_texts,
    pane_width,
)

WIDTHS = range(20, 301)

FORTY_PAIRS = Texts(name=20, first_tag=18, tags=39, fingerprint=59)
"""The longest texts of the forty pairs that the sketches of the list show."""

SKETCHED = {
    40: (0, Columns(20, 7, 0, 0, 0)),
    50: (0, Columns(20, 7, 0, 10, 0)),
    60: (0, Columns(20, 7, 0, 10, 12)),
    70: (0, Columns(20, 7, 0, 10, 22)),
    80: (0, Columns(20, 7, 12, 10, 18)),
    100: (0, Columns(20, 7, 20, 10, 28)),
    113: (0, Columns(20, 7, 20, 10, 28)),
    114: (48, Columns(20, 7, 0, 10, 18)),
    120: (48, Columns(20, 7, 0, 10, 24)),
    139: (48, Columns(20, 7, 0, 10, 28)),
    140: (48, Columns(20, 7, 14, 10, 28)),
    160: (62, Columns(20, 7, 20, 10, 28)),
    200: (63, Columns(20, 7, 59, 10, 28)),
    240: (63, Columns(20, 7, 59, 10, 39)),
    300: (63, Columns(20, 7, 59, 10, 39)),
}

texts = st.builds(
    lambda name, first, more, fingerprint: Texts(name, first, first + more, fingerprint),
    st.integers(1, 255),
    st.integers(1, 200),
    st.integers(0, 400),
    st.sampled_from([44, 47, 59]),
)


def test_the_forty_pairs_at_the_widths_of_the_sketches() -> None:
    found = {}
    for width in SKETCHED:
        pane = pane_width(width, FORTY_PAIRS)
        found[width] = (pane, columns(width, FORTY_PAIRS, pane))
    assert found == SKETCHED


@pytest.mark.long
@given(texts)
def test_a_row_fits_beside_its_pane_at_every_width(longest: Texts) -> None:
    for width in WIDTHS:
        pane = pane_width(width, longest)
        assert columns(width, longest, pane).total + SCROLLBAR <= width - pane, width


@pytest.mark.long
@given(texts)
def test_no_column_is_wider_than_its_longest_text_can_use(longest: Texts) -> None:
    bounded = longest.bounded()
    for width in WIDTHS:
        shown = columns(width, longest, pane_width(width, longest))
        assert shown.name <= bounded.name
        assert shown.fingerprint <= longest.fingerprint
        assert shown.tags <= max(bounded.tags, bounded.first_tag)


@pytest.mark.long
@given(texts, st.booleans())
def test_a_wider_window_makes_no_column_narrower_unless_the_pane_opens(
    longest: Texts, pane_is_closed: bool
) -> None:
    before, pane_before = columns(80, longest), 0
    for width in range(80, 301):
        pane = 0 if pane_is_closed else pane_width(width, longest)
        now = columns(width, longest, pane)
        if pane and not pane_before:
            assert now.name == longest.bounded().name, width
        else:
            for column in ("name", "key_type", "fingerprint", "created", "tags"):
                assert getattr(now, column) >= getattr(before, column), (width, column)
        before, pane_before = now, pane


@pytest.mark.long
@given(texts)
def test_every_name_stands_whole_beside_the_pane(longest: Texts) -> None:
    for width in WIDTHS:
        pane = pane_width(width, longest)
        if pane:
            assert columns(width, longest, pane).name == longest.bounded().name
            assert 48 <= pane <= 63


@given(texts)
def test_what_an_80_column_window_shows_of_names_is_shown_at_120(longest: Texts) -> None:
    narrow = columns(80, longest)
    wide = columns(120, longest, pane_width(120, longest))
    assert wide.name >= narrow.name
    assert (wide.key_type, wide.created) >= (narrow.key_type, narrow.created)


def test_short_names_leave_their_heading_whole() -> None:
    longest = longest_texts([key_pair(1, "a")])
    for width in range(40, 301):
        assert columns(width, longest, pane_width(width, longest)).name >= len("Name ▲"), width
