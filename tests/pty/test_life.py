import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from select import select
from shlex import join
from typing import IO, Self

import pytest

from core.process import GRACE
from core.session import Session
from tests.helpers import PUBLIC_KEY, printed_on
from tests.pty.canary import holds_key, pieces
from tests.pty.terminal import (
    KEYPAIRS,
    PATIENCE,
    OpenApp,
    Terminal,
    create_key_pair,
    flat,
    is_running,
    modes_left_on,
    open_form,
    save_key_material,
    state_of,
    text_of,
    wait_until,
)

CANARY = Path(__file__).with_name("canary.py")

WRAP, CURSOR = 7, 25
KITTY_PUSH, KITTY_POP = rb"\x1b\[>[0-9]*u", rb"\x1b\[<[0-9]*u"


def check_given_back(terminal: Terminal) -> None:
    """Check that a program that has ended, or stopped, left the terminal as it found it."""
    on = {mode for mode, is_on in terminal.modes().items() if is_on}
    assert on == {"cursor_flag", "wrap_flag"}
    output = terminal.output()
    assert modes_left_on(output) == {CURSOR, WRAP}
    assert len(re.findall(KITTY_PUSH, output)) == len(re.findall(KITTY_POP, output)) > 0


@pytest.mark.long
@pytest.mark.parametrize(
    ("number", "status"),
    # SIGINT is the interrupt key, which in the program is a key like others: it ends as by `q`.
    [
        (signal.SIGTERM, 143),
        (signal.SIGHUP, 129),
        (signal.SIGQUIT, 131),
        (signal.SIGINT, 130),
    ],
)
def test_a_signal_ends_the_program_and_gives_the_terminal_back(
    open_app: OpenApp, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    with_list = open_app(folder=tmp_path / "list")
    with_key = open_app(folder=tmp_path / "key")
    create_key_pair(with_key, "interrupted")
    with_key.press("v")
    with_key.wait_for("BEGIN RSA PRIVATE KEY")
    with_list.wait_for("No key pairs")

    for terminal in (with_list, with_key):
        terminal.signal(number)
        assert terminal.wait_for_end() == status
        assert terminal.is_cooked
        check_given_back(terminal)
        assert "PRIVATE KEY" not in terminal.screen()
        assert f"keypairs: ended by {number.name}." in flat(terminal.screen())
    lost = "The private key of interrupted was not saved and is gone: delete the pair."
    assert lost in with_key.screen()
    assert "The private key" not in with_list.screen()

    again = open_app(folder=tmp_path / "key")
    screen = again.wait_for("The last session ended before the private key of interrupted")
    assert "! interrupted" in screen


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_that_the_system_gives_to_another_thread_ends_the_program_too(
    open_app: OpenApp, number: signal.Signals
) -> None:
    terminal = open_app()
    terminal.wait_for("No key pairs")
    wait_until(lambda: sleeps_soundly(terminal.pid))
    threads = {int(thread.name) for thread in Path(f"/proc/{terminal.pid}/task").iterdir()}
    # What kill(2) may choose to do, made certain: tgkill(2).
    other = max(threads - {terminal.pid})
    assert ctypes.CDLL(None).tgkill(terminal.pid, other, number) == 0
    assert terminal.wait_for_end() == 128 + number


def sleeps_soundly(pid: int) -> bool:
    """Return whether nothing wakes the first thread of a process for a while."""
    status = Path(f"/proc/{pid}/task/{pid}/status")
    before = status.read_text()
    time.sleep(2)
    [then, now] = (re.findall("ctxt_switches:.*", text) for text in (before, status.read_text()))
    return then == now


@pytest.mark.long
def test_a_signal_ends_the_wait_for_another_session_in_good_order(
    open_app: OpenApp, session: Session
) -> None:
    terminal = open_app()
    with session.store.locked():
        open_form(terminal, "waits")
        terminal.press("Enter")
        terminal.wait_for("waiting for another session")
        terminal.signal(signal.SIGINT)
        assert terminal.wait_for_end() == 130
    # Cut off after its time of grace, it would not have come to that.
    assert "keypairs: ended by SIGINT." in flat(terminal.screen())
    assert session.backend.describe_key_pairs() == ()


def test_the_program_ends_with_its_terminal_even_if_it_was_told_to_ignore_that(
    open_app: OpenApp,
) -> None:
    deaf = 'trap "" HUP; exec "$@"'
    terminal = open_app(command=["sh", "-c", deaf, "sh", KEYPAIRS])
    terminal.wait_for("No key pairs")
    pid = terminal.pid
    terminal.hang_up()
    wait_until(lambda: not is_running(pid))


@pytest.mark.long
def test_after_stop_and_fg_the_whole_screen_is_there_again(
    tool: Callable[[str], str], tmp_path: Path
) -> None:
    tool("tmux")
    with Terminal(["bash", "--norc", "-i"], home=tmp_path / "home") as terminal:
        stop_and_continue(terminal, [KEYPAIRS, "--data-dir", tmp_path / "data"])


def stop_and_continue(terminal: Terminal, command: Sequence[str | Path]) -> None:
    terminal.type("PS1='ready '\r")
    terminal.wait_for(lambda screen: screen.rstrip().endswith("\nready"))
    terminal.type(f"sh -c 'echo $$ >pid; exec {join(map(str, command))}'\r")
    terminal.wait_for("No key pairs")
    open_form(terminal, "stopped")
    before = terminal.rest()

    terminal.press("C-z")
    terminal.wait_for("Stopped")
    terminal.wait_for(lambda screen: screen.rstrip().endswith("ready"))
    assert "Create a key pair" not in terminal.screen()
    assert not terminal.modes()["alternate_on"]
    assert not terminal.modes()["mouse_any_flag"]
    assert terminal.modes()["cursor_flag"]

    terminal.type("fg\r")
    terminal.wait_for(lambda screen: screen == before)
    terminal.type("-and-back")
    terminal.wait_for("stopped-and-back")
    terminal.press("Escape")
    terminal.wait_for("No key pairs")
    terminal.press("q")
    terminal.wait_for("ready")
    assert not terminal.modes()["alternate_on"]


@pytest.mark.long
def test_who_is_stopped_without_a_word_goes_on_with_one_reader_and_gives_the_terminal_back(
    open_app: OpenApp,
) -> None:
    terminal = open_app()
    terminal.wait_for("No key pairs")
    open_form(terminal, "st")
    threads = threads_of(terminal)
    for _ in range(3):
        terminal.signal(signal.SIGSTOP)
        wait_until(lambda: state_of(terminal.pid) == "T")
        terminal.signal(signal.SIGCONT)
        terminal.rest()
    assert threads_of(terminal) <= threads
    terminal.type("opped-and-back")
    terminal.wait_for("stopped-and-back")
    terminal.press("Escape")
    terminal.wait_for("No key pairs")
    terminal.press("q")
    assert terminal.wait_for_end() == 0
    assert terminal.is_cooked


def threads_of(terminal: Terminal) -> int:
    return len(list(Path(f"/proc/{terminal.pid}/task").iterdir()))


# Crashes -----------------------------------------------------------------------------------------


def crash(terminal: Terminal, where: str) -> None:
    create_key_pair(terminal, "crashed", "ed25519")
    if where == "thread":
        terminal.press("s")
        terminal.wait_for("Path")
        terminal.press("Enter")
    else:
        terminal.press("v")


@pytest.mark.long
def test_a_crash_reports_itself_gives_the_terminal_back_and_shows_nothing_of_the_key(
    open_app: OpenApp, tmp_path: Path
) -> None:
    def start(where: str, without: str = "") -> Terminal:
        faults = {"CANARY_FAULT": where, "CANARY_WITHOUT": without}
        folder = tmp_path / f"{where}{without}"
        return open_app(folder=folder, command=[sys.executable, CANARY], env=faults)

    places = ("handler", "worker", "thread", "drawing")
    terminals = {where: start(where) for where in places}
    unguarded = start("handler", without="report")
    known = pieces()

    for where, terminal in terminals.items():
        crash(terminal, where)
        assert terminal.wait_for_end() == 1, where
        assert terminal.is_cooked
        check_given_back(terminal)
        output = text_of(terminal.output())
        assert b"Traceback" in output, where
        assert b"canary.py" in output, where
        assert b"RuntimeError: planted, with " in output, where
        assert b"in reach\x1bc" not in terminal.output(), where
        assert not holds_key(output, known), where

    # With Textual's own report the key is there: this proves that the search above can find it.
    crash(unguarded, "handler")
    unguarded.wait_for_end()
    assert holds_key(text_of(unguarded.output()), known)


NONSENSE = {
    "no UTF-8": b"\xff\xfe",
    "Latin-1": b"t\xeate",
    "mouse of 8 bits": b"\x1b[M\xff\xff\xff",
    "a huge number": b"\x1b[999999999999A",
    "no character": b"\x1b[1114112;1u",
    "thrice": b"\x1b[999999999999A" * 3,
}


@pytest.mark.long
def test_bytes_that_are_no_text_do_not_lose_a_private_key(open_app: OpenApp) -> None:
    terminal = open_app()
    create_key_pair(terminal, "survivor", "ed25519")
    for what, nonsense in NONSENSE.items():
        # In one burst: what follows the nonsense is not lost with it.
        terminal.send(nonsense + b"s")
        terminal.wait_for("Save the private key")
        terminal.press("Escape")
        terminal.wait_for("asks before it leaves")
        assert terminal.status is None, what
    save_key_material(terminal)
    assert terminal.status is None


# Starts that are refused -------------------------------------------------------------------------


def run_on_terminals(
    arguments: Sequence[str | Path],
    home: Path,
    env: Mapping[str, str],
    redirected: Mapping[str, Path] | None = None,
) -> tuple[int, str, str]:
    """Return the status, the output and the errors of the program.

    Every standard stream is a terminal of its own, but for those that are `redirected` to a file.
    """
    home.mkdir(mode=0o700, exist_ok=True)
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        **env,
    }
    ends = {name: os.openpty() for name in ("stdin", "stdout", "stderr")}
    files = {name: path.open("w+b") for name, path in (redirected or {}).items()}
    streams: Mapping[str, IO[bytes] | int]
    streams = {name: files.get(name, slave) for name, (_, slave) in ends.items()}
    process = subprocess.Popen(
        [KEYPAIRS, *arguments],
        env=environment,
        cwd=home,
        stdin=streams["stdin"],
        stdout=streams["stdout"],
        stderr=streams["stderr"],
    )
    try:
        status = process.wait(timeout=10)
    finally:
        process.kill()
        process.wait()
        for _, slave in ends.values():
            os.close(slave)
        read = {name: printed_on(master) for name, (master, _) in ends.items()}
        for master, _ in ends.values():
            os.close(master)
    for name, file in files.items():
        with file:
            file.seek(0)
            read[name] += file.read()
    return status, read["stdout"].decode(), read["stderr"].decode().replace("\r\n", "\n")


