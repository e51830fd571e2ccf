"""A new private key outlives an upgrade of the program, and Ctrl-Z where there is no shell."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import SIZES
from tests.pty.terminal import KEYPAIRS, OpenApp, create_key_pair, save_key_material

ROOT = Path(__file__).parents[2]


@pytest.mark.long
@SIZES
def test_a_key_is_saved_though_the_program_was_removed_meanwhile(
    open_app: OpenApp, tmp_path: Path, size: tuple[int, int]
) -> None:
    program = tmp_path / "program"
    for part in ("core", "tui"):
        shutil.copytree(ROOT / part, program / part)
    terminal = open_app(
        command=[sys.executable, "-m", "tui"], env={"PYTHONPATH": str(program)}, size=size
    )
    create_key_pair(terminal, "web")
    assert list(program.rglob("__pycache__"))  # it was this one that ran
    shutil.rmtree(program)
    for key, title in (("a", "to the ssh-agent"), ("Escape", "Leave without"), ("y", "Copy from")):
        terminal.press(key)
        terminal.wait_for(title)
        terminal.press("Escape")
        terminal.wait_for("asks before it leaves")
    save_key_material(terminal)
    assert (tmp_path / "home" / ".ssh" / "web.pem").exists()


@pytest.mark.long
@pytest.mark.parametrize("size", [(60, 15), (80, 24)], ids=["60x15", "80x24"])
def test_ctrl_z_stops_nothing_where_no_shell_could_continue_it(
    open_app: OpenApp, size: tuple[int, int]
) -> None:
    terminal = open_app(size=size)
    create_key_pair(terminal, "web", "ed25519")
    terminal.press("C-z")
    terminal.wait_for("no shell to come back from")
    terminal.press("v")
    terminal.wait_for("v hide")


@pytest.mark.long
def test_a_shell_stops_and_continues_it(
    open_app: OpenApp, tool: Callable[[str], str], tmp_path: Path
) -> None:
    # A shell that has jobs, as the one that a person types into.
    script = '"$0" "$@"; echo "stopped: $?"; read -r _; fg >/dev/null; exit $?'
    terminal = open_app(command=[tool("bash"), "-mc", script, KEYPAIRS])
    create_key_pair(terminal, "web", "ed25519")
    terminal.press("C-z")
    terminal.wait_for("stopped: 14")
    terminal.press("Enter")
    terminal.wait_for("asks before it leaves")
    save_key_material(terminal)
    assert (tmp_path / "home" / ".ssh" / "web.pem").exists()
