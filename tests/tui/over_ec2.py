"""Drives the app over an EC2 on loopback."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.ec2.place import Ec2Choice
from core.settings import open_session
from tests.ec2_server import Ec2Server, ec2_server, environment
from tests.tui.driving import Scene
from tui.app import KeyPairsApp

Play = Callable[..., None]


@pytest.fixture
def server(home: Path, utc: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ec2Server]:
    """An EC2 on loopback, named by the AWS variables."""
    with ec2_server(home / "in-ec2") as running:
        for name, value in environment(running, home).items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def play_over_ec2(server: Ec2Server, home: Path) -> Play:
    """Runs the app over EC2, from its first frame, until a scene is over."""

    def play(
        scene: Scene,
        size: tuple[int, int] = (80, 24),
        *,
        read_only: bool = False,
        read_timeout: float = 20.0,
    ) -> None:
        choice = Ec2Choice(read_timeout=read_timeout)
        session = open_session(None, home / "data", read_only=read_only, ec2=choice)
        app = KeyPairsApp(session)

        async def run() -> None:
            async with app.run_test(size=size, notifications=True) as pilot:
                await scene(pilot)

        asyncio.run(run())

    return play


def first_line(pilot: Pilot[None]) -> str:
    """Return the top line of the screen."""
    from tests.tui.driving import drawn

    return drawn(pilot).splitlines()[0].strip()
