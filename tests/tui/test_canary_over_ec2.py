"""A known key of EC2 is led through the app with everything logged; then it is searched for.

Searched are what botocore and the rest of the program log at DEBUG, what is printed, what is sent
to the monitor that the AWS variables name, what every screen says, and every file but the one the
key was saved to.
"""

import logging
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.aws.new_pairs import lost_answers
from core.keys import keygen
from tests.ec2_server import Ec2Server, Fault
from tests.pty.canary import NAME, holds_key, pieces, private_key
from tests.tui.driving import drawn, save, type_text, until, until_screen
from tests.tui.over_ec2 import Play, play_over_ec2, server

__all__ = ["play_over_ec2", "server"]

_LOUD = ("botocore", "botocore.parsers", "botocore.endpoint", "botocore.hooks", "urllib3")


@pytest.fixture
def log(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file to which everything is logged that anybody logs."""
    path = home / "debug.log"
    handler = logging.FileHandler(path)
    levels = {name: logging.getLogger(name).level for name in (*_LOUD, "")}
    for name in levels:
        logging.getLogger(name or None).setLevel(logging.DEBUG)
    logging.root.addHandler(handler)
    monkeypatch.setattr(HTTPConnection, "debuglevel", 1)
    yield path
    logging.root.removeHandler(handler)
    handler.close()
    for name, level in levels.items():
        logging.getLogger(name or None).setLevel(level)


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """What listens to the client-side monitoring that the variables ask for."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.setblocking(False)
        monkeypatch.setenv("AWS_CSM_ENABLED", "true")
        monkeypatch.setenv("AWS_CSM_PORT", str(listening.getsockname()[1]))
        monkeypatch.setenv("AWS_CSM_HOST", "127.0.0.1")
        yield listening


@pytest.mark.long
def test_nothing_of_a_key_of_ec2_is_anywhere_but_in_its_file(
    play_over_ec2: Play,
    server: Ec2Server,
    home: Path,
    log: Path,
    monitor: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(keygen, "generate", private_key)
    monkeypatch.setattr(lost_answers, "_PAUSES", (0.01,))
    monkeypatch.setattr(lost_answers, "SETTLES_WITHIN", 0.05)
    monkeypatch.setenv("TEXTUAL_LOG", str(home / "textual.log"))
    known = pieces()
    seen: list[str] = []

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "No key pairs" in drawn(pilot), "the empty Region")
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, NAME)
        await pilot.press("tab", "right", "tab", "tab", "right")
        for fault in (Fault.CUT, Fault.RUBBISH):
            server.faults["CreateKeyPair"] = [fault]
            await pilot.press("enter")
            await until_screen(pilot, "LostPrivateKeyScreen")
            seen.append(drawn(pilot))
            await type_text(pilot, NAME)
            await pilot.press("enter")
            await until_screen(pilot, "CreateKeyPairScreen")
            await until(pilot, lambda: "is deleted" in drawn(pilot), "that it is deleted")
        await pilot.press("enter")
        await until_screen(pilot, "KeyMaterialScreen")
        await save(pilot)
        seen.append(drawn(pilot))
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        seen.append(drawn(pilot))

    play_over_ec2(scene)
    assert server.calls["CreateKeyPair"] == 3
    saved = home / ".ssh" / f"{NAME}.pem"
    assert holds_key(saved.read_bytes(), known)
    places = {str(each): each.read_bytes() for each in home.rglob("*") if each.is_file()}
    del places[str(saved)]
    assert str(log) in places
    places |= {"printed": "".join(capfd.readouterr()).encode(), "shown": "".join(seen).encode()}
    assert {name for name, data in places.items() if holds_key(data, known)} == set()
    with pytest.raises(BlockingIOError):
        monitor.recv(65536)
