"""Names, tags and texts that would talk to the terminal or to the widgets: shown inert.

The texts are those of `tests/vectors/hostile_strings.py`. What is drawn is looked at cell by cell.
"""

import asyncio
import importlib
import pkgutil
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.events import Paste
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip

import tui.screens
from core.checks.deleted import GonePair
from core.custody.rotation import Rotation
from core.ec2.unanswered import CredentialsError, NextStep, PrivateKeyLost
from core.local.opening import open_local
from core.model import CreatedKeyPair, FileFormat, KeptKeyPair, KeyFormat, PrivateKeyState, Tag
from core.secret import KeyMaterial
from core.session import Session
from core.store.journal import JournalEntry
from core.store.region_store import RegionStore
from tests.each_row import each_row
from tests.helpers import kept
from tests.tui.driving import app_of, until, until_loaded, until_screen
from tests.vectors.hostile_strings import STRINGS
from tui.app import KeyPairsApp
from tui.screens.create.create_key_pair import CreateKeyPairScreen
from tui.screens.create.import_key_pair import ImportKeyPairScreen
from tui.screens.create.key_text import KeyText
from tui.screens.create.lost_private_key import LostPrivateKeyScreen
from tui.screens.delete import delete_key_pairs, question
from tui.screens.delete.delete_key_pairs import DeleteKeyPairsScreen
from tui.screens.look.agent_keys import AgentKeysScreen
from tui.screens.look.check_up import CheckUpScreen
from tui.screens.look.deleted_key_pairs import DeletedKeyPairsScreen
from tui.screens.look.find import FindScreen
from tui.screens.look.help import HelpScreen
from tui.screens.look.journal import JournalScreen
from tui.screens.look.log_in import LogInScreen
from tui.screens.look.mfa_code import MfaCodeScreen
from tui.screens.look.pick import PickScreen
from tui.screens.look.pick_region import PickRegionScreen
from tui.screens.pair.add_ssh_host import AddSshHostScreen
from tui.screens.pair.batch_progress import BatchProgress
from tui.screens.pair.bring_back_as import BringBackAsScreen
from tui.screens.pair.details import DetailsScreen
from tui.screens.pair.edit_tags import EditTagsScreen
from tui.screens.pair.export import ExportScreen
from tui.screens.pair.import_into_regions import ImportIntoRegionsScreen
from tui.screens.pair.install_public_key import InstallPublicKeyScreen
from tui.screens.placed_screen import PlacedScreen, ScreenKind
from tui.screens.private_key.add_to_agent import AddToAgentScreen
from tui.screens.private_key.discard_key_material import DiscardKeyMaterialScreen
from tui.screens.private_key.key_material import KeyMaterialScreen
from tui.screens.private_key.save_key_material import SaveKeyMaterialScreen
from tui.screens.private_key.unlock_saved_key import UnlockSavedKeyScreen
from tui.screens.workbench.bench import NOTHING, RESTS, RowPane
from tui.terminal.paste import (
    END,
    LONGEST,
    START,
    Pasted,
    PasteFilter,
    PasteStarted,
    Typed,
)
from tui.widgets.fact_line import FactLine
from tui.widgets.pick_list import Item
from tui.widgets.text_input import TextInput
from tui.widgets.top_bar import TopBar
from tui.widgets.verdict_line import VerdictLine
from tui.words.region_imports import Imported
from tui.words.text import (
    as_pasted,
    clip,
    fit,
    fold,
    masked,
    pinched,
    short_paths,
    shortened,
    visible,
)
from tui.words.verdict import Tone, Verdict
from tui.work.brief_message import show_briefly

WIDTH = 80
SHORT = [each for each in STRINGS if len(each.text) <= 2_048]


