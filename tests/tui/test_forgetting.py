import asyncio
import gc
from pathlib import Path

import pytest
from textual._styles_cache import StylesCache

from tests.demo import DemoSession
from tests.tui.driving import create, until_loaded, until_screen
from tui.app import KeyPairsApp
from tui.screens.private_key.key_material_view import KeyMaterialView


def caches() -> int:
    gc.collect()
    return sum(isinstance(thing, StylesCache) for thing in gc.get_objects())


def test_dialogs_that_were_closed_leave_nothing_they_drew(demo_session: DemoSession) -> None:
    async def life() -> tuple[int, int]:
        async with KeyPairsApp(demo_session).run_test(size=(80, 24)) as pilot:
            await until_loaded(pilot)
            counts = []
            for _ in range(3):
                counts.append(caches())
                await pilot.press("question_mark")
                await until_screen(pilot, "HelpScreen")
                await pilot.press("escape")
                await until_screen(pilot, "KeyPairListScreen")
            return counts[1], caches()

    before, after = asyncio.run(life())
    assert after <= before


def test_no_action_makes_a_picture_of_the_screen(
    demo_session: DemoSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Textual has one, which a link in a text can call.
    monkeypatch.chdir(tmp_path)

    async def call() -> None:
        async with KeyPairsApp(demo_session).run_test() as pilot:
            await until_loaded(pilot)
            arguments = f"'picture.svg', {str(tmp_path)!r}"
            assert await pilot.app.run_action(f"screenshot({arguments})")
            await pilot.app.workers.wait_for_complete()

    asyncio.run(call())
    assert list(tmp_path.rglob("*.svg")) == []


def test_a_key_that_is_shown_is_hidden_before_another_screen_comes(
    demo_session: DemoSession,
) -> None:
    async def look() -> None:
        async with KeyPairsApp(demo_session).run_test(size=(80, 24)) as pilot:
            await until_loaded(pilot)
            await create(pilot, "shown")
            view = pilot.app.screen.query_one(KeyMaterialView)

            def is_shown() -> bool:
                return view.shown

            for key, screen in {
                "s": "SaveKeyMaterialScreen",
                "a": "AddToAgentScreen",
                "y": "PickScreen",
                "escape": "DiscardKeyMaterialScreen",
            }.items():
                await pilot.press("v")
                assert is_shown(), key
                await pilot.press(key)
                await until_screen(pilot, screen)
                assert not is_shown(), key
                await pilot.press("escape")
                await until_screen(pilot, "KeyMaterialScreen")

    asyncio.run(look())