def check_refused(result: tuple[int, str, str], *said: str) -> None:
    status, output, errors = result
    assert status == 2, result
    assert output == ""
    assert errors.startswith("keypairs: ")
    assert errors.endswith("\n")
    assert errors[:-1].isprintable(), errors
    assert all(text in errors for text in said), errors


@pytest.mark.parametrize(
    ("stream", "said"),
    [("stdin", "Standard input"), ("stdout", "Standard output"), ("stderr", "Standard error")],
)
def test_a_redirected_stream_is_refused(tmp_path: Path, stream: str, said: str) -> None:
    home = tmp_path / "home"
    result = run_on_terminals([], home, {}, {stream: tmp_path / "redirected"})
    check_refused(result, f"{said} is not a terminal")
    assert list(home.iterdir()) == []


def test_a_redirect_in_the_shell_gets_one_line_and_the_terminal_nothing(
    open_app: OpenApp,
) -> None:
    terminal = open_app(command=["sh", "-c", 'exec "$@" 2>errors', "sh", KEYPAIRS])
    assert terminal.wait_for_end() == 2
    assert terminal.output() == b""
    errors = (terminal.home / "errors").read_text()
    assert errors == (
        "keypairs: Standard error is not a terminal. Run it in one, without redirects.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "env", "said"),
    [
        pytest.param([], {"TERM": "dumb"}, "TERM=dumb", id="dumb terminal"),
        pytest.param(["--region", "mars-1"], {}, "mars-1", id="Region of the option"),
        pytest.param([], {"KEYPAIRS_REGION": "mars-1"}, "mars-1", id="Region of our variable"),
        pytest.param([], {"AWS_REGION": "mars-1"}, "mars-1", id="Region of AWS's variable"),
        pytest.param(["--region", "a\x1b[31m\nb"], {}, "not a Region", id="Region of escapes"),
        pytest.param(["--data-dir", "file"], {}, "is not a folder", id="a file"),
        pytest.param(["--data-dir", "file/data"], {}, "cannot make the folder", id="below a file"),
        pytest.param(["--data-dir", "open"], {}, "chmod 700", id="folder open to others"),
        pytest.param(["--data-dir", "shared"], {}, "chmod 700", id="folder open to the group"),
        pytest.param([], {"KEYPAIRS_DATA_DIR": "open"}, "chmod 700", id="folder of our variable"),
        pytest.param(
            [], {"XDG_DATA_HOME": "/dev/null"}, "cannot make the folder", id="the usual folder"
        ),
        pytest.param(["--data-dir", "file/a\nb"], {}, "a\\u{a}b", id="folder with a line break"),
    ],
)
def test_a_start_that_cannot_work_is_refused_in_one_line(
    tmp_path: Path, arguments: Sequence[str], env: Mapping[str, str], said: str
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "file").touch()
    for name, mode in (("open", 0o707), ("shared", 0o770)):
        (home / name).mkdir()
        (home / name).chmod(mode)
    check_refused(run_on_terminals(arguments, home, env), said)
    assert sorted(path.name for path in home.rglob("*")) == ["file", "open", "shared"]


