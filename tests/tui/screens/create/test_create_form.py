import errno

import pytest
from textual.events import Paste
from textual.pilot import Pilot

from core.disk import replacing
from core.model import Tag
from tests.demo import DemoSession
from tests.tui.driving import app_of, drawn, play, text_of, type_text, until, until_screen
from tui.screens.create.create_key_pair import CreateKeyPairScreen
from tui.screens.create.tag_rows import TagRow
from tui.widgets import fact_line
from tui.widgets.fact_line import FactLine
from tui.widgets.key_hints import KeyHints
from tui.widgets.text_input import TextInput
from tui.widgets.verdict_line import VerdictLine


@pytest.mark.long
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_a_store_that_cannot_be_written_leaves_the_form_as_it_was(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(code, "Input/output error")

    monkeypatch.setattr(replacing, "replace_file", refuse)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, "reporting")
        await pilot.press("enter")
        screen = app_of(pilot).screen
        assert isinstance(screen, CreateKeyPairScreen)
        outcome = screen.query_one(FactLine)
        await until(pilot, lambda: words in outcome.verdict.text, "the refusal")
        assert screen.query_one("#key-name", TextInput).value == "reporting"
        assert not screen.query_one("#key-name", TextInput).disabled

    play(empty_session, scene)
    assert empty_session.backend.describe_key_pairs() == ()


