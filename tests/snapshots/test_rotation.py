from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.custody import saving
from tests.demo import DemoSession
from tests.snapshots.conftest import SnapCompare
from tests.tui.driving import app_of, drawn, until, until_loaded, until_screen
from tui.app import KeyPairsApp
from tui.widgets.text_input import TextInput
from tui.widgets.verdict_line import VerdictLine


def test_retiring_a_pair_whose_successor_was_never_saved(
    snap_compare: SnapCompare, demo_session: DemoSession
) -> None:
    async def ask(pilot: Pilot[None]) -> None:
        old = demo_session.key_pair_named("nightly")
        assert old is not None
        saving.record_saved(demo_session, old, Path("/keys/nightly.pem"))
        demo_session.backend.create_key_pair(
            key_name="nightly-2", key_type="ed25519", replaces=old.key_pair_id
        )
        await until_loaded(pilot)
        await pilot.press("R")
        await until(pilot, lambda: "nightly-2" in drawn(pilot), "the successor")
        await pilot.press("j", "j", "d")
        await until_screen(pilot, "DeleteKeyPairsScreen")

    assert snap_compare(KeyPairsApp(demo_session), run_before=ask, terminal_size=(80, 24))


@pytest.mark.long
def test_copying_to_other_regions(snap_compare: SnapCompare, demo_session: DemoSession) -> None:
    other = demo_session.for_region("eu-west-1")
    other.backend.create_key_pair(key_name="nightly", key_type="ed25519")

    async def copy(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press("j", "j", "C")
        await until_screen(pilot, "ImportIntoRegionsScreen")
        screen = app_of(pilot).screen
        for region in ("eu-west-1", "eu-west-2"):
            screen.query_one("#search", TextInput).value = region
            await pilot.pause()
            await pilot.press("space")
        await pilot.press("enter")
        state = screen.query_one("#state", VerdictLine)
        await until(pilot, lambda: "1 of 2 done" in state.verdict.text, "the end")

    assert snap_compare(KeyPairsApp(demo_session), run_before=copy, terminal_size=(60, 15))
