"""What is said and taught while no row is left of a list: nothing that would do nothing."""

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.demo import DemoSession
from tests.tui.driving import app_of, drawn, play, press_alone, type_text, until, until_screen
from tui.screens.list.side_pane import SidePane
from tui.screens.look.find import FindScreen
from tui.widgets.fact_line import FactLine
from tui.widgets.key_hints import KeyHints

NO_PAIR = "no pair is shown: esc shows all"


def taught(pilot: Pilot[None]) -> list[str]:
    """Return what the keys do that the hint bar shows."""
    return [word for _, word in app_of(pilot).screen.query_one(KeyHints).shown]


def teaches(pilot: Pilot[None], *words: str) -> Callable[[], bool]:
    return lambda: taught(pilot) == [*words]


@pytest.mark.long
@pytest.mark.parametrize("size", [(60, 15), (140, 24)])
def test_a_filter_that_nothing_matches_leaves_no_details_to_open(
    empty_session: DemoSession, size: tuple[int, int]
) -> None:
    empty_session.backend.create_key_pair(key_name="web", key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        assert "details" in drawn(pilot)
        await press_alone(pilot, "slash")
        await type_text(pilot, "zzz")
        await pilot.press("enter")
        last = ("create", "import", "filter", "show all", "help")
        await until(pilot, teaches(pilot, *last), "the keys that do something")
        assert "details" not in drawn(pilot)
        for key in ("enter", "t", "d", "y", "n", "C", "I", "e", "space", "asterisk"):
            await press_alone(pilot, key)
            await until(pilot, lambda: NO_PAIR in drawn(pilot), f"why {key} does nothing")
            app_of(pilot).screen.query_one(FactLine).forget()
            await until(pilot, lambda: NO_PAIR not in drawn(pilot), "nothing said")
        await press_alone(pilot, "t")
        await until(pilot, lambda: NO_PAIR in drawn(pilot), "why")
        await press_alone(pilot, "escape")
        await until(pilot, lambda: "details" in drawn(pilot), "the pair again")
        assert NO_PAIR not in drawn(pilot)

    play(empty_session, scene, size)


@pytest.mark.long
def test_nothing_is_picked_where_nothing_matches(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await press_alone(pilot, "r")
        await until_screen(pilot, "PickRegionScreen")
        assert taught(pilot) == ["pick", "move", "back", "help"]
        await type_text(pilot, "zzz")
        await until(pilot, teaches(pilot, "back", "help"), "the key that does something")
        await pilot.press("ctrl+u")
        await until(pilot, teaches(pilot, "pick", "move", "back", "help"), "all again")

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("r", "PickRegionScreen"),
        ("question_mark", "HelpScreen"),
        ("U", "DeletedKeyPairsScreen"),
        ("J", "JournalScreen"),
        ("D", "CheckUpScreen"),
        ("C", "ImportIntoRegionsScreen"),
    ],
)
def test_where_nothing_matches_it_is_said_how_all_comes_back(
    empty_session: DemoSession, key: str, name: str
) -> None:
    for key_name in ("web", "db"):
        empty_session.backend.create_key_pair(key_name=key_name, key_type="ed25519")
    empty_session.backend.delete_key_pair(key_name="db")
    said = "Nothing matches; ctrl+u clears what was typed."

    async def scene(pilot: Pilot[None]) -> None:
        await press_alone(pilot, key)
        await until_screen(pilot, name)
        if name == "CheckUpScreen":
            await until(pilot, lambda: "never saved" in drawn(pilot), "the finding")
        await pilot.pause()
        before = drawn(pilot)
        await type_text(pilot, "zzz")
        await until(pilot, lambda: said in drawn(pilot), "that")
        await pilot.press("ctrl+u")
        await until(pilot, lambda: "Nothing matches" not in drawn(pilot), "all again")
        await until(pilot, lambda: drawn(pilot) == before, "as it was")
        await press_alone(pilot, "escape")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene, (60, 15))


@pytest.mark.long
def test_of_deleted_pairs_only_what_is_chosen_comes_back_where_nothing_matches(
    empty_session: DemoSession,
) -> None:
    pair = empty_session.backend.create_key_pair(key_name="web", key_type="ed25519").key_pair
    empty_session.backend.delete_key_pair(key_pair_id=pair.key_pair_id)

    async def scene(pilot: Pilot[None]) -> None:
        await press_alone(pilot, "U")
        await until_screen(pilot, "DeletedKeyPairsScreen")
        assert taught(pilot) == ["bring back", "choose", "all", "back", "help"]
        await type_text(pilot, "zzz")
        await until(pilot, teaches(pilot, "back", "help"), "the key that does something")
        await pilot.press("ctrl+u")
        await until(pilot, lambda: "choose" in taught(pilot), "the pair")
        await pilot.press("space")
        await type_text(pilot, "zzz")
        await until(pilot, teaches(pilot, "bring back 1", "back", "help"), "the chosen one")

    play(empty_session, scene)


@pytest.mark.long
def test_an_empty_field_is_no_key_to_look_up(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await press_alone(pilot, "f")
        await until_screen(pilot, "FindScreen")
        screen = app_of(pilot).screen
        assert isinstance(screen, FindScreen)
        for text in ("", "  "):
            await type_text(pilot, text)
            await until(pilot, teaches(pilot, "back", "help"), "no key for Enter")
            await pilot.press("enter")
            assert "whose each key in a folder is" in drawn(pilot)
        await type_text(pilot, "web")
        await until(pilot, teaches(pilot, "find", "back", "help"), "what Enter does")

    play(empty_session, scene)


@pytest.mark.parametrize("keys", ["p", "pp"])
def test_a_pane_that_there_is_no_room_for_is_neither_closed_nor_gone(
    demo_session: DemoSession, keys: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        for key in keys:
            await press_alone(pilot, key)
            await until(
                pilot, lambda: "the pane at the right needs 110 columns" in drawn(pilot), "why"
            )
        await pilot.resize_terminal(140, 24)
        await until(pilot, lambda: "Log in" in drawn(pilot), "the pane")
        # Of the history, which is in the details, it has no more than when the pair was created.
        pane = str(app_of(pilot).screen.query_one(SidePane).render())
        assert "\nCreated\n20" in pane and "History" not in pane
        await press_alone(pilot, "p")
        await until(pilot, lambda: "the pane is closed; p opens it" in drawn(pilot), "that")

    play(demo_session, scene, (80, 24))
