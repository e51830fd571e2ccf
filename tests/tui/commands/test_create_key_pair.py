"""`create-key-pair` cannot lose a key: it is where it was asked for, or there is no pair."""

import json
import os
import pty
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from core.model import KeptKeyPair, PrivateKeyState
from core.store.region_store import RegionStore
from tests.each_row import each_row
from tests.forking import python
from tests.helpers import SECONDS, Agent, Run, printed_on
from tests.tui.commands.calling import call

ROOT = Path(__file__).parents[3]
Output = pytest.CaptureFixture[str]


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("KEYPAIRS_DATA_DIR", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    return folder


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    folder.mkdir(0o700)
    return folder


def state_of(data_dir: Path) -> Mapping[str, KeptKeyPair]:
    """Return the key pairs on disk by their names."""
    state = RegionStore(data_dir, "us-east-1").read()
    return {pair.key_name: pair for pair in state.key_pairs.values()}


def is_key_of(run: Run, path: Path, key_pair: KeptKeyPair) -> bool:
    """Return whether OpenSSH takes a file for the private key of a pair."""
    path.chmod(0o600)
    public = run("ssh-keygen", "-y", "-P", "", "-f", path).stdout.decode().split()
    return public[:2] == key_pair.public_key.split()


def shell(line: str, folder: Path, data_dir: Path, name: str = "sh") -> tuple[int, str, str]:
    """Run a line of a shell in a folder, in which `keypairs` is this program."""
    program = folder / "bin" / "keypairs"
    if not program.exists():
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {shlex.join(python())} -m tui "$@"\n')
        program.chmod(0o755)
    environment = {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "KEYPAIRS_DATA_DIR": str(data_dir),
        "PYTHONPATH": str(ROOT),
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        [name, "-c", line],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


class Loss(NamedTuple):
    """A line that loses a key with `aws`, and how it ends with us; no pair is left of it."""

    what: str
    line: str
    status: int
    said: str


_NEW = "keypairs create-key-pair --key-name x --key-type ed25519"

LOSSES = [
    Loss(
        "typo in the query", f"{_NEW} --query Keymaterial --output text > x.pem", 252, "KeyMaterial"
    ),
    Loss("two words", f"{_NEW} --query 'Key Material' > x.pem", 252, "--query"),
    Loss(
        "quoted literal", f"{_NEW} --query \"'KeyMaterial'\" --output text > x.pem", 252, "the word"
    ),
    Loss("cut off", f"{_NEW} --query 'KeyMaterial[0:9]' > x.pem", 252, "KeyMaterial"),
    Loss("another member", f"{_NEW} --query KeyPairId > x.pem", 252, "KeyMaterial does"),
    Loss("error in the query", f"{_NEW} --query 'length(KeyName, 1)' > x.pem", 252, "--query"),
    # That error would quote the key.
    Loss(
        "error of the key alone",
        f"{_NEW} --query \"contains(KeyMaterial, 'MadeUp') && KeyMaterial || abs(KeyMaterial)\"",
        255,
        "KeyMaterial does",
    ),
    Loss("upside down", f"{_NEW} --query 'reverse(KeyMaterial)' > x.pem", 252, "KeyMaterial does"),
    Loss("full disk", f"{_NEW} > /dev/full", 255, "No space left"),
    Loss(
        "full disk, text", f"{_NEW} --query KeyMaterial --output text > /dev/full", 255, "No space"
    ),
    Loss("closed stdout", f"{_NEW} >&-", 252, "closed"),
    Loss("closed stdout, saving", f"{_NEW} --save keys/x.pem >&-", 252, "closed"),
    Loss("nobody reads", f"({_NEW}; echo $? >&2) | true", 0, "255"),
    Loss("table", f"{_NEW} --output table", 252, "table"),
    Loss("no format", f"{_NEW} --output yaml > x.pem", 252, "yaml"),
    Loss("missing folder", f"{_NEW} --save none/x.pem", 252, "--yes"),
    Loss(
        "existing file",
        f"echo > keys/x.pem; {_NEW} --save keys/x.pem --yes",
        252,
        "none is overwritten",
    ),
    Loss("dangling link", f"ln -s none keys/x.pem; {_NEW} --save keys/x.pem --yes", 252, "a link"),
    Loss("open folder", f"mkdir -m 777 o; {_NEW} --save o/x.pem --yes", 252, "others can write"),
    Loss("listed folder", f"mkdir -m 755 l; {_NEW} --save l/x.pem", 252, "--yes"),
    Loss("no agent", f"{_NEW} --agent", 253, "agent"),
    # Not by the process that tests fork from, which is not the one that an agent ends with.
    Loss(
        "agent of the command",
        f"ssh-agent {sys.executable} -m tui {_NEW.partition(' ')[2]} --agent",
        253,
        "ends with it",
    ),
    Loss("no time", f"{_NEW} --agent soon", 252, "--agent"),
    Loss("both places", f"{_NEW} --agent --save keys/x.pem", 252, "not allowed with"),
    Loss(
        "no passphrase",
        f"{_NEW} --save keys/x --save-format openssh --passphrase-file /dev/null",
        252,
        "",
    ),
    Loss(
        "pem with passphrase",
        f"echo secret > p; {_NEW} --save keys/x --passphrase-file p",
        252,
        "openssh",
    ),
    Loss("passphrase alone", f"echo secret > p; {_NEW} --passphrase-file p", 252, "--save"),
    Loss("wrong format", f"{_NEW} --save keys/x --save-format pkcs8", 252, "PKCS#8"),
    Loss("taken name", f"{_NEW} --save keys/x.pem --key-name taken", 254, "Duplicate"),
    Loss("dry run", f"{_NEW} --save keys/x.pem --dry-run", 254, "DryRun"),
    Loss("read-only", f"{_NEW} --read-only --save keys/x.pem", 254, "Unauthorized"),
    Loss("no Region", f"{_NEW} --region mars", 252, "mars"),
    Loss(
        "query of what is not there",
        f"{_NEW} --save keys/x.pem --query 'length(Tags)'",
        252,
        "--query",
    ),
]


@pytest.mark.long
@each_row("loss", LOSSES, ids=lambda loss: str(loss.what))
def test_what_loses_a_key_elsewhere_creates_nothing_here(loss: Loss, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    (tmp_path / "keys").mkdir(0o700)
    taken: list[str | Path] = ["--key-name", "taken", "--public-key-material", f"{PUBLIC}"]
    assert call("import-key-pair", *taken, "--data-dir", data_dir) == 0
    status, output, errors = shell(loss.line, tmp_path, data_dir)
    assert (status, loss.said in errors) == (loss.status, True), (output, errors)
    assert "Traceback" not in errors
    assert "PRIVATE" not in output + errors
    assert state_of(data_dir).keys() == {"taken"}
    assert not [path for path in (tmp_path / "keys").iterdir() if b"PRIVATE" in content(path)]


PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILR+zNQbYY5ORuhYXGMTSnjRLzS9C5dUdWRKdlqi20q2"


def content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


KEPT = [
    ("to a file", f"{_NEW} --save keys/x.pem", "keys/x.pem"),
    ("to a folder", f"{_NEW} --save keys", "keys/x.pem"),
    ("to a folder that is made", f"{_NEW} --save made/ --yes", "made/x.pem"),
    (
        "to a folder where the name is taken",
        f"touch keys/x.pem; {_NEW} --save keys",
        "keys/x-2.pem",
    ),
    ("to a home folder", f"{_NEW} --save '~/keys/x.pem'", "keys/x.pem"),
    ("rsa", "keypairs create-key-pair --key-name x --save keys/x.pem", "keys/x.pem"),
    ("openssh", f"{_NEW} --save keys/x --save-format openssh", "keys/x"),
    ("redirected", f"{_NEW} --query KeyMaterial --output text > x.pem", "x.pem"),
    ("the umask", f"umask 022; {_NEW} --query KeyMaterial --output text > x.pem", "x.pem"),
    ("in a pipe", f"{_NEW} --query KeyMaterial --output text | cat > x.pem", "x.pem"),
    ("in a list", f"{_NEW} --query '[KeyMaterial]' --output text > x.pem", "x.pem"),
]


@pytest.mark.long
@each_row("what, line, path", KEPT)
def test_a_pair_that_stands_has_its_key_where_it_was_asked_for(
    what: str, line: str, path: str, tmp_path: Path, run: Run
) -> None:
    data_dir = tmp_path / "data"
    (tmp_path / "keys").mkdir(0o700)
    status, output, errors = shell(line, tmp_path, data_dir)
    assert status == 0, errors
    pair = state_of(data_dir)["x"]
    file = tmp_path / path
    # Also where the shell made it, by its umask.
    assert file.stat().st_mode & 0o777 == 0o600 or what == "in a pipe"
    assert is_key_of(run, file, pair)
    saved = "--save" in line
    assert pair.custody.private_key is (PrivateKeyState.SAVED if saved else PrivateKeyState.UNSAVED)
    if saved:
        answer = json.loads(output)
        assert answer["SavedTo"] == str(file) == pair.custody.saved_to[0]
        assert "mode 0600, yours" in answer["Proofs"]
        assert answer.keys() == {"KeyPairId", "KeyName", "KeyFingerprint", "SavedTo", "Proofs"}


def test_a_query_sees_the_answer_that_is_printed(
    data_dir: Path, keys: Path, capsys: Output
) -> None:
    path = keys / "x.pem"
    named = ["create-key-pair", "--key-name", "x", "--key-type", "ed25519"]
    assert call(*named, "--save", path, "--query", "SavedTo", "--output", "text") == 0
    assert capsys.readouterr().out == f"{path}\n"


@each_row(
    "option, said",
    [
        (["--save", ""], "create-key-pair: --save: type the path of a new file\n"),
        (["--save", " "], "create-key-pair: --save: type the path of a new file\n"),
        (["--save", "file://"], "create-key-pair: --save: type the path of a new file\n"),
        (
            ["--agent", ""],
            "create-key-pair: --agent: the time is empty; leave it out for no limit\n",
        ),
    ],
)
def test_what_is_empty_is_no_path_and_no_time(
    option: list[str], said: str, data_dir: Path, ssh_agent: Agent, capsys: Output
) -> None:
    # As a dry run: the wrong place would be the root of the system.
    named = ["create-key-pair", "--key-name", "x", "--key-type", "ed25519", "--dry-run", "--yes"]
    assert call(*named, *option) == 252
    assert capsys.readouterr() == ("", said)


def test_a_folder_is_found_behind_a_scheme(data_dir: Path, keys: Path, capsys: Output) -> None:
    named = ["create-key-pair", "--key-name", "x", "--key-type", "ed25519"]
    assert call(*named, "--save", f"file://{keys}") == 0
    assert json.loads(capsys.readouterr().out)["SavedTo"] == str(keys / "x.pem")


@pytest.mark.long
@pytest.mark.parametrize("from_stdin", [False, True])
def test_a_saved_key_can_have_a_passphrase(
    from_stdin: bool, tmp_path: Path, data_dir: Path, keys: Path, run: Run
) -> None:
    (tmp_path / "p").write_text("correct horse battery\nsecond line\n")
    source = "- < p" if from_stdin else "p"
    line = f"{_NEW} --save keys/x --save-format openssh --passphrase-file {source}"
    status, _, errors = shell(line, tmp_path, data_dir)
    assert status == 0, errors
    path = keys / "x"
    run("ssh-keygen", "-y", "-P", "", "-f", path, status=255)
    public = run("ssh-keygen", "-y", "-P", "correct horse battery", "-f", path).stdout.split()
    assert public[1].decode() == state_of(data_dir)["x"].public_key.split()[1]


def test_a_key_goes_to_the_agent_and_to_no_file(
    data_dir: Path, ssh_agent: Agent, capsys: Output
) -> None:
    arguments = ["--key-name", "x", "--key-type", "ed25519", "--agent", "1h"]
    assert call("create-key-pair", *arguments) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["AddedToAgent"] is True
    assert answer["Until"]
    assert "KeyMaterial" not in answer
    pair = state_of(data_dir)["x"]
    assert pair.public_key.split()[1] in ssh_agent.ssh_add("-L").stdout.decode()
    assert pair.custody.private_key is PrivateKeyState.UNSAVED


def test_an_agent_gets_no_key_whose_answer_could_not_be_printed(
    data_dir: Path, ssh_agent: Agent, capsys: Output
) -> None:
    arguments = ["--key-name", "x", "--key-type", "ed25519", "--agent", "--query", "&a"]
    assert call("create-key-pair", *arguments) == 252
    assert "--query" in capsys.readouterr().err
    assert ssh_agent.ssh_add("-L").returncode == 1
    assert state_of(data_dir) == {}


def test_the_mode_of_a_file_that_held_something_stays(tmp_path: Path, data_dir: Path) -> None:
    line = f"umask 022; echo one > log; {_NEW} >> log"
    assert shell(line, tmp_path, data_dir)[0] == 0
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o644


# A disk that is full ---------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return the folder of a file system of 64 KB."""
    folder = tmp_path / "disk"
    folder.mkdir(0o700)
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or mount is None or umount is None:
        pytest.skip("only root may mount a file system")
    options = "size=64k,mode=0700"
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {done.stderr.decode(errors='replace')}")
    yield folder
    subprocess.run([umount, folder], check=True)


def fill(disk: Path, spare: int) -> None:
    """Fill a disk but for some bytes."""
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    os.truncate(filler, max(0, filler.stat().st_size - spare))


@pytest.mark.long
@pytest.mark.parametrize("data_on_disk", [False, True])
def test_on_a_full_disk_there_is_a_pair_with_its_key_or_none(
    data_on_disk: bool, small_disk: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    data_dir = (small_disk if data_on_disk else tmp_path) / "data"
    first: list[str | Path] = [
        "--key-name",
        "first",
        "--public-key-material",
        PUBLIC,
        "--data-dir",
        data_dir,
    ]
    assert call("import-key-pair", *first) == 0
    outcomes = set()
    for number, spare in enumerate(range(0, 48 * 1024, 4096)):
        fill(small_disk, spare)
        name = f"x{number}"
        saved: list[str | Path] = ["--save", small_disk / f"{name}.pem", "--data-dir", data_dir]
        status = call("create-key-pair", "--key-name", name, "--key-type", "ed25519", *saved)
        pair = state_of(data_dir).get(name)
        outcomes.add(status)
        assert (pair is not None) == (status == 0)
        assert (small_disk / f"{name}.pem").exists() == (status == 0)
        if pair is not None:
            assert is_key_of(run, small_disk / f"{name}.pem", pair)
            (small_disk / f"{name}.pem").unlink()
    assert outcomes == {0, 255}


# Signals ---------------------------------------------------------------------------------------

STOPPED = """
import sys, time
from tui.__main__ import main
{patch}
def wait():
    print("now", file=sys.stderr, flush=True)
    time.sleep(1)
sys.exit(main(sys.argv[1:]))
"""

WHILE_MADE = """
from core.keys import keygen
generate = keygen.generate
def slowly(*arguments):
    wait()
    return generate(*arguments)
keygen.generate = slowly
"""
AFTER_SAVING = """
from core.custody import saving
save = saving.save_private_key
def slowly(*arguments):
    saved = save(*arguments)
    wait()
    return saved
saving.save_private_key = slowly
"""
WHILE_LOCKED = """
from core.store.locks import RegionLock
held = RegionLock.held
def told(lock):
    print("now", file=sys.stderr, flush=True)
    return held(lock)
RegionLock.held = told
"""

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]


def stopped(
    patch: str, number: signal.Signals, data_dir: Path, *arguments: str | Path
) -> tuple[int, str, str]:
    """Send a signal once the program says that it is at the place to be stopped at."""
    code = STOPPED.format(patch=patch)
    command = [*python(), "-c", code, "create-key-pair", "--key-name", "x", *arguments]
    with subprocess.Popen(
        [*command, "--data-dir", data_dir],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test run that was started in the background ignores SIGINT, and so would its children.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    ) as running:
        assert running.stderr is not None
        assert running.stderr.readline() == "now\n"
        running.send_signal(number)
        output, errors = running.communicate(timeout=60)
    return running.returncode, output, errors


@pytest.mark.long
@each_row("number, status", SIGNALS)
@each_row("place", ["file", "output"])
def test_a_signal_while_the_key_is_made_creates_nothing(
    place: str, number: signal.Signals, status: int, tmp_path: Path
) -> None:
    (tmp_path / "keys").mkdir(0o700)
    path = tmp_path / "keys" / "x.pem"
    where: list[str | Path] = ["--save", path] if place == "file" else []
    ended, output, errors = stopped(WHILE_MADE, number, tmp_path / "data", *where)
    assert (ended, output) == (status, ""), errors
    assert errors == "keypairs: stopped. No key pair was created.\n"
    assert not path.exists()
    assert state_of(tmp_path / "data") == {}


@pytest.mark.long
@each_row("number, status", SIGNALS)
def test_a_signal_after_the_key_was_saved_leaves_the_pair_with_its_key(
    number: signal.Signals, status: int, tmp_path: Path, run: Run
) -> None:
    (tmp_path / "keys").mkdir(0o700)
    path = tmp_path / "keys" / "x.pem"
    ended, _, errors = stopped(AFTER_SAVING, number, tmp_path / "data", "--save", path)
    assert ended == status
    assert errors.splitlines() == [
        "keypairs: waiting for the change that is under way. Another signal stops at once.",
        f"keypairs: stopped. The key pair was created, and its private key is in {path}.",
    ]
    pair = state_of(tmp_path / "data")["x"]
    assert pair.custody.saved_to == (str(path),)
    assert is_key_of(run, path, pair)


@pytest.mark.long
def test_a_signal_while_another_session_is_waited_for_ends_the_waiting(
    data_dir: Path, keys: Path
) -> None:
    with RegionStore(data_dir, "us-east-1").locked():
        path = keys / "x.pem"
        ended, _, errors = stopped(
            WHILE_LOCKED, signal.SIGINT, data_dir, "--key-type", "ed25519", "--save", path
        )
    assert ended == 130
    assert errors == "keypairs: stopped. No key pair was created.\n"
    assert not path.exists()
    assert state_of(data_dir) == {}


@pytest.mark.long
def test_a_second_signal_stops_what_never_comes_to_its_end(tmp_path: Path) -> None:
    code = STOPPED.format(patch=AFTER_SAVING).replace("time.sleep(1)", "time.sleep(3600)")
    where: list[str | Path] = ["--save", tmp_path / "x.pem", "--yes", "--data-dir", tmp_path / "d"]
    with subprocess.Popen(
        [sys.executable, "-c", code, "create-key-pair", "--key-name", "x", *where],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as running:
        assert running.stderr is not None
        assert running.stderr.readline() == "now\n"
        running.send_signal(signal.SIGINT)
        assert "waiting for the change that is under way" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        errors = running.communicate(timeout=SECONDS)[1]
    assert running.returncode == 130
    assert "Whether there is a key pair x now is not known" in errors


# What fails after the key was taken ------------------------------------------------------------

BROKEN_STORE = """
from core.store import region_store
def fail(*_, **__):
    raise OSError(28, "No space left on device")
region_store.RegionStore._commit = fail
"""


@pytest.mark.long
def test_a_record_that_cannot_be_written_takes_the_file_back(data_dir: Path, keys: Path) -> None:
    path = keys / "x.pem"
    code = textwrap.dedent(STOPPED.format(patch=BROKEN_STORE))
    done = subprocess.run(
        [*python(), "-c", code, "create-key-pair", "--key-name", "x", "--save", path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (255, "")
    assert "the disk is full" in done.stderr
    assert not path.exists()
    assert state_of(data_dir) == {}


def test_an_answer_that_cannot_be_printed_leaves_the_saved_key(
    tmp_path: Path, data_dir: Path, keys: Path, run: Run
) -> None:
    status, _, errors = shell(f"{_NEW} --save keys/x.pem > /dev/full", tmp_path, data_dir)
    assert status == 255
    assert f"its private key is in {keys / 'x.pem'}" in errors
    assert is_key_of(run, keys / "x.pem", state_of(data_dir)["x"])


@pytest.mark.long
def test_what_a_verb_that_makes_a_key_reads_is_in_no_core_file(data_dir: Path) -> None:
    code = (
        "import resource, sys\nfrom tui.__main__ import main\n"
        f"main({['create-key-pair', '--key-name', 'x', '--key-type', 'ed25519']!r})\n"
        "assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done


@pytest.mark.long
def test_a_terminal_gets_one_line_of_caution_before_the_key(data_dir: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tui", "create-key-pair", "--key-name", "x"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=True,
        )
    finally:
        os.close(theirs)
        printed = printed_on(ours).decode()
        os.close(ours)
    (caution,) = done.stderr.splitlines()
    assert caution == (
        "keypairs: the private key goes to this terminal, and to whatever records it;"
        " --save PATH would keep it in a file."
    )
    assert "PRIVATE KEY" in printed
    assert "PRIVATE" not in done.stderr
