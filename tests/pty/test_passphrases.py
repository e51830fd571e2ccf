"""What the system is told while passphrases are typed: no argument, no environment and no file."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.helpers import Run
from tests.pty.terminal import KEYPAIRS, OpenApp, Terminal, create_key_pair, flat

PHRASE = "clasp yearly gotten"
OTHER_PHRASE = "umbel fjord waxing"

CALLS = (
    "execve,openat,open,creat,mkdir,mkdirat,link,linkat,rename,renameat,renameat2,symlink"
    ",symlinkat,memfd_create,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg"
)
"""All by which something leaves a process, or gets a place to go to."""

pytestmark = pytest.mark.long


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "strace"


@pytest.fixture
def open_traced(
    open_app: OpenApp, tool: Callable[[str], str], log: Path
) -> Callable[..., Terminal]:
    """Return a function that starts the program under strace."""

    def start(*arguments: str) -> Terminal:
        # In hexadecimal, so that bytes that are no text are found as well.
        options: list[str | Path] = [
            "-f",
            "-xx",
            "-y",
            "-s",
            "1000000",
            "-o",
            log,
            "-e",
            f"trace={CALLS}",
        ]
        command = [tool("strace"), *options, KEYPAIRS]
        return open_app(*arguments, command=command, env={"PYTHONDONTWRITEBYTECODE": "1"})

    return start


@pytest.fixture
def locked(tmp_path: Path, run: Run) -> Path:
    """Return an encrypted private key in the home that does not show its public half."""
    path = tmp_path / "home" / "locked.pem"
    path.parent.mkdir(0o700, parents=True)
    make = ["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", OTHER_PHRASE]
    run("ssh-keygen", *make, "-f", path)
    path.with_name("locked.pem.pub").unlink()
    return path


def spelled(data: bytes) -> str:
    """Return bytes as strace spells them with -xx."""
    return "".join(f"\\x{byte:02x}" for byte in data)


def lines_with(needles: Sequence[bytes], log: Path) -> list[str]:
    lines = log.read_text().splitlines()
    wanted = [spelled(needle) for needle in needles]
    return [line for line in lines if any(each in line for each in wanted)]


def halves_of(phrase: str) -> list[bytes]:
    """Return the phrase and its words, so that it is found in pieces as well."""
    return [phrase.encode(), *phrase.encode().split()]


def plain_lines(path: Path, phrase: str, run: Run, folder: Path) -> list[bytes]:
    """Return what a private key file would hold without its passphrase, line by line."""
    copy = folder / "plain"
    copy.touch(0o600)
    copy.write_bytes(path.read_bytes())
    run("ssh-keygen", "-q", "-p", "-P", phrase, "-N", "", "-f", copy)
    return [line for line in copy.read_bytes().splitlines() if b"-----" not in line]


def test_a_passphrase_of_a_saved_and_one_of_a_found_key_go_nowhere(
    open_traced: Callable[..., Terminal], locked: Path, log: Path, run: Run, tmp_path: Path
) -> None:
    terminal = open_traced()
    create_key_pair(terminal, "web", "ed25519")
    terminal.press("s")
    terminal.wait_for("~/.ssh/web.pem")
    terminal.step("Tab", *["Right"] * 3)
    terminal.wait_for("● openssh")
    terminal.step("Tab")
    terminal.type(PHRASE)
    terminal.wait_for("an estimated")
    terminal.step("Tab")
    terminal.type(PHRASE)
    terminal.wait_for(lambda screen: "the two are the same" in flat(screen))
    terminal.press("Enter")
    terminal.wait_for(lambda screen: "opens with its passphrase" in flat(screen))
    environment = Path(f"/proc/{traced(terminal)}/environ").read_bytes()
    terminal.press("Escape")
    terminal.wait_for("1 pair")
    terminal.press("f")
    terminal.wait_for("Whose key is this?")
    terminal.type("~/locked.pem")
    terminal.press("Enter")
    terminal.wait_for("enter unlock")
    terminal.wait_for("Passphrase")
    terminal.type(OTHER_PHRASE)
    terminal.press("Enter")
    terminal.wait_for(lambda screen: "unknown (rsa 2048 bits" in flat(screen))
    terminal.press("Escape")
    terminal.wait_for("1 pair")
    terminal.press("q")
    assert terminal.wait_for_end() == 0

    saved = tmp_path / "home" / ".ssh" / "web.openssh"
    record = next(
        iter(json.loads((tmp_path / "data" / "us-east-1.json").read_bytes())["key_pairs"].values())
    )
    assert record["SavedTo"] == [str(saved)]
    # What it is looked for in is there: the encrypted key was seen on its way into its file.
    assert lines_with([saved.read_bytes()], log)
    phrases = halves_of(PHRASE) + halves_of(OTHER_PHRASE)
    keys = plain_lines(saved, PHRASE, run, tmp_path)[1:]
    keys += plain_lines(locked, OTHER_PHRASE, run, tmp_path)
    assert lines_with(phrases + keys, log) == []
    assert not any(phrase in environment for phrase in phrases)
    home = {path.name for path in (tmp_path / "home").rglob("*") if path.is_file()}
    assert home == {"locked.pem", "web.openssh"}


def traced(terminal: Terminal) -> int:
    """Return the process of the program under strace."""
    children = Path(f"/proc/{terminal.pid}/task/{terminal.pid}/children").read_text().split()
    return int(children[0])


def test_a_passphrase_that_the_command_asks_for_goes_nowhere(
    open_traced: Callable[..., Terminal], locked: Path, log: Path, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    terminal = open_traced("find", str(locked))
    terminal.wait_for("empty leaves it locked")
    terminal.type(f"{OTHER_PHRASE}\n")
    terminal.wait_for(lambda screen: "unknown (rsa 2048 bits" in flat(screen))
    assert terminal.wait_for_end() == 1
    assert lines_with([b"SHA256:"], log)
    keys = plain_lines(locked, OTHER_PHRASE, run, tmp_path)
    assert lines_with(halves_of(OTHER_PHRASE) + keys, log) == []
    # Nothing at all is opened for writing but the terminal.
    opened = re.findall(
        r"open(?:at)?\([^\n]*(?:O_WRONLY|O_RDWR|O_CREAT)[^\n]*= \d+<(.*?)>", log.read_text()
    )
    names = {bytes.fromhex(each.replace("\\x", "")).decode() for each in opened}
    assert names <= {"/dev/tty", "/dev/null"}
