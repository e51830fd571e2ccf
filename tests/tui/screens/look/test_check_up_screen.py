import re
import shlex
import stat
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.custody import saving
from core.disk import files, mounts
from core.ec2.authorization import Authorizer
from core.ec2.policy import Policy
from core.ec2.regions import region
from tests.demo import DemoSession
from tests.helpers import kept
from tests.tui.driving import app_of, drawn, type_text, until, until_loaded, until_screen
from tests.tui.loop import in_loop
from tui.app import KeyPairsApp
from tui.screens.list.key_pair_list import KeyPairListScreen
from tui.screens.look.check_up import CheckUpScreen
from tui.screens.workbench.bench import RowFacts, RowPane
from tui.terminal import clipboard
from tui.words.verdict import Tone


@pytest.fixture(autouse=True)
def no_mounts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "MOUNTINFO", home / "none")


async def check_up(pilot: Pilot[None]) -> CheckUpScreen:
    """Open the screen from the list, and wait until all was looked at."""
    await until_loaded(pilot)
    await pilot.press("D")
    await until_screen(pilot, "CheckUpScreen")
    screen = app_of(pilot).screen
    assert isinstance(screen, CheckUpScreen)
    await until(pilot, lambda: "Region" in said(screen), "the end")
    return screen


def said(screen: CheckUpScreen) -> str:
    """Return what stands above the findings: how many there are, and what else is to be said."""
    return f"{screen._counts.visual} {screen._status.verdict.text}".strip()


def rows(screen: CheckUpScreen) -> list[tuple[str, ...]]:
    """Return the kinds with their counts, and the findings that are shown."""
    return [
        (f"{line.title}: {line.amount}",) if line.title else tuple(filter(None, line.cells))
        for line, _ in screen._list.shown
    ]


def below(screen: CheckUpScreen) -> str:
    """Return what is said of the one under the cursor, whether or not there is room for it."""
    return "\n".join(said.text for said in screen._pane.about.brief)


async def until_below(pilot: Pilot[None], screen: CheckUpScreen, text: str) -> None:
    await until(pilot, lambda: text in below(screen), text)


@pytest.mark.long
@in_loop
async def test_while_it_is_narrowed_a_kind_counts_what_is_left_of_it(
    empty_session: DemoSession,
) -> None:
    for name in ("web", "db-2", "db-1"):
        empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")
    async with KeyPairsApp(empty_session).run_test(size=(120, 24)) as pilot:
        screen = await check_up(pilot)
        await pilot.press("home", "right")
        await until(pilot, lambda: len(rows(screen)) == 4, "the kind, open")
        # By their names, not in the order in which they were made.
        assert [row[0] for row in rows(screen)[1:]] == ["db-1", "db-2", "web"]
        await pilot.press("left")
        never = "The private key was never saved"
        assert rows(screen)[0] == (f"{never}: 3",)
        await type_text(pilot, "db-")
        await until(pilot, lambda: rows(screen)[0] == (f"{never}: 2 of 3",), "what is left")
        await pilot.press("home", "home")
        await until(pilot, lambda: "2 of 3 of this kind" in drawn(pilot), "the pane")
        # What all have in common is no part of it.
        await pilot.press("end", "ctrl+u")
        await type_text(pilot, "never-s")
        assert rows(screen)[0] == (f"{never}: 3",)


