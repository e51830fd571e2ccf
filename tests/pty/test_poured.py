"""Text that a terminal without bracketed paste pours in as keys, piece by piece."""

import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from core.session import Session
from tests.pty.terminal import OpenApp, Terminal, open_form

PIECE, GAP = 50, 0.05


def pour(terminal: Terminal, text: str) -> None:
    for start in range(0, len(text), PIECE):
        terminal.type(text[start : start + PIECE])
        time.sleep(GAP)


# No letter of these opens a screen that would take the rest: the worst that can be poured.
TEXTS = [
    pytest.param("body dwdy kwdypx dy " * 8 + "today", id="all over"),
    pytest.param("wow pow bow " * 9 + "body", id="at the end", marks=pytest.mark.long),
    pytest.param("body dwdy kwdypx dy " * 100, id="2,000", marks=pytest.mark.long),
]


@pytest.mark.long
@pytest.mark.parametrize("text", TEXTS)
def test_on_the_list_it_deletes_nothing(open_app: OpenApp, session: Session, text: str) -> None:
    for number in range(9):
        session.backend.create_key_pair(key_name=f"pair-{number}", key_type="ed25519")
    before = session.backend.describe_key_pairs()
    terminal = open_app()
    terminal.wait_for("9 pairs")
    pour(terminal, text)
    terminal.wait_for("that y came amid other keys", timeout=60)
    time.sleep(len(text) / 400)
    assert session.backend.describe_key_pairs() == before
    assert terminal.status is None
    # An answer of its own is still one.
    terminal.press("Escape")
    terminal.wait_for("9 pairs")
    time.sleep(1)
    terminal.press("d")
    terminal.wait_for("Delete")
    terminal.press("y")
    terminal.wait_for("deleted")


@pytest.mark.long
def test_in_a_field_it_is_all_there(open_app: OpenApp, session: Session) -> None:
    terminal = open_app()
    terminal.wait_for("No key pairs")
    open_form(terminal, "web")
    pour(terminal, "0123456789" * 200)
    terminal.wait_for("2003/255 · too long by 1,748 characters", timeout=120)
    assert session.backend.describe_key_pairs() == ()


@pytest.mark.long
def test_a_key_of_several_lines_is_not_submitted_before_its_end(
    open_app: OpenApp,
    session: Session,
    tmp_path: Path,
    run: Callable[..., CompletedProcess[bytes]],
) -> None:
    path = tmp_path / "key"
    run("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", path)
    block = run("ssh-keygen", "-e", "-f", path).stdout.decode()
    terminal = open_app()
    terminal.wait_for("No key pairs")
    terminal.type("iold\t")
    pour(terminal, block.rstrip("\n").replace("\n", "\r"))
    terminal.wait_for("rsa 2048 bits", timeout=30)
    assert session.backend.describe_key_pairs() == ()
    terminal.press("Enter")
    terminal.wait_for("imported old")
    [pair] = session.backend.describe_key_pairs()
    assert path.with_suffix(".pub").read_text().startswith(pair.public_key)


# Nor does a letter of these open a screen.
QUITTING = [
    pytest.param("bow kowqow", id="within"),
    pytest.param("qow", id="at the start", marks=pytest.mark.long),
    pytest.param("bow kow q", id="at the end", marks=pytest.mark.long),
]


@pytest.mark.long
@pytest.mark.parametrize("text", QUITTING)
def test_on_the_list_it_does_not_quit(open_app: OpenApp, session: Session, text: str) -> None:
    session.backend.create_key_pair(key_name="web", key_type="ed25519")
    terminal = open_app()
    terminal.wait_for("1 pair")
    pour(terminal, text)
    terminal.wait_for("that q came amid other keys")
    assert terminal.status is None
    time.sleep(0.1)  # as a person who reads that; closer, the key would be doubted again
    terminal.press("q")
    assert terminal.wait_for_end() == 0
