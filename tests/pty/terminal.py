"""A real terminal for a program: a private tmux server with nothing of the person's in it."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from shlex import quote
from shutil import rmtree
from typing import Any, NamedTuple, Protocol, Self

KEYPAIRS = Path(os.environ.get("KEYPAIRS_PROGRAM") or Path(sys.executable).with_name("keypairs"))
"""The installed program; the variable names one that was installed in another way."""

POLL = 0.03
PATIENCE = 60.0
"""Seconds to wait for what should be there in a tenth; a loaded machine takes its time."""

QUIET_POLLS = 3
"""As often in a row nothing has changed, and nobody is at work, when there is rest."""

_ESCAPE_DELAY = 0.15

_ALONE = ("q", "C-q", "y")
_APART = 0.06
"""Seconds by which a person presses these behind what was last shown: closer, they are doubted."""

_TMUX_SECONDS = 60
_END_MARK = b"\x1b]2;the program has ended\x07"

# Starts the program when the recording has begun, and tells how it ended, which a shell could not:
# it says 143 for a program that exits with 143 and for one that SIGTERM kills.
_RUNNER = """
import json, os, signal, subprocess, sys, termios

def write(name, value):
    with open(f"{folder}/{name}.new", "w") as file:
        json.dump(value, file)
    os.rename(f"{folder}/{name}.new", f"{folder}/{name}")

folder = sys.argv[1]
# A handler, not SIG_IGN, which the program would inherit.
signal.signal(signal.SIGINT, lambda *_: None)
with open(f"{folder}/plan") as file:
    plan = json.load(file)
with open(f"{folder}/go") as fifo:
    fifo.read()
