from datetime import timedelta

import pytest
from textual.pilot import Pilot

from core.custody import agent_keys
from core.custody.agent_keys import AddedToAgent
from tests.demo import DemoSession
from tests.snapshots.conftest import SnapCompare
from tests.tui.driving import create, until_loaded, until_screen
from tui.app import KeyPairsApp


@pytest.mark.long
@pytest.mark.parametrize(
    "size", [pytest.param((80, 24), id="80x24"), pytest.param((40, 10), id="40x10")]
)
def test_refusing_to_quit(
    snap_compare: SnapCompare, empty_session: DemoSession, size: tuple[int, int]
) -> None:
    async def quit_it(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await create(pilot, "reporting")
        await pilot.press("ctrl+q")
        await pilot.pause()

    assert snap_compare(KeyPairsApp(empty_session), run_before=quit_it, terminal_size=size)


@pytest.mark.long
def test_leaving_what_the_agent_will_forget(
    snap_compare: SnapCompare, empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(*_: object, **__: object) -> AddedToAgent:
        until = empty_session.now() + timedelta(hours=1)
        return AddedToAgent(until, confirm=False, forwarded=False)

    monkeypatch.setattr(agent_keys, "add_to_agent", add)

    async def leave(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await create(pilot, "reporting")
        await pilot.press("a")
        await until_screen(pilot, "AddToAgentScreen")
        await pilot.press("enter")
        await until_screen(pilot, "KeyMaterialScreen")
        await pilot.press("escape")
        await pilot.pause()

    assert snap_compare(KeyPairsApp(empty_session), run_before=leave, terminal_size=(60, 15))
