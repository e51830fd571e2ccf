"""Ctrl+C ends each command while it waits for what never comes: a reader, a writer, a lock, a host.

Each row starts the program, waits until it rests, and interrupts it. What it waits for stays silent
to the end of the test, so that only the interrupt can have ended it.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import pytest

from core.store.region_store import RegionStore
from tests.core.store_records import write_region
from tests.helpers import SECONDS

ROOT = Path(__file__).parents[3]
REGION = "us-east-1"
ID = "key-00000000000000001"
AT_ONCE = 4
"""How many programs wait at a time."""

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="only Linux tells that a program rests"
)


@dataclass
class Silence:
    """Everything that a command can wait for, none of which ever answers."""

    folder: Path
    data: Path
    stack: ExitStack
    _kept: list[socket.socket] = field(default_factory=list)

    def full_pipe(self) -> int:
        """Return the end of a pipe that takes nothing more."""
        reader, writer = self._pipe()
        os.set_blocking(writer, False)
        try:
            while True:
                os.write(writer, bytes(4096))
        except BlockingIOError:
            os.set_blocking(writer, True)
        assert reader
        return writer

    def empty_pipe(self) -> int:
        """Return the end of a pipe into which nothing is written."""
        return self._pipe()[0]

    def fifo(self) -> Path:
        """Return the path of a pipe that nobody opens for writing."""
        path = self.folder / "fifo"
        if not path.exists():
            os.mkfifo(path)
        return path

    def agent(self) -> str:
        """Return the path of an agent that takes connections and says nothing."""
        listening = socket.socket(socket.AF_UNIX)
        path = str(self.folder / f"agent-{listening.fileno()}")
        listening.bind(path)
        return self._listen(listening, path)

    def forgetful_agent(self) -> str:
        """Return the path of an agent that lists no keys, and says nothing to one that is added."""
        path = self.agent()
        listening = self._kept[-1]

        def answer() -> None:
            with listening.accept()[0] as first:
                first.recv(5)
                first.sendall(b"\0\0\0\5\x0c\0\0\0\0")

        Thread(target=answer, daemon=True).start()
        return path

    def host(self) -> str:
        """Return the URL of an EC2 that takes connections and says nothing."""
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        return self._listen(listening, f"http://127.0.0.1:{listening.getsockname()[1]}")

    def _pipe(self) -> tuple[int, int]:
        ends = os.pipe()
        for end in ends:
            self.stack.callback(os.close, end)
        return ends

    def _listen(self, listening: socket.socket, where: str) -> str:
        listening.listen()
        self._kept.append(self.stack.enter_context(listening))
        return where


@dataclass(frozen=True)
class Row:
    """A command, and what it waits for; `locked` is whether another session holds the Region.

    `keys` is whether the environment has credentials.
    """

    arguments: tuple[str | Path, ...]
    stdin: int = subprocess.DEVNULL
    stdout: int = subprocess.DEVNULL
    agent: str = ""
    locked: bool = False
    keys: bool = True


Make = Callable[[Silence], Row]

CREATE = ("create-key-pair", "--key-type", "ed25519", "--key-name", "x")
IMPORT = ("import-key-pair", "--key-name", "x", "--public-key-material")


def to_full_pipe(*arguments: str) -> Make:
    return lambda silence: Row(arguments, stdout=silence.full_pipe())


def locked(*arguments: str) -> Make:
    return lambda _: Row(arguments, locked=True)


def of_ec2(*arguments: str) -> Make:
    return lambda silence: Row((*arguments, "--endpoint-url", silence.host(), "--region", REGION))


QUICK: dict[str, Make] = {
    "find reads a pipe": lambda s: Row(("find", "-"), stdin=s.empty_pipe()),
    "find prints into a full pipe": to_full_pipe("find", "--all", "/dev/null"),
    "help into a full pipe": to_full_pipe("--help"),
    "a pair is deleted into a full pipe": to_full_pipe("delete-key-pair", "--key-name", "pair-3"),
    "a key is printed into a full pipe": to_full_pipe(*CREATE),
    "doctor asks the agent": lambda s: Row(("doctor",), agent=s.agent()),
    "a key goes to the agent": lambda s: Row((*CREATE, "--agent"), agent=s.forgetful_agent()),
    "tags wait for the lock": locked("create-tags", "--resources", ID, "--tags", "Key=a,Value=b"),
    "EC2 is silent": of_ec2("describe-key-pairs"),
}
"""One of each kind."""

OTHERS: dict[str, Make] = {
    "list into a full pipe": to_full_pipe("list"),
    "show into a full pipe": to_full_pipe("show", "pair-1"),
    "describe into a full pipe": to_full_pipe("describe-key-pairs"),
    "doctor into a full pipe": to_full_pipe("doctor", "--json"),
    "completion into a full pipe": to_full_pipe("completion", "bash"),
    "find asks the agent": lambda s: Row(("find", "--agent"), agent=s.agent()),
    "a pair waits for the lock": locked(*CREATE),
    "a pair that is deleted waits for the lock": locked("delete-key-pair", "--key-name", "pair-1"),
    "tags that go wait for the lock": locked("delete-tags", "--resources", ID),
    "wait waits": locked("wait", "key-pair-exists", "--key-names", "none"),
    "material is read from a FIFO": lambda s: Row((*IMPORT, f"file://{s.fifo()}")),
    "material is read from a pipe": lambda s: Row((*IMPORT, "-"), stdin=s.empty_pipe()),
    "a request is read from a FIFO": lambda s: Row(
        ("describe-key-pairs", "--cli-input-json", f"file://{s.fifo()}")
    ),
    "a passphrase is read from a FIFO": lambda s: Row(
        (*CREATE, "--save", "x.ppk", "--save-format", "ppk3", "--passphrase-file", s.fifo())
    ),
    "EC2 is silent to list": of_ec2("list"),
    "EC2 is silent to doctor": of_ec2("doctor"),
    "EC2 is silent to a new pair": of_ec2(*CREATE),
}


@contextmanager
def waiting(row: Row, silence: Silence) -> Iterator["subprocess.Popen[str]"]:
    """Run a command until it rests."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(silence.folder),
        "KEYPAIRS_DATA_DIR": str(silence.data / ("locked" if row.locked else "free")),
        **(
            {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "none"}
            if row.keys
            else {}
        ),
        "PYTHONPATH": str(ROOT),
        **({"SSH_AUTH_SOCK": row.agent} if row.agent else {}),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tui", *row.arguments],
        env=environment,
        cwd=silence.folder,
        stdin=row.stdin,
        stdout=row.stdout,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def until_it_rests(running: "subprocess.Popen[str]") -> None:
    """Wait until a program has used no processor for a while, and not the first it needs."""
    calm, before = 0, -1
    deadline = time.monotonic() + SECONDS
    while calm < 15:
        assert running.poll() is None, f"it ended by itself: {running.communicate()[1]}"
        assert time.monotonic() < deadline, "it never comes to rest"
        fields = Path(f"/proc/{running.pid}/stat").read_text().rpartition(")")[2].split()
        used = int(fields[11]) + int(fields[12])
        calm = calm + 1 if fields[0] == "S" and used == before > 0 else 0
        before = used
        time.sleep(0.01)