@pytest.mark.long
def test_a_long_paste_stays_and_is_judged(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        screen = app_of(pilot).screen
        field = screen.query_one("#key-name", TextInput)
        field.insert_text_at_cursor("x" * 400)
        verdict = screen.query(VerdictLine).first()
        await until(pilot, lambda: "too long by 145" in verdict.verdict.text, "the verdict")
        assert len(field.value) == 400

    play(empty_session, scene)


@pytest.mark.long
def test_of_several_pasted_lines_the_first_stays_and_that_is_said(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fact_line, "_SECONDS", 600)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        app = app_of(pilot)
        app.post_message(Paste("web\n"))
        field = app.screen.query_one("#key-name", TextInput)
        await until(pilot, lambda: field.value == "web", "the paste")
        bar = app.screen.query_one(FactLine)
        assert len(bar.said_briefly) == 0
        app.post_message(Paste("-1\nweb-2\nweb-3"))
        await until(pilot, lambda: field.value == "web-1", "the paste")
        said = "one line fits here: the first of 3 was taken"
        await until(pilot, lambda: bar.said_briefly == said, said)
        # It was said of what stood there before the next key.
        await pilot.press("backspace")
        await until(pilot, lambda: bar.said_briefly == "", "it gone")
        await pilot.press("1")
        app.post_message(Paste("-1\n" + "a line of a long text\n" * 1_000))
        await until(pilot, lambda: field.value == "web-1-1", "the paste")
        said = "one line fits here: the first of 1,001 was taken"
        await until(pilot, lambda: bar.said_briefly == said, said)

    play(empty_session, scene)


async def open_form(pilot: Pilot[None]) -> CreateKeyPairScreen:
    await pilot.press("c")
    await until_screen(pilot, "CreateKeyPairScreen")
    screen = app_of(pilot).screen
    assert isinstance(screen, CreateKeyPairScreen)
    return screen


async def add_tag(pilot: Pilot[None], key: str, value: str) -> None:
    await pilot.press("ctrl+t")
    await pilot.pause()
    await type_text(pilot, key)
    await pilot.press("tab")
    await type_text(pilot, value)


@pytest.mark.long
@pytest.mark.parametrize(
    ("tags", "wrong"),
    [
        ([("Env", "a"), ("Team", "b"), ("Env", "c")], (2, 0)),
        ([("Env", "a"), ("aws:x", "b"), ("Team", "c")], (1, 0)),
        ([("Env", "a"), ("Team", "b" * 300)], (1, 1)),
    ],
)
def test_a_refused_tag_gets_the_focus_where_it_is_wrong(
    empty_session: DemoSession, tags: list[tuple[str, str]], wrong: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        await type_text(pilot, "web")
        for key, value in tags:
            await add_tag(pilot, key, value[:1])
            row = screen.query(TagRow).last()
            row.query(TextInput).last().value = value
        screen.query_one("#key-name").focus()
        await pilot.press("enter")
        row = screen.query(TagRow)[wrong[0]]
        await until(pilot, lambda: row.query(TextInput)[wrong[1]].has_focus, "the focus")

    play(empty_session, scene)


CHANGES = {
    "name": ("x",),
    "type": ("tab", "right"),
    "format": ("tab", "tab", "space"),
    "tag": ("tab", "tab", "tab", "x"),
    "tag removed": ("ctrl+r",),
}


@pytest.mark.long
def test_the_answer_of_a_dry_run_goes_when_anything_changes(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        await add_tag(pilot, "Env", "prod")
        outcome = screen.query_one(FactLine)
        for change, keys in CHANGES.items():
            screen.query_one("#key-name", TextInput).focus()
            await type_text(pilot, "web")
            await pilot.press("ctrl+d")
            await until(pilot, lambda: "DryRunOperation" in outcome.verdict.text, "the answer")
            # Going elsewhere changes nothing.
            await pilot.press("tab", "shift+tab")
            assert "DryRunOperation" in outcome.verdict.text
            await pilot.press(*keys)
            await until(pilot, lambda: outcome.verdict.text == "", change)

    play(empty_session, scene)


@pytest.mark.long
def test_what_is_said_of_a_replacement_comes_back_after_a_dry_run(
    empty_session: DemoSession,
) -> None:
    empty_session.backend.create_key_pair(key_name="web", key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("n")
        await until_screen(pilot, "CreateKeyPairScreen")
        outcome = app_of(pilot).screen.query_one(FactLine)
        how = "tab ↑ ↓ move; Type, Format: ← → choose"
        stays = f"web stays until you delete it · {how}"
        await pilot.pause()
        assert str(outcome.visual) == stays
        await pilot.press("ctrl+d")
        await until(pilot, lambda: "DryRunOperation" in outcome.verdict.text, "the answer")
        await pilot.press("x")
        await until(pilot, lambda: str(outcome.visual) == stays, "what was said before")

    play(empty_session, scene)


@pytest.mark.long
def test_the_editor_of_tags_leaves_alone_what_another_session_set(
    empty_session: DemoSession,
) -> None:
    pair = empty_session.backend.create_key_pair(key_name="web", key_type="ed25519").key_pair
    empty_session.backend.create_tags(resources=[pair.key_pair_id], tags=[Tag("Env", "dev")])

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        other = empty_session.for_region(empty_session.region)
        theirs = [Tag("Env", "prod"), Tag("Team", "web")]
        other.backend.create_tags(resources=[pair.key_pair_id], tags=theirs)
        await type_text(pilot, "Mine")
        await pilot.press("tab", "enter")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)
    (now,) = empty_session.backend.describe_key_pairs()
    assert set(now.tags) == {Tag("Env", "prod"), Tag("Team", "web"), Tag("Mine")}


@pytest.mark.long
def test_what_another_session_set_is_overwritten_by_a_second_enter_and_undo_has_it(
    empty_session: DemoSession,
) -> None:
    pair = empty_session.backend.create_key_pair(key_name="web", key_type="ed25519").key_pair
    ids = [pair.key_pair_id]
    empty_session.backend.create_tags(resources=ids, tags=[Tag("Env", "dev")])
    other = empty_session.for_region(empty_session.region)

    def tags() -> tuple[Tag, ...]:
        (now,) = other.backend.describe_key_pairs()
        return now.tags

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        await pilot.press("shift+tab", "ctrl+u", *"mine")
        other.backend.create_tags(resources=ids, tags=[Tag("Env", "theirs")])
        # What is refused anyway is not asked about.
        wrong = app_of(pilot).screen.query(TagRow).last()
        wrong.value_input.value = "x"
        await pilot.press("enter")
        refused = "tag 2 has no key"
        await until(pilot, lambda: refused in text_of(pilot, "#fact"), refused)
        assert wrong.key_input.has_focus
        wrong.value_input.value = ""
        await pilot.press("enter")
        said = "enter again overwrites what another session changed meanwhile: Env=theirs"
        await until(pilot, lambda: said in text_of(pilot, "#fact").replace("\n", " "), said)
        assert tags() == (Tag("Env", "theirs"),)
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        assert tags() == (Tag("Env", "mine"),)
        await pilot.press("u")
        await until(pilot, lambda: tags() == (Tag("Env", "theirs"),), "what was there before")

    play(empty_session, scene)


@pytest.mark.long
def test_the_arrows_keep_their_column_in_the_tags_and_leave_them_at_their_ends(
    empty_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        await add_tag(pilot, "Env", "prod")
        await add_tag(pilot, "Team", "web")
        fields = [each for row in screen.query(TagRow) for each in (row.key_input, row.value_input)]
        key, value, next_key, next_value = fields
        order = screen.focus_chain
        before = order[order.index(key) - 1]
        behind = order[(order.index(next_value) + 1) % len(order)]
        ways = [
            *[(key, "down", next_key), (next_key, "up", key), (next_value, "up", value)],
            *[(value, "down", next_value), (key, "tab", value), (value, "tab", next_key)],
            *[(key, "up", before), (value, "up", before)],
            *[(next_key, "down", behind), (next_value, "down", behind)],
        ]
        for start, pressed, end in ways:
            screen.set_focus(start)
            await pilot.press(pressed)
            assert screen.focused is end, (fields.index(start), pressed)

    play(empty_session, scene)


@pytest.mark.long
def test_the_editor_of_tags_goes_to_the_wrong_one_as_well(empty_session: DemoSession) -> None:
    empty_session.backend.create_key_pair(key_name="web", key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        await type_text(pilot, "Env")
        await add_tag(pilot, "Env", "b")
        screen = app_of(pilot).screen
        screen.query(TagRow).first().enter()
        await pilot.press("enter")
        second = screen.query(TagRow).last().key_input
        await until(pilot, lambda: second.has_focus, "the focus")

    play(empty_session, scene)


@pytest.mark.long
def test_enter_is_muted_while_the_form_would_be_refused(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        hints = app_of(pilot).screen.query_one(KeyHints)
        await until(pilot, lambda: hints.muted == {"create"}, "a name is lacking")
        await type_text(pilot, "ci-deploy")
        await until(pilot, lambda: "taken by" in drawn(pilot), "the verdict")
        assert hints.muted == {"create"}
        await type_text(pilot, "x")
        await until(pilot, lambda: not hints.muted, "a name that is free")
        await pilot.press("ctrl+t")
        await until(pilot, lambda: bool(app_of(pilot).screen.query(TagRow)), "the tag")
        await type_text(pilot, "aws:x")
        await until(pilot, lambda: hints.muted == {"create"}, "a tag that is refused")

    play(demo_session, scene)


@pytest.mark.long
@pytest.mark.parametrize(
    ("key_name", "said"),
    [
        (
            "",
            "the name: it is empty; type 1 to 255 ASCII characters"
            " (MissingParameter: The request must contain the parameter KeyName)",
        ),
        (
            "web ",
            "the name: ends with a space"
            " (InvalidParameterValue: Invalid value 'web ' for keyName. It should be trimmed)",
        ),
        (
            "wéb",
            "the name: é is not an ASCII character (InvalidParameterValue: Value for parameter"
            " KeyName is invalid. Character sets beyond ASCII are not supported.)",
        ),
    ],
)
@pytest.mark.parametrize("key", ["c", "i"], ids=["create", "import"])
def test_a_name_that_enter_refuses_is_explained_before_the_words_of_ec2(
    empty_session: DemoSession, key: str, key_name: str, said: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press(key)
        await until(pilot, lambda: bool(app_of(pilot).screen.query("#key-name")), "the form")
        screen = app_of(pilot).screen
        field = screen.query_one("#key-name", TextInput)
        field.insert_text_at_cursor(key_name)
        field.focus()
        await pilot.press("enter")
        fact = screen.query_one(FactLine)
        await until(pilot, lambda: fact.verdict.text == said, said)
        # What is typed next is judged anew.
        field.value = "web"
        await until(pilot, lambda: "free in us-east-1" in drawn(pilot), "the new verdict")
        assert fact.verdict.text == ""

    play(empty_session, scene)
