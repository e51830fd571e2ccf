"""Another session holds the Region: every form says so, and Escape gives up without effect."""

import asyncio
import fcntl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from textual.pilot import Pilot

from core.process import waiting_for_another_session
from tests.demo import DemoSession
from tests.helpers import PUBLIC_KEY
from tests.tui.driving import (
    app_of,
    create,
    play,
    press_alone,
    text_of,
    type_text,
    until,
    until_loaded,
    until_screen,
)
from tui.actions.table import Place
from tui.app import KeyPairsApp
from tui.screens.placed_screen import PlacedScreen
from tui.widgets.key_hints import KeyHints
from tui.widgets.verdict_line import VerdictLine
from tui.work import slow_changes
from tui.work.slow_changes import still_waiting

Fill = Callable[[Pilot[None]], Awaitable[None]]


async def _create(pilot: Pilot[None]) -> None:
    await pilot.press("c")
    await until_screen(pilot, "CreateKeyPairScreen")
    await type_text(pilot, "reporting")


async def _import(pilot: Pilot[None]) -> None:
    await pilot.press("i")
    await until_screen(pilot, "ImportKeyPairScreen")
    await type_text(pilot, "reporting")
    await pilot.press("tab")
    app_of(pilot).screen.query_one("#material").text = PUBLIC_KEY  # type: ignore[attr-defined] # it is a KeyText


async def _tags(pilot: Pilot[None]) -> None:
    await pilot.press("j", "j", "t")
    await until_screen(pilot, "EditTagsScreen")
    await type_text(pilot, "Team")
    await pilot.press("tab")


async def _delete(pilot: Pilot[None]) -> None:
    await pilot.press("j", "d")
    await until_screen(pilot, "DeleteKeyPairsScreen")
    await type_text(pilot, "ci-deploy")


async def _discard(pilot: Pilot[None]) -> None:
    await create(pilot, "reporting")
    await pilot.press("escape")
    await until_screen(pilot, "DiscardKeyMaterialScreen")
    await type_text(pilot, "reporting")


def hints(pilot: Pilot[None]) -> tuple[tuple[str, str], ...]:
    return app_of(pilot).screen.query_one(KeyHints).shown


@contextmanager
def another_session(folder: Path, region: str = "us-east-1") -> Iterator[None]:
    """Hold a Region's lock as a session that takes its time does."""
    with (folder / f"{region}.json.lock").open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.mark.long
