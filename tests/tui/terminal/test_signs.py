"""Signs that a console or an old locale lacks are replaced by others, cell for cell."""

import pytest
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tests.each_row import each_row
from tui.terminal.frame_diff import FrameDiff
from tui.terminal.signs import ASCII, CONSOLE, Signs, for_terminal

OURS = "✓✗●○▲▼►•–…·›↑↓→←█░▌▐│─╭╮╰╯┏┓┗┛━┃"
"""All the signs that screens are drawn with, besides ASCII."""


def test_a_console_gets_only_what_its_font_has() -> None:
    lost = [sign for sign in OURS.translate(CONSOLE) if not _in_cp437(sign)]
    assert lost == []


def _in_cp437(sign: str) -> bool:
    # The signs of its control characters are drawn, though no codec maps them.
    return sign in "▲▼►•↑↓→←" or bool(sign.encode("cp437", "ignore"))


@pytest.mark.parametrize("signs", [CONSOLE, ASCII], ids=["console", "ascii"])
def test_nothing_changes_its_width(signs: Signs) -> None:
    assert [sign for sign in OURS if cell_len(sign.translate(signs)) != cell_len(sign)] == []


def test_an_old_locale_gets_ascii() -> None:
    assert OURS.translate(ASCII).isascii()


ROWS: list[tuple[dict[str, str], Signs]] = [
    ({}, {}),
    ({"LANG": "C"}, {}),
    ({"LANG": "de_DE.UTF-8"}, {}),
    ({"LANG": "de_DE.utf8"}, {}),
    ({"LANG": "de_DE.ISO-8859-1"}, ASCII),
    ({"LANG": "de_DE.ISO-8859-15@euro"}, ASCII),
    ({"LANG": "de_DE.ISO-8859-1", "LC_ALL": "en_US.UTF-8"}, {}),
    ({"LC_CTYPE": "ru_RU.KOI8-R", "LC_ALL": ""}, ASCII),
    ({"TERM": "linux", "LANG": "en_US.UTF-8"}, CONSOLE),
    ({"TERM": "linux", "LANG": "ru_RU.KOI8-R"}, ASCII),
    ({"TERM": "xterm-256color"}, {}),
]


@each_row("environment, signs", ROWS, ids=str)
def test_the_environment_says_which(environment: dict[str, str], signs: Signs) -> None:
    assert for_terminal(environment) == signs


def test_they_are_replaced_on_the_way_to_the_terminal() -> None:
    strip = Strip([Segment("│ ● rsa   ✓ free…")])
    update = LayoutUpdate([[strip]], Region(0, 0, strip.cell_length, 1))

    sent = FrameDiff(ASCII).frame(update, ColorSystem.TRUECOLOR)

    assert "| * rsa   + free~" in sent