def interrupted(rows: dict[str, Make], folder: Path) -> Iterator[str]:
    """Yield what is wrong with the end of each command."""
    data = folder / "data"
    data.mkdir()
    for each in ("free", "locked"):
        write_region(data / each, 3)
    names = list(rows)
    with RegionStore(data / "locked", REGION).locked():
        for start in range(0, len(names), AT_ONCE):
            with ExitStack() as stack:
                silence = Silence(folder, data, stack)
                begun = {
                    name: stack.enter_context(waiting(rows[name](silence), silence))
                    for name in names[start : start + AT_ONCE]
                }
                for running in begun.values():
                    until_it_rests(running)
                for running in begun.values():
                    running.send_signal(signal.SIGINT)
                for name, running in begun.items():
                    try:
                        errors = running.communicate(timeout=SECONDS)[1]
                    except subprocess.TimeoutExpired:
                        yield f"{name}: it goes on"
                        continue
                    if running.returncode != 130 or "Traceback" in errors:
                        yield f"{name}: {running.returncode}, {errors}"


@pytest.mark.long
def test_ctrl_c_ends_what_waits_for_what_never_comes(tmp_path: Path) -> None:
    assert list(interrupted(QUICK, tmp_path)) == []


@pytest.mark.long
def test_ctrl_c_ends_everything_else_that_waits(tmp_path: Path) -> None:
    assert list(interrupted(OTHERS, tmp_path)) == []


@pytest.mark.long
def test_ctrl_c_ends_at_once_the_program_that_is_asked_for_credentials(tmp_path: Path) -> None:
    """It gets no Ctrl+C from the terminal, and is not waited for."""
    program, process = tmp_path / "program", tmp_path / "process"
    program.write_text(f"#!/bin/sh\necho $$ > {process}\nexec sleep 600\n")
    program.chmod(0o700)
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(f"[profile p]\ncredential_process = {program}\n")
    arguments = ("describe-key-pairs", "--profile", "p", "--region", REGION)
    took = []
    for _ in range(5):  # the least counts: something else may take the processor
        with ExitStack() as stack:
            silence = Silence(tmp_path, tmp_path, stack)
            with waiting(Row(arguments, keys=False), silence) as running:
                until_it_rests(running)
                before = time.monotonic()
                running.send_signal(signal.SIGINT)
                assert running.wait(SECONDS) == 130
                took.append(time.monotonic() - before)
        assert not Path(f"/proc/{process.read_text().strip()}").exists()
        if took[-1] < 0.2:
            break
    assert min(took) < 0.2


def test_ctrl_c_while_a_command_is_loaded_is_no_traceback(tmp_path: Path) -> None:
    """Every module of it is interrupted while it is imported."""
    code = """
import os, signal, sys
from importlib.machinery import SourceFileLoader
from tui.__main__ import program
execute = SourceFileLoader.exec_module
count = 0
place = int(sys.argv.pop(1))
def interrupted(self, module):
    global count
    count += 1
    if count == place:
        os.kill(os.getpid(), signal.SIGINT)
    return execute(self, module)
SourceFileLoader.exec_module = interrupted
program()
"""
    for number in (1, 5, 20):
        done = subprocess.run(
            [sys.executable, "-c", code, str(number), "doctor", "--data-dir", tmp_path],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        assert (done.returncode, done.stdout) == (130, ""), done
        assert done.stderr == "\nkeypairs: stopped.\n"


def test_ctrl_c_while_the_program_is_imported_prints_no_traceback() -> None:
    script = """
import os, signal, sys

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == "tui.commands.streams":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
from tui.__main__ import program
"""
    command = [sys.executable, "-c", script]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    assert (ended.stderr, ended.returncode) == ("", -signal.SIGINT)


def test_the_answer_to_ctrl_c_is_pythons_own_once_the_program_is_imported() -> None:
    for before in ("SIG_IGN", "default_int_handler"):
        script = f"""
import signal
signal.signal(signal.SIGINT, signal.{before})
import tui.__main__
assert signal.getsignal(signal.SIGINT) == signal.{before}
"""
        subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, timeout=SECONDS)
