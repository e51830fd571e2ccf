"""What a session is told to be: read-only, under a policy, with other keys, without colour."""

import json
import re
from pathlib import Path

import pytest

from core.session import Session
from tests.pty.terminal import OpenApp, Terminal, flat, wait_for_free_name

pytestmark = pytest.mark.long

SGR = re.compile(rb"\x1b\[([0-9;:]*)m")
ANY_MOUSE, MOUSE = b"\x1b[?1003h", b"\x1b[?1000h"


@pytest.fixture
def session(session: Session) -> Session:
    session.backend.create_key_pair(key_name="web", key_type="ed25519")
    return session


def write_policy(folder: Path) -> Path:
    """Write a policy that lets everything be looked at, and nothing else be done."""
    look = {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}
    path = folder / "policy.json"
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": [look]}))
    path.chmod(0o600)
    return path


def write_config(home: Path, text: str) -> dict[str, str]:
    """Write the configuration file, and return the variable that says where it is."""
    folder = home.parent / "config" / "keypairs"
    folder.mkdir(mode=0o700, parents=True)
    (folder / "config.toml").write_text(text)
    return {"XDG_CONFIG_HOME": str(folder.parent)}


def check_refused(terminal: Terminal, session: Session) -> None:
    """Try to create a pair, and check that the form says why not and keeps what was typed."""
    terminal.press("c")
    terminal.wait_for("Create a key pair")
    terminal.type("forbidden")
    wait_for_free_name(terminal, "forbidden")
    terminal.step("Tab", "Right")
    terminal.press("Enter")
    screen = terminal.wait_for(lambda screen: "UnauthorizedOperation" in flat(screen))
    assert "Create a key pair" in screen
    assert "Name         ▌ forbidden" in screen
    assert "● ed25519" in screen
    assert [pair.key_name for pair in session.backend.describe_key_pairs()] == ["web"]


@pytest.mark.parametrize("size", [(80, 24), (60, 15)], ids=["80x24", "60x15"])
@pytest.mark.parametrize("mark", ["read-only", "policy"])
def test_a_limit_is_marked_in_the_header_and_refuses(
    open_app: OpenApp, session: Session, tmp_path: Path, mark: str, size: tuple[int, int]
) -> None:
    arguments = ["--read-only"]
    if mark == "policy":
        arguments = ["--policy", str(write_policy(tmp_path))]
    terminal = open_app(*arguments, size=size)
    header = terminal.wait_for("1 pair").split("\n")[0]
    assert header.rstrip().endswith(f" {mark}")
    if mark == "policy":
        check_refused(terminal, session)
    else:
        terminal.press("c")
        assert "Create a key pair" not in terminal.wait_for("this session is read-only")


def test_without_a_limit_there_is_no_mark(open_app: OpenApp, session: Session) -> None:
    header = open_app().wait_for("1 pair").split("\n")[0]
    assert re.fullmatch(" keypairs  us-east-1 N. Virginia   1 pair +this machine *", header)


