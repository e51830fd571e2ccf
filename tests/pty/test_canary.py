"""A known key is led through the program; then any 16 bytes of it are searched for everywhere.

Searched are the whole output to the terminal, every file but the one it was saved to, the command
line and the environment of the process and of those it starts, and, where the key was shown, what
is left on the terminal; the memory of an ssh-agent that was given it is not. A passphrase must be
nowhere at all.
Each guard that keeps it from there is taken out once, to show that the search misses it.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from shlex import join
from typing import Any

import pytest

from tests.helpers import Agent
from tests.pty.canary import NAME, holds_key, passphrase, pieces, pieces_of_passphrase
from tests.pty.terminal import (
    Terminal,
    create_key_pair,
    flat,
    open_form,
    save_key_material,
    state_of,
    text_of,
    wait_until,
)

CANARY = Path(__file__).with_name("canary.py")

PIECES = pieces()
PIECES_OF_PASSPHRASE = pieces_of_passphrase()

SLOW = 30
"""Seconds for the derivation of keys from passphrases, on a machine that is busy."""

PHOTOGRAPHED_AFTER = 12
"""Seconds after the start of the program; by then the key has to be on the screen."""

WITH_TOOLS = {"PATH": f"{{folder}}/tools:{os.environ.get('PATH', os.defpath)}"}

# Stand in for what the program starts, and write down what any other program could see of it.
SEEN = """#!/bin/sh
{{ tr '\\0' '\\n' </proc/$$/cmdline; env; cat {folder}/tmp/*; }} >>{folder}/seen-by-others 2>&1
"""
FAKES = {
    "tmux": '[ "$1" != load-buffer ] || cat >/dev/null\n',
    "ssh-add": 'exec {ssh_add} "$@"\n',
}


class RunOfCanary(Terminal):
    """The program with the known key, in a terminal that has no second screen."""

    def __init__(self, folder: Path, walk: "Walk", without: str, agent: Agent) -> None:
        self.folder = folder
        self.walk = walk
        self.agent = agent
        self.glimpses: list[bytes] = []
        tools = folder / "tools"
        for made in (folder / "tmp", folder / "home" / "Downloads", tools):
            made.mkdir(parents=True)
        for name, script in FAKES.items():
            text = (SEEN + script).format(folder=folder, ssh_add=agent.tool("ssh-add"))
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        command: list[str | Path] = [sys.executable, CANARY, "--data-dir", folder / "data"]
        if walk.in_a_shell:
            # The shell goes on when it is stopped, and continues it when it is told to; or when the
            # terminal is gone, of which nobody tells a shell that has given it to its job.
            wait = "until [ -e go ] || [ ! -t 0 ]; do sleep 0.1; done"
            script = f"{join(map(str, command))}; {wait}; fg"
            command = ["bash", "--norc", "-i", "-c", f"set -m; {script}"]
        if walk.redirect:
            command = ["sh", "-c", f"exec {join(map(str, command))} {walk.redirect}"]
        env = {
            "TMPDIR": str(folder / "tmp"),
            "TEXTUAL": "debug,devtools",
            "TEXTUAL_LOG": str(folder / "textual.log"),
            "CANARY_REPORT": str(folder / "report"),
            "CANARY_FAULT": walk.fault,
            "CANARY_WITHOUT": without,
            "SSH_AUTH_SOCK": str(agent.path),
            **{name: value.format(folder=folder) for name, value in walk.env.items()},
        }
        super().__init__(command, home=folder / "home", env=env)

    def _start(self) -> None:
        super()._start()
        self._tmux("set-option", "-g", "alternate-screen", "off")

    @property
    def program(self) -> int:
        """The process id of the program, be it started by a shell or not."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        with suppress(OSError):
            for child in children.read_text().split():
                if b"canary.py" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
        return self.pid

    @property
    def is_stopped(self) -> bool:
        """Whether the program was stopped, and not continued."""
        return state_of(self.program) == "T"

    def look_from_outside(self) -> None:
        """Note what other programs see of the process."""
        for name in ("cmdline", "environ"):
            # To whom the environment is closed, nothing can leak by it.
            with suppress(PermissionError):
                self.glimpses.append(Path(f"/proc/{self.program}/{name}").read_bytes())

    def create(self) -> None:
        """Create the pair of the known key."""
        create_key_pair(self, NAME, "ed25519")
        self.look_from_outside()

    def left_behind(self) -> bytes:
        """Return what is on the terminal, and what can be scrolled back to."""
        return self._tmux("capture-pane", "-p", "-J", "-S", "-")

    def memory(self) -> Any:
        """Return what the program says of its memory."""
        file = self.folder / "report"
        file.unlink(missing_ok=True)
        self.signal(signal.SIGUSR1)
        wait_until(file.exists, 60)
        return json.loads(file.read_bytes())

    def leaks(self) -> Sequence[str]:
        """Return the names of the places in which the key, or the passphrase, was found.

        What Textual logs is no place for either, whatever it is: keys that are typed stand in it.
        """
        output = {"output": self.output(), "text of output": text_of(self.output())}
        places = {"left behind": self.left_behind()}
        places |= {f"glimpse {number}": data for number, data in enumerate(self.glimpses)}
        files = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        assert self.folder / "data" / "us-east-1.json" in files
        assert self.folder / "data" / "journal.jsonl" in files
        places |= {str(path): data for path, data in files.items()}
        plain = {str(self.home / ".ssh" / f"{NAME}{ending}") for ending in self.walk.plain}
        found = [
            name
            for name, data in (places if self.walk.shown else places | output).items()
            if name not in plain and holds_key(data, PIECES)
        ]
        found += [
            name
            for name, data in (places | output).items()
            if holds_key(data, PIECES_OF_PASSPHRASE)
        ]
        return [*found, *map(str, self.folder.rglob("textual.log"))]


@dataclass(frozen=True)
class Walk:
    """A way through the program, from its start to its end."""

    name: str
    steps: Callable[[RunOfCanary], object]
    fault: str = ""
    shown: bool = False
    """Whether the key reaches the terminal, because that was asked for."""
    plain: Sequence[str] = (".pem",)
    """The endings of the files that hold it, because that was asked for."""
    in_a_shell: bool = False
    redirect: str = ""
    env: Mapping[str, str] = field(default_factory=dict)


def show(run: RunOfCanary) -> None:
    run.create()
    run.press("v")
    run.wait_for("BEGIN OPENSSH")


def save(run: RunOfCanary) -> None:
    run.create()
    save_and_quit(run)


def save_and_quit(run: RunOfCanary) -> None:
    save_key_material(run)
    run.press("Escape")
    run.wait_for("1 pair")
    run.press("q")
    assert run.wait_for_end() == 0


def discard(run: RunOfCanary) -> None:
    run.create()
    run.press("Escape")
    run.wait_for("Leave without")
    run.type(NAME)
    run.press("Enter")
    run.wait_for("No key pairs")
    run.press("q")
    assert run.wait_for_end() == 0


def pick(run: RunOfCanary, words: str) -> None:
    run.press("y")
    run.wait_for(f"Copy from {NAME}")
    run.type(words)
    run.wait_until_gone("OpenSSH MD5")
    run.press("Enter")


def copy_the_rest(run: RunOfCanary) -> None:
    run.create()
    for words in ("public key", "ssh fingerprint sha"):
        pick(run, words)
        run.wait_for("given to your terminal to copy")
    pick(run, "itself")
    run.wait_for("no, go back")
    run.press("Enter")
    run.wait_for("asks before it leaves")
    run.signal(signal.SIGTERM)
    run.wait_for_end()


def copy_the_key(run: RunOfCanary) -> None:
    run.create()
    pick(run, "itself")
    run.wait_for("no, go back")
    run.press("Down", "Enter")
    run.wait_for("private key: given to your terminal to copy")


def copy_the_key_and_quit(run: RunOfCanary) -> None:
    copy_the_key(run)
    run.signal(signal.SIGTERM)
    run.wait_for_end()


def copy_and_paste(run: RunOfCanary) -> None:
    copy_the_key(run)
    wait_until(lambda: b"\x1b]52;c;" in run.output())
    run.press("s")
    run.wait_for("Save the private key")
    run.step("C-u")
    run.press("C-v")
    run.type("x")
    run.wait_for("x")
    run.look_from_outside()
    path = run.screen()
    assert "BEGIN" not in path, path
    run.signal(signal.SIGTERM)
    run.wait_for_end()


def crash(run: RunOfCanary) -> None:
    run.create()
    run.press("v")
    assert run.wait_for_end() == 1


def crash_in_a_thread(run: RunOfCanary) -> None:
    run.create()
    run.press("s")
    run.wait_for("Save the private key")
    run.press("Enter")
    assert run.wait_for_end() == 1


def crash_while_adding(run: RunOfCanary) -> None:
    run.create()
    run.press("a")
    run.wait_for("holds 0")
    run.press("Enter")
    assert run.wait_for_end() == 1


def crash_while_opening(run: RunOfCanary) -> None:
    open_form(run, NAME)
    run.step("Tab", "Right")
    run.press("Enter")
    assert run.wait_for_end() == 1


def add(run: RunOfCanary, lifetime: str = "") -> None:
    run.create()
    run.press("a")
    run.wait_for("holds 0")
    run.type(lifetime)
    if lifetime:
        run.wait_for(f"✓ {lifetime}, until")
    run.press("Enter")
    run.wait_for("✓ In the agent")
    assert run.agent.ssh_add("-L").stdout.decode().endswith(f" {NAME}\n")
    assert (run.folder / "seen-by-others").stat().st_size


def leave(run: RunOfCanary) -> None:
    # Where the key will be lost, the first time is only told so.
    run.step("Escape")
    if "1 pair" not in run.screen():
        run.press("Escape")
    run.wait_for("1 pair")


def add_and_quit(lifetime: str) -> Callable[[RunOfCanary], None]:
    def steps(run: RunOfCanary) -> None:
        add(run, lifetime)
        leave(run)
        run.press("q")
        assert run.wait_for_end() == 0

    return steps


def encrypt(run: RunOfCanary) -> None:
    run.create()
    for number, file_format in enumerate(("openssh", "ppk3")):
        run.press("s")
        run.wait_for("Save the private key")
        run.step("Tab")
        while f"● {file_format}" not in run.screen():
            run.step("Right")
        for enter in (run.type, run.paste) if number else (run.type, run.type):
            run.step("Tab")
            enter(passphrase())
            run.wait_for("••••")
        run.wait_for(lambda screen: "the two are the same" in flat(screen))
        run.press("Enter")
        run.wait_for(lambda screen: "opens with its passphrase" in flat(screen), SLOW)
    for ending in (".openssh", ".ppk"):
        assert (run.home / ".ssh" / f"{NAME}{ending}").exists()


def encrypt_and_quit(run: RunOfCanary) -> None:
    encrypt(run)
    leave(run)
    run.press("q")
    assert run.wait_for_end() == 0


def save_as(run: RunOfCanary, file_format: str) -> None:
    run.press("s")
    run.wait_for("Save the private key")
    run.step("Tab")
    while f"● {file_format}" not in run.screen():
        run.step("Right")
    run.press("Enter")
    run.wait_until_gone("Save the private key")


def save_in_all_formats(run: RunOfCanary) -> None:
    run.create()
    for file_format in ("pem", "ppk2", "openssh"):
        save_as(run, file_format)
    leave(run)
    run.press("q")
    assert run.wait_for_end() == 0
    for ending in run.walk.plain:
        assert (run.home / ".ssh" / f"{NAME}{ending}").exists()


def end_by(
    number: int, first: Callable[[RunOfCanary], None] = RunOfCanary.create
) -> Callable[[RunOfCanary], None]:
    def steps(run: RunOfCanary) -> None:
        first(run)
        run.signal(number)
        run.wait_for_end()

    return steps


def stop_and_continue(first: Callable[[RunOfCanary], None]) -> Callable[[RunOfCanary], None]:
    def steps(run: RunOfCanary) -> None:
        first(run)
        run.press("C-z")
        wait_until(lambda: run.is_stopped, complaint=lambda: "it has not stopped")
        run.glimpses.append(run.left_behind())
        (run.home / "go").touch()
        wait_until(lambda: not run.is_stopped, complaint=lambda: "it has not gone on")
        run.wait_for("The private key of")
        os.kill(run.program, signal.SIGTERM)
        run.wait_for_end()

    return steps


def show_and_save(run: RunOfCanary) -> None:
    show(run)
    save_and_quit(run)


def show_and_crash(run: RunOfCanary) -> None:
    show(run)
    run.press("y")
    assert run.wait_for_end() == 1


def take_a_picture(run: RunOfCanary) -> None:
    show(run)
    run.press("C-p")
    run.wait_for(lambda screen: "Help" in screen or "Search for commands" in screen)
    run.type("screenshot")
    run.wait_for(lambda screen: "Nothing matches" in screen or "Save an SVG" in screen)
    run.press("Enter")
    # Much longer than Textual waits before it takes the picture.
    with suppress(AssertionError):
        wait_until(lambda: list(run.folder.rglob("*.svg")), 5)
    run.signal(signal.SIGTERM)
    run.wait_for_end()


def wait_for_a_picture(run: RunOfCanary) -> None:
    show(run)
    with suppress(AssertionError):
        wait_until(lambda: list(run.folder.rglob("*.svg")), PHOTOGRAPHED_AFTER)
    if run.status is None:
        run.signal(signal.SIGTERM)
    run.wait_for_end()


WALKS = (
    Walk("save", save),
    Walk("discard", discard),
    Walk("copy the rest", copy_the_rest),
    Walk(
        "copy the key by tmux",
        copy_the_key_and_quit,
        env={"TMUX": "stand-in", **WITH_TOOLS},
    ),
    Walk("copy the key by the terminal, and paste", copy_and_paste, shown=True),
    Walk("add to the agent", add_and_quit(""), env=WITH_TOOLS),
    Walk("add to the agent for a time", add_and_quit("8h"), env=WITH_TOOLS),
    Walk("save with a passphrase", encrypt_and_quit, plain=()),
    Walk("save in all formats", save_in_all_formats, plain=(".pem", ".ppk", ".openssh")),
    Walk("crash in a handler", crash, fault="handler"),
    Walk("crash in a worker", crash, fault="worker"),
    Walk("crash in a thread", crash_in_a_thread, fault="thread"),
    Walk("crash while adding to the agent", crash_while_adding, fault="adding"),
    Walk("crash while the screen opens", crash_while_opening, fault="mounting"),
    Walk("crash while the keyboard is read", crash, fault="reading"),
    Walk("SIGHUP", end_by(signal.SIGHUP)),
    Walk("SIGTERM", end_by(signal.SIGTERM)),
    Walk("SIGQUIT", end_by(signal.SIGQUIT)),
    Walk("SIGINT", end_by(signal.SIGINT)),
    Walk("stop", stop_and_continue(RunOfCanary.create), in_a_shell=True),
    Walk("show and save", show_and_save, shown=True),
    Walk("show and SIGTERM", end_by(signal.SIGTERM, show), shown=True),
    Walk("show and SIGHUP", end_by(signal.SIGHUP, show), shown=True),
    Walk("show and SIGINT", end_by(signal.SIGINT, show), shown=True),
    Walk("show and stop", stop_and_continue(show), in_a_shell=True, shown=True),
    Walk("show and crash", show_and_crash, fault="copying", shown=True),
    Walk("show and crash while drawing", crash, fault="drawing", shown=True),
    Walk("show and take a picture", take_a_picture, shown=True),
    Walk(
        "show and be photographed",
        wait_for_a_picture,
        shown=True,
        env={
            "TEXTUAL_SCREENSHOT": str(PHOTOGRAPHED_AFTER),
            "TEXTUAL_SCREENSHOT_LOCATION": "{folder}/home",
        },
    ),
)

GUARDS = (
    ("report", "crash in a handler"),
    ("report", "crash in a worker"),
    ("report", "crash in a thread"),
    ("report", "crash while adding to the agent"),
    ("report", "crash while the screen opens"),
    ("report", "show and crash"),
    ("report", "show and crash while drawing"),
    ("hiding", "save"),
    ("wiping the screen", "show and SIGTERM"),
    ("wiping the screen", "show and SIGHUP"),
    ("wiping the screen", "show and SIGINT"),
    ("wiping the screen", "show and stop"),
    ("signals", "show and SIGTERM"),
    ("palette", "show and take a picture"),
    ("variables", "show and be photographed"),
    ("variables", "save with a passphrase"),
    ("pipe", "copy the key by tmux"),
    ("agent by a pipe", "add to the agent"),
    ("agent by a pipe alone", "add to the agent"),
)


OpenCanary = Callable[..., RunOfCanary]


@pytest.fixture
def open_canary(tool: Callable[[str], str], tmp_path: Path, ssh_agent: Agent) -> OpenCanary:
    """Return a function that runs the program for a walk, maybe without a guard."""
    tool("tmux")
    return lambda walk, without="": RunOfCanary(tmp_path / "run", walk, without, ssh_agent)


@pytest.fixture
def walk_with_canary(open_canary: OpenCanary) -> Callable[..., Sequence[str]]:
    """Return a function that takes a walk, maybe without a guard, and names where the key is."""

    def take(walk: Walk, without: str = "") -> Sequence[str]:
        with open_canary(walk, without) as run:
            walk.steps(run)
            return run.leaks()

    return take


@pytest.mark.long
@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.name)
def test_nothing_but_its_file_holds_the_key(
    walk_with_canary: Callable[..., Sequence[str]], walk: Walk
) -> None:
    assert walk_with_canary(walk) == []


@pytest.mark.long
@pytest.mark.parametrize(("guard", "name"), GUARDS)
def test_without_a_guard_something_else_holds_it(
    walk_with_canary: Callable[..., Sequence[str]], guard: str, name: str
) -> None:
    [walk] = (walk for walk in WALKS if walk.name == name)
    assert walk_with_canary(walk, without=guard) != []


def is_in(stream: Path, text: str) -> Callable[[], bool]:
    return lambda: stream.exists() and text.encode() in text_of(stream.read_bytes())


@pytest.mark.long
@pytest.mark.parametrize("without", ["", "terminal"])
def test_a_redirect_gets_nothing_of_the_key(open_canary: OpenCanary, without: str) -> None:
    walk = Walk("redirected", lambda run: None, redirect="2>screen", shown=True)
    with open_canary(walk, without) as run:
        screen = run.home / "screen"
        if not without:
            assert run.wait_for_end() == 2
            assert not holds_key(screen.read_bytes(), PIECES)
            return
        # It draws on what it takes for the terminal, and so into the file.
        wait_until(is_in(screen, "No key pairs"))
        run.press("c")
        wait_until(is_in(screen, "Create a key pair"))
        run.type(NAME)
        wait_until(is_in(screen, "free in"))
        run.press("Tab", "Right", "Enter")
        wait_until(is_in(screen, "asks before it leaves"))
        run.press("v")
        wait_until(lambda: holds_key(screen.read_bytes(), PIECES))


# What the memory holds ---------------------------------------------------------------------------


def leave_saved(run: RunOfCanary) -> None:
    show(run)
    # Narrower than a line of the key, which is then cut, and cuts are remembered by Rich.
    run.resize(50, 16)
    run.wait_for(lambda screen: "BEGIN OPENSSH" in screen and len(screen.split("\n")) == 16)
    run.press("NPage", "Right")
    run.resize(80, 24)
    run.press("v")
    run.wait_for("Show it here")
    run.press("v")
    run.wait_for("BEGIN OPENSSH")
    save_key_material(run)
    save_as(run, "ppk2")
    # The key has the focus wherever Tab went; Textual forgets the lines of what has it by itself.
    run.press("Tab")
    run.rest()
    run.press("v")
    run.wait_for("BEGIN OPENSSH")
    run.press("Escape")
    run.wait_for("1 pair")


def leave_copied(run: RunOfCanary) -> None:
    copy_the_key(run)
    run.press("Escape")
    run.wait_for("Leave without")
    run.type(NAME)
    run.press("Enter")
    run.wait_for("No key pairs")


def leave_added(run: RunOfCanary) -> None:
    add(run)
    leave(run)


def leave_encrypted(run: RunOfCanary) -> None:
    encrypt(run)
    leave(run)


LEAVE = (
    Walk("saved", leave_saved),
    Walk("copied", leave_copied),
    Walk("added to the agent", leave_added, env=WITH_TOOLS),
    Walk("saved with a passphrase", leave_encrypted),
    Walk("copied by tmux", leave_copied, env={"TMUX": "stand-in", **WITH_TOOLS}),
)


NOTHING: Mapping[str, object] = {
    "texts": [],
    "buffers": 0,
    "holders": 0,
    "dumpable": 0,
    "core": [0, 0],
}


@pytest.mark.long
@pytest.mark.parametrize("walk", LEAVE, ids=lambda walk: walk.name)
def test_when_its_screen_is_closed_nothing_in_memory_holds_the_key(
    open_canary: OpenCanary, walk: Walk
) -> None:
    with open_canary(walk) as run:
        walk.steps(run)
        # The worker that led to the screen has the list to read before it is forgotten itself.
        wait_until(lambda: run.memory() == NOTHING, complaint=lambda: str(run.memory()))


@pytest.mark.long
@pytest.mark.parametrize(
    ("guard", "name", "found"),
    [
        ("forgetting", "saved", "holders"),
        ("own sending", "copied", "texts"),
        ("letting go", "saved", "holders"),
        ("wiping the memory", "saved", "buffers"),
        ("wiping the passphrase", "saved with a passphrase", "buffers"),
        ("forgetting the passphrase", "saved with a passphrase", "texts"),
        ("dumps", "saved", "dumpable"),
        ("core", "saved", "core"),
    ],
)
def test_without_a_guard_the_memory_holds_it_or_is_open(
    open_canary: OpenCanary, guard: str, name: str, found: str
) -> None:
    [walk] = (walk for walk in LEAVE if walk.name == name)
    with open_canary(walk, guard) as run:
        walk.steps(run)
        time.sleep(1)
        assert run.memory()[found] != NOTHING[found]


@pytest.mark.long
def test_while_its_screen_is_open_that_search_finds_it(
    open_canary: OpenCanary,
) -> None:
    with open_canary(Walk("", show)) as run:
        show(run)
        memory = run.memory()
        assert memory["texts"]
        assert memory["buffers"] == memory["holders"] == 1
