from datetime import timedelta

import pytest
from textual.pilot import Pilot

from core.custody.agent_keys import AddedToAgent
from core.model import CreatedKeyPair
from tests.demo import DemoService
from tests.snapshots.conftest import SnapCompare
from tests.tui.driving import create, until_loaded, until_screen
from tui.app import KeyPairsApp


@pytest.mark.parametrize(
    "size", [pytest.param((80, 24), id="80x24"), pytest.param((40, 10), id="40x10")]
)
def test_refusing_to_quit(
    snap_compare: SnapCompare, empty_service: DemoService, size: tuple[int, int]
) -> None:
    async def quit_it(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await create(pilot, "reporting")
        await pilot.press("ctrl+q")
        await pilot.pause()

    assert snap_compare(KeyPairsApp(empty_service), run_before=quit_it, terminal_size=size)


def test_leaving_what_the_agent_will_forget(
    snap_compare: SnapCompare, empty_service: DemoService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(created: CreatedKeyPair, **_: object) -> AddedToAgent:
        until = empty_service.now() + timedelta(hours=1)
        return AddedToAgent(until, confirm=False, forwarded=False)

    monkeypatch.setattr(empty_service, "add_to_agent", add)

    async def leave(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await create(pilot, "reporting")
        await pilot.press("a")
        await until_screen(pilot, "AddToAgentScreen")
        await pilot.press("enter")
        await until_screen(pilot, "KeyMaterialScreen")
        await pilot.press("escape")
        await pilot.pause()

    assert snap_compare(KeyPairsApp(empty_service), run_before=leave, terminal_size=(60, 15))
