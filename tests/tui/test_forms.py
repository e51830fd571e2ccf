"""What all forms have in common."""

import pytest
from textual.pilot import Pilot

from tests.demo import DemoService
from tests.tui.driving import app_of, play, until_screen
from tui.widgets.tag_rows import TagRows


@pytest.mark.long
@pytest.mark.parametrize(("key", "name"), [("c", "CreateKeyPairScreen"), ("t", "EditTagsScreen")])
def test_what_has_the_focus_stays_in_sight_when_the_window_shrinks(
    demo_service: DemoService, key: str, name: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press(key)
        await until_screen(pilot, name)
        screen = app_of(pilot).screen
        for _ in range(8):
            await pilot.press("ctrl+t", "x")
        assert len(screen.query_one(TagRows).tags) >= 8
        await pilot.resize_terminal(60, 8)
        await pilot.pause(0.2)
        focused = screen.focused
        assert focused is not None
        assert screen.find_widget(focused).visible_region.height == 1

    play(demo_service, scene)