@pytest.mark.long
@in_loop
async def test_findings_stand_the_worst_first_and_lead_to_their_pairs(
    demo_session: DemoSession, home: Path
) -> None:
    (home / ".ssh" / "web-blue.pem").unlink()
    frankfurt = demo_session.for_region("eu-west-1")
    frankfurt.backend.create_key_pair(key_name="there", key_type="ed25519")
    # Where there is no pair any more, it is looked, but none was looked at.
    paris = demo_session.for_region("eu-west-3")
    paris.backend.create_key_pair(key_name="gone", key_type="ed25519")
    paris.backend.delete_key_pair(key_name="gone")
    async with KeyPairsApp(demo_session).run_test(size=(60, 15)) as pilot:
        screen = await check_up(pilot)
        assert rows(screen) == [
            ("A saved private key is not there any more: 1",),
            ("web-blue", "us-east-1", "~/.ssh/web-blue.pem"),
            ("The private key was never saved: 2",),
            ("there", "eu-west-1", "created 2026-11-24"),
            ("nightly", "us-east-1", "created 2026-11-24"),
            ("A pair is older than the limit: 1",),
            ("old-laptop", "us-east-1", "620 days"),
        ]
        counts = "✗ 1 error   ! 2 warnings   · 1 notice   7 key pairs in 2 Regions"
        assert said(screen) == counts
        await until_below(pilot, screen, "web-blue.pem")
        # The app's own key, where the command line has a command.
        there = "look where it went: press f in the list of key pairs and type a folder."
        assert there in below(screen)
        assert "keypairs find" not in below(screen)
        assert "enter go to pair" in drawn(pilot)
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, KeyPairListScreen), "the list")
        listing = app_of(pilot).screen
        assert isinstance(listing, KeyPairListScreen)
        await until(
            pilot,
            lambda: bool(listing.view.highlighted and listing.view.highlighted.key_name == "there"),
            "the pair",
        )


@pytest.mark.long
@in_loop
async def test_advice_that_is_longer_than_its_room_is_read_by_scrolling(
    empty_session: DemoSession, home: Path
) -> None:
    created = empty_session.backend.create_key_pair(key_name="far", key_type="ed25519")
    long = ("of a long name " * 12).strip()
    path = home / "a folder" / long / long / "far.pem"
    path.parent.mkdir(mode=0o700, parents=True)
    saving.save_key_material(empty_session, created, str(path))
    path.write_text("nothing")
    async with KeyPairsApp(empty_session).run_test(size=(60, 15)) as pilot:
        screen = await check_up(pilot)
        words = "delete the pair and create another."
        await until_below(pilot, screen, words)
        assert words not in drawn(pilot)
        await pilot.press("tab")
        for _ in range(20):
            await pilot.press("down")
        # The scroll bar may stand between two of the words.
        await until(
            pilot, lambda: words in " ".join(re.sub("[▁-█]", " ", drawn(pilot)).split()), "the end"
        )
        assert "A saved file is not this private key any more" in drawn(pilot)
        await pilot.press("enter")
        await until_loaded(pilot)


@pytest.mark.long
@in_loop
async def test_a_command_to_paste_is_shown_as_the_shell_takes_it(
    empty_session: DemoSession, home: Path
) -> None:
    created = empty_session.backend.create_key_pair(key_name="x", key_type="ed25519")
    path = home / r"back\slash\\es" / "x.pem"
    path.parent.mkdir(0o700)
    saving.save_key_material(empty_session, created, str(path))
    path.chmod(0o644)
    async with KeyPairsApp(empty_session).run_test() as pilot:
        screen = await check_up(pilot)
        await until_below(pilot, screen, "Either way: ")
        command = below(screen).partition("Either way: ")[2]
        assert shlex.split(command) == ["chmod", "600", str(path)]


@in_loop
async def test_nothing_in_a_path_is_shown_that_a_terminal_obeys(
    empty_session: DemoSession, home: Path
) -> None:
    created = empty_session.backend.create_key_pair(key_name="x", key_type="ed25519")
    path = home / ".ssh" / "x.pem"
    saving.save_key_material(empty_session, created, str(path))
    hostile = path.rename(home / "\x1b]0;x\x07\n\u202e")
    hostile.write_text("")
    with empty_session.store.transaction() as transaction:
        (pair,) = transaction.state.key_pairs.values()
        transaction.update(kept(pair, saved_to=(str(hostile),)), "Test")
    async with KeyPairsApp(empty_session).run_test() as pilot:
        screen = await check_up(pilot)
        await until_below(pilot, screen, "press f in the list of key pairs and type ")
        assert below(screen).replace("\n", "").isprintable()


@pytest.mark.long
@in_loop
async def test_that_it_looked_again_is_said_with_the_time(demo_session: DemoSession) -> None:
    async with KeyPairsApp(demo_session).run_test(size=(60, 15)) as pilot:
        await check_up(pilot)
        assert "looked again" not in drawn(pilot)
        for _ in range(2):
            demo_session.time += timedelta(seconds=7)
            await pilot.press("ctrl+r")
            again = f"looked again at {demo_session.time.astimezone():%H:%M:%S}"
            await until(pilot, lambda again=again: again in drawn(pilot), again)  # type: ignore[misc] # mypy cannot infer the default


