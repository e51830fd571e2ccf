"""The first frame waits for nothing that it does not show."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from textual.pilot import Pilot

from tests.demo import DemoSession
from tests.tui.driving import app_of, play, until, until_loaded
from tui.app import KeyPairsApp
from tui.screens.list.filter.field import FilterInput
from tui.screens.list.key_pair_list import KeyPairListScreen
from tui.screens.placed_screen import OVER_THE_LIST

MOST_RULES = 100
"""Rules of style that the first frame may parse, Textual's own among them."""

MOST_WIDGETS = 12
"""Widgets that the first frame may mount, shown or not, Textual's own among them."""


class AtFirst(NamedTuple):
    """What there was when the first frame had been drawn."""

    rules: int
    widgets: int
    styles_of_others: bool


@pytest.fixture
def at_first(monkeypatch: pytest.MonkeyPatch) -> list[AtFirst]:
    """Return what there is at each reading of the store; the first frame is drawn before it."""
    found: list[AtFirst] = []
    read: Callable[[KeyPairListScreen], object] = KeyPairListScreen.reload

    def noting(screen: KeyPairListScreen) -> object:
        sheet = screen.app.stylesheet
        over = sheet.has_source(str(OVER_THE_LIST))
        found.append(AtFirst(len(sheet.rules), len([*screen.walk_children()]), over))
        return read(screen)

    monkeypatch.setattr(KeyPairListScreen, "reload", noting)
    return found


def test_what_the_first_frame_does_not_show_comes_behind_it(
    demo_session: DemoSession, at_first: list[AtFirst]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        assert at_first[0].rules <= MOST_RULES
        assert at_first[0].widgets <= MOST_WIDGETS
        assert not at_first[0].styles_of_others
        # What the first key would wait for is there before it.
        screen = app_of(pilot).screen
        await until(pilot, lambda: bool(screen.query(FilterInput)), "the filter's field")
        assert app_of(pilot).stylesheet.has_source(str(OVER_THE_LIST))

    play(demo_session, scene)


def test_what_is_typed_before_the_filter_is_there_goes_into_it(
    demo_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if nothing had been made ready yet.
    monkeypatch.setattr(KeyPairListScreen, "_make_ready", lambda screen: None)

    async def scene(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        screen = app_of(pilot).screen
        assert isinstance(screen, KeyPairListScreen)
        assert not screen.query(FilterInput)
        # The next key is handed over when this has returned, and what it asked for is done.
        await screen.action_do("filter")
        field = screen.query_one(FilterInput)
        assert field.is_mounted
        await pilot.press(*"quit")
        assert field.value == "quit"
        assert app_of(pilot).focused is field

    assert play(demo_session, scene) is None


def test_the_theme_is_worked_out_once(
    demo_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []
    variables = KeyPairsApp.get_css_variables

    def noting(app: KeyPairsApp) -> dict[str, str]:
        names.append(app.theme)
        return variables(app)

    monkeypatch.setattr(KeyPairsApp, "get_css_variables", noting)
    play(demo_session, until_loaded)
    # Textual asks once by itself, for its own theme.
    assert names[1:] == ["keypairs"]
