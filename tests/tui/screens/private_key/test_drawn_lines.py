import asyncio
import gc
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cached_cell_len
from textual.strip import Strip

from tests.demo import DemoSession
from tests.tui.driving import create, drawn, until, until_loaded, until_screen
from tui.app import KeyPairsApp
from tui.screens.private_key.key_material_view import KeyMaterialView


def texts_that_rich_measured() -> set[str]:
    caches = [each for each in gc.get_referents(cached_cell_len) if isinstance(each, dict)]
    keys = [key for cache in caches for key in cache]
    assert len(keys) > 100
    return {text for key in keys for text in (key if isinstance(key, list | tuple) else (key,))}


def drawn_lines() -> Iterator[str]:
    """Return what every cache of drawn lines in the process holds."""
    gc.collect()
    for each in gc.get_objects():
        if isinstance(each, Strip):
            yield each.text


@pytest.mark.long
def test_nothing_of_a_key_that_was_shown_is_kept_when_its_screen_is_gone(
    demo_session: DemoSession, home: Path
) -> None:
    async def life() -> None:
        async with KeyPairsApp(demo_session).run_test(size=(80, 24)) as pilot:
            await until_loaded(pilot)
            await create(pilot, "shown")
            for keys in ((), ("tab", "right")):  # saved twice, there is more that can be focused
                await pilot.press("s")
                await until_screen(pilot, "SaveKeyMaterialScreen")
                await pilot.press(*keys, "enter")
                await until_screen(pilot, "KeyMaterialScreen")
            await pilot.press("v")
            await until(pilot, lambda: "BEGIN" in drawn(pilot), "the key")
            # Textual forgets by itself the lines of what had the focus.
            pilot.app.screen.set_focus(None)
            screen = drawn(pilot)
            framed = [line.strip() for line in screen.split("\n")]
            lines = [line[1:-1].strip() for line in framed if line.startswith("│")]
            secrets = [line for line in lines if re.fullmatch(r"[A-Za-z0-9+/]{60,}", line)]
            assert len(secrets) > 5
            assert any(line in text for line in secrets for text in drawn_lines())
            assert not isinstance(pilot.app.focused, KeyMaterialView)
            await pilot.press("escape")
            await until_screen(pilot, "KeyPairListScreen")

            def kept() -> list[str]:
                left = list(drawn_lines())
                return [line for line in secrets if any(line in text for text in left)]

            await until(pilot, lambda: not kept(), "the lines to go")
            assert not texts_that_rich_measured() & set(secrets)

    asyncio.run(life())


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


@pytest.mark.long
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
