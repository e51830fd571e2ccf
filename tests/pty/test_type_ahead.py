"""Keys that are typed faster than the screen follows go where they were meant to go."""

import signal
import stat
import time
from pathlib import Path

import pytest

from core.model import KeyType, PrivateKeyState, Tag
from core.session import Session
from tests.pty.terminal import OpenApp, flat

RIGHT = "\x1b[C"


def create(session: Session, *names: str) -> None:
    for name in names:
        session.backend.create_key_pair(key_name=name, key_type="ed25519")


def test_a_pair_is_created_and_saved_by_one_burst_of_keys(
    open_app: OpenApp, session: Session, tmp_path: Path
) -> None:
    create(session, "aaa")
    terminal = open_app()
    terminal.wait_for("1 pair")
    expected, files = ["aaa"], set()
    for name in ("dyq-fast", "yes", "quick", "sSrRJ? ue"):
        terminal.type(f"c{name}\t{RIGHT}\rs\r")
        terminal.wait_for(f"The private key of {name}")
        terminal.wait_for(lambda screen: "fingerprint equal" in flat(screen))
        # Nothing was deleted, and nothing but this pair was made.
        expected.append(name)
        pairs = sorted(session.backend.describe_key_pairs(), key=lambda pair: pair.create_time)
        assert [pair.key_name for pair in pairs] == expected
        created = pairs[-1]
        assert created.key_type is KeyType.ED25519
        assert created.custody.private_key is PrivateKeyState.SAVED
        [path] = map(Path, created.custody.saved_to)
        files.add(path.name)
        assert path.parent == tmp_path / "home" / ".ssh"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert {file.name for file in path.parent.iterdir()} == files
        terminal.press("Escape")
        terminal.wait_for(f"{len(expected)} pairs")


@pytest.mark.long
def test_a_burst_reaches_its_dialogs_on_a_machine_that_stands_still_now_and_then(
    open_app: OpenApp, session: Session
) -> None:
    terminal = open_app()
    terminal.wait_for("No key pairs")
    terminal.type(f"cstill\t{RIGHT}\rs\r")
    # Each time for longer than a person needs to see what goes on.
    for _ in range(16):
        terminal.signal(signal.SIGSTOP)
        time.sleep(0.55)
        terminal.signal(signal.SIGCONT)
        time.sleep(0.06)
    terminal.wait_for(lambda screen: "fingerprint equal" in flat(screen))
    [created] = session.backend.describe_key_pairs()
    assert created.custody.private_key is PrivateKeyState.SAVED


@pytest.mark.long
def test_what_was_typed_ahead_of_a_creation_that_takes_long_is_for_the_key_that_comes(
    open_app: OpenApp, session: Session, tmp_path: Path
) -> None:
    create(session, "aaa")
    terminal = open_app()
    terminal.wait_for("1 pair")
    with session.store.locked():
        terminal.type("cslow\rs\r")
        # Said after a second, when the keys behind would long have gone to the form.
        terminal.wait_for("waiting for another session")
        # What comes later waits behind them.
        terminal.type("v")
    terminal.wait_for(lambda screen: "fingerprint equal" in flat(screen))
    assert (tmp_path / "home" / ".ssh" / "slow.pem").exists()


@pytest.mark.long
def test_what_is_pressed_while_a_creation_takes_long_is_for_the_form(
    open_app: OpenApp, session: Session
) -> None:
    create(session, "aaa")
    terminal = open_app()
    terminal.wait_for("1 pair")
    with session.store.locked():
        terminal.type("cslow\rs\r")
        terminal.wait_for("waiting for another session")
        terminal.press("Escape")
        terminal.wait_for(lambda screen: "gave up" in flat(screen) or "given up" in flat(screen))
    terminal.rest()
    assert [pair.key_name for pair in session.backend.describe_key_pairs()] == ["aaa"]


