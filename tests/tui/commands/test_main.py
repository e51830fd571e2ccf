import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
import tty
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest

from core import choices, process
from core.ec2.place import Ec2Choice
from core.errors import SettingsError
from core.store.region_store import RegionStore
from tests.each_row import each_row
from tests.helpers import quickly, session_over
from tests.tui.commands.calling import call
from tui import environment, places

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data folder whose only file lost its last byte, and `web-2` with it."""
    store = RegionStore(tmp_path / "data", "us-east-1")
    session = session_over(store)
    for name in ("web-1", "web-2"):
        session.backend.create_key_pair(key_name=name, key_type="ed25519")
        time.sleep(0.05)  # the times of files are coarse
    store.path.write_bytes(store.path.read_bytes()[:-1])
    return store.path.parent


def names(folder: Path) -> set[str]:
    return set(RegionStore(folder, "us-east-1").read().names)


def run(
    *arguments: str | Path, answer: str | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `keypairs` with a terminal to answer on, or with an empty input."""
    ours, theirs = pty.openpty()
    try:
        if answer is not None:
            os.write(ours, answer.encode())
        return subprocess.run(
            [sys.executable, "-m", "tui", *arguments],
            stdin=subprocess.DEVNULL if answer is None else theirs,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)


# With the counts: hundreds of names may stand above it, of which only the last are in sight.
QUESTION = "Restore us-east-1 from the backup (stay: 1, come back: 0, known to be lost: 1)? [y/N] "


def test_restore_shows_the_change_and_makes_it_after_a_yes(folder: Path) -> None:
    done = run("restore", "us-east-1", "--data-dir", folder, answer="y\n")
    assert done.returncode == 0, done
    path = folder / "us-east-1.json"
    lines = done.stdout.splitlines()
    assert lines[0] == f"File: {path}"
    assert lines[1] == "Damage: its checksum does not match: it was cut off or changed"
    assert lines[2] == f"Backup: {path}.bak"
    assert lines[3] == "Backup's generation: 1"
    since = "Done since: CreateKeyPair web-2"
    # The counts stand before the names too: these may be hundreds.
    counts = "In short: stay: 1, come back: 0, known to be lost: 1"
    assert lines[5:] == ["Backup's key pairs: 1", counts, "Stays: web-1", since, "Lost: web-2"]
    assert done.stderr.startswith(f"{QUESTION}keypairs: Restored ")
    (aside,) = folder.glob("*.damaged-*")
    assert str(aside) in done.stderr
    assert names(folder) == {"web-1"}


def test_restore_names_what_is_lost_by_the_journal_where_the_file_cannot_be_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "us-east-1.json").write_bytes(b"")
    assert call("restore", "us-east-1", "--yes", "--data-dir", folder) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[7:] == [
        "Comes back: web-1",
        "Done since: CreateKeyPair web-2",
        "Lost: web-2",
    ]


def test_restore_says_that_it_knows_of_nothing_lost_only_as_far_as_it_can_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "us-east-1.json").write_bytes(b"")
    (folder / "journal.jsonl").unlink()
    assert call("restore", "us-east-1", "--yes", "--data-dir", folder) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[7:] == ["Comes back: web-1", "Lost: none whose name can still be read"]


@pytest.mark.parametrize("answer", ["\n", "n\n", "no\n", "yep\n", "\x04"])
def test_anything_but_a_yes_restores_nothing(answer: str, folder: Path) -> None:
    before = (folder / "us-east-1.json").read_bytes()
    done = run("restore", "us-east-1", "--data-dir", folder, answer=answer)
    assert done.returncode == 1, done
    assert done.stderr.endswith("keypairs: Nothing was changed.\n")
    assert (folder / "us-east-1.json").read_bytes() == before
    assert not list(folder.glob("*.damaged-*"))


