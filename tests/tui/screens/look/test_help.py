"""The help: on every screen, what the focused thing can do, then what the screen can, then all."""

from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.demo import DemoSession
from tests.each_row import each_row
from tests.tui.driving import (
    app_of,
    create,
    drawn,
    is_first_hit,
    play,
    quit_with,
    text_of,
    type_text,
    until,
    until_screen,
)
from tui.actions.keymap import at, hints, way_to
from tui.actions.table import ACTIONS, Place
from tui.screens.list.filter.field import FilterInput
from tui.screens.list.key_pair_table import KeyPairTable
from tui.screens.look.help import HelpScreen, _keys_of, help_items
from tui.screens.private_key.key_material import KeyMaterialScreen
from tui.widgets.key_hints import KeyHints
from tui.widgets.pick_list import PickList

WAYS: dict[str, tuple[tuple[str, ...], Place, str]] = {
    "list": ((), Place.LIST, "Everything about the pair"),
    "filter": (("slash",), Place.FILTER, "Go to the next field"),
    "create": (("c",), Place.CREATE, "Go to the next field"),
    "create, type": (("c", "tab"), Place.CREATE, "Choose."),
    "import, key": (("i", "tab"), Place.IMPORT, "Go to the next field"),
    "details": (("enter",), Place.DETAILS, "Scroll."),
    "tags": (("t",), Place.TAGS, "Go to the next field"),
    "delete": (("j", "j", "d"), Place.DELETE, "Scroll."),
    "copy": (("y",), Place.PICK, "Move in the list below."),
}


def lines(pilot: Pilot[None]) -> list[str]:
    """Return the lines of the help as they would be drawn, given room, without the headings."""
    picked = app_of(pilot).screen.query_one(PickList)
    return [item.text for item in picked._items if not item.is_heading]


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
def test_it_begins_with_what_has_the_focus(demo_session: DemoSession, way: str) -> None:
    keys, place, first = WAYS[way]

    async def scene(pilot: Pilot[None]) -> None:
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
            await until(pilot, lambda: app_of(pilot).screen.focused is not None, "the focus")
        await pilot.press("f1")
        await until_screen(pilot, "HelpScreen")
        shown = lines(pilot)
        assert first in shown[0]
        own = [action.help for action in at(place)]
        width = shown[0].index(first)
        texts = [line[width:] for line in shown]
        if place is Place.LIST:  # by what it is done to, and not as the table has it
            assert sorted(texts[: len(own)]) == sorted(own)
        else:
            start = texts.index(own[0])
            assert texts[start : start + len(own)] == own
        assert {action.help for action in ACTIONS} <= set(texts)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app_of(pilot).screen, HelpScreen), "the way back")

    play(demo_session, scene)


