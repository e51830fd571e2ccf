"""A new private key and what is done with it: true words, and nothing drawn over another."""

import threading
from pathlib import Path
from typing import Any

import pytest
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Static

from core.custody import agent_keys, saving
from core.custody.agent_keys import AgentContents
from core.disk import files, replacing
from core.model import FileFormat, KeyFormat, PrivateKeyState
from tests.demo import DemoSession
from tests.helpers import PUBLIC_KEY, SIZES
from tests.tui.driving import (
    app_of,
    create,
    drawn,
    play,
    quit_with,
    save,
    type_text,
    until,
    until_screen,
)
from tui.screens.delete.delete_key_pairs import DeleteKeyPairsScreen
from tui.screens.list.rows import remarks
from tui.screens.private_key.add_to_agent import AddToAgentScreen
from tui.screens.private_key.key_material import KeyMaterialScreen
from tui.screens.private_key.key_material_view import KeyMaterialView
from tui.screens.private_key.passphrase_input import PassphraseInput
from tui.terminal.clipboard import TO_COPY
from tui.widgets.choice import Choice
from tui.widgets.fact_line import FactLine
from tui.widgets.key_hints import KeyHints
from tui.widgets.path_field import PathField
from tui.widgets.pick_list import PickList
from tui.widgets.top_bar import TopBar
from tui.words.details import where_it_is
from tui.words.verdict import Tone, Verdict
from tui.work.brief_message import show_briefly

LONG = pytest.mark.long

SENTENCE = "Not saved yet: s saves it, esc asks before it leaves."


async def hold(
    pilot: Pilot[None], session: DemoSession, key_format: KeyFormat = KeyFormat.PEM
) -> KeyMaterialScreen:
    """Be where creating a pair leads, without the typing."""
    created = session.backend.create_key_pair(
        key_name="web", key_type="ed25519", key_format=key_format.value
    )
    screen = KeyMaterialScreen(session, created)
    app_of(pilot).push_screen(screen)
    await until_screen(pilot, "KeyMaterialScreen")
    return screen


def lines(pilot: Pilot[None]) -> list[str]:
    strips = app_of(pilot).screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


def flat(pilot: Pilot[None]) -> str:
    """Return what is on the screen as one line, without frames."""
    return " ".join(" ".join(lines(pilot)).replace("│", " ").split())


async def until_says(pilot: Pilot[None], words: str) -> None:
    await until(pilot, lambda: words in flat(pilot), words)


def toasts(pilot: Pilot[None]) -> list[str]:
    """Return what is said for a moment."""
    lines = [line for screen in app_of(pilot).screen_stack for line in screen.query(FactLine)]
    return [line.said_briefly for line in lines if line.said_briefly]


