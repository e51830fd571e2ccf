"""Tests that no style is parsed twice, and that nothing is kept of screens that are gone."""

import gc
from collections import Counter
from collections.abc import Iterable

import pytest
from textual.css import stylesheet
from textual.css.model import RuleSet
from textual.pilot import Pilot
from textual.strip import Strip

from tests.demo import DemoSession
from tests.tui import conftest
from tests.tui.driving import app_of, create, play, type_text, until, until_screen
from tui import themes
from tui.screens.private_key.key_material import KeyMaterialScreen
from tui.terminal.style_sheet import SteadyStylesheet


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Counter[object]:
    """Count how often each style is parsed, without what the other tests remember of them."""
    counted: Counter[object] = Counter()
    parse = stylesheet.parse  # type: ignore[attr-defined] # imported there; what is counted is who calls it

    def counting(scope: str, css: str, *place: object, **options: object) -> Iterable[RuleSet]:
        # How specific a widget's own style is may change with what else there is.
        counted[css, *place, options["tie_breaker"]] += 1
        return parse(scope, css, *place, **options)  # type: ignore[arg-type] # passed on

    monkeypatch.setattr(stylesheet, "parse", counting)
    monkeypatch.setattr(stylesheet.Stylesheet, "_parse_rules", conftest.parse_of_textual)
    return counted


@pytest.mark.long
def test_each_style_is_parsed_once_and_again_for_other_colours(
    demo_session: DemoSession, parsed: Counter[object]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        for key, screen in (
            ("c", "CreateKeyPairScreen"),
            ("enter", "DetailsScreen"),
            ("f", "FindScreen"),
            ("J", "JournalScreen"),
            ("question_mark", "HelpScreen"),
        ):
            await pilot.press(key)
            await until_screen(pilot, screen)
            await pilot.press("escape")
            await until_screen(pilot, "KeyPairListScreen")
        assert set(parsed.values()) == {1}
        themes.choose(app_of(pilot), "nord")
        await pilot.pause()
        assert set(parsed.values()) == {1, 2}

    play(demo_session, scene)


def test_there_is_room_for_more_styles_than_textual_remembers(parsed: Counter[object]) -> None:
    sheet = SteadyStylesheet(variables={"ours": "red"})
    for number in range(150):
        sheet.add_source(f"Label#n{number} {{ color: $ours; }}", read_from=("", str(number)))
        sheet.reparse()
    assert len(parsed) == 150
    assert set(parsed.values()) == {1}


def _number_of(kind: type) -> int:
    gc.collect()
    return sum(isinstance(each, kind) for each in gc.get_objects())


@pytest.mark.long
def test_nothing_is_kept_of_what_a_dialog_had_drawn(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        async def open_and_close(times: int) -> None:
            for _ in range(times):
                await pilot.press("question_mark")
                await until_screen(pilot, "HelpScreen")
                await pilot.press("escape")
                await until_screen(pilot, "KeyPairListScreen")

        await open_and_close(1)
        # The lines of the last dialog may be there until the list is drawn.
        lines = _number_of(Strip)
        await open_and_close(4)
        await until(pilot, lambda: _number_of(Strip) <= lines, "no more lines than before")

    play(demo_session, scene)


@pytest.mark.long
def test_no_closed_screen_of_a_private_key_is_kept(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        for name in ("one", "two", "three"):
            await create(pilot, name)
            await pilot.press("escape")
            await until_screen(pilot, "DiscardKeyMaterialScreen")
            await type_text(pilot, name)
            await pilot.press("enter")
            await until_screen(pilot, "KeyPairListScreen")
        # The last one may have sent the last event.
        await until(pilot, lambda: _number_of(KeyMaterialScreen) <= 1, "that the others are gone")

    play(demo_session, scene)
