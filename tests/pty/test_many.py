"""A Region that is full: 5,000 key pairs."""

from pathlib import Path

import pytest

from tests.core.store_records import key_pair, write_region
from tests.pty.terminal import OpenApp, text_of

pytestmark = pytest.mark.long

COUNT = 5_000
DOWN = "\x1b[B"


@pytest.fixture
def in_order(tmp_path: Path) -> list[str]:
    """Fill the Region, and return the names in the order of the list."""
    write_region(tmp_path / "data", COUNT)
    return sorted(key_pair(number).key_name for number in range(1, COUNT + 1))


def id_of(name: str) -> str:
    return key_pair(int(name.removeprefix("pair-"))).key_pair_id


def test_the_first_frame_comes_before_the_list(open_app: OpenApp, in_order: list[str]) -> None:
    terminal = open_app()
    terminal.wait_for("c create")
    terminal.wait_for("5,000 pairs")
    screen = terminal.wait_for(in_order[0])
    assert all(f" {name} " in screen for name in in_order[:18])
    # The hints went out before the count and the rows, which came with a later frame.
    text = text_of(terminal.output())
    assert 0 < text.index(b"create") < text.index(in_order[0].encode())
    assert b"5,000 pairs" not in text[: text.index(b"create")]


def test_holding_down_goes_a_row_for_each_key(open_app: OpenApp, in_order: list[str]) -> None:
    terminal = open_app()
    terminal.wait_for(id_of(in_order[0]))
    terminal.type(DOWN * 60)
    screen = terminal.wait_for(id_of(in_order[60]))
    assert f" {in_order[60]} " in screen
    # Nothing was left over: the next key is one row up.
    terminal.press("Up")
    terminal.wait_for(id_of(in_order[59]))


def test_the_count_stands_beside_the_filter(open_app: OpenApp, in_order: list[str]) -> None:
    terminal = open_app()
    terminal.wait_for("5,000 pairs")
    terminal.press("/")
    terminal.type("pair-12")
    expected = [name for name in in_order if "pair-12" in name]
    # The blank belongs to it: "pair-1", the frame before, counts 1,111.
    screen = terminal.wait_for(f" {len(expected)} of 5,000")
    [line] = [line for line in screen.split("\n") if "of 5,000" in line]
    assert line.strip().startswith("/ ▌ pair-12")
    assert "5,000 pairs" in screen.split("\n")[0]
    terminal.wait_for(expected[-1] if len(expected) < 18 else expected[0])
    terminal.press("Escape")
    terminal.wait_until_gone("of 5,000")
    terminal.wait_for("5,000 pairs")