def test_an_action_with_another_key_answers_to_it_and_is_taught_with_it(
    open_app: OpenApp, session: Session, tmp_path: Path
) -> None:
    env = write_config(tmp_path / "home", '[keys]\n"key-pair.create" = "f2"\n')
    terminal = open_app(env=env)
    screen = terminal.wait_for("1 pair")
    assert "f2 create" in screen
    assert "c create" not in screen
    terminal.press("?")
    terminal.wait_for("Help")
    terminal.type("create a key pair and save")
    terminal.wait_for(lambda screen: re.search(r"^[\s│]*f2 +Create a key pair and", screen, re.M))
    terminal.press("Escape")
    terminal.wait_for("f2 create")
    # The old key does nothing any more: help, which comes after it, is all that opens.
    terminal.press("c", "?")
    terminal.wait_for("Help")
    terminal.press("Escape")
    terminal.wait_for("f2 create")
    terminal.press("F2")
    terminal.wait_for("Create a key pair")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param(
            '[keys]\n"key-pair.creat" = "f2"\n',
            "keypairs: [keys] key-pair.creat: there is no such action;"
            " did you mean key-pair.create?",
            id="unknown id",
        ),
        pytest.param(
            '[keys]\n"key-pair.create" = "d"\n',
            "keypairs: [keys] d: key-pair.delete cannot have it, because key-pair.create has it."
            " Choose another key, such as f2.",
            id="clash of two actions",
        ),
        pytest.param(
            '[keys]\n"key-pair.create" = "j"\n',
            "keypairs: [keys] j: key-pair.create cannot have it, because moving in the list has"
            " it. Choose another key, such as f2.",
            id="clash with moving",
        ),
        pytest.param(
            '[keys]\n"key-pair.import" = "/"\n',
            "keypairs: [keys] /: list.filter cannot have it, because key-pair.import has it."
            " Choose another key, such as f2.",
            id="clash of a character with its name",
        ),
        pytest.param(
            '[keys]\n"key-pair.create" = "banana"\n',
            "keypairs: [keys] key-pair.create: there is no key banana."
            " Choose one such as f2 or ctrl+n.",
            id="no key",
        ),
    ],
)
def test_keys_that_cannot_be_are_refused_in_one_line_before_the_screen_changes(
    open_app: OpenApp, tmp_path: Path, text: str, complaint: str
) -> None:
    terminal = open_app(env=write_config(tmp_path / "home", text), size=(160, 24))
    assert terminal.wait_for_end() == 2
    assert terminal.output().decode() == f"{complaint}\r\n"


def is_colour(parameters: bytes) -> bool:
    """Return whether an SGR sequence sets a colour of the text or of what is behind it."""
    numbers = [int(part or 0) for part in re.split(rb"[;:]", parameters)]
    return any(
        30 <= number <= 38 or 40 <= number <= 48 or 90 <= number <= 97 or 100 <= number <= 107
        for number in numbers
    )


def colours(terminal: Terminal) -> set[bytes]:
    """Return the sequences by which the program has set a colour."""
    sequences: list[bytes] = SGR.findall(terminal.output())
    return set(filter(is_colour, sequences))


def test_no_color_means_none(open_app: OpenApp, session: Session) -> None:
    terminal = open_app(env={"NO_COLOR": "1"})
    terminal.wait_for("1 pair")
    terminal.press("/")
    terminal.type("type:dsa")
    terminal.wait_for("dsa  ")
    terminal.press("Escape")
    terminal.wait_for("c create")
    for key, title in (("Enter", "Fingerprints"), ("d", "Delete"), ("t", "Tags of")):
        terminal.press(key)
        terminal.wait_for(title)
        terminal.press("Escape")
        terminal.wait_for("c create")
    terminal.press("y")
    terminal.wait_for("Copy from")
    terminal.press("Enter")
    terminal.wait_for("given to your terminal to copy")
    terminal.press("c")
    terminal.wait_for("Create a key pair")
    terminal.type("web\r")
    terminal.wait_for("InvalidKeyPair.Duplicate")
    assert colours(terminal) == set()


def test_without_no_color_there_is_colour(open_app: OpenApp, session: Session) -> None:
    terminal = open_app()
    terminal.wait_for("1 pair")
    assert colours(terminal)


@pytest.mark.parametrize("way", ["option", "configuration"])
def test_the_mouse_is_left_to_the_terminal_where_that_is_asked_for(
    open_app: OpenApp, session: Session, tmp_path: Path, way: str
) -> None:
    if way == "option":
        terminal = open_app("--no-mouse")
    else:
        terminal = open_app(env=write_config(tmp_path / "home", "mouse = false\n"))
    terminal.wait_for("1 pair")
    assert not terminal.modes()["mouse_any_flag"]
    terminal.press("q")
    assert terminal.wait_for_end() == 0
    assert ANY_MOUSE not in terminal.output()
    assert MOUSE not in terminal.output()


def test_elsewhere_the_program_takes_the_mouse(open_app: OpenApp, session: Session) -> None:
    terminal = open_app()
    terminal.wait_for("1 pair")
    assert terminal.modes()["mouse_any_flag"]
    assert ANY_MOUSE in terminal.output()