environment = {"TERM": os.environ["TERM"], **plan["environment"]}
program = subprocess.Popen(plan["command"], cwd=plan["home"], env=environment)
write("pid", program.pid)
status = program.wait()
local = termios.tcgetattr(0)[3]
os.write(1, bytes.fromhex(plan["end_mark"]))
cooked = bool(local & termios.ICANON and local & termios.ECHO and local & termios.ISIG)
write("end", {"status": status, "cooked": cooked})
signal.pause()
"""

_CSI = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")
_OSC = re.compile(rb"\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)")
_OTHER = re.compile(rb"\x1b[ -/]*[0-~]")
_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")

_FLAGS = (
    "alternate_on",
    "cursor_flag",
    "insert_flag",
    "keypad_cursor_flag",
    "keypad_flag",
    "mouse_all_flag",
    "mouse_any_flag",
    "mouse_button_flag",
    "mouse_sgr_flag",
    "mouse_standard_flag",
    "origin_flag",
    "wrap_flag",
)


class Look(NamedTuple):
    """What a terminal is like at a moment."""

    written: int
    """Bytes that the program has written."""
    picture: bytes
    """The screen with its colours, and the place of the cursor."""


class Terminal:
    """Runs a program in a terminal of its own, types into it and reads its screen.

    Use it as a context manager: what it started is gone when the block ends.

    Args:
        command: the program and its arguments; no shell is between.
        home: the folder that is HOME and the current folder; it is made if it is missing.
        size: columns and rows.
        env: what the environment holds besides PATH, HOME, LANG and TERM.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        home: Path,
        size: tuple[int, int] = (80, 24),
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home
        self._command = [str(part) for part in command]
        self._size = size
        self._base = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(home),
            "LANG": "C.UTF-8",
        }
        self._environment = {**self._base, **(env or {})}
        # Not in a test's own folder: the path of a socket has room for 108 bytes.
        self._folder = Path(tempfile.mkdtemp(prefix="pty-"))
        self._escaped = -_ESCAPE_DELAY

    # The program --------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        plan = {
            "command": self._command,
            "environment": self._environment,
            "home": str(self.home),
            "end_mark": _END_MARK.hex(),
        }
        (self._folder / "plan").write_text(json.dumps(plan))
        (self._folder / "runner").write_text(_RUNNER)
        os.mkfifo(self._folder / "go")
        columns, rows = map(str, self._size)
        runner = [sys.executable, "-IS", str(self._folder / "runner"), str(self._folder)]
        start = [
            *("start-server", ";", "set-option", "-g", "default-terminal", "tmux-256color", ";"),
            *("set-option", "-g", "status", "off", ";"),
            *("new-session", "-d", "-x", columns, "-y", rows, " ".join(map(quote, runner)), ";"),
            *("pipe-pane", f"exec cat >{quote(str(self._folder / 'output'))}"),
        ]
        self._tmux(*start)
        (self._folder / "go").write_bytes(b"")

    def close(self) -> None:
        """End what was started: the program, if it still runs, and the tmux server."""
        running: int | None = self._read("pid") if self._read("end") is None else None
        self._tmux("kill-server", check=False)
        try:
            if running is not None:
                _wait_for_death(running)
        finally:
            rmtree(self._folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        """The process id of the program itself."""
        pid: int = self._await("pid", PATIENCE, "has not started")
        return pid

    def signal(self, number: int) -> None:
        """Send a signal to the program alone."""
        os.kill(self.pid, number)

    def hang_up(self) -> None:
        """Take the terminal away, as a lost connection does; only `pid` can be asked after it."""
        self._tmux("kill-server")

    def wait_for_end(self, timeout: float = PATIENCE) -> int:
        """Return the exit status of the program; -15 means that SIGTERM killed it."""
        status: int = self._await("end", timeout, f"has not ended in {timeout:g} s")["status"]
        # The status is there before the terminal has taken in the last of the output.
        self.output()
        return status

    @property
    def status(self) -> int | None:
        """The exit status of the program, or None while it runs."""
        end = self._read("end")
        return None if end is None else end["status"]

    @property
    def is_at_work(self) -> bool:
        """Whether the program runs or waits for a processor; not known where there is no /proc.

        On a loaded machine a pause in what it writes may be a pause in what it is let do.
        """
        for stat in Path(f"/proc/{self.pid}/task").glob("*/stat"):
            # A thread may end while it is looked at.
            with suppress(FileNotFoundError, ProcessLookupError):
                if _state_in(stat) in "RD":
                    return True
        return False

    @property
    def is_cooked(self) -> bool:
        """Whether the program that has ended left the terminal with lines, echo and signals."""
        cooked: bool = self._await("end", PATIENCE, "has not ended")["cooked"]
        return cooked

    # The keyboard -------------------------------------------------------------------------------

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names for them (`Enter`, `Escape`, `BTab`, `C-t`, `c`)."""
        for key in keys:
            self._let_escape_be_a_key()
            if key in _ALONE:
                time.sleep(_APART)
            self._tmux("send-keys", "--", key if key != ";" else r"\;")
            if key == "Escape":
                self._escaped = time.monotonic()

    def step(self, *keys: str) -> str:
        """Press keys, each after the screen has shown what the one before did; return the screen.

        Keys that come in one burst all go to the widget that has the focus at that moment.
        """
        for key in keys:
            before = self.look()
            self.press(key)
            self.rest(before)
        return self.screen()

    def type(self, text: str) -> None:
        """Type a text, all of it at once."""
        self.send(text.encode())

    def send(self, data: bytes) -> None:
        """Send bytes as they are, be they text or not."""
        self._let_escape_be_a_key()
        for start in range(0, len(data), 512):
            codes = [f"{byte:02x}" for byte in data[start : start + 512]]
            self._tmux("send-keys", "-H", "--", *codes)

    def flood(self, data: bytes) -> None:
        """Send printable text as keys, as fast as the terminal takes it."""
        self._tmux("load-buffer", "-b", "flood", "-", stdin=data)
        # Without -p there are no brackets around it.
        self._tmux("paste-buffer", "-d", "-b", "flood")

    def paste(self, text: str) -> None:
        """Paste a text as a terminal does, in brackets if the program asked for them."""
        self._tmux("load-buffer", "-b", "pasted", "-", stdin=text.encode())
        self._tmux("paste-buffer", "-p", "-d", "-b", "pasted")

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size, of which the program may hear a little later."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    @property
    def tty(self) -> Path:
        """The device that is the program's terminal."""
        return Path(self._tmux("display-message", "-p", "#{pane_tty}").decode().strip())

    @property
    def size(self) -> tuple[int, int]:
        """The columns and rows that the program is told if it asks."""
        opened = os.open(self.tty, os.O_RDONLY | os.O_NOCTTY)
        try:
            columns, rows = os.get_terminal_size(opened)
        finally:
            os.close(opened)
        return columns, rows

    # The screen ---------------------------------------------------------------------------------

    def screen(self) -> str:
        """Return the text on the screen, a line a row, without the spaces at the right."""
        text = self._tmux("capture-pane", "-p").decode()
        return "\n".join(line.rstrip() for line in text.split("\n")[:-1])

    def styled(self) -> str:
        """Return the text on the screen with its colours and attributes, spaces included."""
        return self._tmux("capture-pane", "-p", "-e", "-N").decode()

    def look(self) -> Look:
        """Return what has been written, and all that tmux has made of it."""
        place = ("display-message", "-p", "#{cursor_x} #{cursor_y}")
        picture = self._tmux(*place, ";", "capture-pane", "-p", "-e")
        return Look((self._folder / "output").stat().st_size, picture)

    def rest(self, before: Look | None = None) -> str:
        """Return the screen once the program does nothing and what it wrote is all there.

        Args:
            before: what was there before the program was given something to answer: it is not at
                rest until it has written and the screen has changed.
        """
        # Until then the program waits, too, and does nothing.
        self._let_escape_be_a_key()
        last, quiet = self.look(), 0

        def at_rest() -> bool:
            nonlocal last, quiet
            earlier, last = last, self.look()
            quiet = quiet + 1 if last == earlier and not self.is_at_work else 0
            return quiet >= QUIET_POLLS and (before is None or _has_answered(before, last))

        wait_until(at_rest, PATIENCE, lambda: f"no rest comes:\n{self.framed(self.screen())}")
        return self.screen()

    def wait_for(self, expected: str | Callable[[str], object], timeout: float = PATIENCE) -> str:
        """Return the screen as soon as it holds a text, or a function of it answers true."""
        return self._wait(expected, timeout, gone=False)

    def wait_until_gone(
        self, expected: str | Callable[[str], object], timeout: float = PATIENCE
    ) -> str:
        """Return the screen as soon as it no longer holds a text."""
        return self._wait(expected, timeout, gone=True)

    def _wait(self, expected: str | Callable[[str], object], timeout: float, *, gone: bool) -> str:
        deadline = time.monotonic() + timeout
        while True:
            screen = self.screen()
            found = expected in screen if isinstance(expected, str) else expected(screen)
            if bool(found) is not gone:
                return screen
            if time.monotonic() > deadline:
                what = repr(expected) if isinstance(expected, str) else "what was waited for"
                state = "still" if gone else "not"
                raise AssertionError(f"{what} is {state} on the screen:\n{self.framed(screen)}")
            time.sleep(POLL)

    def framed(self, screen: str) -> str:
        """Return a screen with a border and what is known about the program, for a failure."""
        width = max(map(len, screen.split("\n")))
        rule = "-" * width
        state = "running" if self.status is None else f"ended with {self.status}"
        return f"{rule}\n{screen}\n{rule}\n{self._command} is {state}"

    def modes(self) -> Mapping[str, bool]:
        """Return what tmux knows of the modes that the program has set, by its names for them."""
        values = self._tmux("display-message", "-p", " ".join(f"#{{{flag}}}" for flag in _FLAGS))
        return dict(zip(_FLAGS, (value == "1" for value in values.decode().split()), strict=True))

    def output(self) -> bytes:
        """Return every byte that the program wrote; while it runs, the last may be on their way."""
        file = self._folder / "output"
        if self._read("end") is not None:
            wait_until(lambda: _END_MARK in file.read_bytes(), PATIENCE, lambda: "output goes on")
        return file.read_bytes().partition(_END_MARK)[0]

    # Underneath ---------------------------------------------------------------------------------

    def _let_escape_be_a_key(self) -> None:
        """Wait until what follows Escape is no longer read as Alt and a key."""
        time.sleep(max(self._escaped + _ESCAPE_DELAY - time.monotonic(), 0))

    def _tmux(self, *arguments: str, stdin: bytes = b"", check: bool = True) -> bytes:
        done = subprocess.run(
            ["tmux", "-S", str(self._folder / "s"), "-f", "/dev/null", *arguments],
            input=stdin,
            capture_output=True,
            timeout=_TMUX_SECONDS,
            env=self._base,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"tmux {arguments}: {done.stderr.decode()}")
        return done.stdout

    def _read(self, name: str) -> Any:
        try:
            return json.loads((self._folder / name).read_bytes())
        except FileNotFoundError:
            return None

    def _await(self, name: str, timeout: float, complaint: str) -> Any:
        def there() -> bool:
            return (self._folder / name).exists()

        wait_until(there, timeout, lambda: f"{complaint}:\n{self.framed(self.screen())}")
        return self._read(name)


class OpenApp(Protocol):
    """What the fixture `open_app` returns."""

    def __call__(
        self,
        *arguments: str,
        folder: Path | None = None,
        size: tuple[int, int] = (80, 24),
        env: Mapping[str, str] | None = None,
        command: Sequence[str | Path] | None = None,
    ) -> Terminal:
        """Start the program in a terminal that is closed at the end of the test.

        `folder` holds its home and its data; the test's own is used if there is none. `command`
        replaces the program; the options follow it.
        """
        ...


def wait_until(
    condition: Callable[[], object],
    timeout: float = PATIENCE,
    complaint: Callable[[], str] = lambda: "it did not come true",
) -> None:
    """Wait until a condition is true."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(complaint())
        time.sleep(POLL)


def _has_answered(before: Look, now: Look) -> bool:
    return now.written > before.written and now.picture != before.picture


def text_of(output: bytes) -> bytes:
    """Return what a program wrote without its escape sequences."""
    return _OTHER.sub(b"", _CSI.sub(b"", _OSC.sub(b"", output)))


def modes_left_on(output: bytes) -> set[int]:
    """Return the private modes (25 is the cursor, 1049 the other screen) that are on in the end."""
    modes: dict[int, bool] = {}
    for numbers, switch in _MODE.findall(output):
        for number in numbers.split(b";"):
            modes[int(number)] = switch == b"h"
    return {number for number, is_on in modes.items() if is_on}


def is_running(pid: int) -> bool:
    """Return whether a process is there and has not ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        # It has ended if only its status is left, for a parent that has not asked for it yet.
        return state_of(pid) != "Z"
    except (FileNotFoundError, ProcessLookupError):
        # It has ended since; or there is no /proc to look in.
        return not Path("/proc/self").exists()


def _wait_for_death(pid: int) -> None:
    try:
        wait_until(lambda: not is_running(pid), PATIENCE, lambda: f"it lives on: {_known_of(pid)}")
    except AssertionError:
        os.kill(pid, signal.SIGKILL)
        raise


def state_of(pid: int) -> str:
    """Return the letter for the state of a process, `T` if it is stopped."""
    return _state_in(Path(f"/proc/{pid}/stat"))


def _state_in(stat: Path) -> str:
    """Return the letter for the state of a process or thread, from its file in /proc."""
    return stat.read_text().rpartition(")")[2].split()[0]


def _known_of(pid: int) -> str:
    """Return what is known of a process, for a failure: how it was started, and what it does."""
    known = [str(pid)]
    with suppress(OSError):
        known.append(Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "))
        for thread in Path(f"/proc/{pid}/task").iterdir():
            known.append(_state_in(thread / "stat"))
            known.append((thread / "wchan").read_text())
    return " ".join(known)


# Steps that many tests of the program take -------------------------------------------------------


def open_form(terminal: Terminal, key_name: str) -> str:
    """Open the form from the list and type a name that is free; return the screen."""
    terminal.wait_for("c create")
    terminal.press("c")
    terminal.wait_for("Create a key pair")
    terminal.type(key_name)
    return wait_for_free_name(terminal, key_name)


def wait_for_free_name(terminal: Terminal, key_name: str) -> str:
    """Return the form when it has taken notice of every letter of the name."""
    verdict = f"✓ {len(key_name)}/255 · free in"
    return terminal.wait_for(lambda screen: verdict in screen and "save it as ~/" in screen)


def create_key_pair(
    terminal: Terminal, key_name: str, key_type: str = "rsa", key_format: str = "pem"
) -> str:
    """Create a key pair from the list, by keyboard, and return the screen with its private key."""
    open_form(terminal, key_name)
    if (key_type, key_format) != ("rsa", "pem"):
        terminal.step("Tab", *["Right"] * (key_type == "ed25519"))
    if key_format == "ppk":
        terminal.step("Tab", "Right")
    terminal.wait_for(lambda screen: f"● {key_type}" in screen and f"● {key_format}" in screen)
    terminal.press("Enter")
    # The bars of a screen come before what is between them.
    return terminal.wait_for(
        lambda screen: "asks before it leaves" in screen and "There is no other copy" in screen
    )


def save_key_material(terminal: Terminal) -> str:
    """Save the private key on the screen to the file that is offered; return the screen."""
    terminal.press("s")
    terminal.wait_for("Path")
    terminal.press("Enter")
    return terminal.wait_for(lambda screen: "fingerprint equal" in flat(screen))


def lend_to_agent(terminal: Terminal) -> None:
    """Give an empty agent the private key in hand for eight hours, and leave it there."""
    terminal.press("a")
    terminal.wait_for("holds 0")
    terminal.type("8h")
    terminal.wait_for("✓ 8h, until")
    terminal.press("Enter")
    terminal.wait_for("✓ In the agent until")
    terminal.press("Escape")
    terminal.wait_for("the agent forgets it at")
    terminal.press("Escape")


def records(folder: Path) -> Sequence[Mapping[str, Any]]:
    """Return what is stored of the pairs in us-east-1, by a program of which that is the folder."""
    document = json.loads((folder / "data" / "us-east-1.json").read_bytes())
    return list(document["key_pairs"].values())


def flat(screen: str) -> str:
    """Return a screen as one line with single spaces, for what may be broken across lines.

    The sides of frames are left out.
    """
    return " ".join(screen.replace("│", " ").replace("┃", " ").split())


def fact(screen: str, label: str) -> str:
    """Return the value beside a label, put together again if it goes on below itself."""
    lines = screen.split("\n")
    first = next(i for i, line in enumerate(lines) if line.lstrip().startswith(f"{label} "))
    value = lines[first].lstrip().removeprefix(label).lstrip()
    column = lines[first].index(value)
    for line in lines[first + 1 :]:
        if line[:column].strip() or not line:
            break
        value += line[column:]
    return value