def test_copying_says_so_as_well_and_escape_gives_up(demo_session: DemoSession, home: Path) -> None:
    there = demo_session.for_region("eu-west-1")
    there.backend.create_key_pair(key_name="other", key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("C")
        await until_screen(pilot, "ImportIntoRegionsScreen")
        await pilot.press("space")
        screen = app_of(pilot).screen
        assert isinstance(screen, PlacedScreen)
        state = screen.query_one("#state", VerdictLine)
        waiting = still_waiting("esc")
        with another_session(home / "data", "eu-west-1"):
            await pilot.press("enter")
            await until(pilot, lambda: screen.fact_line.verdict == waiting, "what is waited for")
            await pilot.press("escape")
            await until(pilot, lambda: "stopped" in state.verdict.text, "the answer")
            assert state.verdict.text == "stopped, nothing was imported; enter goes on"
        await pilot.press("enter")
        await until(pilot, lambda: "1 of 1 done" in state.verdict.text, "the copy")

    play(demo_session, scene)
    assert len(there.backend.describe_key_pairs()) == 2


@pytest.mark.parametrize(
    "fill_in",
    [
        _create,
        *(pytest.param(f, marks=pytest.mark.long) for f in (_import, _tags, _delete, _discard)),
    ],
)
def test_escape_gives_up_and_nothing_has_happened(
    demo_session: DemoSession, home: Path, fill_in: Fill
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await fill_in(pilot)
        before = demo_session.backend.describe_key_pairs()
        screen = app_of(pilot).screen
        waiting = still_waiting("esc")

        def said(text: str) -> bool:
            assert isinstance(screen, PlacedScreen)
            lines = (screen.fact_line, *screen.query(VerdictLine))
            return any(text in line.verdict.text for line in lines)

        with another_session(home / "data"):
            await pilot.press("enter")
            await until(pilot, lambda: said(waiting.text), "what is waited for")
            assert hints(pilot) == (("esc", "stop"),)
            # What they would lay over the form is not what its end is to take away.
            await pilot.press("f1", "ctrl+p")
            assert app_of(pilot).screen is screen
            await pilot.press("escape")
            await until(pilot, lambda: said("gave up waiting"), "the answer")
            assert app_of(pilot).screen is screen
            assert not said(waiting.text)
            assert ("esc", "stop") not in hints(pilot)
        await pilot.pause(0.2)
        assert demo_session.backend.describe_key_pairs() == before
        # The form is as it was: now that nobody is in the way, Enter does it.
        await pilot.press("enter")
        await until(pilot, lambda: app_of(pilot).screen is not screen, "the end of the form")
        assert demo_session.backend.describe_key_pairs() != before

    async def run() -> None:
        async with KeyPairsApp(demo_session).run_test(size=(80, 24)) as pilot:
            await scene(pilot)

    asyncio.run(run())


@pytest.mark.long
@pytest.mark.parametrize("left", [(), ("ci-deploy",)], ids=["empty Region", "others"])
def test_undo_says_so_as_well_and_escape_gives_up(
    empty_session: DemoSession,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    left: tuple[str, ...],
) -> None:
    monkeypatch.setattr(slow_changes, "_SOON", 0.05)
    for name in (*left, "nightly"):
        empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")

    def names() -> list[str]:
        return [pair.key_name for pair in empty_session.backend.describe_key_pairs()]

    async def scene(pilot: Pilot[None]) -> None:
        def says(words: str) -> bool:
            return words in text_of(pilot, "#fact").replace("\n", " ")

        await pilot.press("G", "d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await press_alone(pilot, "y")
        app = app_of(pilot)
        await until(pilot, lambda: type(app.screen).__name__ == "KeyPairListScreen", "the list")
        await until(pilot, lambda: says("deleted nightly"), "the deletion")
        with another_session(home / "data"):
            await pilot.press("u")
            await until(pilot, lambda: says(still_waiting("esc").text), "what is waited for")
            assert hints(pilot) == (("esc", "stop"),)
            # What would take the place of the undo is not begun.
            await pilot.press("enter", "c")
            assert type(app_of(pilot).screen).__name__ == "KeyPairListScreen"
            assert says(still_waiting("esc").text)
            await pilot.press("escape")
            await until(pilot, lambda: says("gave up waiting"), "the answer")
            assert says("nightly is not back: ")
            assert not says(still_waiting("esc").text)
            assert names() == list(left)
        await pilot.pause(0.1)
        assert names() == list(left)
        # Now that nobody is in the way, the same key does it.
        await pilot.press("u")
        await until(pilot, lambda: says("brought nightly back"), "the pair")
        assert names() == [*left, "nightly"]

    play(empty_session, scene)


def test_nobody_is_said_to_be_in_the_way_who_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_changes, "_SOON", 0.01)
    said: list[str] = []
    go_on = Event()

    async def change(*, tells: bool) -> None:
        go_on.clear()
        said.clear()
        change = asyncio.ensure_future(
            slow_changes.run_change(
                go_on.wait, lambda v: said.append(v.text), KeyHints(Place.LIST), "esc", tells=tells
            )
        )
        await asyncio.sleep(0.1)
        go_on.set()
        await change

    asyncio.run(change(tells=False))
    assert said == ["waiting for the disk; esc gives up"]
    asyncio.run(change(tells=True))
    assert said == []
    with waiting_for_another_session():
        asyncio.run(change(tells=True))
    assert said == ["waiting for another session; esc gives up"]
