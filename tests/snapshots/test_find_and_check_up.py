from datetime import timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.disk import mounts
from core.store.journal import JournalEntry
from tests.demo import NOW, DemoSession
from tests.helpers import AT_80, BOTH_SIZES, PUBLIC_KEY
from tests.snapshots.conftest import SnapCompare
from tests.tui.driving import app_of, drawn, until, until_loaded, until_screen
from tui.app import KeyPairsApp
from tui.screens.look.check_up import CheckUpScreen
from tui.screens.look.find import FindScreen
from tui.screens.look.journal import JournalScreen


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


@pytest.mark.parametrize(
    "size",
    [
        AT_80,
        pytest.param((60, 15), id="60x15", marks=pytest.mark.long),
        pytest.param((120, 36), id="120x36", marks=pytest.mark.long),
    ],
)
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
        await until(pilot, lambda: "1 Region" in str(screen._counts.visual), "the end")
        await until(pilot, lambda: "Bring it back from" in drawn(pilot), "advice")

    assert snap_compare(KeyPairsApp(demo_session), run_before=look, terminal_size=size)


@pytest.mark.long
def test_journal(snap_compare: SnapCompare, demo_session: DemoSession) -> None:
    lines = [
        JournalEntry(
            NOW + timedelta(seconds=at),
            user,
            "bastion-1",
            "203.0.113.7",
            process,
            "us-east-1",
            operation,
            name,
            f"key-0{number:016x}",
            outcome,
        )
        for number, (at, user, process, operation, name, outcome) in enumerate(
            [
                (-400_000, "anna", 1, "CreateTags", "ci-deploy", "done"),
                (-80_000, "boris", 2, "ImportKeyPair", "sandbox-eu", "failed"),
                (-75_013, "anna", 3, "CreateKeyPair", "web-prod", "done"),
                (-75_001, "anna", 3, "SaveKeyMaterial", "web-prod", "done"),
                (-500, "ops", 4, "CreateKeyPair", "nightly", "begun"),
                *(
                    (-90 + n / 100, "ops", 5, "DeleteKeyPair", f"old-{n}", "done")
                    for n in range(99)
                ),
            ]
        )
    ]

    async def look(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        pilot.app.push_screen(JournalScreen("us-east-1", lines, NOW))
        await until_screen(pilot, "JournalScreen")
        await pilot.press("down")
        await until(pilot, lambda: "CreateKeyPair in us-east-1" in drawn(pilot), "the pane")

    assert snap_compare(KeyPairsApp(demo_session), run_before=look, terminal_size=(120, 36))
