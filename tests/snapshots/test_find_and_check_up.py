from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.disk import mounts
from tests.demo import DemoSession
from tests.helpers import BOTH_SIZES, PUBLIC_KEY
from tests.snapshots.conftest import SnapCompare
from tests.tui.driving import app_of, until, until_loaded, until_screen
from tui.app import KeyPairsApp
from tui.screens.look.check_up import CheckUpScreen
from tui.screens.look.find import FindScreen


@BOTH_SIZES
def test_find(
    snap_compare: SnapCompare, demo_session: DemoSession, home: Path, size: tuple[int, int]
) -> None:
    (home / ".ssh" / "laptop.pub").write_text(f"{PUBLIC_KEY} sam@laptop\n")
    (home / ".ssh" / "cut.pem").write_bytes((home / ".ssh" / "web-blue.pem").read_bytes()[:200])

    async def look_up(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press("f")
        await until_screen(pilot, "FindScreen")
        screen = app_of(pilot).screen
        assert isinstance(screen, FindScreen)
        screen._thing.value = "~/.ssh"
        await pilot.press("enter")
        await until(pilot, lambda: "7 keys, 5 known" in screen._status.verdict.text, "the end")

    assert snap_compare(KeyPairsApp(demo_session), run_before=look_up, terminal_size=size)


@BOTH_SIZES
def test_check_up(
    snap_compare: SnapCompare,
    demo_session: DemoSession,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
) -> None:
    monkeypatch.setattr(mounts, "MOUNTINFO", home / "none")
    (home / ".ssh" / "web-blue.pem").unlink()
    (home / ".ssh" / "web-green.pem").chmod(0o644)

    async def look(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press("D")
        await until_screen(pilot, "CheckUpScreen")
        screen = app_of(pilot).screen
        assert isinstance(screen, CheckUpScreen)
        await until(pilot, lambda: "1 notice" in screen._status.verdict.text, "the end")

    assert snap_compare(KeyPairsApp(demo_session), run_before=look, terminal_size=size)