@pytest.mark.long
def test_keys_that_work_ignores_do_not_keep_escape_from_it(
    open_app: OpenApp, session: Session
) -> None:
    create(session, "aaa")
    terminal = open_app()
    terminal.wait_for("1 pair")
    with session.store.locked():
        terminal.type("cslow\r")
        terminal.wait_for("waiting for another session")
        terminal.type("x" * 60)
        terminal.press("Escape")
        # With the patience for each of them it would take half a minute.
        terminal.wait_for(
            lambda screen: "gave up" in flat(screen) or "given up" in flat(screen), timeout=15
        )
    assert "slowx" not in terminal.screen()


@pytest.mark.long
def test_what_was_typed_ahead_of_a_form_that_the_details_lead_to_is_for_the_form(
    open_app: OpenApp, session: Session
) -> None:
    create(session, "aaa")
    terminal = open_app()
    terminal.wait_for("1 pair")
    for name in ("east", "dy", "qsJ", "tags"):
        terminal.press("Enter")
        terminal.wait_for("ssh command")
        terminal.rest()
        terminal.type(f"n{name}")
        terminal.wait_for(f"aaa-2{name}.pem")
        terminal.press("Escape")
        terminal.wait_for("ssh command")
        terminal.press("Escape")
        terminal.wait_for("1 pair")


@pytest.mark.long
def test_what_is_typed_behind_the_slash_filters_and_does_not_quit(
    open_app: OpenApp, session: Session
) -> None:
    create(session, "quick", "slow")
    terminal = open_app()
    terminal.wait_for("2 pairs")
    terminal.type("/quick\r")
    terminal.wait_for(lambda screen: "/ ▌ quick  " in screen and "1 of 2" in screen)
    screen = terminal.wait_for("enter details")
    assert "slow" not in screen
    # Enter led back to the list, where the next keys belong to the pair that is left.
    terminal.type("d")
    terminal.wait_for("Delete this key pair?")
    terminal.press("y")
    terminal.wait_for("deleted quick")
    assert [pair.key_name for pair in session.backend.describe_key_pairs()] == ["slow"]
    assert terminal.status is None


@pytest.mark.long
def test_tab_parts_name_key_and_value_of_a_burst(open_app: OpenApp, session: Session) -> None:
    terminal = open_app()
    terminal.wait_for("No key pairs")
    add_tag = "\x14"
    terminal.type(f"cquery\t{RIGHT}\t\t{add_tag}Environment\tproduction{add_tag}Team\tdata\r")
    terminal.wait_for("asks before it leaves")
    [created] = session.backend.describe_key_pairs()
    assert (created.key_name, created.key_type) == ("query", KeyType.ED25519)
    assert created.tags == (Tag("Environment", "production"), Tag("Team", "data"))


@pytest.mark.long
def test_a_burst_edits_the_tags_of_one_pair_and_goes_on_to_the_next(
    open_app: OpenApp, session: Session
) -> None:
    create(session, "one", "two")
    terminal = open_app()
    terminal.wait_for("2 pairs")
    terminal.type("tTeam\tci\rjtdry\tyes\r")
    terminal.wait_for(lambda screen: "Team=ci" in screen and "dry=yes" in screen)
    assert {pair.key_name: pair.tags for pair in session.backend.describe_key_pairs()} == {
        "one": (Tag("Team", "ci"),),
        "two": (Tag("dry", "yes"),),
    }


def test_where_the_filter_left_nothing_no_key_does_anything_to_a_pair(
    open_app: OpenApp, session: Session
) -> None:
    create(session, "unseen")
    terminal = open_app()
    terminal.wait_for("1 pair")
    terminal.type("/zzz\rdyty")
    terminal.wait_for("Nothing matches")
    # Help comes after all of them, and only help.
    terminal.type("?")
    terminal.wait_for("Help")
    terminal.press("Escape")
    terminal.wait_for("Nothing matches")
    assert [pair.key_name for pair in session.backend.describe_key_pairs()] == ["unseen"]
