"""What is sent bit by bit must leave the terminal with what a whole frame would show."""

import random
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pytest
from rich.color import ColorSystem
from rich.console import Console

from core.store import region_file
from core.store.records import to_record
from tests.core.store_records import encode, key_pair, write_region
from tests.emulator import Emulator, Look
from tests.frames import HEIGHT, ODD, TEXTS, WIDTH, updates, whole
from tests.pty.terminal import OpenApp, Terminal, wait_until
from tui.terminal.frame_diff import FrameDiff

SIZE = (80, 24)
ODD_NAMES = ("日本の鍵", "e\u0301te\u0301", "naïve", "rocket 🚀 pad")

WALKS = {
    "list": ["Down", "NPage", "NPage", "Up", "End", "Home", "Space", "s", "S", "Space", "R"],
    "filter": ["/", "p", "1", "2", "BSpace", "Enter", "Down", "/", "Escape", "S"],
    "form": ["c", "x", "y", "Tab", "Right", "Tab", "Right", "C-t", "k", "BTab", "C-r", "Escape"],
    "dialogs": [
        "Enter",
        "NPage",
        "Escape",
        "t",
        "a",
        "Escape",
        "Escape",
        "?",
        "Down",
        "Escape",
        "d",
    ],
}
WHOLE = 1500
"""Fewer bytes than a whole frame takes."""


def write_odd_region(folder: Path) -> None:
    """Write a Region with names that no version of today would take."""
    write_region(folder, 1)
    names = [*ODD_NAMES, *(f"pair-{number}" for number in range(60))]
    records = {
        str(number): to_record(key_pair(number, name)) for number, name in enumerate(names, 1)
    }
    data = encode({region_file.KEY_PAIRS: records}, "us-east-1", 2)
    (folder / "us-east-1.json").write_bytes(data)


def picture(terminal: Terminal) -> list[list[tuple[str, Look]]]:
    """Return all cells of the screen, with what can be seen of their looks."""
    emulator = Emulator(*SIZE)
    # As tmux writes what was a double underline.
    lines = terminal.styled().replace("4:2", "21").rstrip("\n").split("\n")
    for y, line in enumerate(lines):
        emulator.feed(f"\x1b[{y + 1}H{line}")
    return emulator.picture()


def wait_for_bytes(terminal: Terminal, count: int) -> None:
    wait_until(lambda: len(terminal.output()) > count)


def check(terminal: Terminal, walk: Sequence[str]) -> None:
    terminal.rest()
    for key in walk:
        terminal.press(key)
        terminal.rest()
        sent, seen = len(terminal.output()), picture(terminal)
        terminal.press("C-l")
        wait_for_bytes(terminal, sent + WHOLE)
        terminal.rest()
        assert picture(terminal) == seen, f"{key} of {walk}:\n{terminal.screen()}"


@pytest.mark.long
def test_a_few_steps_leave_the_screen_as_a_whole_frame_would(
    open_app: OpenApp, tmp_path: Path
) -> None:
    write_odd_region(tmp_path / "data")
    terminal = open_app()
    terminal.wait_for("64 pairs")
    check(terminal, ["Down", "/"])


@pytest.mark.long
@pytest.mark.parametrize("walk", WALKS)
def test_every_step_leaves_the_screen_as_a_whole_frame_would(
    open_app: OpenApp, tmp_path: Path, walk: str
) -> None:
    write_odd_region(tmp_path / "data")
    terminal = open_app()
    terminal.wait_for("64 pairs")
    check(terminal, WALKS[walk])


def test_redrawing_repairs_what_something_else_wrote(open_app: OpenApp, tmp_path: Path) -> None:
    write_odd_region(tmp_path / "data")
    terminal = open_app()
    terminal.wait_for("64 pairs")
    terminal.rest()
    seen = picture(terminal)
    # By its own name: only root may open what the program has open, for it forbids dumps.
    with terminal.tty.open("wb", buffering=0) as tty:
        tty.write(b"\x1b[5;5HBroadcast message\x1b[9;1Hfrom root")
    terminal.wait_for("Broadcast")
    terminal.press("C-l")
    terminal.wait_until_gone("Broadcast")
    terminal.rest()
    assert picture(terminal) == seen


@pytest.mark.long
def test_a_terminal_makes_of_made_up_frames_what_it_makes_of_textuals(
    open_app: OpenApp, tmp_path: Path
) -> None:
    """Ask a real terminal, not the emulator that was written beside the frame differ."""
    terminal = open_app(command=[sys.executable, "-c", "input()"])
    console, marks = Console(color_system="truecolor"), count(1)

    def shown(frames: Sequence[str]) -> object:
        mark = f"picture {next(marks)}."
        with terminal.tty.open("wb", buffering=0) as tty:
            sent = "\x1b[m\x1b[2J\x1b[H" + "".join(f"\x1b[H{frame}" for frame in frames)
            tty.write(f"{sent}\x1b[{SIZE[1]}H{mark}".encode())
        terminal.wait_for(mark)
        return [row[:WIDTH] for row in picture(terminal)[:HEIGHT]]

    for seed in range(8):
        chance = random.Random(seed)  # noqa: S311 - pictures, not keys
        odd = (whole(chance, (*TEXTS, *ODD)) for _ in range(4))
        made_up = [*odd] if seed % 2 else [*updates(seed, TEXTS)]
        frames = FrameDiff()
        ours = [frames.frame(update, ColorSystem.TRUECOLOR) for update in made_up]
        theirs = [update.render_segments(console) for update in made_up]
        assert shown(ours) == shown(theirs), f"seed {seed}"