# Leaving ----------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("key", ["ctrl+q", pytest.param("ctrl+c", marks=LONG), "q"])
def test_each_key_that_people_quit_with_says_what_to_do_with_the_key(
    empty_session: DemoSession, key: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await hold(pilot, empty_session)
        for _ in range(2):
            await pilot.press(key)
            await until_says(pilot, SENTENCE)
            assert app_of(pilot).screen is screen
            assert not toasts(pilot)
        await save(pilot)
        await until_says(pilot, "esc done")
        if key == "ctrl+q":
            await quit_with(pilot, key)
            return
        await pilot.press(key)
        if key == "ctrl+c":
            await until(pilot, lambda: toasts(pilot) == ["ctrl+q quits"], "what quits")
        if key == "q":
            await until(pilot, lambda: not screen.is_active, "the way out")

    assert play(empty_session, scene) == (0 if key == "ctrl+q" else None)


@pytest.mark.long
@pytest.mark.parametrize(
    ("keys", "screen"),
    [
        (["s"], "SaveKeyMaterialScreen"),
        pytest.param(["a"], "AddToAgentScreen", marks=LONG),
        pytest.param(["y"], "PickScreen", marks=LONG),
        pytest.param(["escape"], "DiscardKeyMaterialScreen", marks=LONG),
        pytest.param(["question_mark"], "HelpScreen", marks=LONG),
    ],
)
def test_over_a_key_that_is_not_saved_what_people_quit_with_is_true(
    empty_session: DemoSession, keys: list[str], screen: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        holding = await hold(pilot, empty_session)
        await pilot.press(*keys)
        await until_screen(pilot, screen)
        await pilot.press("ctrl+c")
        said = "the private key is not saved yet; esc goes back to it"
        await until(pilot, lambda: toasts(pilot) == [said], "the word")
        await pilot.press("escape")
        await until(pilot, lambda: holding.is_active, "the key")
        await pilot.press(*keys)
        await until_screen(pilot, screen)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: holding.is_active, "the key")
        await until_says(pilot, SENTENCE)
        await pilot.press("ctrl+q")
        assert holding.is_active

    # What is dimmed below another screen is still drawn.
    assert play(empty_session, scene, (120, 36)) is None


@pytest.mark.long
def test_the_help_over_a_key_does_not_quit_either(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        await pilot.press("ctrl+p")
        await until_screen(pilot, "HelpScreen")
        await pilot.press("ctrl+q")
        await until_screen(pilot, "KeyMaterialScreen")

    assert play(empty_session, scene) is None


@pytest.mark.parametrize(
    ("key", "screen"),
    [
        ("", "KeyPairListScreen"),
        pytest.param("c", "CreateKeyPairScreen", marks=LONG),
        pytest.param("y", "PickScreen", marks=LONG),
    ],
)
def test_ctrl_c_says_elsewhere_what_quits(demo_session: DemoSession, key: str, screen: str) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press(*([key] if key else []))
        await until_screen(pilot, screen)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: toasts(pilot) == ["ctrl+q quits"], "the word")
        await quit_with(pilot, "ctrl+q")

    assert play(demo_session, scene) == 0


@pytest.mark.long
def test_what_was_said_goes_with_the_next_move_however_soon(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("space", "escape")
        await until_says(pilot, "none chosen")
        await pilot.press("k")
        await until_says(pilot, "its private key was saved to ~/.ssh/batch-runner.pem")
        await pilot.press("space", "j", "k")
        await until_says(pilot, "its private key was saved to ~/.ssh/ci-deploy.pem")

    play(demo_session, scene)


@LONG
@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_the_line_that_names_keys_does_not_stand_under_a_dialog_over_it(
    empty_session: DemoSession, size: tuple[int, int]
) -> None:
    names_keys = "asks where to save it; esc asks before it leaves"

    async def scene(pilot: Pilot[None]) -> None:
        screen = await hold(pilot, empty_session)
        for key, name in (("escape", "DiscardKeyMaterialScreen"), ("y", "PickScreen")):
            await until_says(pilot, names_keys)
            await pilot.press(key)
            await until_screen(pilot, name)
            await until(pilot, lambda: names_keys not in flat(pilot), "the end of that line")
            await pilot.press("escape")
            await until(pilot, lambda: screen.is_active, "the key")
        await pilot.press("q")
        await until_says(pilot, SENTENCE)
        await pilot.press("y")
        await until_screen(pilot, "PickScreen")
        await until(
            pilot, lambda: "asks before it leaves" not in flat(pilot), "the end of that sentence"
        )

    play(empty_session, scene, size)


@pytest.mark.parametrize("size", [(80, 24), pytest.param((60, 15), marks=LONG)])
def test_without_an_agent_adding_to_one_is_muted_and_says_why(
    empty_session: DemoSession, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await hold(pilot, empty_session)
        await until_says(pilot, "a Add to the ssh-agent no agent runs here")
        assert screen.key_hints.muted == {"agent"}
        await pilot.press("q")
        await until_says(pilot, SENTENCE)
        await pilot.press("a")
        await until_screen(pilot, "AddToAgentScreen")

    play(empty_session, scene, size)


@pytest.mark.long
def test_that_there_is_an_agent_is_seen_in_the_environment_alone(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await hold(pilot, empty_session)
        await until_says(pilot, "a Add to the ssh-agent nothing goes to disk")
        assert not screen.key_hints.muted
        await pilot.press("q")
        await until_says(pilot, "s saves it, a adds it to the agent, esc asks before it leaves.")
        # Until it was asked, and none has answered.
        await pilot.press("a")
        await until_says(pilot, "No ssh-agent answers at /nowhere")
        await pilot.press("escape")
        await until_says(pilot, "a Add to the ssh-agent no agent answers")
        await pilot.press("q")
        await until_says(pilot, "s saves it, esc asks before it leaves.")
        # An agent that answers again.
        held = AgentContents("/run/agent", False, ())
        monkeypatch.setattr(agent_keys, "in_agent", lambda _: held)
        await pilot.press("a")
        await until_screen(pilot, "AddToAgentScreen")
        form = app_of(pilot).screen
        assert isinstance(form, AddToAgentScreen)
        await until(pilot, lambda: form.answers is True, "the answer")
        await pilot.press("escape")
        await until_says(pilot, "a Add to the ssh-agent nothing goes to disk")

    monkeypatch.setenv("SSH_AUTH_SOCK", "/nowhere")
    play(empty_session, scene)


@pytest.mark.long
def test_what_becomes_of_the_pair_stays_chosen_while_the_key_is_there(
    empty_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await hold(pilot, empty_session)
        for chosen, keys in (("delete", ["tab", "right"]), ("keep", [])):
            await pilot.press("escape")
            await until_screen(pilot, "DiscardKeyMaterialScreen")
            assert app_of(pilot).screen.query_one("#fate", Choice).value == chosen
            await pilot.press(*keys, "escape")
            await until(pilot, lambda: screen.is_active, "the key")

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize(
    ("then", "says"),
    [
        ("keep", "gave up the private key of web; the pair stays, marked !"),
        (
            "delete",
            "gave up the private key of web, and deleted the pair;"
            " U brings the pair back, without its private key",
        ),
        ("save", "the private key of web was saved to ~/.ssh/web.pem"),
    ],
)
def test_the_list_says_what_became_of_a_new_private_key(
    demo_session: DemoSession, then: str, says: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        # What was said last must not stay.
        await pilot.press("space", "escape")
        await until_says(pilot, "none chosen")
        await create(pilot, "web", "tab", "right")
        if then == "save":
            await save(pilot)
            await pilot.press("escape")
        else:
            await pilot.press("escape")
            await until_screen(pilot, "DiscardKeyMaterialScreen")
            await type_text(pilot, "web")
            await pilot.press(*(["tab", "right"] if then == "keep" else []), "enter")
        await until_screen(pilot, "KeyPairListScreen")
        await until_says(pilot, says)

    play(demo_session, scene)


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "ways"),
    [
        ("web", "~/.ssh/web.pem, for you alone"),
        ("web-of-the-shop", "~/.ssh/web-of-the-shop.pem"),
        ("web-of-the-shop-in-the-other-street", "…her-street.pem"),
    ],
)
def test_a_low_window_says_where_a_key_goes_and_then_how_one_logs_in(
    empty_session: DemoSession, name: str, ways: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, name, "tab", "right")
        save_way = next(line for line in lines(pilot) if "Save to a file" in line)
        assert save_way.rstrip(" │").endswith(ways)
        await save(pilot)
        await until(pilot, lambda: "Log in " in drawn(pilot), "how one logs in")
        command = f"ssh -i ~/.ssh/{name}.pem ec2-user@HOST"
        assert "".join(command.split()) in "".join(flat(pilot).split())

    play(empty_session, scene, (60, 15))


# Saving -----------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_folder_that_is_missing_is_named_and_made_by_the_second_enter(
    empty_session: DemoSession, home: Path
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        await pilot.press("s")
        await until_screen(pilot, "SaveKeyMaterialScreen")
        app_of(pilot).screen.query_one(PathField).path = "~/kyes/web.pem"
        asked = "the folder ~/kyes is missing; it will be made, readable by you alone"
        await until_says(pilot, f"{asked}; enter asks first")
        await pilot.press("enter")
        await until_says(pilot, f"{asked}; press enter again to save here all the same")
        assert not (home / "kyes").exists()
        await pilot.press("backspace", "m", "enter")
        await until_says(pilot, "press enter again")
        assert not (home / "kyes").exists()
        await pilot.press("enter")
        await until_screen(pilot, "KeyMaterialScreen")

    play(empty_session, scene)
    assert (home / "kyes/web.pem").exists()


@pytest.mark.long
def test_an_export_makes_no_folder_unasked(demo_session: DemoSession, home: Path) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("e")
        await until_screen(pilot, "ExportScreen")
        (home / "open").mkdir(mode=0o755)
        app_of(pilot).screen.query_one(PathField).path = "~/open/all.csv"
        # Only for a private key is that a reason to ask.
        await until_says(pilot, "others can list its folder")
        assert "asks first" not in flat(pilot)
        app_of(pilot).screen.query_one(PathField).path = "~/lists/all.csv"
        await until_says(pilot, "it will be made, readable by you alone; enter asks first")
        await pilot.press("enter")
        await until_says(
            pilot, "the folder ~/lists is missing; it will be made, readable by you alone; press"
        )
        assert not (home / "lists").exists()
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")

    play(demo_session, scene)
    assert (home / "lists/all.csv").exists()


@pytest.mark.long
def test_escape_asks_once_where_a_passphrase_was_typed(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session, KeyFormat.PPK)
        await pilot.press("s")
        await until_screen(pilot, "SaveKeyMaterialScreen")
        # What is offered again is left at once.
        await pilot.press("x", "backspace", "escape")
        await until_screen(pilot, "KeyMaterialScreen")
        await pilot.press("s")
        await until_screen(pilot, "SaveKeyMaterialScreen")
        app_of(pilot).screen.query_one(Choice).index = list(FileFormat).index(FileFormat.PPK3)
        await until_says(pilot, "the file is not encrypted")
        app_of(pilot).screen.query(PassphraseInput).first().focus()
        await pilot.press(*"horse")
        await until_says(pilot, "now type it again at the right")
        await pilot.press("escape")
        await until_says(pilot, "esc again discards what you typed")
        await pilot.press("escape")
        await until_screen(pilot, "KeyMaterialScreen")

    play(empty_session, scene)


@pytest.mark.long
def test_the_ending_of_an_export_says_its_format_or_is_refused(
    demo_session: DemoSession, home: Path
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("e")
        await until_screen(pilot, "ExportScreen")
        field = app_of(pilot).screen.query_one(PathField)
        says = {
            "~/a.xlsx": "a spreadsheet, which reads .csv: a name in .csv makes it CSV",
            "~/a.pem": ".pem is for a key: a name in .csv makes it CSV, any other JSON",
            "~/a.YAML": ".yaml is for another format: a name in .csv makes it CSV, any other JSON",
            "~/a.json": " · JSON; .csv makes it CSV",
            "~/a": " · JSON; .csv makes it CSV",
            "~/a.2026-11-29": " · JSON; .csv makes it CSV",
            "~/a.CSV": " · CSV; any other ending makes it JSON",
        }
        for path, words in says.items():
            field.path = path
            await until(pilot, lambda: words in field.verdict.text, words)  # noqa: B023 - waited for at once
            if field.verdict.tone is Tone.BAD:
                await pilot.press("enter")
                fact = app_of(pilot).screen.query_one(FactLine)
                await until(pilot, lambda: words in fact.verdict.text, words)  # noqa: B023 - waited for at once
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")

    play(demo_session, scene)
    assert [path.name for path in home.iterdir() if path.is_file()] == ["a.CSV"]
    assert (home / "a.CSV").read_text().count("\n") > 1


@pytest.mark.long
@pytest.mark.parametrize("key_format", KeyFormat)
def test_only_the_format_it_was_created_in_is_called_ec2s(
    empty_session: DemoSession, key_format: KeyFormat
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session, key_format)
        await pilot.press("s")
        await until_screen(pilot, "SaveKeyMaterialScreen")
        choice = app_of(pilot).screen.query_one(Choice)
        choice.index = 0
        await until_says(pilot, "ssh, PuTTYgen, openssl read it")
        assert ("as it was created" in flat(pilot)) == (key_format is KeyFormat.PEM)
        choice.index = 1
        await until_says(pilot, "PPK version 2: any PuTTY or WinSCP")
        assert ("as it was created" in flat(pilot)) == (key_format is KeyFormat.PPK)

    play(empty_session, scene)


# What is said of the files and of imported pairs ------------------------------------------------


def test_of_a_file_is_said_only_what_is_known(demo_session: DemoSession, home: Path) -> None:
    pair = demo_session.backend.describe_key_pairs(key_names=["ci-deploy"])[0]
    (home / ".ssh/ci-deploy.pem").unlink()
    assert remarks(pair)[0].startswith("its private key was saved to ~/.ssh/ci-deploy.pem · key-")
    assert where_it_is(pair) == "was saved to ~/.ssh/ci-deploy.pem"


def test_of_an_imported_pair_is_said_only_what_is_known(empty_session: DemoSession) -> None:
    # From a file of the person, from another Region: the private key may well be on this machine.
    pair = empty_session.backend.import_key_pair(key_name="mine", public_key_material=PUBLIC_KEY)
    assert pair.custody.private_key is PrivateKeyState.IMPORTED
    for said in (remarks(pair)[0], where_it_is(pair)):
        assert said.startswith("imported: only its public key came here")


@pytest.mark.long
@pytest.mark.parametrize(
    ("gone", "says"),
    [
        pytest.param([], "its 2 files stay where they are", marks=LONG),
        (["web.pem"], "1 of its 2 files stays; the rest is gone"),
        pytest.param(["web.pem", "web.ppk"], "its files are gone", marks=LONG),
    ],
)
def test_before_a_pair_is_deleted_its_files_are_looked_for(
    empty_session: DemoSession, home: Path, gone: list[str], says: str
) -> None:
    created = empty_session.backend.create_key_pair(key_name="web", key_type="ed25519")
    for name in ("web.pem", "web.ppk"):
        saving.save_key_material(empty_session, created, f"~/.ssh/{name}")
    for name in gone:
        (home / ".ssh" / name).unlink()

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await until_says(pilot, f"Private key {says} ")

    play(empty_session, scene)


@pytest.mark.long
def test_one_file_is_there_gone_or_out_of_sight(
    demo_session: DemoSession, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = demo_session.backend.describe_key_pairs(key_names=["ci-deploy"])[0]

    async def says(pilot: Pilot[None], words: str) -> None:
        app_of(pilot).push_screen(DeleteKeyPairsScreen(demo_session, [pair]))
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await until_says(pilot, f"Private key {words} ")
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")

    async def scene(pilot: Pilot[None]) -> None:
        await says(pilot, "~/.ssh/ci-deploy.pem stays where it is")
        (home / ".ssh/ci-deploy.pem").unlink()
        await says(pilot, "~/.ssh/ci-deploy.pem is gone")

        def refuse(_: object) -> tuple[str, ...]:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(files, "present", refuse)
        await says(pilot, "its file cannot be looked at: Permission denied")

    play(demo_session, scene)


@pytest.mark.long
def test_a_disk_that_does_not_answer_holds_up_no_question(
    demo_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, asked = threading.Event(), threading.Event()

    def wait(_: object) -> tuple[str, ...]:
        asked.set()
        assert go_on.wait(60)
        return ()

    monkeypatch.setattr(files, "present", wait)

    async def scene(pilot: Pilot[None]) -> None:
        try:
            await pilot.press("d")
            await until_screen(pilot, "DeleteKeyPairsScreen")
            await until(pilot, asked.is_set, "the look")
            await until_says(pilot, "Private key was saved to ~/.ssh/batch-runner.pem")
            await type_text(pilot, "batch-runner")
            await pilot.press("enter")
            await until_screen(pilot, "KeyPairListScreen")
        finally:
            go_on.set()
        await until_says(pilot, "deleted batch-runner")

    play(demo_session, scene)


# Copying, and what is said for a moment -----------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("new", [pytest.param(True, marks=LONG), False])
def test_each_fingerprint_can_be_copied_under_its_name(
    empty_session: DemoSession, new: bool
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        if new:
            await hold(pilot, empty_session)
        else:
            empty_session.backend.create_key_pair(key_name="web", key_type="ed25519")
            await pilot.press("R")
            await until_says(pilot, "1 pair")
        await pilot.press("y")
        await until_screen(pilot, "PickScreen")
        (pair,) = empty_session.backend.describe_key_pairs()
        offered = {
            item.value: item.text.removeprefix(f"{item.value:<29}")
            for item in app_of(pilot).screen.query_one(PickList).items
        }
        assert offered["EC2 fingerprint"] == pair.key_fingerprint
        assert offered["OpenSSH SHA-256 fingerprint"] == pair.custody.fingerprints.ssh_sha256
        assert offered["OpenSSH MD5 fingerprint"] == pair.custody.fingerprints.ssh_md5
        await type_text(pilot, "md5")
        await pilot.press("enter")
        sent = [f"OpenSSH MD5 fingerprint: {TO_COPY}; your terminal does not say whether it worked"]
        await until(pilot, lambda: toasts(pilot) == sent, "the message")
        is_sent = pair.custody.fingerprints.ssh_md5
        await until(pilot, lambda: app_of(pilot).clipboard == is_sent, "the clipboard")

    play(empty_session, scene)


@pytest.mark.long
def test_a_private_key_that_was_sent_is_not_said_to_be_nowhere_else(
    empty_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await hold(pilot, empty_session)
        await until_says(pilot, "There is no other copy")
        for keys in (["enter"], ["down", "enter"]):  # no, then yes
            await pilot.press("y")
            await until(pilot, lambda: "Copy from web" in flat(pilot), "the menu")
            await type_text(pilot, "itself")
            await pilot.press("enter")
            await until_says(pilot, "Send the private key of web?")
            await pilot.press(*keys)
            await until(pilot, lambda: screen.is_active, "the key")
            sent = len(keys) == 2
            says = f"{TO_COPY.capitalize()}; no file holds it."
            await until_says(pilot, says if sent else "There is no other copy")
        await pilot.press("escape")
        await until_screen(pilot, "DiscardKeyMaterialScreen")
        shown = " ".join(flat(pilot).replace("┃", " ").split())
        assert f"{TO_COPY}; no file holds it, and" in shown
        assert "nowhere else" not in flat(pilot)

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), pytest.param((60, 15), marks=LONG)])
def test_what_is_said_for_a_moment_covers_the_fact_line_alone(
    empty_session: DemoSession, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        await until_says(pilot, "There is no other copy, and no second chance.")
        before = lines(pilot)
        show_briefly(app_of(pilot), "private key: sent")
        await until_says(pilot, "private key: sent")
        *above, fact, hints = lines(pilot)
        assert [*above, hints] == [*before[:-2], before[-1]]
        assert fact.strip() == "private key: sent"
        app_of(pilot).screen.query_one(FactLine).say_briefly("")
        await until(pilot, lambda: lines(pilot) == before, "what was there")

    play(empty_session, scene, size)


@pytest.mark.long
def test_what_is_said_for_a_moment_goes_with_its_screen(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+c")
        await until(pilot, lambda: bool(toasts(pilot)), "it")
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        await pilot.pause()
        assert not toasts(pilot)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: bool(toasts(pilot)), "it")
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: not toasts(pilot), "nothing of it here")

    play(demo_session, scene)


def test_one_thing_is_said_for_a_moment_at_a_time(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+c", "ctrl+c", "ctrl+c")
        await pilot.pause()
        await until(pilot, lambda: toasts(pilot) == ["ctrl+q quits"], "one of it")

    play(demo_session, scene)


# Small windows ----------------------------------------------------------------------------------


SCREENS = {
    "key": ([], "KeyMaterialScreen"),
    "key shown": (["v"], "KeyMaterialScreen"),
    "save": (["s"], "SaveKeyMaterialScreen"),
    "agent": (["a"], "AddToAgentScreen"),
    "copy": (["y"], "PickScreen"),
    "discard": (["escape"], "DiscardKeyMaterialScreen"),
}


@pytest.mark.long
@pytest.mark.parametrize(
    "name", [name if name == "key" else pytest.param(name, marks=LONG) for name in SCREENS]
)
def test_nothing_is_drawn_over_the_title_and_the_hints(
    empty_session: DemoSession, name: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        keys, screen_name = SCREENS[name]
        await pilot.press(*keys)
        await until_screen(pilot, screen_name)
        screen = app_of(pilot).screen
        for size in ((200, 60), (60, 15), (40, 10), (20, 24), (20, 5), (1, 1), (80, 24)):
            await pilot.resize_terminal(*size)
            columns, rows = size
            if rows < 3:
                continue
            last = Region(0, rows - 1, columns, 1)
            bar = screen.query_one(KeyHints)
            await until(pilot, lambda bar=bar, last=last: bar.region == last, "the layout")  # type: ignore[misc]  # mypy cannot infer the default
            ends = {0: TopBar, rows - 1: KeyHints}
            for y, kind in ends.items():
                for x in range(1, columns - 1):
                    assert isinstance(screen.get_widget_at(x, y)[0], kind), (size, x, y)
            assert not screen.max_scroll_y, size

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize("size", [(40, 10), pytest.param((20, 5), marks=LONG)])
def test_the_field_one_types_in_stays_in_sight(
    empty_session: DemoSession, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        await pilot.press("escape")
        await until_screen(pilot, "DiscardKeyMaterialScreen")
        await type_text(pilot, "we")
        for each in (size, (80, 24), (1, 1), size):
            await pilot.resize_terminal(*each)
            if each == size:
                await until_says(pilot, "▌ we")

    play(empty_session, scene)


@pytest.mark.parametrize(
    "size", [(40, 10), pytest.param((20, 24), marks=LONG), pytest.param((20, 5), marks=LONG)]
)
def test_where_there_is_little_room_the_state_of_the_key_is_what_stays(
    empty_session: DemoSession, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await hold(pilot, empty_session)
        state = screen.query_one("#state")
        shown = Region(0, 0, *size).intersection(state.region)
        assert shown.height >= min(2, screen.query_one("#state VerdictLine").size.height)
        assert "Not saved" in flat(pilot)

    play(empty_session, scene, size)


@pytest.mark.long
@pytest.mark.parametrize("size", [(60, 15), (40, 10), (20, 5)])
def test_a_saved_key_is_shown_whole_in_as_many_lines_as_it_takes(
    empty_session: DemoSession, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await hold(pilot, empty_session)
        await save(pilot)
        screen._agent.show(Verdict("In the agent until tomorrow, asking each time", Tone.GOOD))
        screen._agent.display = True
        screen._show_state()
        for each in ((80, 24), size):
            await pilot.resize_terminal(*each)
            await pilot.pause()
            assert "private key ·" not in flat(pilot)
        assert "Saved to" in flat(pilot)
        assert screen.focused is screen._view
        # Shown, the key is whole, in as many lines as it takes.
        await pilot.press("v")
        await pilot.pause()
        width = screen._view.size.width
        assert max(map(len, screen._view._lines())) <= width
        together = "".join(screen._view._lines())
        assert together == "".join(screen._created.key_material.reveal().splitlines())

    play(empty_session, scene, size)


@pytest.mark.long
@pytest.mark.parametrize("size", [(60, 15), (80, 24), (23, 30)], ids=str)
def test_a_shown_key_is_whole_on_the_screen_beside_its_scrollbar(
    empty_session: DemoSession, home: Path, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web")
        await save(pilot)
        await pilot.press("v")
        view = app_of(pilot).screen.query_one(KeyMaterialView)
        await until(pilot, lambda: view.max_scroll_y > 0, "more than fits")
        *left, scrollbar = range(view.content_region.x, view.content_region.right)
        rows: dict[int, str] = {}
        while True:
            await pilot.pause()
            lines = drawn(pilot).splitlines()
            for row, line in enumerate(lines[view.content_region.y : view.content_region.bottom]):
                rows[view.scroll_offset.y + row] = "".join(line[column] for column in left)
                assert line[scrollbar] in " ▁▂▃▄▅▆▇█"
            if view.scroll_offset.y == view.max_scroll_y:
                break
            at = view.scroll_offset.y
            await pilot.press("pagedown")
            await until(pilot, lambda at=at: view.scroll_offset.y > at, "the next page")  # type: ignore[misc] # its default
        assert ("long lines go on below" in lines[view.region.y]) is (size[0] in range(40, 70))
        shown = "".join(rows[row].rstrip() for row in sorted(rows))
        assert shown == (home / ".ssh" / "web.pem").read_text().replace("\n", "")

    play(empty_session, scene, size)


@pytest.mark.long
def test_below_what_was_saved_the_pair_is_reached_by_the_arrows(
    empty_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web")
        # A key that was shown once scrolls no longer when it is hidden.
        await pilot.press("v", "s")
        await until_screen(pilot, "SaveKeyMaterialScreen")
        await pilot.press("tab", "tab", "space", "enter")
        await until(pilot, lambda: "Public key saved" in drawn(pilot), "what was saved")
        await save(pilot)
        end = empty_session.backend.describe_key_pairs()[0].custody.fingerprints.ssh_sha256[-6:]
        assert end not in drawn(pilot)
        for _ in range(20):
            await pilot.press("down")
        await until(pilot, lambda: end in drawn(pilot), "the last line of the pair")

    play(empty_session, scene, (60, 15))


@pytest.mark.long
@SIZES
def test_the_arrows_scroll_a_shown_key_wherever_tab_went(
    empty_session: DemoSession, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web")
        screen = app_of(pilot).screen
        assert isinstance(screen, KeyMaterialScreen)

        async def scrolls(*keys: str) -> None:
            await pilot.press("v", *keys)
            await until(pilot, lambda: screen._view.max_scroll_y > 0, "more than fits")
            at = screen._view.scroll_offset.y
            await pilot.press("down")
            await until(pilot, lambda: screen._view.scroll_offset.y > at, "the next line")
            await pilot.press("v")

        await pilot.press("tab")
        await scrolls()
        await scrolls("tab")
        # Several files are one more thing that scrolls, but not while the key is shown.
        for _ in range(2):
            await save(pilot)
        await pilot.press("tab")
        await until(pilot, lambda: screen.focused is screen._box, "the files")
        await scrolls("tab")

    play(empty_session, scene, size)


@pytest.mark.long
def test_an_arrow_chooses_what_becomes_of_the_pair_while_its_name_is_still_to_be_typed(
    empty_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        await pilot.press("escape")
        await until_screen(pilot, "DiscardKeyMaterialScreen")
        fate = app_of(pilot).screen.query_one(Choice)
        for key, value in (("right", "keep"), ("right", "delete"), ("left", "keep")):
            await pilot.press(key)
            await until(pilot, lambda value=value: fate.value == value, value)  # type: ignore[misc] # its default
        # A letter goes into the name from there, which has no label of its own.
        await pilot.press("w")
        await until_says(pilot, "typed into the field below; in The pair ← → choose")
        # There the arrows move in what was typed.
        await pilot.press("left", "right")
        assert fate.value == "keep"

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize("columns", [80, pytest.param(60, marks=LONG), 40])
def test_no_word_is_cut(empty_session: DemoSession, columns: int) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        assert "v Show it here" in flat(pilot)
        await pilot.press("escape")
        await until_screen(pilot, "DiscardKeyMaterialScreen")
        assert "● delete it too" in flat(pilot)
        assert ("○ keep it, marked !" in flat(pilot)) == (columns > 50)
        choice = app_of(pilot).screen.query_one(Choice)
        choice.index = 1
        await until_says(pilot, "● keep it, marked !")
        assert columns > 50 or "2/2" in flat(pilot)

    play(empty_session, scene, (columns, 24))


@pytest.mark.long
def test_what_does_not_fit_below_a_list_ends_with_an_ellipsis(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("y")
        await until_screen(pilot, "PickScreen")
        await type_text(pilot, "restricted")
        whole = app_of(pilot).screen.query_one("#whole", Static)
        await until(pilot, lambda: "restrict,from" in str(whole.content), "the line")
        first, second = str(whole.content).split("\n")
        assert second.endswith("…")
        assert not first.endswith("…")

    play(demo_session, scene)


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (60, 15)], ids=str)
def test_a_record_that_the_disk_did_not_confirm_is_spoken_of(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    replace_file = replacing.replace_file

    def unconfirmed(*arguments: Any, **options: Any) -> None:
        replace_file(*arguments, **options)
        raise files.ReplaceNotConfirmed(5, "Input/output error")

    monkeypatch.setattr(replacing, "replace_file", unconfirmed)

    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        await until_says(pilot, "There is no other copy, and no second chance. The change is in")
        await until_says(pilot, "but the disk did not confirm it (Input/output error).")

    play(empty_session, scene, size)


@pytest.mark.long
def test_a_key_that_was_shown_is_hidden_when_the_program_is_stopped(
    empty_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web", "tab", "right")
        await pilot.press("v")
        await until(pilot, lambda: "BEGIN OPENSSH" in drawn(pilot), "the key")
        app = app_of(pilot)
        app.app_suspend_signal.publish(app)
        await until(pilot, lambda: "BEGIN OPENSSH" not in drawn(pilot), "the hidden key")

    play(empty_session, scene)


@pytest.mark.parametrize("size", [(80, 24), pytest.param((60, 15), marks=LONG)], ids=str)
def test_enter_leads_to_the_save_dialog_until_there_is_a_file(
    empty_session: DemoSession, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        await until_says(pilot, "enter asks where to save it; esc asks before it leaves")
        assert drawn(pilot).splitlines()[-1].startswith(" enter save ")
        assert flat(pilot).count("Not saved") == 1
        await pilot.press("enter")
        await until_screen(pilot, "SaveKeyMaterialScreen")
        await pilot.press("enter")
        await until_screen(pilot, "KeyMaterialScreen")
        await until(pilot, lambda: "s save again" in drawn(pilot), "the hint of a saved key")
        assert "enter save" not in drawn(pilot)
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene, size)


@pytest.mark.long
def test_below_two_saved_files_stands_what_there_is_to_know_of_the_pair(
    empty_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        created = empty_session.backend.create_key_pair(key_name="web", key_type="ed25519")
        app_of(pilot).push_screen(KeyMaterialScreen(empty_session, created))
        await until_screen(pilot, "KeyMaterialScreen")
        await pilot.press("s")
        await until_screen(pilot, "SaveKeyMaterialScreen")
        await pilot.press("tab", "tab", "space", "enter")
        await until_screen(pilot, "KeyMaterialScreen")
        await until(pilot, lambda: "Public key saved to" in drawn(pilot), "both files")
        assert "Log in       ssh -i ~/.ssh/web.pem" in drawn(pilot)
        assert created.key_pair.key_pair_id in drawn(pilot)

    play(empty_session, scene, (60, 15))


@pytest.mark.long
def test_a_name_typed_on_the_choice_goes_to_its_field(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        holding = await hold(pilot, empty_session)
        await pilot.press("escape")
        await until_screen(pilot, "DiscardKeyMaterialScreen")
        await pilot.press("up", "right", *"web", "enter")
        await until(pilot, lambda: not holding.is_attached, "the list")
        assert empty_session.key_pair_named("web") is not None

    play(empty_session, scene)


@SIZES
@pytest.mark.long
def test_that_the_record_could_not_be_written_is_said_where_the_file_was_saved(
    empty_session: DemoSession, home: Path, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        empty_session.store.path.write_text("{")
        await save(pilot)
        said = "! Saved, but heed what stands above. esc goes back to the list;"
        await until(pilot, lambda: said in " ".join(drawn(pilot).split()), said)
        box = " ".join(drawn(pilot).replace("│", " ").split())
        unnoted = "The file is fine, but the record still says never saved. ~/"
        assert f"! Saved to ~/.ssh/web.pem, as pem. {unnoted}" in box

    play(empty_session, scene, size)
