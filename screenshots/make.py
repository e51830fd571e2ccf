"""Draw the README's pictures from the real app over throwaway data.

Run `python -m screenshots.make` in the root folder; a test fails when the pictures are stale.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from unittest import mock

from textual.pilot import Pilot

from tests.demo import DemoSession, deterministic_keys, fill
from tests.tui.driving import app_of, create, save, type_text, until, until_loaded, until_screen
from tui.app import KeyPairsApp
from tui.widgets.facts import Facts

FOLDER = Path(__file__).parent
SIZE = (80, 24)

Scene = Callable[[Pilot[None]], Awaitable[None]]


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


_SECTIONS = 10
"""Fewer than the details have, and more than stand there before they are read."""


async def _details(pilot: Pilot[None]) -> None:
    # The one that was not saved: the path of a saved one differs from run to run.
    await pilot.press("j", "j", "enter")
    await until_screen(pilot, "DetailsScreen")
    await until(pilot, lambda: len(app_of(pilot).screen.query(Facts)) > _SECTIONS, "the page")


SCENES: dict[str, Scene] = {
    "list": _list,
    "create": _create,
    "private-key": _private_key,
    "filter": _filter,
    "details": _details,
}


def draw(scene: Scene) -> str:
    """Return the picture of a scene as SVG; the same every time."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        (home / ".ssh").mkdir(parents=True, mode=0o700)
        with mock.patch.dict(os.environ, {"HOME": str(home), "TZ": "UTC"}), deterministic_keys(1):
            time.tzset()
            session = DemoSession(home / "data")
            fill(session, home)
            return asyncio.run(_play(session, scene))


async def _play(session: DemoSession, scene: Scene) -> str:
    app = KeyPairsApp(session, "ops@bastion-1")
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await scene(pilot)
        await pilot.pause()
        return app.export_screenshot()


def main() -> None:
    """Write every picture anew."""
    for name, scene in SCENES.items():
        (FOLDER / f"{name}.svg").write_text(draw(scene))


if __name__ == "__main__":
    main()
