"""A data folder on a network file system is said to be on one, and what that means."""

from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.disk import mounts
from tests.demo import DemoSession
from tests.tui.driving import app_of, play, until
from tui.__main__ import main
from tui.widgets.fact_line import FactLine


def mount_over_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mountinfo").write_text("1 1 0:1 / / rw - nfs4 host:/ rw\n")
    monkeypatch.setattr(mounts, "MOUNTINFO", tmp_path / "mountinfo")


@pytest.mark.long
def test_the_list_says_so_when_it_is_there(
    demo_session: DemoSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount_over_the_network(tmp_path, monkeypatch)

    async def scene(pilot: Pilot[None]) -> None:
        remark = app_of(pilot).screen.query_one(FactLine)
        await until(pilot, lambda: "network file system (nfs4)" in remark.said, "the note")
        await pilot.press("down")
        assert "nfs4" not in remark.said

    play(demo_session, scene)


@pytest.mark.parametrize("command", ["list", "doctor", "describe-key-pairs"])
def test_a_command_says_so_beside_its_output(
    command: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mount_over_the_network(tmp_path, monkeypatch)
    (tmp_path / "data").mkdir(0o700)
    main([command, "--data-dir", str(tmp_path / "data")])
    said = capsys.readouterr()
    assert " ".join(said.err.split()).count("network file system (nfs4)") == 1
    assert "nfs4" not in said.out


def test_nothing_is_said_of_a_disk_of_this_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounts, "MOUNTINFO", tmp_path / "none")
    main(["list", "--data-dir", str(tmp_path)])
    assert "network" not in capsys.readouterr().err