@pytest.mark.long
def test_the_region_is_taken_from_the_nearest_of_its_sources(
    open_app: OpenApp, tmp_path: Path
) -> None:
    sources = {
        "KEYPAIRS_REGION": "eu-west-1",
        "AWS_REGION": "eu-west-2",
        "AWS_DEFAULT_REGION": "eu-west-3",
    }
    names = list(sources)
    cases: Sequence[tuple[Sequence[str], Mapping[str, str], str]] = (
        (["--region", "eu-north-1"], sources, "eu-north-1"),
        ([], sources, "eu-west-1"),
        ([], {name: sources[name] for name in names[1:]}, "eu-west-2"),
        ([], {name: sources[name] for name in names[2:]}, "eu-west-3"),
        ([], {**sources, "KEYPAIRS_REGION": ""}, "eu-west-2"),
        ([], {}, "us-east-1"),
    )
    terminals = [
        open_app(*arguments, folder=tmp_path / str(number), env=env)
        for number, (arguments, env, _) in enumerate(cases)
    ]
    for terminal, (_, _, region) in zip(terminals, cases, strict=True):
        screen = terminal.wait_for("No key pairs")
        assert f" {region} " in screen.split("\n")[0] and "   0 pairs  " in screen.split("\n")[0]


# Sizes -------------------------------------------------------------------------------------------


