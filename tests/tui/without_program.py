"""Creates a key pair, takes the files of the program away, and does all that a key can lead to.

Run by itself, because only a fresh interpreter has imported nothing yet. Prints what was asked for
of the files that are gone: nothing.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot

from core.local.opening import open_local
from core.model import FileFormat
from tests.tui import conftest  # it makes the pilot sleep less
from tests.tui.driving import app_of, create, save, type_text, until, until_loaded, until_screen
from tui.app import KeyPairsApp
from tui.screens.private_key.save_key_material import SaveKeyMaterialScreen

assert conftest
missed: list[str] = []


class Gone:
    """A finder of modules that finds none."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        missed.append(name)
        raise ModuleNotFoundError(name)


def read(_: Stylesheet, path: object) -> None:
    missed.append(str(path))
    raise FileNotFoundError(path)


def take_away() -> None:
    sys.meta_path.insert(0, Gone())
    Stylesheet.read = read  # type: ignore[method-assign, assignment] # as if they could not be read


async def look(pilot: Pilot[None], key: str, screen: str) -> None:
    await pilot.press(key)
    await until_screen(pilot, screen)
    await pilot.pause(0.1)
    await pilot.press("escape")
    await until_screen(pilot, "KeyMaterialScreen")


async def save_as(pilot: Pilot[None], file_format: FileFormat) -> None:
    await pilot.press("s")
    await until_screen(pilot, "SaveKeyMaterialScreen")
    screen = app_of(pilot).screen
    assert isinstance(screen, SaveKeyMaterialScreen)
    screen._path.path = f"~/.ssh/{file_format.value}"
    screen._choice.index = list(FileFormat).index(file_format)
    if file_format.takes_passphrase:
        await pilot.press("tab", "tab")
        await type_text(pilot, "correct horse battery")
        await pilot.press("tab")
        await type_text(pilot, "correct horse battery")
    await pilot.press("enter")
    await until(pilot, lambda: app_of(pilot).screen is not screen, "what was saved")


async def scene(pilot: Pilot[None]) -> None:
    await until_loaded(pilot)
    await create(pilot, "web")
    take_away()
    for key, screen in (
        ("s", "SaveKeyMaterialScreen"),
        ("a", "AddToAgentScreen"),
        ("y", "PickScreen"),
        ("escape", "DiscardKeyMaterialScreen"),
        ("question_mark", "HelpScreen"),
    ):
        await look(pilot, key, screen)
    await pilot.press("ctrl+z", "a")
    await until_screen(pilot, "AddToAgentScreen")
    await pilot.press("enter")
    await until_screen(pilot, "KeyMaterialScreen")
    await save(pilot)
    for file_format in FileFormat:
        await save_as(pilot, file_format)
    await pilot.press("escape")
    await until_screen(pilot, "KeyPairListScreen")
    await create(pilot, "old")
    await pilot.press("escape")
    await until_screen(pilot, "DiscardKeyMaterialScreen")
    await type_text(pilot, "old")
    await pilot.press("enter")
    await until_screen(pilot, "KeyPairListScreen")


async def main(data_dir: Path) -> None:
    session = open_local(data_dir, "us-east-1")
    try:
        async with KeyPairsApp(session).run_test(size=(80, 24)) as pilot:
            await scene(pilot)
    finally:
        sys.meta_path.pop(0)
        print(
            json.dumps(
                {
                    "missed": missed,
                    "saved": session.backend.describe_key_pairs()[0].custody.saved_to,
                }
            )
        )


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