@in_loop
async def test_a_clean_store_is_praised(empty_session: DemoSession) -> None:
    async with KeyPairsApp(empty_session).run_test() as pilot:
        screen = await check_up(pilot)
        assert said(screen) == "looked at 0 key pairs in 0 Regions: nothing found."
        await pilot.press("enter", "escape")
        await until_loaded(pilot)


@pytest.mark.long
@in_loop
async def test_a_finding_about_the_store_leads_nowhere(
    demo_session: DemoSession, home: Path
) -> None:
    (home / "data" / "eu-west-1.json").write_bytes(b"{}")
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await check_up(pilot)
        # The Region is what it is about, and is not said twice.
        assert rows(screen)[1] == ("eu-west-1", "~/data/eu-west-1.json")
        assert "go to pair" not in drawn(pilot)
        await pilot.press("enter")
        assert app_of(pilot).screen is screen


@pytest.mark.long
@in_loop
async def test_it_says_what_it_waits_for_and_escape_stops_it(
    demo_session: DemoSession, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, go_on, looked_at = files.read_regular_file, threading.Event(), []

    def slow(path: Path, limit: int) -> bytes:
        if path.suffix == ".pem":
            looked_at.append(path.name)
            if path.name == "ci-deploy.pem":
                assert go_on.wait(60)
        return real(path, limit)

    monkeypatch.setattr(files, "read_regular_file", slow)
    async with KeyPairsApp(demo_session).run_test() as pilot:
        await until_loaded(pilot)
        await pilot.press("D")
        await until_screen(pilot, "CheckUpScreen")
        screen = app_of(pilot).screen
        assert isinstance(screen, CheckUpScreen)
        await until(pilot, lambda: "1 of 6: ci-deploy in us-east-1" in said(screen), "the slow one")
        assert ("esc", "stop") in screen.key_hints.shown
        await pilot.press("escape")
        await until(pilot, lambda: ("esc", "back") in screen.key_hints.shown, "the way back")
        assert said(screen) == "stopped; 0 found so far"
        go_on.set()
        await pilot.press("escape")
        await until_loaded(pilot)
    assert looked_at == ["batch-runner.pem", "ci-deploy.pem"]


@pytest.mark.long
@in_loop
async def test_hostile_names_are_shown_inert(demo_session: DemoSession) -> None:
    hostile = "\x1b]0;x\x07[/b][@click=app.quit]x[/]\u202e"
    with demo_session.store.transaction() as transaction:
        pair = transaction.state.named("nightly")
        assert pair is not None
        changed = kept(replace(pair, key_name=hostile), saved_to=(f"/{hostile}",))
        transaction.update(changed, "Test")
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await check_up(pilot)
        await until_below(pilot, screen, r"\u{1b}")
        shown = "".join(map("".join, rows(screen))) + below(screen)
        assert r"\u{1b}]0;x\u{7}[/b]" in shown
        assert not set("\x1b\x07\u202e") & set(shown)


@pytest.mark.long
@in_loop
async def test_what_may_not_be_looked_at_is_not_called_good(demo_session: DemoSession) -> None:
    statement = '{"Effect": "Deny", "Action": "ec2:Describe*", "Resource": "*"}'
    policy = Policy.parse(f'{{"Version": "2012-10-17", "Statement": [{statement}]}}', source="p")
    demo_session.access.authorizer = Authorizer(region("us-east-1"), "ops", policy=policy)
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await check_up(pilot)
        assert "nothing found. Not allowed: us-east-1." in said(screen)
        assert screen._status.verdict.tone is Tone.CAUTION


@pytest.mark.long
@in_loop
async def test_many_of_a_kind_wait_closed_and_the_exposed_file_is_closed_to_others(
    demo_session: DemoSession, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    async def send(_: object, text: str) -> None:
        sent.append(text)

    monkeypatch.setattr(clipboard, "send", send)
    exposed = home / ".ssh" / "web-green.pem"
    exposed.chmod(0o644)
    for number in range(6):
        demo_session.backend.create_key_pair(key_name=f"new-{number}", key_type="ed25519")
    never_saved = ("The private key was never saved: 7",)
    async with KeyPairsApp(demo_session).run_test(size=(60, 15)) as pilot:
        screen = await check_up(pilot)
        assert rows(screen)[1] == ("web-green", "mode 0644", "~/.ssh/web-green.pem")
        assert rows(screen)[2] == never_saved
        assert len(rows(screen)) == 5
        assert screen._list.picked is screen._list.shown[1][0]
        await pilot.press("ctrl+y")
        assert sent == [f"chmod 600 {exposed}"]
        # One that is closed is opened by the arrow, or by Enter; typing opens what it finds.
        await pilot.press("down", "right")
        assert len(rows(screen)) == 12
        await pilot.press("down", "left")
        way = "In the list, the filter is:unsaved shows them together."
        await until(pilot, lambda: way in " ".join(drawn(pilot).split()), way)
        assert rows(screen)[2:4] == [never_saved, ("A pair is older than the limit: 1",)]
        await pilot.press("enter")
        assert len(rows(screen)) == 12
        await pilot.press("left")
        await pilot.press(*"new", "minus", "4")
        await until(pilot, lambda: len(rows(screen)) == 2, "the one")
        one_of = ("The private key was never saved: 1 of 7",)
        assert rows(screen) == [one_of, ("new-4", "created 2026-11-24")]
        await pilot.press("ctrl+u")
        await until(pilot, lambda: len(rows(screen)) == 5, "all again")
        await pilot.press("home")
        await pilot.press("home", "down")
        assert "ctrl+o chmod 600" in drawn(pilot)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "! 7 warnings   · 1 notice   12" in said(screen), "the end")
        assert stat.S_IMODE(exposed.stat().st_mode) == 0o600
        assert "web-green.pem is for you alone now, mode 0600" in drawn(pilot)
        last = demo_session.journal()[-1]
        assert (last.operation, last.key_name, last.detail, last.outcome) == (
            "MakeFilePrivate",
            "web-green",
            str(exposed),
            "done",
        )
        # The cursor is on a kind now, of which nothing is done.
        await pilot.press("ctrl+o")
        assert "nothing to mend: this is about no exposed file" in drawn(pilot)
        # What was said of one key is not said any more once another was pressed.
        await pilot.press("enter")
        await until(pilot, lambda: "no file of this" not in drawn(pilot), "nothing said")


@pytest.mark.long
@in_loop
async def test_a_file_that_is_no_longer_there_is_not_closed_to_others(
    demo_session: DemoSession, home: Path
) -> None:
    exposed, other = home / ".ssh" / "web-green.pem", home / "other"
    exposed.chmod(0o644)
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await check_up(pilot)
        exposed.rename(other)
        exposed.symlink_to(other)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "stays as it is" in drawn(pilot), "the refusal")
        assert stat.S_IMODE(other.stat().st_mode) == 0o644
        assert app_of(pilot).screen is screen


@pytest.mark.long
@in_loop
async def test_the_pane_follows_the_cursor_once_it_rests(
    demo_session: DemoSession, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("web-blue", "web-green", "ci-deploy"):
        (home / ".ssh" / f"{name}.pem").chmod(0o644)
    async with KeyPairsApp(demo_session).run_test(size=(120, 36)) as pilot:
        screen = await check_up(pilot)
        pane = screen._pane
        assert pane.is_beside
        await until(pilot, lambda: "What is wrong" in drawn(pilot), "the pane")
        shown, show = list[str](), RowPane.show

        def note(pane: RowPane, about: RowFacts) -> None:
            shown.append(about.title)
            show(pane, about)

        monkeypatch.setattr(RowPane, "show", note)
        await app_of(pilot)._press_keys(["down"] * 2)
        assert screen._list.picked is not None
        assert screen._list.picked.cells[0] == "web-green"
        await until(pilot, lambda: shown == ["web-green"], "the row at which it rests")
        await pilot.resize_terminal(110, 36)
        await until(pilot, lambda: not pane.is_beside, "no pane")
