"""What arrives at the keyboard: text that is poured in, floods, a paste without an end."""

import time
from pathlib import Path

import pytest

from core.session import Session
from tests.pty.terminal import OpenApp, create_key_pair, flat, open_form

PASTE_START, PASTE_END = "\x1b[200~", "\x1b[201~"


def fill(session: Session, count: int) -> None:
    for number in range(count):
        session.backend.create_key_pair(key_name=f"pair-{number}", key_type="ed25519")


@pytest.mark.long
def test_a_short_text_that_is_poured_in_deletes_nothing(
    open_app: OpenApp, session: Session
) -> None:
    fill(session, 8)
    terminal = open_app()
    for text in ("dy", "dyy", "body", "d\ry", "bodyyy ydy"):
        before = session.backend.describe_key_pairs()
        terminal.wait_for(f"{len(before)} pairs")
        terminal.wait_for("enter details")
        terminal.rest()
        terminal.type(text)
        terminal.wait_for(lambda screen: "came amid other keys" in screen or "Details" in screen)
        terminal.rest()
        time.sleep(0.5)  # an answer that was taken for one would delete by then
        assert session.backend.describe_key_pairs() == before, text
        # What is asked for does it: the answer alone.
        if "came amid" in terminal.screen():
            terminal.press("y")
            terminal.wait_for("deleted pair-")
        else:
            terminal.press("Escape")


@pytest.mark.long
def test_a_short_text_that_is_poured_in_does_not_quit(open_app: OpenApp) -> None:
    terminals = []
    for text in ("ab\x11", "b\r\x11", "bq"):
        terminal = open_app()
        terminals.append(terminal)
        terminal.wait_for("No key pairs")
        terminal.type(text)
        terminal.wait_for("came amid other keys; to quit, press it alone")
    time.sleep(0.3)
    for terminal in terminals:
        assert terminal.status is None
        terminal.press("C-q")
        assert terminal.wait_for_end() == 0


@pytest.mark.long
def test_what_is_typed_behind_a_key_that_quits_does_nothing_in_the_list(
    open_app: OpenApp, session: Session
) -> None:
    fill(session, 2)
    terminal = open_app()
    terminal.wait_for("2 pairs")
    terminal.rest()
    # A shell's line, typed ahead: its first letter would open a form, and Enter make a pair.
    terminal.type("qclear\r")
    terminal.wait_for("that q came amid other keys; to quit, press it alone")
    screen = terminal.rest()
    assert "2 pairs" in screen and "Create a key" not in screen and "Details" not in screen
    assert len(session.backend.describe_key_pairs()) == 2
    time.sleep(0.3)  # closer, the key would be doubted again
    terminal.press("q")
    assert terminal.wait_for_end() == 0


# A paste without an end ----------------------------------------------------------------------


@pytest.mark.long
def test_a_paste_without_an_end_is_given_up_and_the_key_can_be_saved(
    open_app: OpenApp, tmp_path: Path
) -> None:
    terminal = open_app()
    create_key_pair(terminal, "kept", "ed25519")
    terminal.type(f"{PASTE_START}lost dydy end")
    terminal.wait_for("a paste did not end: nothing of it was taken")
    terminal.press("s")
    terminal.wait_for("Path")
    terminal.press("Enter")
    terminal.wait_for(lambda screen: "fingerprint equal" in flat(screen))
    assert (tmp_path / "home" / ".ssh" / "kept.pem").exists()


@pytest.mark.long
def test_nothing_of_a_paste_without_an_end_reaches_the_field(open_app: OpenApp) -> None:
    terminal = open_app()
    terminal.wait_for("No key pairs")
    open_form(terminal, "web")
    terminal.type(f"{PASTE_START}secret")
    terminal.wait_for("a paste did not end")
    terminal.type("-1")
    terminal.wait_for("Name         ▌ web-1")
    # A paste that ends is taken, also now.
    terminal.type(f"{PASTE_START}-two{PASTE_END}")
    assert "secret" not in terminal.wait_for("Name         ▌ web-1-two")


# Floods --------------------------------------------------------------------------------------


FLOOD = b"jk" * 50_000


@pytest.mark.long
def test_a_flood_of_keys_on_the_list_is_dropped_and_the_next_key_is_heard(
    open_app: OpenApp, session: Session
) -> None:
    fill(session, 3)
    terminal = open_app()
    dropped = "too many keys came at once and were dropped"
    for key, answer in (("?", "Help"), ("C-c", "ctrl+q quits"), ("Escape", "3 pairs")):
        terminal.wait_for("3 pairs")
        terminal.flood(FLOOD)
        terminal.wait_for(dropped)
        time.sleep(0.5)
        terminal.press(key)
        terminal.wait_for(answer)
        terminal.press("Escape")
        terminal.wait_for("enter details")
        terminal.wait_until_gone(dropped)
    terminal.press("q")
    assert terminal.wait_for_end() == 0


@pytest.mark.long
def test_a_flood_does_not_keep_an_unsaved_key_from_being_saved(
    open_app: OpenApp, tmp_path: Path
) -> None:
    terminal = open_app()
    create_key_pair(terminal, "kept", "ed25519")
    terminal.flood(b"x" * 100_000)
    terminal.wait_for("too many keys came at once and were dropped")
    time.sleep(0.5)
    terminal.press("s")
    terminal.wait_for("Path")
    terminal.press("Enter")
    terminal.wait_for(lambda screen: "fingerprint equal" in flat(screen))
    assert (tmp_path / "home" / ".ssh" / "kept.pem").exists()


@pytest.mark.long
def test_ctrl_c_and_escape_come_before_keys_that_wait(open_app: OpenApp) -> None:
    terminal = open_app()
    for key, answer in (("Escape", "No key pairs"), ("C-c", "ctrl+q quits")):
        terminal.wait_for("No key pairs")
        open_form(terminal, "web")
        terminal.flood(b"x" * 2_000)
        terminal.press(key)
        # All of them would take four seconds.
        screen = terminal.wait_for(answer)
        assert "2003/255" not in screen