def test_a_terminal_that_a_killed_program_left_raw_takes_an_answer(folder: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        tty.setraw(theirs)
        with subprocess.Popen(
            [sys.executable, "-m", "tui", "restore", "us-east-1", "--data-dir", folder],
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=ROOT,
        ) as running:
            assert running.stderr is not None
            while not running.stderr.read(1).endswith(b"]"):
                pass
            while not termios.tcgetattr(theirs)[3] & termios.ICANON:
                assert running.poll() is None
            # Enter sends this; as it was left, the line would never end.
            os.write(ours, b"n\r")
            try:
                assert running.wait(60) == 1
            finally:
                running.kill()  # else a failure would wait for it for ever
        assert termios.tcgetattr(theirs)[3] & termios.ICANON
    finally:
        os.close(ours)
        os.close(theirs)


def test_an_interrupted_command_says_so_in_a_line(folder: Path) -> None:
    before = (folder / "us-east-1.json").read_bytes()
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "tui", "restore", "us-east-1", "--data-dir", folder],
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=ROOT,
        ) as running:
            assert running.stderr is not None
            said = running.stderr.read(len(QUESTION))
            running.send_signal(signal.SIGINT)
            try:
                assert running.wait(60) == 130
            finally:
                running.kill()  # else a failure would wait for it for ever
            said += running.stderr.read()
    finally:
        os.close(ours)
        os.close(theirs)
    assert said == f"{QUESTION}\nkeypairs: stopped.\n".encode()
    assert (folder / "us-east-1.json").read_bytes() == before


@pytest.mark.long
def test_without_a_terminal_to_ask_on_yes_has_to_be_given(folder: Path) -> None:
    done = run("restore", "us-east-1", "--data-dir", folder)
    assert done.returncode == 2
    assert "Add --yes" in done.stderr
    done = run("--data-dir", folder, "restore", "us-east-1", "--yes")
    assert done.returncode == 0, done
    assert "y/N" not in done.stderr
    assert names(folder) == {"web-1"}
    done = run("restore", "us-east-1", "--yes", environment={"KEYPAIRS_DATA_DIR": str(folder)})
    assert done.returncode == 1
    assert done.stdout == ""
    assert "is not damaged" in done.stderr


