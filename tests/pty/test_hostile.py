"""In a real terminal: hostile text in the file, in the environment and in what is pasted."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from core.model import KeptKeyPair, Tag
from core.session import Session
from tests.pty.terminal import OpenApp, Terminal
from tests.tui.test_hostile_text import cells
from tests.vectors.hostile_strings import STRINGS

pytestmark = pytest.mark.long

BOMB = "\x1b]0;pwned\x07\x1b]52;c;cHduZWQ=\x07\x1b[2J\x1b[?1049l\x9b5A\x1bPtmux;x\x1b\\"
# Titles, links, clipboards and notifications; device control and application strings.
STRING_SEQUENCE = re.compile(rb"\x1b\][0-9]+;|\x1b[P_^X]|\x1b[k]|\xc2[\x80-\x9f]")


@pytest.fixture
def session(session: Session) -> Session:
    """Return a service whose file holds a pair for every text, as an editor could write it."""
    created = session.backend.create_key_pair(key_name="plain", key_type="ed25519").key_pair
    texts = [each.text for each in STRINGS if each.tag_key != "InvalidParameterValue"]
    with session.store.transaction() as transaction:
        for number, text in enumerate([BOMB, *texts]):
            pair: KeptKeyPair = replace(
                created,
                key_pair_id=f"key-0{number:016x}",
                key_name=text,
                tags=(Tag(text, text), Tag("protected", text)),
            )
            transaction.insert(pair, "Test")
    return session


def check_output(terminal: Terminal) -> None:
    output = terminal.output()
    # Textual sets the shape of the mouse pointer.
    output = re.sub(rb"\x1b\]22;[a-z-]*(?:\x07|\x1b\\)", b"", output)
    assert not STRING_SEQUENCE.findall(output)
    assert b"\x07" not in output
    # The terminal has the title that it had, and no row was pushed aside.
    assert terminal._tmux("display-message", "-p", "#{pane_title}").decode().strip() != "pwned"
    assert terminal._tmux("show-buffer", check=False).decode().strip() != "pwned"


def test_nothing_of_it_reaches_the_terminal(open_app: OpenApp, session: Session) -> None:
    names = ("USER", "LOGNAME", "SSH_CONNECTION", "SSH_TTY", "COLORTERM", "LC_TERMINAL")
    terminal = open_app(env=dict.fromkeys(names, BOMB))
    count = len(session.backend.describe_key_pairs())
    terminal.wait_for(f"{count} pairs")
    screen = terminal.screen()
    while True:
        first, heading, *rows, _, hints = screen.split("\n")
        assert first.startswith(" keypairs  us-east-1")
        assert "c create" in hints
        # As tmux counts cells, too, no name has moved what stands behind it.
        before = {cells(row.partition(" ed25519 ")[0]) for row in rows if " ed25519 " in row}
        assert before == {heading.index(" Type ")}, screen
        if "! \N{KEY} " in screen:
            break
        screen = terminal.step("PageDown")
    terminal.step("g")
    for key, title in (
        ("Enter", "private key file"),
        ("d", "Delete"),
        ("t", "Tags of"),
        ("y", "Copy"),
    ):
        terminal.press(key)
        terminal.wait_for(title)
        terminal.press("Escape")
        terminal.wait_for("c create")
    check_output(terminal)
    terminal.press("q")
    assert terminal.wait_for_end() == 0


def test_a_paste_presses_no_keys_and_a_huge_one_is_cut_at_once(
    open_app: OpenApp, session: Session
) -> None:
    before = len(session.backend.describe_key_pairs())
    terminal = open_app()
    terminal.wait_for("pairs")
    # Textual alone would delete pairs by these.
    terminal.paste("x\x1b" + "dy" * 40)
    terminal.paste("\x1b[A\x1b[B" + "q" * 40)
    terminal.press("c")
    terminal.wait_for("Create a key pair")
    terminal.paste(f"web{BOMB}")
    terminal.wait_for("␛]0;pwned")
    terminal.press("Escape")
    terminal.wait_for("c create")
    terminal.press("i")
    terminal.wait_for("Import a public key")
    terminal.press("Tab")
    terminal.paste("x" * 10_000_000)
    terminal.wait_for("larger than any public key")
    terminal.press("Escape")
    terminal.wait_for("c create")
    assert len(session.backend.describe_key_pairs()) == before
    check_output(terminal)


def test_a_terminal_of_another_kind_is_asked_for_nothing(open_app: OpenApp, tmp_path: Path) -> None:
    terminal = open_app("--region", BOMB, env={"TERM": BOMB})
    assert terminal.wait_for_end() == 2
    check_output(terminal)
