"""What the line below the list says of what was done."""

from pathlib import Path

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Static

from core.model import Tag
from tests.demo import DemoSession
from tests.tui.driving import app_of, drawn, play, press_alone, text_of, until, until_screen
from tui.screens.list import key_pair_list
from tui.screens.list.filter.bar import FilterBar
from tui.widgets.fact_line import FactLine
from tui.words.details import named_tags


def make(session: DemoSession, *names: str) -> None:
    for name in names:
        session.backend.create_key_pair(key_name=name, key_type="ed25519")


async def until_said(pilot: Pilot[None], text: str) -> None:
    await until(pilot, lambda: text_of(pilot, "#fact") == text, text)


async def tag(pilot: Pilot[None], then: str = "KeyPairListScreen") -> None:
    await pilot.press("t")
    await until_screen(pilot, "EditTagsScreen")
    await pilot.press("ctrl+t", "x", "tab", "enter")
    await until_screen(pilot, then)


def page(pilot: Pilot[None]) -> str:
    """Return all that the Statics of the screen say."""
    return "\n".join(str(each.visual) for each in app_of(pilot).screen.query(Static))


def test_of_the_tags_that_were_set_the_first_is_named() -> None:
    owner, long = Tag("Owner", "jo"), Tag("Key", "v" * 40)
    assert named_tags([owner]) == "Owner=jo"
    assert named_tags([Tag("Key"), owner]) == "Key and 1 more tag"
    assert named_tags([long, owner, owner]) == f"Key={'v' * 25}… and 2 more tags"


@pytest.mark.long
def test_it_says_of_how_many_pairs_and_where(empty_session: DemoSession, home: Path) -> None:
    make(empty_session, "a", "b", "c")

    async def scene(pilot: Pilot[None]) -> None:
        await tag(pilot)
        await until_said(pilot, "tags saved: a; u undoes it")
        await pilot.press("space", "space")
        await tag(pilot)
        await until_said(pilot, "x set on 2 pairs, 1 of which had it already; u undoes it")
        await pilot.press("e")
        await until_screen(pilot, "ExportScreen")
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        await until_said(pilot, "exported 2 to ~/key-pairs-us-east-1.json")
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        assert "u in this session, U within 30 days" in drawn(pilot)

    play(empty_session, scene)
    assert (home / "key-pairs-us-east-1.json").exists()


@pytest.mark.long
def test_from_the_details_that_pair_is_tagged_or_deleted(empty_session: DemoSession) -> None:
    make(empty_session, "a", "b", "c")

    async def scene(pilot: Pilot[None]) -> None:
        # Others are chosen; the page is about one, and so is what is done from it.
        await pilot.press("space", "space", "enter")
        await until_screen(pilot, "DetailsScreen")
        await tag(pilot, "DetailsScreen")
        await until(pilot, lambda: "Tags" in drawn(pilot), "the tag that was saved")
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await press_alone(pilot, "y")
        await until_screen(pilot, "KeyPairListScreen")
        await until_said(pilot, "deleted c; u brings it back")

    play(empty_session, scene)
    left = empty_session.backend.describe_key_pairs()
    assert [(pair.key_name, pair.tags) for pair in left] == [("a", ()), ("b", ())]


def test_that_none_is_chosen_is_said_until_the_next_key(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("space", "escape")
        await until(pilot, lambda: "none chosen" in drawn(pilot), "the word")
        await pilot.press("S")
        await until(pilot, lambda: "none chosen" not in drawn(pilot), "the pair's own line")
        await pilot.press("e")
        await until(pilot, lambda: "no private keys" in drawn(pilot), "what is written")

    play(demo_session, scene)


def test_a_letter_that_does_nothing_and_a_paste_say_what_does(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        for key, label in (("z", "z"), ("X", "X"), ("exclamation_mark", "!")):
            await pilot.press(key)
            await until_said(pilot, f"{label} does nothing here; ? lists the keys")
        # What moves the cursor does something, and the next key ends what was said.
        await pilot.press("j")
        assert app_of(pilot).screen.query_one(FactLine).said_briefly == ""
        app_of(pilot).screen.post_message(Paste("web"))
        await until_said(pilot, "nothing was pasted: / filters by a text, f finds a key")
        await pilot.press("slash", "z")
        await pilot.pause()
        assert "z does nothing" not in drawn(pilot)

    play(demo_session, scene)


def test_a_key_close_behind_one_that_quits_does_nothing(
    demo_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_pair_list, "ALONE", 60.0)

    async def scene(pilot: Pilot[None]) -> None:
        for key in ("c", "d", "slash", "enter"):
            await pilot.press("q", key)
            await until_said(pilot, "that q came amid other keys; to quit, press it alone")
            assert isinstance(app_of(pilot).screen, key_pair_list.KeyPairListScreen)
            assert app_of(pilot).screen.query_one(FilterBar).text == ""

    play(demo_session, scene)
