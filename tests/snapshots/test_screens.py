from pathlib import Path

import pytest
from rich.console import Console
from textual.filter import NoColor
from textual.pilot import Pilot

from tests.demo import DemoSession
from tests.helpers import AT_60, AT_80, BOTH_SIZES, SIZES
from tests.snapshots.conftest import SnapCompare
from tests.tui.driving import (
    app_of,
    create,
    drawn,
    save,
    type_text,
    until,
    until_loaded,
    until_screen,
)
from tui import environment, themes
from tui.app import KeyPairsApp
from tui.screens.pair.batch_progress import BatchProgress
from tui.widgets.fact_line import FactLine
from tui.words import details

AT_120 = pytest.param((120, 36), id="120x36", marks=pytest.mark.long)
AT_200 = pytest.param((200, 60), id="200x60", marks=pytest.mark.long)


@pytest.mark.long
@pytest.mark.parametrize("size", [AT_80, AT_60, AT_120, AT_200])
def test_list(snap_compare: SnapCompare, demo_session: DemoSession, size: tuple[int, int]) -> None:
    async def choose(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press("space", "j")
        # The pane follows the cursor once that rests.
        await pilot.pause(0.3)

    app = KeyPairsApp(demo_session, "ops@bastion-1")
    assert snap_compare(app, run_before=choose, terminal_size=size)


@pytest.mark.parametrize("theme", ["textual-light", "ansi-light"])
def test_list_in_a_light_theme(
    snap_compare: SnapCompare, demo_session: DemoSession, theme: str
) -> None:
    app = KeyPairsApp(demo_session, "ops@bastion-1")
    themes.choose(app, theme)
    assert snap_compare(app, run_before=until_loaded, terminal_size=(80, 24))


def test_another_theme_in_256_colours(snap_compare: SnapCompare, demo_session: DemoSession) -> None:
    app = KeyPairsApp(demo_session, "ops@bastion-1")
    app.console = Console(color_system="256")
    themes.choose(app, "nord")
    assert snap_compare(app, run_before=until_loaded, terminal_size=(80, 24))


def test_empty_list(snap_compare: SnapCompare, empty_session: DemoSession) -> None:
    app = KeyPairsApp(empty_session)
    assert snap_compare(app, run_before=until_loaded, terminal_size=(80, 24))


def test_damaged_region(snap_compare: SnapCompare, demo_session: DemoSession, home: Path) -> None:
    path = home / "data" / "us-east-1.json"
    path.write_bytes(path.read_bytes()[:-9])
    app = KeyPairsApp(demo_session)
    assert snap_compare(app, run_before=until_loaded, terminal_size=(80, 24))


@pytest.mark.long
@pytest.mark.parametrize("size", [AT_80, AT_60, AT_120])
def test_create_form(
    snap_compare: SnapCompare, demo_session: DemoSession, size: tuple[int, int]
) -> None:
    async def fill_in(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, "reporting")
        await pilot.press("tab", "right", "ctrl+t")
        await pilot.pause()
        await type_text(pilot, "Env")
        await pilot.press("tab")
        await type_text(pilot, "prod")

    assert snap_compare(KeyPairsApp(demo_session), run_before=fill_in, terminal_size=size)


@pytest.mark.long
@BOTH_SIZES
def test_a_refused_name(
    snap_compare: SnapCompare, demo_session: DemoSession, size: tuple[int, int]
) -> None:
    async def fill_in(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, "ci-deploy")
        await pilot.press("enter")
        outcome = app_of(pilot).screen.query_one(FactLine)
        await until(pilot, lambda: "taken by" in outcome.verdict.text, "the refusal")

    assert snap_compare(KeyPairsApp(demo_session), run_before=fill_in, terminal_size=size)


@pytest.mark.long
@pytest.mark.parametrize("size", [AT_80, AT_60, AT_120])
def test_deleting_many(
    snap_compare: SnapCompare, demo_session: DemoSession, size: tuple[int, int]
) -> None:
    async def ask(pilot: Pilot[None]) -> None:
        for number in range(9):
            demo_session.backend.create_key_pair(key_name=f"aa-{number}", key_type="ed25519")
        await until_loaded(pilot)
        await pilot.press("R", "asterisk")
        await until(pilot, lambda: "15 chosen" in drawn(pilot), "the choice")
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await type_text(pilot, "delete")

    assert snap_compare(KeyPairsApp(demo_session), run_before=ask, terminal_size=size)


@pytest.mark.long
@pytest.mark.parametrize("size", [AT_80, AT_120])
def test_details(
    snap_compare: SnapCompare,
    demo_session: DemoSession,
    size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Its own times and the account are the journal's, and differ from run to run.
    history = iter([("2026-11-24", "12:00 create by ops from 203.0.113.7")])
    monkeypatch.setattr(details, "_history", lambda *_: history)

    async def look(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press("j", "j", "enter")
        await until_screen(pilot, "DetailsScreen")
        await until(pilot, lambda: "Public key" in drawn(pilot), "the page")

    assert snap_compare(KeyPairsApp(demo_session), run_before=look, terminal_size=size)


@pytest.mark.long
def test_overwriting_tags(snap_compare: SnapCompare, demo_session: DemoSession) -> None:
    async def fill_in(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press("asterisk", "t")
        await until_screen(pilot, "EditTagsScreen")
        await type_text(pilot, "Env")
        await pilot.press("tab")
        await type_text(pilot, "test")

    assert snap_compare(KeyPairsApp(demo_session), run_before=fill_in, terminal_size=(80, 24))


@pytest.mark.long
def test_progress(snap_compare: SnapCompare, demo_session: DemoSession) -> None:
    async def go_on(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press("asterisk", "d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await until(pilot, lambda: "enter delete" in drawn(pilot), "the question")
        app_of(pilot).screen.query_one(BatchProgress).step(77, 300, "build-agent-linux-02")
        await until(pilot, lambda: "esc stop" in drawn(pilot), "how it is stopped")

    assert snap_compare(KeyPairsApp(demo_session), run_before=go_on, terminal_size=(80, 24))


@pytest.mark.long
def test_danger_on_a_linux_console(snap_compare: SnapCompare, demo_session: DemoSession) -> None:
    assert environment._has_few_colours({"TERM": "linux"})
    app = KeyPairsApp(demo_session, "ops@bastion-1")
    app.theme = environment._IN_16_COLOURS

    async def ask(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press("j", "j", "d")
        await until_screen(pilot, "DeleteKeyPairsScreen")

    assert snap_compare(app, run_before=ask, terminal_size=(80, 24))


@pytest.mark.long
def test_create_form_refusals(snap_compare: SnapCompare, demo_session: DemoSession) -> None:
    async def fill_in(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, "ci-deploy")
        await pilot.press("ctrl+t")
        await pilot.pause()
        await type_text(pilot, "aws:x")
        await pilot.press("ctrl+d")
        outcome = app_of(pilot).screen.query_one(FactLine)
        await until(pilot, lambda: "DryRun" in outcome.verdict.text, "the answer")

    assert snap_compare(KeyPairsApp(demo_session), run_before=fill_in, terminal_size=(80, 24))


@pytest.mark.long
@SIZES
@pytest.mark.parametrize("state", ["hidden", "shown", "saved"])
def test_private_key(
    snap_compare: SnapCompare, empty_session: DemoSession, state: str, size: tuple[int, int]
) -> None:
    async def create_it(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        # An OpenSSH container holds a random number, PKCS#1 does not.
        await create(pilot, "reporting")
        if state == "shown":
            await pilot.press("v")
        if state == "saved":
            await save(pilot)

    assert snap_compare(KeyPairsApp(empty_session), run_before=create_it, terminal_size=size)


@pytest.mark.long
def test_save_dialog(snap_compare: SnapCompare, empty_session: DemoSession) -> None:
    async def open_it(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await create(pilot, "reporting")
        await pilot.press("s")
        await until_screen(pilot, "SaveKeyMaterialScreen")

    assert snap_compare(KeyPairsApp(empty_session), run_before=open_it, terminal_size=(80, 24))


@pytest.mark.long
def test_discard_question(snap_compare: SnapCompare, empty_session: DemoSession) -> None:
    async def ask(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await create(pilot, "reporting")
        await pilot.press("escape")
        await until_screen(pilot, "DiscardKeyMaterialScreen")
        await type_text(pilot, "report")
        await pilot.press("enter")
        await pilot.pause()

    assert snap_compare(KeyPairsApp(empty_session), run_before=ask, terminal_size=(80, 24))


OPENED_BY = {
    "import": ("i", "ImportKeyPairScreen"),
    "tags": ("t", "EditTagsScreen"),
    "delete": ("d", "DeleteKeyPairsScreen"),
    "copy": ("y", "PickScreen"),
    "region": ("r", "PickRegionScreen"),
    "help": ("question_mark", "HelpScreen"),
    "export": ("e", "ExportScreen"),
}


@pytest.mark.long
@pytest.mark.parametrize("name", OPENED_BY)
def test_screens_that_a_key_opens(
    snap_compare: SnapCompare, demo_session: DemoSession, name: str
) -> None:
    async def open_it(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        key, screen = OPENED_BY[name]
        # The pair that was not saved: the path of a saved one differs from run to run.
        await pilot.press("j", "j", key)
        await until_screen(pilot, screen)

    assert snap_compare(KeyPairsApp(demo_session), run_before=open_it, terminal_size=(80, 24))


@pytest.mark.parametrize("no_color", [False, True], ids=["16-colours", "no-colour"])
def test_list_in_the_colours_of_the_terminal(
    snap_compare: SnapCompare,
    demo_session: DemoSession,
    monkeypatch: pytest.MonkeyPatch,
    no_color: bool,
) -> None:
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    app = KeyPairsApp(demo_session)
    app.theme = "ansi-dark"
    if no_color:
        # As it is where the environment names the theme: colours are left out, not turned to greys.
        app._filters[-1] = NoColor()
    assert snap_compare(app, run_before=until_loaded, terminal_size=(80, 24))


@pytest.mark.long
def test_filtered_list(snap_compare: SnapCompare, demo_session: DemoSession) -> None:
    async def narrow(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press("slash")
        await pilot.pause()
        await type_text(pilot, "tag:Env=prod typ:rsa")

    assert snap_compare(KeyPairsApp(demo_session), run_before=narrow, terminal_size=(80, 24))