def check_sizes(terminal: Terminal, title: str, last: str, hint: str) -> None:
    """Check the screen that is open at other sizes, and that it comes back as it was.

    `last` is what it shows when nothing more is on its way.
    """

    def is_whole(screen: str) -> bool:
        lines = screen.split("\n")
        ends_well = lines[-1].strip().startswith(hint)
        return f" {title} " in lines[0] and last in screen and ends_well

    def is_small(screen: str) -> bool:
        # The way out, or to the help, is there whole, and the title as far as it goes.
        lines = screen.split("\n")
        region, shown = lines[0].strip().removesuffix("…")[:9], lines[0].strip(" …")[9:]
        ways_out = ("esc back", "esc leave", "? help", "f1 help")
        is_taught = any(way in lines[-1] for way in ways_out)
        return region == "us-east-1" and title.startswith(shown.lstrip(" ›")) and is_taught

    terminal.wait_for(is_whole)
    before = terminal.rest()
    terminal.resize(20, 5)
    terminal.wait_for(is_small)
    terminal.resize(200, 60)
    wide = terminal.wait_for(is_whole)
    assert len(wide.split("\n")) == 60
    terminal.resize(1, 1)
    terminal.resize(80, 24)
    terminal.wait_for(lambda screen: screen == before)


@pytest.mark.long
def test_every_screen_survives_every_size(open_app: OpenApp, tmp_path: Path) -> None:
    terminal = open_app()
    terminal.wait_for("No key pairs")
    check_sizes(terminal, "0 pairs", "c  create a key pair", "c create")
    open_form(terminal, "elastic")
    check_sizes(terminal, "Create a key pair", "elastic.pem", "enter create")
    terminal.press("Enter")
    terminal.wait_for("asks before it leaves")
    check_sizes(terminal, "The private key of elastic", "Not saved", "enter save")
    terminal.step("v")
    terminal.wait_for("v hide")
    check_sizes(terminal, "The private key of elastic", "BEGIN RSA", "enter save   a agent")
    terminal.press("s")
    terminal.wait_for("Path")
    check_sizes(terminal, "Save the private key of elastic", "! the folder", "enter save")
    terminal.press("Escape")
    terminal.wait_for("asks before it leaves")
    terminal.press("Escape")
    terminal.wait_for("To give the private key up, type elastic")
    check_sizes(terminal, "Leave without the private key?", "keep it", "enter delete the pair")
    # Alive: the name is taken and the pair kept.
    terminal.type("elastic")
    terminal.wait_for("▌ elastic")
    terminal.step("Tab", "Right")
    terminal.press("Enter")
    terminal.wait_for("! elastic")
    check_sizes(terminal, "1 pair", "the pair stays", "c create")
    document = json.loads((tmp_path / "data" / "us-east-1.json").read_bytes())
    assert [record["KeyName"] for record in document["key_pairs"].values()] == ["elastic"]


