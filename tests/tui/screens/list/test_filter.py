"""The filter above the list."""

import pytest
from textual.pilot import Pilot

from tests.demo import DemoSession
from tests.tui.driving import app_of, drawn, play, text_of, type_text, until
from tui.screens.list.filter_bar import FilterInput
from tui.screens.list.key_pair_list import KeyPairListScreen

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


def shown(pilot: Pilot[None]) -> list[str]:
    screen = app_of(pilot).screen
    assert isinstance(screen, KeyPairListScreen)
    return [pair.key_name for pair in screen.view.shown]


def test_a_tag_that_is_being_typed_narrows_nothing_until_it_is_one(
    demo_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        everything = shown(pilot)
        await filter_by(pilot, "tag:E")
        assert shown(pilot) == everything
        await type_text(pilot, "nv")
        assert len(shown(pilot)) == 4
        await type_text(pilot, "=stag")
        assert shown(pilot) == everything
        await type_text(pilot, "ing")
        assert shown(pilot) == ["web-green"]
        # What is the start of no tag finds nothing, as it is.
        await type_text(pilot, "x")
        assert shown(pilot) == []

    play(demo_session, scene)


def test_after_escape_the_cursor_is_where_it_was_before_the_filter(
    demo_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = app_of(pilot).screen
        assert isinstance(screen, KeyPairListScreen)
        await pilot.press("j", "j")
        before = screen.view.table.highlighted
        # On the way to its end it finds one pair, and the cursor goes there.
        await filter_by(pilot, "web-g")
        assert screen.view.table.highlighted != before
        await pilot.press("escape")
        await until(pilot, lambda: len(shown(pilot)) == 6, "all pairs")
        assert screen.view.table.highlighted == before
        await filter_by(pilot, "web-g")
        await pilot.press("enter", "escape")
        await until(pilot, lambda: len(shown(pilot)) == 6, "all pairs")
        assert screen.view.table.highlighted == before

    play(demo_session, scene)


def test_the_empty_field_shows_what_can_be_typed_and_chosen_pairs_are_found(
    demo_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("space", "space")
        await filter_by(pilot, "")
        grammar = "type:rsa, tag:Env=prod, is:unsaved, -not"
        await until(pilot, lambda: grammar in drawn(pilot), "the grammar")
        await type_text(pilot, "is:chosen")
        assert shown(pilot) == ["batch-runner", "ci-deploy"]
        await pilot.press("ctrl+u")
        await type_text(pilot, "-is:chosen")
        assert len(shown(pilot)) == 4

    play(demo_session, scene)