def test_the_folder_behind_the_command_counts_before_the_one_in_front(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    status = call("--data-dir", other, "restore", "us-east-1", "--data-dir", folder, "--yes")
    assert status == 0, capsys.readouterr()
    assert not other.exists()


@pytest.mark.parametrize("damage", ["no copy", "a damaged copy"])
def test_restore_is_refused_where_there_is_nothing_good(
    damage: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = folder / "us-east-1.json.bak"
    if damage == "no copy":
        copy.unlink()
    else:
        copy.write_bytes(b"{}")
    assert call("restore", "us-east-1", "--yes", "--data-dir", folder) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("keypairs: Not restored: ")
    assert str(copy) in output.err


@pytest.mark.parametrize("answer", ["y\n", None])
def test_a_session_that_only_reads_restores_nothing(folder: Path, answer: str | None) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    agreed = [] if answer else ["--yes"]
    done = run("--read-only", "restore", "us-east-1", "--data-dir", folder, *agreed, answer=answer)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "keypairs: Not restored: this session is read-only.\n"
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_restore_needs_a_region_and_a_folder_of_ones_own(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("restore", "../x", "--data-dir", folder) == 2
    folder.chmod(0o777)
    assert call("restore", "us-east-1", "--yes", "--data-dir", folder) == 2
    assert "thers can write" in capsys.readouterr().err
    for arguments in (["restore"], ["restore", "us-east-1", "--no-such"], ["frobnicate"]):
        with pytest.raises(SystemExit) as caught:
            call(*arguments)
        assert caught.value.code == 2


def test_names_that_talk_to_the_terminal_are_spelled_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "us-east-1.json"
    path.write_bytes(path.read_bytes().replace(b'"web-2"', b'"\\u001b]0;x\\u0007"'))
    assert call("restore", "us-east-1", "--yes", "--data-dir", folder) == 0
    output = capsys.readouterr()
    assert r"Lost: \u{1b}]0;x\u{7}" in output.out.splitlines()
    assert "\x1b" not in output.out + output.err


def test_restore_never_loads_textual(folder: Path) -> None:
    code = (
        "import sys\nfrom tui.__main__ import main\n"
        f"status = main(['restore', 'us-east-1', '--yes', '--data-dir', {str(folder)!r}])\n"
        "assert not status and 'core.store.region_store' in sys.modules\n"
        "assert not {'textual', 'asyncio'} & sys.modules.keys(), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True, cwd=ROOT)


COMMANDS: Sequence[Sequence[str]] = (
    ["doctor"],
    ["find", "--no-ask", "/dev/null"],
    ["restore", "us-east-1", "--yes"],
)

DUMPABLE = """
import ctypes, importlib, resource, sys
from tui.__main__ import main

def seen(*_, **__):
    print([ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE)])
    return 0

setattr(importlib.import_module(f"tui.commands.{sys.argv[1]}"), sys.argv[1], seen)
sys.exit(main(sys.argv[1:]))
"""
"""Says in the place of a command whether its memory can be looked at (prctl(2))."""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such setting")
@pytest.mark.parametrize(
    "arguments", quickly(COMMANDS, COMMANDS[0]), ids=lambda arguments: str(arguments[0])
)
def test_what_a_command_reads_is_in_no_core_file_and_open_to_nobody(
    arguments: Sequence[str],
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DUMPABLE, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        check=True,
    )
    assert done.stdout == "[0, (0, 0)]\n"


WRITING: Sequence[tuple[Sequence[str], int]] = (
    (["doctor", "--older-than", "never"], 1),
    (["doctor", "--json"], 1),
    (["find", "--no-ask", "/dev/null"], 1),
    (["find", "--no-ask", "--json", "/dev/null"], 1),
    (["restore", "us-east-1", "--yes"], 0),
)
"""Commands that have something to print about the damaged Region, and their exit status."""


def into_full_disk(folder: Path, arguments: Sequence[str], stream: str) -> tuple[int, bytes]:
    """Run a command with one of its streams on a full disk; return its status and the other."""
    other = "stderr" if stream == "stdout" else "stdout"
    with Path("/dev/full").open("wb") as full:
        streams: dict[str, Any] = {stream: full, other: subprocess.PIPE}
        done = subprocess.run(
            [sys.executable, "-m", "tui", *arguments, "--data-dir", folder],
            timeout=60,
            cwd=ROOT,
            check=False,
            **streams,
        )
    said: bytes = getattr(done, other)
    return done.returncode, said


@pytest.mark.long
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("arguments", [arguments for arguments, _ in WRITING], ids=str)
def test_output_that_cannot_be_written_is_said_to_be_incomplete(
    folder: Path, arguments: Sequence[str]
) -> None:
    before = (folder / "us-east-1.json").read_bytes()
    ended, said = into_full_disk(folder, arguments, "stdout")
    assert (ended, said.splitlines()[-1]) == (
        2,
        b"keypairs: The output ended early: No space left on device.",
    )
    assert b"Traceback" not in said
    # What was not shown is not restored.
    assert (folder / "us-east-1.json").read_bytes() == before


@pytest.mark.long
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize(("arguments", "status"), WRITING, ids=str)
def test_talk_that_cannot_be_written_changes_no_answer(
    folder: Path, arguments: Sequence[str], status: int
) -> None:
    ended, said = into_full_disk(folder, arguments, "stderr")
    assert ended == status
    assert said


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: str(arguments[0]))
def test_a_command_whose_memory_is_open_does_not_start(
    arguments: Sequence[str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refused() -> NoReturn:
        raise SettingsError("The system refuses it.")

    monkeypatch.setattr(process, "forbid_dumps", refused)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert call("--data-dir", folder, *arguments) == 2
    assert capsys.readouterr() == ("", "keypairs: The system refuses it.\n")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: str(arguments[0]))
def test_a_command_asks_no_variable_for_a_region(
    arguments: Sequence[str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in choices.REGION_VARIABLES:
        monkeypatch.setenv(name, "mars")
    assert call("--data-dir", folder, *arguments) in (0, 1)
    assert "mars" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "arguments", "said"),
    [
        (
            ["--region", "eu-west-1"],
            COMMANDS[0],
            "doctor looks at all Regions. Leave out --region.",
        ),
        (["--region", "nonsense"], COMMANDS[1], "find looks at all Regions. Leave out --region."),
        (
            ["--region", "us-east-1"],
            COMMANDS[2],
            "restore takes no --region. Name the Region behind it: keypairs restore REGION.",
        ),
        (["--policy", "p.json"], COMMANDS[2], "restore asks no policy. Leave out --policy."),
        *(
            (["--no-mouse"], command, f"{command[0]} shows no screen. Leave out --no-mouse.")
            for command in COMMANDS
        ),
    ],
)
def test_an_option_that_a_command_would_not_heed_is_refused(
    options: Sequence[str],
    arguments: Sequence[str],
    said: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert call("--data-dir", folder, *options, *arguments) == 2
    assert capsys.readouterr() == ("", f"keypairs: {said}\n")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("arguments", COMMANDS[:2], ids=lambda arguments: str(arguments[0]))
def test_what_only_looks_may_be_told_to_look_only(arguments: Sequence[str], folder: Path) -> None:
    assert call("--read-only", "--data-dir", folder, *arguments) == 1


@pytest.mark.parametrize("closed", quickly([">&-", "<&- 2>&-"], ">&-"))
@pytest.mark.parametrize(
    ("arguments", "status", "output", "errors"),
    [
        (["doctor"], 1, "us-east-1.json is damaged", "keypairs: looked at 0 key pairs"),
        (["find", "/dev/null"], 1, "/dev/null: a device", "keypairs: looked at 1"),
        (["restore", "us-east-1"], 2, "Lost: web-2", "Add --yes to restore."),
    ],
)
def test_closed_streams_are_no_error(
    arguments: Sequence[str], status: int, output: str, errors: str, closed: str, folder: Path
) -> None:
    program: list[str | Path] = [sys.executable, "-m", "tui", *arguments, "--data-dir", folder]
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *program],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == status, done
    # What is closed stays unsaid, and does not turn up in the other stream.
    streams = closed.split()
    assert (output in done.stdout) == (">&-" not in streams), done
    assert (errors in done.stderr) == ("2>&-" not in streams), done
    assert "Traceback" not in done.stderr
    assert errors not in done.stdout


def test_the_options_of_the_app_reach_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[Sequence[Any], Mapping[str, Any]]] = []

    def open_session(*arguments: object, **options: object) -> NoReturn:
        given.append((arguments, {name: options[name] for name in ("read_only", "ec2")}))
        raise SettingsError("that is all")

    monkeypatch.setattr(places, "open_session", open_session)
    monkeypatch.setattr(environment, "check_terminal", lambda environment: None)
    assert call() == 2
    where = ("--region", "eu-west-1", "--data-dir", tmp_path)
    assert call(*where, "--policy", "p.json", "--read-only") == 2
    assert call(*where, "--profile", "prod") == 2
    assert given == [
        ((None, None, None), {"read_only": False, "ec2": None}),
        (("eu-west-1", str(tmp_path), "p.json"), {"read_only": True, "ec2": None}),
        (("eu-west-1", str(tmp_path), None), {"read_only": False, "ec2": Ec2Choice("prod")}),
    ]


def test_without_a_terminal_the_app_does_not_start() -> None:
    done = run()
    assert done.returncode == 2
    assert "not a terminal" in done.stderr


def constants(environment: Mapping[str, str]) -> list[Any]:
    """Return what Textual makes of an environment that the program has set up."""
    code = (
        "import json, os\nfrom tui.environment import prepare\n"
        "prepare(os.environ, None)\n"
        "from textual.constants import MAX_FPS, TEXTUAL_ANIMATIONS\n"
        "print(json.dumps([MAX_FPS, TEXTUAL_ANIMATIONS]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        timeout=60,
        check=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
    )
    answer: list[Any] = json.loads(done.stdout)
    return answer


@pytest.mark.long
@each_row(
    ("environment", "expected"),
    [
        ({}, [60, "none"]),
        ({"SSH_TTY": "/dev/pts/3"}, [20, "none"]),
        ({"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}, [20, "none"]),
        (
            {"SSH_TTY": "/dev/pts/3", "TEXTUAL_FPS": "45", "TEXTUAL_ANIMATIONS": "full"},
            [45, "full"],
        ),
    ],
)
def test_a_line_gets_fewer_frames_unless_the_person_wants_more(
    environment: Mapping[str, str], expected: list[Any]
) -> None:
    assert constants(environment) == expected