@pytest.mark.long
def test_a_storm_of_sizes_is_survived(open_app: OpenApp) -> None:
    terminal = open_app()
    create_key_pair(terminal, "weathered", "ed25519")
    before = terminal.rest()
    for turn in range(100):
        terminal.resize(*((1, 1), (200, 60), (1, 60), (200, 1), (20, 5))[turn % 5])
    terminal.resize(80, 24)
    terminal.wait_for(lambda screen: screen == before)
    save_key_material(terminal)
    assert terminal.status is None


# Terminals that are gone or stuck ----------------------------------------------------------------


CTRL_L = b"\x0c"


class BareTerminal:
    """The program in a pseudo-terminal of the test's own, which it can leave unread or close.

    It says that it is 0 columns wide and 0 rows high, as a serial line does.
    """

    def __init__(self, home: Path, *, deaf: bool = False) -> None:
        home.mkdir(mode=0o700)
        self._master, slave = os.openpty()
        self._output = b""
        environment = {"PATH": os.defpath, "HOME": str(home), "TERM": "xterm", "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            [*(["sh", "-c", 'trap "" HUP; exec "$@"', "sh"] if deaf else []), KEYPAIRS],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            cwd=home,
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.hang_up()

    def read_until(self, text: bytes) -> None:
        """Read what it writes until a text comes."""
        deadline = time.monotonic() + PATIENCE
        while text not in text_of(self._output):
            assert time.monotonic() < deadline, self._output
            if select([self._master], [], [], 0.1)[0]:
                self._output += os.read(self._master, 65536)

    @property
    def amount_read(self) -> int:
        """How many bytes were read from it."""
        return len(self._output)

    def type(self, data: bytes) -> None:
        """Type, without waiting for an answer."""
        os.write(self._master, data)

    def hang_up(self) -> None:
        """Take the terminal away."""
        with suppress(OSError):
            os.close(self._master)


@pytest.mark.long
def test_a_terminal_that_does_not_know_its_size_is_drawn_once(tmp_path: Path) -> None:
    with BareTerminal(tmp_path / "home") as terminal:
        terminal.read_until(b"No key pairs")
        assert terminal.amount_read < 50_000


@pytest.mark.long
@pytest.mark.parametrize("deaf", [False, True])
def test_a_terminal_that_goes_while_much_is_written_to_it_takes_the_program_along(
    tmp_path: Path, deaf: bool
) -> None:
    with BareTerminal(tmp_path / "home", deaf=deaf) as terminal:
        terminal.read_until(b"No key pairs")
        # Each opens a screen and closes it; nothing of that is read. They are so many that the
        # thread that reads the keyboard would take half a minute to find out.
        terminal.type(b"?\x1b" * 200)
        time.sleep(0.5)
        terminal.hang_up()
        assert terminal.process.wait(timeout=PATIENCE) == 129


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_terminal_that_takes_nothing_more_does_not_hold_the_program(
    tmp_path: Path, number: signal.Signals
) -> None:
    with BareTerminal(tmp_path / "home") as terminal:
        terminal.read_until(b"No key pairs")
        # Each has the whole screen sent again, and nothing of that is read.
        terminal.type(CTRL_L * 200)
        time.sleep(2)
        terminal.process.send_signal(number)
        assert terminal.process.wait(timeout=GRACE + PATIENCE) == 128 + number


LEAVING = """
import os, sys, time
from pathlib import Path
from core import process
from core.checks import check_up as checks
from core.disk import replacing
from tui.__main__ import main

def check_up(*_):
    Path("under-way").touch()
    time.sleep(60)
    yield

def replace_file(*arguments, **options):
    Path("under-way").touch()
    time.sleep(3)
    return replace(*arguments, **options)

replace = replacing.replace_file
process.GRACE = 0.5
checks.check_up, replacing.replace_file = check_up, replace_file
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.long
@pytest.mark.parametrize("work", ["look", "change"])
def test_who_quits_waits_for_a_change_and_not_for_a_look(
    open_app: OpenApp, tmp_path: Path, work: str
) -> None:
    terminal = open_app(
        command=[sys.executable, "-c", LEAVING], env={"PYTHONPATH": str(CANARY.parents[2])}
    )
    terminal.wait_for("No key pairs")
    if work == "look":
        terminal.press("D")
    else:
        terminal.press("i")
        terminal.wait_for("Import a public key")
        terminal.type("written")
        terminal.step("Tab")
        terminal.paste(PUBLIC_KEY)
        terminal.wait_for("EC2 will show")
        terminal.press("Enter")
    wait_until((terminal.home / "under-way").exists)
    terminal.press("C-q")
    assert terminal.wait_for_end(timeout=PATIENCE) == 0
    check_given_back(terminal)
    assert (tmp_path / "data" / "us-east-1.json").exists() == (work == "change")


@pytest.mark.long
@pytest.mark.parametrize("leaves", ["C-q", "SIGTERM", "SIGHUP"])
def test_who_leaves_while_a_pair_is_written_is_kept_with_its_key_or_told_of_it(
    open_app: OpenApp, tmp_path: Path, leaves: str
) -> None:
    slow = LEAVING.replace("process.GRACE = 0.5\n", "")
    environment = {"PYTHONPATH": str(CANARY.parents[2])}
    terminal = open_app(command=[sys.executable, "-c", slow], env=environment)
    terminal.wait_for("No key pairs")
    open_form(terminal, "written")
    terminal.press("Enter")
    wait_until((terminal.home / "under-way").exists)
    if leaves == "C-q":
        # Pressed before that it would be for the screen that comes.
        terminal.wait_for("waiting for the disk")
        terminal.press("C-q")
        terminal.wait_for("The pair is being written, and its private key is only here")
        terminal.wait_for("There is no other copy")
        return
    terminal.signal(signal.Signals[leaves])
    assert terminal.wait_for_end() == 128 + signal.Signals[leaves]
    lost = "The private key of written was not saved and is gone: delete the pair."
    assert lost in flat(terminal.screen())
    again = open_app()
    again.wait_for("The last session ended before the private key of written")


def test_a_program_without_any_terminal_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [KEYPAIRS],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={"PATH": os.defpath, "HOME": str(tmp_path), "TERM": "xterm"},
        start_new_session=True,
        timeout=PATIENCE,
        check=False,
    )
    check_refused((done.returncode, done.stdout.decode(), done.stderr.decode()), "Standard input")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&-", "0<&- 1>&- 2>&-"])
def test_a_closed_stream_is_refused_like_one_that_leads_elsewhere(
    open_app: OpenApp, closed: str
) -> None:
    terminal = open_app(command=["sh", "-c", f'exec "$@" {closed}', "sh", KEYPAIRS])
    assert terminal.wait_for_end() == 2
    said = terminal.output().decode()
    # What can be said goes to the stream that is left.
    assert said.count("\n") == (0 if "2>&-" in closed and "1>&-" in closed else 1)
    assert "Traceback" not in said
    assert not (terminal.home.parent / "data").exists()


@pytest.mark.parametrize("env", [{"TEXTUAL_THEME": "nord"}, {"TERM": "linux"}], ids=str)
def test_it_starts_with_another_theme_than_its_own(
    open_app: OpenApp, env: Mapping[str, str]
) -> None:
    open_app(env=env).wait_for("No key pairs")