@pytest.mark.long
def test_the_help_of_the_list_is_grouped_and_the_cursor_passes_headings_by(
    demo_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        await until_screen(pilot, "HelpScreen")
        shown = app_of(pilot).screen.query_one(PickList)
        headings = [item.text for item in shown.items if item.is_heading and item.text]
        groups = ["This pair", "Several", "New", "Look", "Marks", "Colours", "In a shell", "Moving"]
        assert headings[: len(groups)] == groups
        assert shown.picked is not None and shown.picked.value == "key-pair.details"
        await pilot.press("up")
        assert shown.picked.value == "key-pair.details"
        await pilot.press("end", "down", "home")
        assert shown.picked.value == "key-pair.details"
        met = []
        for _ in ACTIONS:
            met.append(shown.picked.value)
            await pilot.press("down")
        assert met[:7] == [
            *(f"key-pair.{each}" for each in ("details", "tags", "copy")),
            *(f"key-pair.{each}" for each in ("replace", "install", "delete")),
            "list.choose",
        ]
        await pilot.press("home", *["down"] * 6, "up")
        assert shown.picked.value == "key-pair.delete"
        # Headings are no hits.
        await type_text(pilot, "several")
        await until(pilot, lambda: len(shown.items) < len(ACTIONS), "what was found")
        assert not any(item.is_heading for item in shown.items)

    play(demo_session, scene)


@pytest.mark.long
def test_what_has_no_key_of_its_own_says_so_where_others_have_theirs(
    demo_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        await until_screen(pilot, "HelpScreen")
        listed = app_of(pilot).screen.query_one(PickList).items
        assert not [item.text for item in listed if item.text.startswith(" ") and item.value]
        await type_text(pilot, "theme")
        await until(pilot, lambda: is_first_hit(pilot, "theme"), "the theme")
        row = next(line for line in drawn(pilot).splitlines() if "the theme" in line)
        assert "(enter here) Change the theme, for now; config.toml keeps one (--help)." in row
        await pilot.press("enter")
        await until_screen(pilot, "PickScreen")

    play(demo_session, scene)


@pytest.mark.long
def test_how_a_key_leaves_the_agent_is_found_where_the_agent_is(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        await until_screen(pilot, "HelpScreen")
        await type_text(pilot, "remove")
        await until(pilot, lambda: "What the ssh-agent holds" in drawn(pilot), "the agent")

    play(demo_session, scene)


@pytest.mark.long
def test_what_is_picked_is_done_on_the_screen_below(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        await until_screen(pilot, "HelpScreen")
        await type_text(pilot, "create.")
        await pilot.press("f1")  # within the help it does nothing
        assert isinstance(app_of(pilot).screen, HelpScreen)
        await pilot.press("ctrl+u")
        await type_text(pilot, "list.sort")
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app_of(pilot).screen, HelpScreen), "the list")
        await until(pilot, lambda: "Type ▲" in drawn(pilot), "the order")

    play(demo_session, scene)


@pytest.mark.long
def test_what_is_picked_is_done_in_the_field_that_has_the_focus(
    demo_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = app_of(pilot).screen
        for action_id, then in (("filter.done", "web"), ("filter.clear", "")):
            await pilot.press("slash")
            await until(pilot, lambda: isinstance(screen.focused, FilterInput), "the filter")
            await type_text(pilot, "web")
            await pilot.press("f1")
            await until_screen(pilot, "HelpScreen")
            await type_text(pilot, action_id)
            await pilot.press("enter")
            await until_screen(pilot, "KeyPairListScreen")
            await until(pilot, lambda: isinstance(screen.focused, KeyPairTable), "the list")
            assert screen.query_one(FilterInput).value == then

    play(demo_session, scene)


SOUGHT = {
    "import": "key-pair.import",
    "rotat": "key-pair.replace",
    "successor": "key-pair.replace",
    "rename": "key-pair.replace",
    "undelete": "key-pair.undo",
    "restore": "key-pair.undo",
    "clipboard": "key-pair.copy",
    "ssh-add": "list.agent",
    "authorized_keys": "key-pair.install",
    "ssh-copy-id": "key-pair.install",
    "whose": "list.find",
    "doctor": "list.check-up",
    "csv": "list.export",
    "search": "list.filter",
    "label": "key-pair.tags",
    "remove": "key-pair.delete",
    "settings": "app.theme",
    "several": "list.choose",
}


@pytest.mark.long
def test_an_action_is_found_by_what_a_person_calls_it(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        await until_screen(pilot, "HelpScreen")
        screen = app_of(pilot).screen
        assert isinstance(screen, HelpScreen)
        found = {word: screen.narrowed(word) for word in SOUGHT}
        assert {word: items[0].value if items else None for word, items in found.items()} == SOUGHT
        assert "list.find" in [item.value for item in screen.narrowed("fingerprint")]
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        await pilot.press("ctrl+p")
        await until_screen(pilot, "HelpScreen")
        for word in ("rotat", "restore trash", "doctor"):
            first, *_ = word.split()
            [help_text] = [action.help for action in ACTIONS if action.id == SOUGHT[first]]
            await pilot.press("ctrl+u")
            await type_text(pilot, word)
            await until(pilot, partial(is_first_hit, pilot, help_text[:40]), word)

    play(empty_session, scene)


@pytest.mark.long
def test_it_says_when_nothing_matches(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+p")
        await until_screen(pilot, "HelpScreen")
        await type_text(pilot, "xyzzy")
        await until(pilot, lambda: "Nothing matches;" in drawn(pilot), "that there is none")
        await pilot.press("ctrl+u")
        await until(pilot, lambda: "Everything about" in drawn(pilot), "the actions again")

    play(empty_session, scene)


@pytest.mark.long
def test_the_theme_is_changed_from_anywhere_for_the_session(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await pilot.press("ctrl+p")
        await until_screen(pilot, "HelpScreen")
        await type_text(pilot, "theme")
        await pilot.press("enter")
        await until(pilot, lambda: "Themes, for this session" in drawn(pilot), "the themes")
        # The cursor begins on the present one, which is marked.
        picked = app_of(pilot).screen.query_one(PickList).picked
        assert picked is not None and picked.text == "• keypairs"
        await type_text(pilot, "gruvbox")
        await pilot.press("enter")
        await until_screen(pilot, "CreateKeyPairScreen")
        assert app_of(pilot).theme == "gruvbox"

    play(demo_session, scene)


@pytest.mark.long
def test_quitting_is_offered_on_every_screen(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        await pilot.press("ctrl+p")
        await until_screen(pilot, "HelpScreen")
        await type_text(pilot, "quit")
        await until(pilot, partial(is_first_hit, pilot, "Quit, from any screen."), "the way out")
        await quit_with(pilot, "enter")

    assert play(demo_session, scene) == 0


@pytest.mark.long
def test_the_marks_of_the_list_are_in_its_help(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        await until_screen(pilot, "HelpScreen")
        marks = [line.split()[1] for line in lines(pilot) if line.startswith("mark ")]
        assert marks == ["!", "↓", "*"]

    play(demo_session, scene)


@pytest.mark.long
@pytest.mark.parametrize("keys", [(), ("c",)], ids=["list", "form"])
def test_each_colour_is_explained_beside_a_word_that_has_it(
    demo_session: DemoSession, keys: tuple[str, ...]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press(*keys)
        await pilot.pause()
        await pilot.press("f1")
        await until_screen(pilot, "HelpScreen")
        picked = app_of(pilot).screen.query_one(PickList)
        theme = app_of(pilot).get_css_variables()
        colours = {
            "key, chosen": "text-accent",
            "ed25519": "text-primary",
            "rsa": "text-secondary",
            "✓ good": "text-success",
            "! caution": "text-warning",
            "✗ refused": "text-error",
        }
        found = {}
        for number in range(picked.count):
            word, *_ = picked.row(number, under_cursor=False)
            if word.text.strip() in colours and word.style and word.style.color:
                found[word.text.strip()] = word.style.color.name
        assert found == {word: theme[name].lower() for word, name in colours.items()}

    play(demo_session, scene)


def test_every_place_is_come_to_by_keys_or_comes_by_itself() -> None:
    assert way_to("details.mode", [Place.LIST]) == "enter, then m"
    assert way_to("details.mode", [Place.CREATE]) == "in the list, enter, then m"
    assert way_to("ssh-host.submit", [Place.DETAILS]) == "H, then enter"
    assert way_to("discard.back", [Place.LIST]) == "c, then enter, then esc, then esc"
    none = {
        action.place
        for action in ACTIONS
        if action.place is not Place.ANYWHERE and not way_to(action.id, [Place.LIST])
    }
    assert none == {Place.MFA_CODE, Place.LOST_KEY}


@pytest.mark.long
def test_what_another_screen_can_do_is_not_done(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await pilot.press("f1")
        await until_screen(pilot, "HelpScreen")
        await type_text(pilot, "key-pair.delete")
        hints = app_of(pilot).screen.query_one(KeyHints)
        does = ("enter", "do it")
        await until(pilot, lambda: does not in hints.shown, "that Enter does nothing")
        await pilot.press("enter")
        said = "that is done elsewhere: in the list, d"
        await until(pilot, lambda: said in text_of(pilot, "#fact"), said)
        # Where it is done is named at the end of a line that no heading stands over.
        assert "list of key pairs" in drawn(pilot)
        assert isinstance(app_of(pilot).screen, HelpScreen)
        # What can be done here is taught, and nothing is said any more.
        await pilot.press("ctrl+u")
        await type_text(pilot, "create.dry-run")
        await until(pilot, lambda: does in hints.shown, "the key")
        shown = app_of(pilot).screen.query_one(PickList)
        narrowed = len(shown.items)
        await pilot.press("ctrl+u")
        await until(pilot, lambda: len(shown.items) > narrowed, "all lines")
        await pilot.press("end")
        await until(pilot, lambda: "Colours" in drawn(pilot), "the end")
        lines = shown.items
        assert {line.remark for line in lines} == {""}
        assert any(line.is_heading and "List of key pairs" in line.text for line in lines)
        assert text_of(pilot, "#fact") == ""
        # To press Enter on what only explains is no error.
        await pilot.press("ctrl+u")
        await type_text(pilot, "refused wrong")
        await until(pilot, lambda: does not in hints.shown, "that Enter does nothing")
        await pilot.press("enter")
        said = "this line explains something; there is nothing to do"
        await until(pilot, lambda: text_of(pilot, "#fact") == said, said)

    play(demo_session, scene)


def test_the_help_of_an_export_claims_no_proof(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("e")
        await until_screen(pilot, "ExportScreen")
        # Without a remark a line is of this place, not of another.
        own = [item.text for item in help_items(app_of(pilot).screen) if not item.remark]
        assert any("as CSV or JSON" in text for text in own)
        assert not any("prove" in text for text in own)

    play(demo_session, scene)


@pytest.mark.long
def test_a_private_key_is_safe_below_the_help(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "reporting")
        app = app_of(pilot)
        await pilot.press("question_mark")
        await until_screen(pilot, "HelpScreen")
        await pilot.press("ctrl+q")
        await pilot.pause(0.1)
        assert app.is_running
        assert any(isinstance(screen, KeyMaterialScreen) for screen in app.screen_stack)

    play(empty_session, scene)


@pytest.mark.long
def test_tab_never_takes_what_is_suggested(demo_session: DemoSession) -> None:
    """Tab moves on and leaves the text as typed; only the right arrow takes a suggestion."""

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("j", "j", "t")
        await until_screen(pilot, "EditTagsScreen")
        screen = app_of(pilot).screen
        await type_text(pilot, "En")
        await until(pilot, lambda: "Env" in drawn(pilot), "the suggestion")
        first = screen.focused
        await pilot.press("tab")
        assert screen.focused is not first
        assert first is not None
        assert getattr(first, "value", None) == "En"
        await pilot.press("shift+tab")
        assert screen.focused is first
        await pilot.press("backspace")
        await until(pilot, lambda: "Env" in drawn(pilot), "the suggestion again")
        await pilot.press("right")
        assert getattr(first, "value", None) == "Env"

    play(demo_session, scene)


@pytest.mark.long
def test_escape_on_the_list_shows_all_pairs_again(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("slash")
        await until(pilot, lambda: app_of(pilot).screen.focused is not None, "the filter")
        await type_text(pilot, "nothing")
        await pilot.press("enter")
        await until(pilot, lambda: "Nothing matches" in drawn(pilot), "the empty list")
        await pilot.press("escape")
        await until(pilot, lambda: "ci-deploy" in drawn(pilot), "all pairs")

    play(demo_session, scene)


@pytest.mark.long
def test_a_refusal_goes_when_the_name_is_typed_anew(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "reporting")
        await pilot.press("escape")
        await until_screen(pilot, "DiscardKeyMaterialScreen")
        await type_text(pilot, "reportin")
        await pilot.press("enter")
        await until(pilot, lambda: "this is not it" in drawn(pilot), "the refusal")
        await type_text(pilot, "g")
        await until(pilot, lambda: "not it" not in drawn(pilot), "no refusal")

    play(empty_session, scene)


@each_row("place", list(Place))
def test_a_key_is_taught_only_where_it_is_no_text(place: Place) -> None:
    """Every screen that has a text field teaches the help by a key that types nothing."""
    taught = {word: key for key, word in hints(place)}["help"]
    typed = {
        Place.ANYWHERE,
        Place.LIST,
        Place.KEY_MATERIAL,
        Place.DETAILS,
        Place.AGENT,
        Place.LOG_IN,
    }
    assert taught == ("?" if place in typed else "f1")


@pytest.mark.long
def test_the_sentences_of_the_place_fit_a_line_and_end_goes_to_the_end(
    empty_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        await until_screen(pilot, "HelpScreen")
        screen = app_of(pilot).screen
        assert isinstance(screen, HelpScreen)
        picked = screen.query_one(PickList)
        cut = [item.text for item in screen._items if not item.remark and picked.is_cut(item)]
        assert cut == []
        await pilot.press("end")
        assert picked.cursor == len(picked.items) - 1
        await pilot.press("home")
        assert picked.picked is not None and picked.picked.value == "key-pair.details"
        # In a text the keys go to its ends first.
        await type_text(pilot, "list")
        await pilot.press("home")
        await pilot.press("end")
        assert picked.cursor == 0
        await pilot.press("end")
        assert picked.cursor == len(picked.items) - 1

    play(empty_session, scene)


@pytest.mark.long
def test_all_that_can_have_the_focus_in_the_save_dialog_says_what_its_keys_do(
    empty_session: DemoSession, home: Path
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web")
        await pilot.press("s")
        await until_screen(pilot, "SaveKeyMaterialScreen")
        await pilot.press("tab", "right", "right", "right")  # a format that takes a passphrase
        screen = app_of(pilot).screen
        await until(pilot, lambda: len(screen.focus_chain) == 5, "the fields of the passphrase")
        chain = screen.focus_chain
        assert [type(widget).__name__ for widget in chain if not _keys_of(widget)] == []

    play(empty_session, scene)


@pytest.mark.long
def test_the_help_finds_what_is_looked_for_by_other_words(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        await until_screen(pilot, "HelpScreen")
        for word, found in (
            ("backup", "keypairs restore REGION A Region's file"),
            ("newer:", "Narrow the list: web*, tag:Env=prod; the field"),
            ("pane", "Close the pane at the right"),
        ):
            await type_text(pilot, word)
            await until(pilot, lambda found=found: is_first_hit(pilot, found), found)  # type: ignore[misc] # mypy cannot infer the default
            if word == "pane":
                assert "(no room for it)" in drawn(pilot)
            await pilot.press("ctrl+u")

    play(demo_session, scene, (60, 15))
