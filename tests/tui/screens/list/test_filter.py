"""The filter above the list."""

import pytest
from textual.pilot import Pilot

from tests.demo import DemoSession
from tests.tui.driving import app_of, play, text_of, type_text, until
from tui.screens.list.filter_bar import FilterInput

KEYS_AND_WHAT_THEY_LEAVE = (
    (("n",), "n"),
    (("end", "x"), "webx"),
    (("left", "x"), "xweb"),
    (("backspace",), ""),
)


async def filter_by(pilot: Pilot[None], text: str) -> FilterInput:
    await pilot.press("slash")
    await until(pilot, lambda: isinstance(app_of(pilot).focused, FilterInput), "the filter")
    await type_text(pilot, text)
    return app_of(pilot).screen.query_one(FilterInput)


@pytest.mark.long
def test_coming_back_to_the_filter_typing_replaces_it_and_moving_keeps_it(
    empty_session: DemoSession,
) -> None:
    for name in ("web-blue", "web-green", "nightly"):
        empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        for keys, then in KEYS_AND_WHAT_THEY_LEAVE:
            field = await filter_by(pilot, "web")
            await pilot.press("enter")
            await until(pilot, lambda: text_of(pilot, "#count") == "2 of 3", "the count")
            await filter_by(pilot, "")
            assert field.selected_text == "web"
            await pilot.press(*keys)
            assert field.value == then, keys
            await pilot.press("escape")

    play(empty_session, scene)
