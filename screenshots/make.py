"""Draw the README's pictures from the real app over throwaway data.

Run `python -m screenshots.make` in the root folder; a test fails when the pictures are stale.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from textual.pilot import Pilot

from tests.demo import DemoSession, deterministic_keys, fill
from tests.tui.driving import create, drawn, save, type_text, until, until_loaded, until_screen
from tui.app import KeyPairsApp

FOLDER = Path(__file__).parent

Scene = Callable[[Pilot[None]], Awaitable[None]]


class Picture(NamedTuple):
    """What a picture shows, in a window of so many columns and rows."""

    scene: Scene
    size: tuple[int, int] = (100, 30)


async def _list(pilot: Pilot[None]) -> None:
    await pilot.press("j")


async def _create(pilot: Pilot[None]) -> None:
    await pilot.press("c")
    await until_screen(pilot, "CreateKeyPairScreen")
    await type_text(pilot, "reporting")
    await pilot.press("ctrl+t")
    await pilot.pause()
    await type_text(pilot, "Team")
    await pilot.press("tab")
    await type_text(pilot, "data")


async def _private_key(pilot: Pilot[None]) -> None:
    await create(pilot, "reporting")
    await save(pilot)


async def _filter(pilot: Pilot[None]) -> None:
    await pilot.press("slash")
    await pilot.pause()
    await type_text(pilot, "tag:Env=prod")


async def _delete(pilot: Pilot[None]) -> None:
    await pilot.press("j", "d")
    await until_screen(pilot, "DeleteKeyPairsScreen")
    await until(pilot, lambda: "stays where it is" in drawn(pilot), "the look at the file")
    await type_text(pilot, "ci-dep")


SCENES: dict[str, Picture] = {
    "list": Picture(_list, (120, 30)),
    "create": Picture(_create),
    "private-key": Picture(_private_key),
    "filter": Picture(_filter, (80, 24)),
    "delete": Picture(_delete),
}


def draw(picture: Picture) -> str:
    """Return the picture of a scene as SVG; the same every time."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        (home / ".ssh").mkdir(parents=True, mode=0o700)
        with mock.patch.dict(os.environ, {"HOME": str(home), "TZ": "UTC"}), deterministic_keys(1):
            time.tzset()
            session = DemoSession(home / "data")
            fill(session, home)
            return asyncio.run(_play(session, picture))


async def _play(session: DemoSession, picture: Picture) -> str:
    app = KeyPairsApp(session, "ops@bastion-1")
    async with app.run_test(size=picture.size) as pilot:
        await until_loaded(pilot)
        await picture.scene(pilot)
        # The pane follows the cursor once that rests.
        await pilot.pause(0.3)
        return app.export_screenshot()


def main() -> None:
    """Write every picture anew."""
    for name, picture in SCENES.items():
        (FOLDER / f"{name}.svg").write_text(draw(picture))


if __name__ == "__main__":
    main()
