from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.demo import DemoSession
from tests.tui.driving import app_of, drawn, play, until, until_screen
from tui.screens.workbench.grouped_list import GroupedList
from tui.widgets.form_field import FormBody
from tui.widgets.pick_list import PickList

Scrolled = type[PickList] | type[GroupedList] | type[FormBody]

SCREENS: dict[str, tuple[str, str, Scrolled]] = {
    "help": ("question_mark", "HelpScreen", PickList),
    "journal": ("J", "JournalScreen", GroupedList),
    "details": ("enter", "DetailsScreen", FormBody),
}


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (60, 15)], ids=["80", "60"])
@pytest.mark.parametrize("screen", SCREENS)
def test_no_text_touches_the_scrollbar(
    empty_session: DemoSession, home: Path, screen: str, size: tuple[int, int]
) -> None:
    key, name, kind = SCREENS[screen]
    names = [f"{number}{'n' * 60}" for number in range(20)]
    for key_name in names:
        empty_session.backend.create_key_pair(key_name=key_name, key_type="ed25519")
        # Or the journal would have one line for all of them.
        empty_session.backend.delete_key_pair(key_name=key_name)
    empty_session.backend.create_key_pair(key_name=names[0], key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press(key)
        await until_screen(pilot, name)
        widget = app_of(pilot).screen.query_one(kind)
        await until(pilot, lambda: widget.show_vertical_scrollbar, "the scrollbar")
        await pilot.pause()
        seen: set[str] = set()
        for _ in range(8):
            lines = drawn(pilot).split("\n")[widget.region.y : widget.region.bottom]
            seen.update(line[widget.scrollable_content_region.right - 1] for line in lines)
            assert seen == {" "}, lines
            await pilot.press("pagedown")
            await pilot.pause()

    play(empty_session, scene, size)
