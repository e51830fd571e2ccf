"""Ctrl-Z stops the program only where that harms nobody and a shell can continue it."""

import threading

import pytest
from textual.app import App
from textual.pilot import Pilot

from core.model import KeptKeyPair
from core.store.transaction import Transaction
from tests.demo import DemoSession
from tests.tui.driving import create, drawn, play, type_text, until, until_screen
from tui.terminal import suspension

BUSY = "ctrl+z works again when this is done"
ALONE = "ctrl+z: no shell to come back from"


@pytest.fixture
def stops(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return on which screens the program was stopped; there is a shell."""
    stops: list[str] = []
    monkeypatch.setattr(
        App, "action_suspend_process", lambda app: stops.append(type(app.screen).__name__)
    )
    monkeypatch.setattr(suspension, "can_be_continued", lambda: True)
    return stops


async def until_said(pilot: Pilot[None], words: str) -> None:
    await until(pilot, lambda: words in drawn(pilot), words)


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
def test_not_while_a_change_is_under_way(
    empty_session: DemoSession,
    stops: list[str],
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
) -> None:
    written = threading.Event()
    insert = Transaction.insert

    def slow(transaction: Transaction, key_pair: KeptKeyPair, operation: str) -> None:
        written.wait(60)
        insert(transaction, key_pair, operation)

    monkeypatch.setattr(Transaction, "insert", slow)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, "web")
        await pilot.press("ctrl+z")
        assert stops == ["CreateKeyPairScreen"]
        await pilot.press("enter", "ctrl+z")
        await until_said(pilot, BUSY)
        assert stops == ["CreateKeyPairScreen"]
        written.set()
        await until_screen(pilot, "KeyMaterialScreen")
        await pilot.press("ctrl+z")
        assert stops == ["CreateKeyPairScreen", "KeyMaterialScreen"]

    play(empty_session, scene, size)


@pytest.mark.long
def test_a_screen_that_waits_for_the_one_above_is_at_nothing(
    empty_session: DemoSession, stops: list[str]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+z")
        await create(pilot, "web")
        await pilot.press("s")
        await until_screen(pilot, "SaveKeyMaterialScreen")
        await pilot.press("ctrl+z")
        assert stops == ["KeyPairListScreen", "SaveKeyMaterialScreen"]

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
def test_not_where_no_shell_can_continue_it(
    empty_session: DemoSession,
    stops: list[str],
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
) -> None:
    monkeypatch.setattr(suspension, "can_be_continued", lambda: False)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+z")
        await until_said(pilot, ALONE)
        await create(pilot, "web")
        await pilot.press("ctrl+z")
        await until_said(pilot, ALONE)
        assert stops == []

    play(empty_session, scene, size)
