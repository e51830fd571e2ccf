"""What all forms have in common."""

from collections.abc import Callable

import pytest
from textual.events import Key
from textual.pilot import Pilot

from core.custody import saving
from core.model import Tag, TagSpecification
from tests.demo import DemoSession
from tests.helpers import PUBLIC_KEY, SIZES, Agent
from tests.tui.driving import (
    app_of,
    drawn,
    play,
    text_of,
    type_text,
    until,
    until_loaded,
    until_screen,
)
from tui.screens.create.create_key_pair import CreateKeyPairScreen
from tui.screens.create.key_text import KeyText
from tui.screens.create.tag_rows import TagRow, TagRows
from tui.widgets.choice import HOW_TO_CHOOSE
from tui.widgets.fact_line import FactLine
from tui.widgets.form_field import FormField
from tui.widgets.text_input import TextInput


@pytest.mark.long
@pytest.mark.parametrize(("key", "name"), [("c", "CreateKeyPairScreen"), ("t", "EditTagsScreen")])
def test_what_has_the_focus_stays_in_sight_when_the_window_shrinks(
    demo_session: DemoSession, key: str, name: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press(key)
        await until_screen(pilot, name)
        screen = app_of(pilot).screen
        for _ in range(8):
            await pilot.press("ctrl+t", "x")
        assert len(screen.query_one(TagRows).tags) >= 8
        await pilot.resize_terminal(60, 8)
        focused = screen.focused
        assert focused is not None

        def is_in_sight() -> bool:
            region = screen.find_widget(focused).visible_region
            return region.height == 1 and region.bottom <= 8

        await until(pilot, lambda: screen.size == (60, 8), "the new size")
        await until(pilot, is_in_sight, "the focus in sight")

    play(demo_session, scene)


@pytest.mark.long
def test_a_key_that_comes_close_behind_a_new_tag_is_for_the_tag(
    empty_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await pilot.press(*"web")
        screen = app_of(pilot).screen
        assert isinstance(screen, CreateKeyPairScreen)
        # Without waiting for what the first does, as a driver whose patience is over.
        for key, character in (("ctrl+t", None), ("a", "a")):
            app_of(pilot).post_message(Key(key, character))
        await until(pilot, lambda: screen._tags.tags == (Tag("a"),), "the tag")
        assert screen._key_name.value == "web"

    play(empty_session, scene)


@pytest.mark.long
@SIZES
def test_a_form_says_how_one_chooses_wherever_the_focus_is(
    demo_session: DemoSession, ssh_agent: Agent, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        def says(words: str) -> Callable[[], bool]:
            line = app_of(pilot).screen.query_one(FactLine)
            return lambda: str(line.visual).replace("\n", " ") == words

        async def until_said(words: str, count: int = 1) -> None:
            """Wait until it is said, and is still said at the next fields."""
            for _ in range(count):
                await until(pilot, says(words), words)
                await pilot.press("tab")
            await until(pilot, says(words), words)

        await pilot.press("n")
        await until_screen(pilot, "CreateKeyPairScreen")
        stays = "batch-runner stays until you delete it"
        # The rest only where there is room.
        how = "Type, Format: ← → choose"
        fits = size[0] >= 80
        await until_said(f"{stays} · {how}" if fits else stays)
        await pilot.press("escape", "c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, "web-2")
        await until_said(f"tab ↑ ↓ move; {how}", 3)
        await pilot.press("ctrl+t")
        await until_said(f"tab ↑ ↓ move; {how}")
        await pilot.press("ctrl+r", "enter")
        await until_screen(pilot, "KeyMaterialScreen")
        await pilot.press("s")
        await until_screen(pilot, "SaveKeyMaterialScreen")
        await until_said("tab ↑ ↓ move; Format: ← → choose; Also: space switches it", 3)
        await pilot.press("escape")
        await until_screen(pilot, "KeyMaterialScreen")
        await pilot.press("a")
        await until_screen(pilot, "AddToAgentScreen")
        # The path of its socket takes most of the line.
        both = f"holds 0 keys{' · Use it: ← → choose' * fits}"
        await until(pilot, lambda: both in drawn(pilot), both)
        await pilot.press("escape")
        await until_screen(pilot, "KeyMaterialScreen")
        await pilot.press("escape")
        await until_screen(pilot, "DiscardKeyMaterialScreen")
        await until_said("tab ↑ ↓ move; The pair: ← → choose", 2)
        # Where one key does either, it is called by what was chosen.
        assert "enter delete the pair" in drawn(pilot)
        await pilot.press("up", "right")
        await until(pilot, lambda: "enter keep the pair" in drawn(pilot), "the other")
        await pilot.press("escape")

    play(demo_session, scene, size)


def test_a_form_without_choices_does_not_speak_of_them(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("i")
        await until_screen(pilot, "ImportKeyPairScreen")
        assert HOW_TO_CHOOSE not in drawn(pilot)

    play(demo_session, scene)


@pytest.mark.long
def test_what_is_wrong_with_many_tags_is_in_sight(empty_session: DemoSession) -> None:
    tags = TagSpecification("key-pair", [Tag(f"key-{number}") for number in range(30)])
    empty_session.backend.create_key_pair(
        key_name="web", key_type="ed25519", tag_specifications=[tags]
    )

    async def scene(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        await pilot.press("ctrl+t", "tab", "x", "enter")
        screen = app_of(pilot).screen
        line = screen.query_one(FactLine)
        # Ours, then EC2's.
        no_key = "tag 31 has no key: type one, or empty its value (InvalidParameterValue: Value ("
        await until(pilot, lambda: line.said.startswith(no_key), "the refusal")
        wrong = screen.focused
        assert isinstance(wrong, TextInput)
        assert wrong.has_class("-refused")
        both = (wrong, line)
        await until(
            pilot,
            lambda: all(screen.find_widget(each).visible_region.height for each in both),
            "them in sight",
        )

    play(empty_session, scene)


@pytest.mark.long
def test_the_label_of_the_field_with_the_focus_stands_out_wherever_tab_goes(
    demo_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        fields = [*app_of(pilot).screen.query(FormField)]
        followed = []
        for _ in range(3):
            followed.append([bool(field._label.styles.text_style.bold) for field in fields])
            await pilot.press("tab")
        assert followed == [[at is field for at in fields] for field in fields[:3]]

    play(demo_session, scene)


@pytest.mark.long
@pytest.mark.parametrize(
    ("key", "name", "harmless", "typed"),
    [
        ("c", "CreateKeyPairScreen", ("x", "tab", "right"), ("ctrl+t", "E")),
        ("i", "ImportKeyPairScreen", ("x", "tab"), ("s", "s", "h")),
        ("t", "EditTagsScreen", ("x", "backspace"), ("E", "n", "v")),
        ("n", "CreateKeyPairScreen", ("x",), ("ctrl+r",)),
    ],
)
def test_escape_asks_once_where_more_than_a_name_was_typed(
    empty_session: DemoSession, key: str, name: str, harmless: tuple[str, ...], typed: tuple[str]
) -> None:
    tags = TagSpecification("key-pair", [Tag("Env", "prod")])
    empty_session.backend.create_key_pair(
        key_name="web", key_type="ed25519", tag_specifications=[tags]
    )

    async def scene(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)

        async def open_form() -> FactLine:
            await pilot.press(key)
            await until_screen(pilot, name)
            return app_of(pilot).screen.query_one(FactLine)

        for keys in ((), harmless):
            await open_form()
            await pilot.press(*keys, "escape")
            await until_screen(pilot, "KeyPairListScreen")
        line = await open_form()
        await pilot.press(*harmless, *typed, "escape")
        await until(pilot, lambda: "esc again discards what you typed" in line.said, "it")
        # Whoever goes on typing is asked anew, and loses nothing.
        await pilot.press("ctrl+t", "y")
        await until(pilot, lambda: line.said == "", "it gone")
        await pilot.press("escape")
        await until(pilot, lambda: "again discards" in line.said, "it again")
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)
    [pair] = empty_session.backend.describe_key_pairs()
    assert pair.tags == (Tag("Env", "prod"),)


@pytest.mark.long
@pytest.mark.parametrize("form", ["t", "c"], ids=["tags", "create"])
def test_every_wrong_tag_is_marked_and_the_fixed_line_counts_them(
    empty_session: DemoSession, form: str
) -> None:
    empty_session.backend.create_key_pair(key_name="web", key_type="ed25519")
    # EC2 refuses a reserved key, a value without a key, a key twice, and too long a value.
    typed = [("Env", "a"), ("aws:x", "b"), ("", "c"), ("Env", "d"), ("Team", "e" * 257)]

    async def scene(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press(form)
        await until(pilot, lambda: bool(app_of(pilot).screen.query(TagRows)), "the form")
        screen = app_of(pilot).screen
        if form == "c":
            await pilot.press("x")
        for number, (key, value) in enumerate(typed, 1):
            await pilot.press("ctrl+t")
            await until(pilot, lambda: len(screen.query(TagRow)) == number, "a row")  # noqa: B023 - waited for at once
            row = [*screen.query(TagRow)][-1]
            row.key_input.value, row.value_input.value = key, value
        rows = [*screen.query(TagRow)]
        wrong = [rows[1].key_input, rows[2].key_input, rows[3].key_input, rows[4].value_input]
        await until(
            pilot,
            lambda: (
                [each for each in screen.query(TextInput) if each.has_class("-refused")] == wrong
            ),
            "the marks",
        )
        said = "4 tags are wrong; tag 2: keys that begin with aws: are for AWS alone"
        await until(pilot, lambda: said in " ".join(drawn(pilot).split()), said)
        await pilot.press("enter")
        line = screen.query_one(FactLine)
        await until(pilot, lambda: line.said.startswith(f"{said} (Invalid"), "the count")
        await until(pilot, lambda: screen.focused is wrong[0], "the focus")
        # One that is put right is no longer marked, and the others stay.
        wrong[0].value = "right"
        await until(pilot, lambda: not wrong[0].has_class("-refused"), "the mark gone")
        assert all(each.has_class("-refused") for each in wrong[1:])

    play(empty_session, scene, (100, 30))


@pytest.mark.long
def test_all_tags_above_fifty_are_marked(empty_session: DemoSession) -> None:
    tags = [Tag(f"key-{number}") for number in range(50)]
    empty_session.backend.create_key_pair(
        key_name="web", key_type="ed25519", tag_specifications=[TagSpecification("key-pair", tags)]
    )

    async def scene(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        screen = app_of(pilot).screen
        await pilot.press("a", "ctrl+t", "b")
        refused = [*screen.query(TagRow)][50:]
        await until(
            pilot, lambda: all(row.key_input.has_class("-refused") for row in refused), "the marks"
        )
        assert len(screen.query(".-refused")) == len(refused) == 2
        said = "2 tags are wrong; 52 tags, and a pair has at most 50"
        field = screen.query_one(FormField)
        await until(pilot, lambda: field.verdict.text.startswith(said), said)

    play(empty_session, scene)


@pytest.mark.parametrize(
    ("way", "screen", "verb"),
    [
        ("c", "CreateKeyPairScreen", "create"),
        pytest.param("i", "ImportKeyPairScreen", "import", marks=pytest.mark.long),
        pytest.param("t", "EditTagsScreen", "save", marks=pytest.mark.long),
    ],
)
def test_a_key_that_reads_as_a_whole_tag_is_taken_by_a_second_enter(
    empty_session: DemoSession, way: str, screen: str, verb: str
) -> None:
    empty_session.backend.create_key_pair(
        key_name="a", tag_specifications=[TagSpecification("key-pair", [Tag("Old=1")])]
    )

    async def scene(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press(way)
        await until_screen(pilot, screen)
        if way != "t":
            await type_text(pilot, "beta")
        if way == "i":
            app_of(pilot).screen.query_one(KeyText).text = PUBLIC_KEY
        await pilot.press("ctrl+t")
        await type_text(pilot, "Team=ops")
        await pilot.press("shift+tab", "enter")
        # What was there before is not asked about.
        again = f"! press enter again to {verb} with the key Team=ops; tab leads to the value"
        await until(pilot, lambda: text_of(pilot, "#fact").replace("\n", " ") == again, again)
        await pilot.press("tab")
        await type_text(pilot, "x")
        assert text_of(pilot, "#fact") != again
        await pilot.press("backspace", "enter")
        await until(pilot, lambda: text_of(pilot, "#fact").replace("\n", " ") == again, again)
        await pilot.press("enter")
        await until(pilot, lambda: type(app_of(pilot).screen).__name__ != screen, "the end")

    play(empty_session, scene)
    newest = empty_session.backend.describe_key_pairs()[-1]
    assert Tag("Team=ops") in newest.tags


@pytest.mark.long
@pytest.mark.parametrize("value", ["prod", ""])
def test_enter_behind_the_key_of_a_tag_leads_to_its_value(
    empty_session: DemoSession, value: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, "beta")
        await pilot.press("ctrl+t")
        await type_text(pilot, "Env")
        await pilot.press("enter")
        said = "! type the value of Env, or press enter to create without one"
        await until(pilot, lambda: text_of(pilot, "#fact") == said, said)
        # It is about that field, and no other.
        await pilot.press("tab")
        await until(pilot, lambda: "type the value" not in text_of(pilot, "#fact"), "no more of it")
        await pilot.press("shift+tab")
        await type_text(pilot, value)
        await pilot.press("enter")
        await until_screen(pilot, "KeyMaterialScreen")

    play(empty_session, scene)
    assert empty_session.backend.describe_key_pairs()[-1].tags == (Tag("Env", value),)


@pytest.mark.long
@pytest.mark.parametrize("then", [["enter"], [*"Env", "tab", "x", "enter"]])
def test_enter_in_an_empty_tag_asks_once(empty_session: DemoSession, then: list[str]) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, "beta")
        await pilot.press("ctrl+t", "enter")
        said = "type the key of the tag, or press enter again to create without this tag"
        await until(pilot, lambda: said in text_of(pilot, "#fact").replace("\n", " "), said)
        await pilot.press(*then)
        await until_screen(pilot, "KeyMaterialScreen")

    play(empty_session, scene)
    (pair,) = empty_session.backend.describe_key_pairs()
    assert pair.tags == ((Tag("Env", "x"),) if len(then) > 1 else ())


@pytest.mark.long
def test_where_letters_that_were_typed_on_a_choice_went_is_said(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, "db")
        await pilot.press("tab", "e")
        said = "typed into Name; in Type ← → choose"
        await until(pilot, lambda: text_of(pilot, "#fact") == said, said)
        assert app_of(pilot).screen.query_one("#key-name", TextInput).value == "dbe"

    play(empty_session, scene)


@pytest.mark.long
def test_where_a_tag_is_removed_the_cursor_is_on_the_one_that_takes_its_place(
    empty_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        rows = app_of(pilot).screen.query_one(TagRows)
        for key in ("a", "b", "c"):
            await pilot.press("ctrl+t")
            await type_text(pilot, key)
        await pilot.press("up")
        for focused in ("c", "a"):
            await pilot.press("ctrl+r")
            tag = rows.tag_whose_key_has_focus
            assert tag == Tag(focused)

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize(
    ("way", "name", "verb"),
    [
        ("c", "-----BEGIN RSA PRIVATE KEY-----", "create"),
        ("i", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me@here", "import"),
    ],
)
def test_a_name_that_looks_like_a_key_is_taken_by_a_second_enter(
    empty_session: DemoSession, way: str, name: str, verb: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press(way)
        await until(pilot, lambda: bool(app_of(pilot).screen.query(TagRows)), "the form")
        screen = app_of(pilot).screen
        screen.query_one("#key-name", TextInput).value = name
        if way == "i":
            screen.query_one(KeyText).text = PUBLIC_KEY
        again = f"! the name looks like a key: press enter again to {verb} it so"
        for keys in (["enter"], ["x", "backspace", "enter"]):
            await pilot.press(*keys)
            await until(pilot, lambda: text_of(pilot, "#fact").replace("\n", " ") == again, again)
            assert empty_session.backend.describe_key_pairs() == ()
        await pilot.press("enter")
        await until(pilot, lambda: bool(empty_session.backend.describe_key_pairs()), "the pair")

    play(empty_session, scene)
    assert [pair.key_name for pair in empty_session.backend.describe_key_pairs()] == [name]


@pytest.mark.long
@pytest.mark.parametrize(
    ("keys", "name", "typed"),
    [
        (("H",), "AddSshHostScreen", "web"),
        (("s",), "SaveKeyMaterialScreen", "x"),
        (("a",), "AddToAgentScreen", "8h"),
        (("escape", "e"), "ExportScreen", "x"),
    ],
)
def test_escape_asks_once_where_a_path_an_address_or_a_time_was_typed(
    empty_session: DemoSession, ssh_agent: Agent, keys: tuple[str, ...], name: str, typed: str
) -> None:
    created = empty_session.backend.create_key_pair(key_name="web", key_type="ed25519")
    saving.save_key_material(empty_session, created, "~/.ssh/web.pem")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")

        async def open_form() -> FactLine:
            await pilot.press(*keys)
            await until_screen(pilot, name)
            return app_of(pilot).screen.query_one(FactLine)

        await open_form()
        await pilot.press("escape")
        await until(pilot, lambda: type(app_of(pilot).screen).__name__ != name, "back")
        if len(keys) > 1:
            await pilot.press("enter")
            await until_screen(pilot, "DetailsScreen")
        line = await open_form()
        await type_text(pilot, typed)
        await pilot.press("escape")
        await until(pilot, lambda: line.said == "esc again discards what you typed", "it")
        await pilot.press("0")
        await until(pilot, lambda: "discards" not in line.said, "it gone")
        await pilot.press("escape")
        await until(pilot, lambda: "again discards" in line.said, "it again")
        await pilot.press("escape")
        await until(pilot, lambda: type(app_of(pilot).screen).__name__ != name, "back")

    play(empty_session, scene)
