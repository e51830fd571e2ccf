from collections import Counter
from unittest import mock

from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.pilot import Pilot

from tests.demo import DemoSession
from tests.tui.driving import app_of, play, until_screen
from tui.screens.placed_screen import PlacedScreen


def test_a_screen_is_styled_as_it_opens_and_no_more_often(demo_session: DemoSession) -> None:
    """To style all widgets of a screen is half of what opening it takes."""
    styled: Counter[DOMNode] = Counter()
    apply = Stylesheet.apply

    def note(sheet: Stylesheet, node: DOMNode, **options: object) -> None:
        styled[node] += 1
        apply(sheet, node, **options)  # type: ignore[arg-type] # passed on

    async def scene(pilot: Pilot[None]) -> None:
        first = _bar(pilot)
        assert styled[first] == 1  # as it is mounted
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        form = _bar(pilot)
        assert styled[form] == 1
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        assert styled[form] == 1, "styled as it ends"
        # Below the form, by its style sheet, and on top again.
        assert styled[first] == 4

    with mock.patch.object(Stylesheet, "apply", note):
        play(demo_session, scene)


def _bar(pilot: Pilot[None]) -> DOMNode:
    screen = app_of(pilot).screen
    assert isinstance(screen, PlacedScreen)
    return screen.top_bar
