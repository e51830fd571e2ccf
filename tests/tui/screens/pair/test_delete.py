"""What the question before a deletion says, and what answers it."""

import pytest
from textual.pilot import Pilot

from tests.demo import DemoSession
from tests.tui.driving import app_of, drawn, play, until, until_screen

NEEDS_NO_NAME = "nightly"
"""Its private key was never saved."""


async def ask(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys, "d")
    await until_screen(pilot, "DeleteKeyPairsScreen")


@pytest.mark.long
def test_one_pair_is_named_with_what_becomes_of_it(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await ask(pilot)
        stays = "Private key  ~/.ssh/batch-runner.pem stays where it is"
        await until(pilot, lambda: stays in drawn(pilot), "the file")
        for said in (
            "batch-runner  rsa · key-00000000000000001 · created 2026-11-02",
            "Servers      authorized_keys are not touched",
            "Undo         for 30 days u can bring it back",
            "To delete it, type batch-runner",
        ):
            assert said in drawn(pilot)

    play(demo_session, scene)


def test_where_a_key_deletes_the_page_says_which(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await ask(pilot, "j", "j")
        assert f"{NEEDS_NO_NAME}  rsa" in drawn(pilot)
        assert "To delete it, press y" in drawn(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "y deletes it; esc goes back" in drawn(pilot), "the answer")
        assert app_of(pilot).screen.is_active

    play(demo_session, scene)
    assert len(demo_session.backend.describe_key_pairs()) == 6


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
def test_danger_is_marked_where_there_is_no_colour(
    demo_session: DemoSession, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        app_of(pilot).theme = "ansi-dark"
        await ask(pilot)
        await until(pilot, lambda: "› ! Delete this key pair?" in drawn(pilot), "the mark")
        # To its right edge the bar is reversed.
        [bar, *_] = app_of(pilot).screen._compositor.render_strips()
        assert all(segment.style and segment.style.reverse for segment in bar if segment.text)

    play(demo_session, scene, size)
