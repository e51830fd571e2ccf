from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.helpers import Run
from tests.pty.terminal import (
    OpenApp,
    Terminal,
    create_key_pair,
    fact,
    records,
    save_key_material,
    text_of,
)

QUESTION = "Leave without the private key?"
SENTENCE = "Not saved yet: s saves it, esc asks before it leaves."


def quit_by_help(terminal: Terminal) -> None:
    def offers_quit_first(screen: str) -> bool:
        # Below the title and the field.
        lines = (line.strip(" │╭╮╰╯─") for line in screen.split("\n"))
        found = [line for line in lines if line][3:]
        return found[0].startswith("ctrl+q") and found[0].endswith("Quit, from any screen.")

    terminal.press("C-p")
    terminal.wait_for("Help")
    terminal.type("quit")
    terminal.wait_for(offers_quit_first)
    terminal.press("Enter")


def base64_lines(key_file: Path) -> Sequence[bytes]:
    lines = key_file.read_bytes().splitlines()
    return [line for line in lines if len(line) >= 16 and not line.startswith(b"-----")]


def parts(line: bytes, size: int = 32) -> Sequence[bytes]:
    """Return all parts of a line of that size, or the line if it is shorter."""
    return [line[at : at + size] for at in range(max(len(line) - size, 0) + 1)]


@pytest.mark.long
def test_no_way_out_loses_a_private_key_that_was_not_saved(
    open_app: OpenApp, run: Run, tmp_path: Path
) -> None:
    terminal = open_app()
    key_pair_id = fact(create_key_pair(terminal, "precious", "ed25519"), "Id")
    ways_out: Sequence[Callable[[], None]] = (
        lambda: terminal.press("Escape"),
        lambda: terminal.press("C-q"),
        lambda: quit_by_help(terminal),
    )

    def check_that_it_is_there(said: str) -> None:
        # The sentence of before stays in sight below the help; the id does not.
        screen = terminal.wait_for(lambda screen: said in screen and key_pair_id in screen)
        assert fact(screen, "Id") == key_pair_id

    for leave in ways_out:
        leave()
        if leave is ways_out[0]:
            terminal.wait_for(QUESTION)
            # The question is no way out either, nor is the save dialog.
            terminal.press("C-q")
            check_that_it_is_there(SENTENCE)
            terminal.press("q")
        check_that_it_is_there(SENTENCE)
        terminal.press("s")
        terminal.wait_for("Save the private key")
        leave()
        # What was to end the program says why it does not.
        is_back = leave is ways_out[0]
        check_that_it_is_there("asks before it leaves" if is_back else SENTENCE)
    assert terminal.status is None

    save_key_material(terminal)
    saved = tmp_path / "home" / ".ssh" / "precious.pem"
    public_key = run("ssh-keygen", "-y", "-f", saved).stdout.decode().split()[:2]
    assert " ".join(public_key) == records(tmp_path)[0]["PublicKey"]
    # Now nothing holds the person back.
    terminal.press("C-q")
    assert terminal.wait_for_end() == 0


@pytest.mark.long
@pytest.mark.parametrize(
    "wrong",
    ["Precious", "", "preciou", "precious "],
)
def test_only_the_name_itself_gives_a_private_key_up(
    open_app: OpenApp, tmp_path: Path, wrong: str
) -> None:
    terminal = open_app()
    create_key_pair(terminal, "precious", "ed25519")
    terminal.press("Escape")
    terminal.wait_for(QUESTION)
    terminal.type(wrong)
    terminal.press("Enter")
    terminal.wait_for("this is not it" if wrong else "type precious first")
    assert [record["KeyName"] for record in records(tmp_path)] == ["precious"]
    terminal.press("Escape")
    terminal.wait_for("asks before it leaves")


def test_a_private_key_is_given_up_together_with_the_pair(
    open_app: OpenApp, tmp_path: Path
) -> None:
    terminal = open_app()
    create_key_pair(terminal, "regretted", "ed25519")
    terminal.press("Escape")
    terminal.wait_for(QUESTION)
    terminal.type("regretted")
    terminal.press("Enter")
    terminal.wait_for("No key pairs")
    assert records(tmp_path) == []


@pytest.mark.long
def test_a_pair_that_is_kept_without_its_private_key_is_marked(
    open_app: OpenApp, tmp_path: Path
) -> None:
    terminal = open_app()
    create_key_pair(terminal, "halved", "ed25519")
    terminal.press("Escape")
    terminal.wait_for(QUESTION)
    terminal.type("halved")
    terminal.wait_for("▌ halved")
    terminal.step("Tab", "Right")
    terminal.wait_for("● keep it")
    terminal.press("Enter")
    screen = terminal.wait_for("gave up the private key of halved; the pair stays, marked !")
    assert "! halved" in screen
    [record] = records(tmp_path)
    assert record["PrivateKey"] == "unsaved"
    assert record["SavedTo"] == []


@pytest.mark.long
@pytest.mark.parametrize("key_type", ["rsa", "ed25519"])
def test_the_private_key_reaches_the_terminal_only_by_v(
    open_app: OpenApp, tmp_path: Path, key_type: str
) -> None:
    hidden, shown = (open_app(folder=tmp_path / name) for name in ("hidden", "shown"))
    create_key_pair(hidden, "secret", key_type)
    create_key_pair(shown, "secret", key_type)

    shown.press("v")
    shown.wait_for("BEGIN")
    shown.press("NPage", "NPage", "NPage")
    shown.wait_for("END")
    shown.press("v")
    shown.wait_until_gone("END")

    for terminal in (hidden, shown):
        save_key_material(terminal)
        terminal.press("Escape")
        terminal.wait_for("1 pair")
        terminal.press("q")
        assert terminal.wait_for_end() == 0

    def seen(name: str, terminal: Terminal) -> Sequence[bool]:
        output = text_of(terminal.output())
        lines = base64_lines(tmp_path / name / "home" / ".ssh" / "secret.pem")
        assert len(lines) == {"rsa": 25, "ed25519": 5}[key_type]
        # Of a line that is scrolled into the place of another, only what differs is sent: its ends
        # may have stood there already.
        return [any(part in output for part in parts(line)) for line in lines]

    assert not any(seen("hidden", hidden))
    # This proves that the search above finds a key where there is one.
    assert all(seen("shown", shown))