def cells(text: str) -> int:
    """Return the cells that a terminal gives a text, by Unicode's own tables and not Rich's.

    Vowels and finals of Hangul stand within the cells of the letter before them.
    """
    return sum(
        0
        if unicodedata.category(c) in {"Mn", "Me"}
        or "\u1160" <= c <= "\u11ff"
        or "\ud7b0" <= c <= "\ud7ff"
        else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


def check_inert(strips: Iterable[Strip], width: int = WIDTH) -> str:
    """Check that rows hold nothing but cells to draw, and fill them; return their text."""
    rows: list[str] = []
    for strip in strips:
        row = "".join(segment.text for segment in strip)
        assert not {c for c in row if not c.isprintable()}, ascii(row)
        assert cells(row) == strip.cell_length == width, ascii(row)
        for segment in strip:
            assert not segment.control
            if segment.style is not None:
                assert segment.style.link is None, ascii(row)
                assert not any(name.startswith("@click") for name in segment.style.meta), ascii(row)
        rows.append(row)
    return "\n".join(rows)


def drawn(pilot: Pilot[None]) -> str:
    """Check what is on the screen, and return it."""
    return check_inert(pilot.app.screen._compositor.render_strips(), pilot.app.size.width)


# The functions --------------------------------------------------------------------------------


async def until_drawn(pilot: Pilot[None], texts: Sequence[str]) -> None:
    """Wait until every text is on the screen; what is drawn meanwhile is inert as well."""
    missing: Sequence[str] = texts

    def are_there() -> bool:
        nonlocal missing
        screen = drawn(pilot)
        missing = [text for text in texts if text not in screen]
        return not missing

    try:
        await until(pilot, are_there, "the texts")
    except AssertionError as error:
        error.add_note(f"missing: {missing}")
        raise


def test_each_is_shown_as_the_table_says() -> None:
    assert {e.id: visible(e.text) for e in STRINGS} == {e.id: e.drawn for e in STRINGS}


@pytest.mark.long
@each_row("make", [visible, as_pasted, masked, shortened])
def test_what_is_shown_holds_nothing_that_a_terminal_obeys(make: Callable[[str], str]) -> None:
    for each in STRINGS:
        shown = make(each.text)
        obeyed = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        assert not {c for c in shown if unicodedata.category(c) in obeyed}, each.id
        assert "\u0301\u0301\u0301" not in shown, each.id
        assert fit(shown, 20) == fit(shown, 20).rstrip("\n")
        assert make is shortened or len(shown) >= len(each.text)
    assert all(len(masked(each.text)) == len(each.text) for each in STRINGS)


def test_visible_text_is_unambiguous() -> None:
    assert len({visible(each.text) for each in STRINGS}) == len(STRINGS)
    assert visible("\\u{1b}") != visible("\x1b")
    assert visible("plain ASCII, with spaces") == "plain ASCII, with spaces"


@each_row("width", [1, 2, 7, 40])
def test_fitted_text_has_exactly_the_width(width: int) -> None:
    for each in SHORT:
        assert cells(fit(each.drawn, width)) == width, each.id
        assert cells(clip(each.drawn, width)) <= width, each.id
        assert cells(pinched(each.drawn, width)) <= width, each.id
        # Nothing but the space at which a line ends is lost.
        lines = fold(each.drawn, max(width, 2))
        assert "".join(lines).replace(" ", "") == each.drawn.replace(" ", "")
        assert all(cells(line) <= max(width, 2) for line in lines)


@pytest.mark.parametrize(
    "codes",
    [
        pytest.param(range(0x10000), id="basic plane", marks=pytest.mark.long),
        pytest.param(range(0x1F000, 0x20000), id="emoji"),
        pytest.param(range(0xE0000, 0xE0200), id="tags and selectors"),
        # The planes after these hold nothing but private and unassigned characters.
        pytest.param(range(0x10000, 0x40000), id="the others", marks=pytest.mark.long),
    ],
)
def test_no_character_of_unicode_gets_through_that_takes_another_width(codes: range) -> None:
    for code in codes:
        shown = visible(f"a{chr(code)}")
        assert cells(shown) == cell_len(shown), hex(code)


def test_the_home_folder_is_shortened_only_where_a_shell_would_know_it(home: Path) -> None:
    said = f"{home}/a is gone: chmod 600 '{home}/two words' ({home}/b), /mnt{home}/c"
    assert short_paths(said) == f"~/a is gone: chmod 600 '{home}/two words' (~/b), /mnt{home}/c"


def test_a_sentence_is_bounded() -> None:
    assert len(shortened("x" * 1_000_000)) < 3_000
    assert len(shortened("\x1b" * 1_000_000)) < 20_000


# All texts at once ----------------------------------------------------------------------------


def hostile_pairs(session: Session) -> list[KeptKeyPair]:
    """Put a pair for each text into the file, past every check, as an editor could.

    One more has all of them as tags.
    """
    created = session.backend.create_key_pair(key_name="plain", key_type="ed25519").key_pair
    texts = [each.text for each in SHORT if each.tag_key != "InvalidParameterValue"]
    pairs = [
        replace(
            created,
            key_pair_id=f"key-0{number:016x}",
            key_name=text,
            tags=(Tag(text, text), Tag("protected", text)),
            key_fingerprint=text,
        )
        for number, text in enumerate(texts)
    ]
    everything = tuple(Tag(text, text) for text in texts)
    pairs.append(replace(created, key_pair_id="key-0fffffffffffffff0", tags=everything))
    store: RegionStore = session.store
    with store.transaction() as transaction:
        transaction.remove(created.key_pair_id, session.now(), "Test")
        for pair in pairs:
            transaction.insert(pair, "Test")
    return pairs


def expected(text: str) -> str:
    """Return how a text begins in a column that is narrow."""
    shown = visible(text)
    return shown if cells(shown) < 12 else fit(shown, 12).rstrip("…").rstrip()


@pytest.mark.parametrize("size", [(80, 260), pytest.param((60, 260), marks=pytest.mark.long)])
def test_every_text_is_inert_in_the_list(size: tuple[int, int], tmp_path: Path, home: Path) -> None:
    session = open_local(tmp_path / "data", "us-east-1")
    pairs = hostile_pairs(session)

    async def look() -> None:
        app = KeyPairsApp(session, "on host as user")
        async with app.run_test(size=size, notifications=True) as pilot:
            await until_loaded(pilot)
            await pilot.pause()
            strips = app.screen._compositor.render_strips()
            text = check_inert(strips, size[0])
            missing = [p.key_name for p in pairs if expected(p.key_name) not in text]
            assert not missing, missing

    asyncio.run(look())


@pytest.mark.parametrize("step", [331, pytest.param(1, marks=pytest.mark.long)])
def test_every_text_is_inert_on_the_pages_of_one_pair(
    step: int, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_local(tmp_path / "data", "us-east-1")
    *pairs, everything = hostile_pairs(session)
    pairs, everything = pairs[::step], replace(everything, tags=everything.tags[::step])
    for module in (delete_key_pairs, question):
        monkeypatch.setattr(module, "MOST_NAMED", len(pairs))
    texts = [pair.key_name for pair in pairs]
    time = session.now()
    entries = [
        JournalEntry(time, text, text, text, 1, "us-east-1", text, text, "key-0", text)
        for text in texts
    ]

    async def look() -> None:
        app = KeyPairsApp(session)
        async with app.run_test(
            size=(WIDTH, 100 if step > 1 else 1_000), notifications=True
        ) as pilot:
            await until_loaded(pilot)
            pages = (
                DetailsScreen(session, everything),
                EditTagsScreen(session, [everything], dict.fromkeys(texts, texts)),
                DeleteKeyPairsScreen(session, pairs),
                JournalScreen("us-east-1", entries, time.astimezone()),
                PickScreen("x", [Item(text, visible(text), visible(text)) for text in texts]),
            )
            for page in pages:
                app.push_screen(page)
                await until(pilot, lambda: app_of(pilot).screen.is_active, "the screen")
                if isinstance(page, EditTagsScreen):
                    wanted = [masked(tag.key) for tag in everything.tags]
                else:
                    wanted = [visible(text) for text in texts]
                await until_drawn(pilot, [shown for shown in wanted if len(shown) < 20])
                app.pop_screen()

    asyncio.run(look())


class Everything(Screen[None]):
    """The widgets that the pages above do not have, for every text."""

    CSS = "KeyText { height: 300; } TopBar, FactLine { dock: none; margin: 0; }"

    def compose(self) -> ComposeResult:
        for each in SHORT:
            verdict = VerdictLine()
            verdict.show(Verdict(each.text))
            yield verdict
            yield TopBar(each.text)
            line = FactLine(id=None)
            line.say(Verdict(each.text, Tone.BAD))
            yield line
        field = KeyText(lambda _: None, id="field")
        field.text = "\n".join(each.text for each in SHORT)
        yield field


@pytest.mark.long
def test_every_widget_shows_every_text_inert(tmp_path: Path, home: Path) -> None:
    session = open_local(tmp_path / "data", "us-east-1")

    async def look() -> None:
        app = KeyPairsApp(session)
        async with app.run_test(size=(WIDTH, 1_500)) as pilot:
            await until_loaded(pilot)
            app.push_screen(Everything())
            await until(pilot, lambda: app_of(pilot).screen.is_active, "the screen")
            await until_drawn(pilot, [each.drawn[:20] for each in SHORT])

    asyncio.run(look())


@pytest.mark.long
def test_what_is_suggested_is_inert_too(tmp_path: Path, home: Path) -> None:
    """Textual draws the rest of a suggestion as it is, so that only harmless ones are made."""
    session = open_local(tmp_path / "data", "us-east-1")
    pair = session.backend.create_key_pair(key_name="plain", key_type="ed25519").key_pair
    in_use = {"Env\x1b]52;c;QUJD\x07": ["x"], "Environment": ["prod\u202e", "production"]}

    async def look() -> None:
        app = KeyPairsApp(session)
        async with app.run_test(size=(WIDTH, 24)) as pilot:
            await until_loaded(pilot)
            app.push_screen(EditTagsScreen(session, [pair], in_use))
            await until(pilot, lambda: app_of(pilot).screen.focused is not None, "the screen")
            await pilot.press("E", "n")
            await until(pilot, lambda: "Environment" in drawn(pilot), "the suggestion")
            await pilot.press("right", "tab", "p")
            await until(pilot, lambda: "production" in drawn(pilot), "the suggestion")

    asyncio.run(look())


# Every screen ---------------------------------------------------------------------------------

BUNDLES = {
    "controls": "".join(e.text for e in SHORT if "\x1b" not in e.text and not e.drawn.isascii())[
        :60
    ]
    + "".join(chr(code) for code in [*range(32), *range(127, 160)]),
    "sequences": "\x1b]52;c;QUJD\x07\x1b[2J\x1b]0;title\x07\x1b]8;;x\x1b\\\x9b2J\x1b[201~",
    "markup": "[/foo] [b]x[/b] a[/ [@click=app.quit]x[/] [link=http://x]z[/link] :smile: \\[b]",
    "unicode": "\u202exe.\u2066x\u2069 a\u200bb e"
    + "\u0301" * 40
    + "\u94a5\u5319 \u2764\ufe0f\u05d0 \u0301",
    "wide and long": "\u94a5\u5319\u5c0d" * 80,
}


def hostile_pair(session: Session, text: str) -> KeptKeyPair:
    """Put a pair with such a name and tags into the file, past every check, as an editor could."""
    created = session.backend.create_key_pair(key_name="plain", key_type="ed25519").key_pair
    pair = replace(created, key_name=text, tags=(Tag(text, text), Tag("protected", text)))
    store: RegionStore = session.store
    with store.transaction() as transaction:
        transaction.remove(created.key_pair_id, session.now(), "Test")
        transaction.insert(replace(pair, key_pair_id="key-0ffffffffffffffff"), "Test")
    return replace(pair, key_pair_id="key-0ffffffffffffffff")


def screens(session: Session, pair: KeptKeyPair) -> Iterator[Screen[Any]]:
    created = CreatedKeyPair(pair, KeyFormat.PEM, KeyMaterial(b"no key"))
    yield KeyMaterialScreen(session, created)
    create = CreateKeyPairScreen(session)
    create._key_name.value = pair.key_name
    yield create
    importing = ImportKeyPairScreen(session)
    importing._key_name.value = pair.key_name
    importing._material.text = pair.key_name
    yield importing
    yield DetailsScreen(session, pair)
    yield DiscardKeyMaterialScreen(session, pair, sent=False)
    yield DeleteKeyPairsScreen(session, [pair])
    yield MfaCodeScreen(pair.key_name)
    yield EditTagsScreen(session, [pair], {pair.key_name: [pair.key_name]})
    yield PickScreen(pair.key_name, [Item("x", visible(pair.key_name))])
    yield PickRegionScreen(session, {pair.key_name: 1}, pair.key_name)
    yield BringBackAsScreen(session, pair, pair.key_name)
    now = session.now().astimezone()
    gone = GonePair(pair, now, pair.key_name, 30, given_up=False, name_taken=True)
    yield DeletedKeyPairsScreen(session.region, [gone], now)
    text = pair.key_name
    lines = [
        JournalEntry(now, text, text, text, 1, text, text, text, f"{n}", text) for n in (1, 2, 2)
    ]
    yield JournalScreen(pair.key_name, lines, now)
    yield LogInScreen(CredentialsError(pair.key_name, NextStep.LOG_IN, ("aws", pair.key_name)))
    yield LostPrivateKeyScreen(session, PrivateKeyLost(pair, pair.key_name))
    yield SaveKeyMaterialScreen(session, created, FileFormat.PEM)
    exporting = ExportScreen(session, [pair])
    exporting._path.path = pair.key_name
    yield exporting
    yield CreateKeyPairScreen(session, pair, pair.key_name)
    successor = kept(pair, replaces=pair.key_pair_id, private_key=PrivateKeyState.UNSAVED)
    rotation = Rotation([replace(successor, key_pair_id=pair.key_name), pair])
    yield DetailsScreen(session, pair, rotation)
    yield DeleteKeyPairsScreen(session, [pair], rotation)
    elsewhere = ImportIntoRegionsScreen(session, [replace(pair, public_key=pair.key_name)], {})
    elsewhere._outcomes["eu-west-1"] = {
        pair.key_pair_id: Imported("failed", pair.key_name, done=False)
    }
    elsewhere._chosen.add("eu-west-1")
    elsewhere._regions = {"eu-west-1": elsewhere._regions.pop("eu-west-1"), **elsewhere._regions}
    yield elsewhere
    yield HelpScreen(create)
    yield AddToAgentScreen(session, created)
    yield AgentKeysScreen(session)
    yield InstallPublicKeyScreen(session, pair)
    yield AddSshHostScreen(session, pair, pair.key_name)
    yield UnlockSavedKeyScreen(Path(pair.key_name), lambda _: None)
    finding = FindScreen(session)
    finding._thing.value = pair.key_name
    yield finding
    yield CheckUpScreen(session)


def all_screens() -> set[str]:
    """Return the names of every class of a screen there is, but those that only others extend."""
    return {
        name
        for module in pkgutil.walk_packages(tui.screens.__path__, "tui.screens.")
        for name, value in vars(importlib.import_module(module.name)).items()
        if isinstance(value, type) and issubclass(value, Screen) and hasattr(value, "PLACE")
    }


@pytest.mark.long
@pytest.mark.parametrize(
    "name",
    BUNDLES,
)
def test_every_screen_and_toast_shows_it_inert(name: str, tmp_path: Path, home: Path) -> None:
    text = BUNDLES[name]
    session = open_local(tmp_path / "data", "us-east-1")
    pair = hostile_pair(session, text)

    async def look() -> None:
        app = KeyPairsApp(session, f"{text}@host")
        async with app.run_test(size=(WIDTH, 24), notifications=True) as pilot:
            await until_loaded(pilot)
            drawn(pilot)
            looked_at, beside = {type(app.screen).__name__}, list[str]()
            for screen in screens(session, pair):
                looked_at.add(type(screen).__name__)
                app.push_screen(screen)
                await until(pilot, lambda: app_of(pilot).screen.is_active, "the screen")
                await pilot.pause(0.05)
                assert drawn(pilot).strip()
                for progress in screen.query(BatchProgress):
                    progress.step(1, 2, text)
                    await pilot.pause(0.05)
                    assert "1 of 2" in drawn(pilot)
                if isinstance(screen, PlacedScreen) and screen.KIND is ScreenKind.WORKBENCH:
                    # Where there is room, a pane stands beside the table.
                    await pilot.resize_terminal(130, 36)
                    await pilot.pause(2 * RESTS)
                    drawn(pilot)
                    panes = [pane for pane in screen.query(RowPane) if pane.is_beside]
                    beside += [type(screen).__name__ for pane in panes if pane.about is not NOTHING]
                    await pilot.resize_terminal(WIDTH, 24)
                app.pop_screen()
                await pilot.pause()
            show_briefly(app, visible(text))
            await pilot.pause(0.05)
            drawn(pilot)
            assert looked_at == all_screens(), "add the others to `screens`"
            assert beside == ["JournalScreen", "CheckUpScreen"]  # others have what they are given

    asyncio.run(look())


# What is pasted -------------------------------------------------------------------------------


def test_a_paste_cannot_press_keys_however_it_arrives() -> None:
    """Textual makes key presses of what follows an escape character inside of a paste."""
    for each in STRINGS:
        if END in each.text or len(each.text) > 5_000:
            continue
        stream = f"{START}{each.text}{END}q"
        pasted = each.text.replace("\x1b", "\N{SYMBOL FOR ESCAPE}").replace("\0", "")
        for size in (len(START), 7, len(stream)):
            pastes = PasteFilter()
            pieces = [
                piece
                for start in range(0, len(stream), size)
                for piece in pastes.feed(stream[start : start + size], 0)
            ]
            # Of a mark that comes in pieces, the beginning has passed as a key by then.
            if size == len(START):
                assert pieces.pop(0) == PasteStarted(), each.id
            assert pieces[-2:] == [Pasted(pasted), Typed("q")], each.id
            assert not pastes.inside


def test_a_mark_in_pieces_begins_a_paste_all_the_same() -> None:
    pastes = PasteFilter()
    pieces = [piece for c in f"{START}dy{END}q" for piece in pastes.feed(c, 0)]
    typed = [Typed(c) for c in START[:-1]]
    assert pieces == [*typed, PasteStarted(), Pasted("dy"), Typed("q")]


def test_what_is_typed_passes_at_once_and_unchanged() -> None:
    pastes = PasteFilter()
    for text in ("q", "\x1b", "\x1b[", "A", "\x1b[20", "1", "~", "\x1b[I", "\x1b[201~", "é"):
        assert list(pastes.feed(text, 0)) == [Typed(text)]


def test_a_huge_paste_is_cut_as_it_comes() -> None:
    pastes = PasteFilter()
    assert list(pastes.feed(START, 0)) == [PasteStarted()]
    for _ in range(2_500):
        assert not list(pastes.feed("x" * 4_096, 0))
    assert list(pastes.feed(f"{END}q", 0)) == [Pasted("x" * LONGEST), Typed("q")]


def test_a_paste_without_an_end_is_given_up_and_nothing_of_it_is_kept() -> None:
    pastes = PasteFilter()
    list(pastes.feed(f"{START}secret", 10))
    assert not pastes.give_up(11.9)
    list(pastes.feed("more", 11.9))
    assert not pastes.give_up(13.8)
    assert pastes.give_up(13.9)
    assert not pastes.give_up(20)
    # What a person types is heard; the rest of the paste, which comes late, is not.
    assert list(pastes.feed("s", 14)) == [Typed("s")]
    assert list(pastes.feed("\x1b[A", 14)) == [Typed("\x1b[A")]
    assert not list(pastes.feed("body dydy" * 3, 14))
    assert list(pastes.feed(f"dy{END}v", 14)) == [Typed("v")]
    assert list(pastes.feed(f"{START}new{END}", 15)) == [PasteStarted(), Pasted("new")]


@pytest.mark.long
def test_a_field_cuts_what_no_name_could_be_and_the_help_draws_it_inert(
    tmp_path: Path, home: Path
) -> None:
    session = open_local(tmp_path / "data", "us-east-1")

    async def look() -> None:
        app = KeyPairsApp(session)
        async with app.run_test(size=(WIDTH, 24)) as pilot:
            await until_loaded(pilot)
            await pilot.press("c")
            await until(pilot, lambda: isinstance(app.screen, CreateKeyPairScreen), "the form")
            app.post_message(Paste("\u0301" * 100_000))
            field = app.screen.query_one("#key-name", TextInput)
            await until(pilot, lambda: bool(field.value), "the paste")
            assert len(field.value) == 8 * 1024
            await until(pilot, lambda: "too long by" in drawn(pilot), "the verdict")
            await pilot.press("escape", "ctrl+p")
            await until_screen(pilot, "HelpScreen")
            app.post_message(Paste("x\x9b31m\u202e\x07y"))
            await until(pilot, lambda: "31m" in drawn(pilot), "the paste")

    asyncio.run(look())
