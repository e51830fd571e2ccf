"""`create-key-pair` over EC2: a pair that stands has its key where it was asked for."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

import pytest

from tests.ec2_server import AT_ONCE, Ec2Server, Fault, environment
from tests.forking import python
from tests.helpers import SECONDS, Agent, quickly
from tests.tui.commands.test_over_ec2 import Keypairs, keypairs, server

__all__ = ["keypairs", "server"]

ROOT = Path(__file__).parents[3]

_PROGRAM = """
import os, signal, sys
from tui.__main__ import main
def end(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
{patch}
sys.exit(main(sys.argv[1:]))
"""

_KILLED_AT: dict[str, tuple[str, str]] = {
    "the key is made": ("from core.keys import keygen", "keygen.generate = end"),
    "it is encoded": ("from core.keys import convert", "convert.encode = end"),
    "it is written": ("from core.disk import files", "files.create_private_file = end"),
    "it is proven": ("from core.custody import proof", "proof.prove = end"),
    "it is sent": (
        "from core.aws.connection import Connection",
        "Connection.call_once = end",
    ),
    "it is noted": ("from core.aws.mirror import Mirror", "Mirror.add = end"),
    "the file is noted": ("from core.custody import saving", "saving.record_saved = end"),
    "the answer is printed": ("from tui.commands.ec2 import output", "output.write = end"),
}
"""Where the program is killed, by what it would have called."""


def public_half(path: Path) -> list[str]:
    done = subprocess.run(["ssh-keygen", "-y", "-f", path], capture_output=True, text=True)
    return done.stdout.split()[:2]


def in_ec2(server: Ec2Server) -> dict[str, list[str]]:
    """Return the public keys that EC2 has, by the names of their pairs."""
    described = server.client_of("us-east-1").describe_key_pairs(IncludePublicKey=True)
    return {pair["KeyName"]: pair["PublicKey"].split()[:2] for pair in described["KeyPairs"]}


def start(
    server: Ec2Server,
    folder: Path,
    *arguments: str,
    patch: str = "",
    stdout: IO[str] | int = subprocess.PIPE,
    program: Sequence[str] = (),
) -> "subprocess.Popen[str]":
    variables = {
        **environment(server, folder),
        "PATH": os.environ["PATH"],
        "KEYPAIRS_DATA_DIR": str(folder / "here"),
    }
    command = [*(program or python()), "-c", _PROGRAM.format(patch=patch), "create-key-pair"]
    return subprocess.Popen(
        [*command, "--ec2", "--key-name", "ci", "--key-type", "ed25519", *arguments],
        env=variables,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.parametrize("step", quickly(_KILLED_AT, "it is noted"))
def test_killed_at_any_step_a_pair_that_stands_has_its_key_in_the_file(
    step: str, server: Ec2Server, tmp_path: Path
) -> None:
    path = tmp_path / "ci.pem"
    patch = "\n".join(_KILLED_AT[step])
    with start(server, tmp_path, "--save", str(path), "--yes", patch=patch) as running:
        errors = running.communicate(timeout=SECONDS)[1]
    assert running.returncode == -signal.SIGKILL, errors
    found = in_ec2(server)
    stands = step in ("it is noted", "the file is noted", "the answer is printed")
    assert found.keys() == ({"ci"} if stands else set())
    if stands:
        assert public_half(path) == found["ci"]


@pytest.mark.long
@pytest.mark.parametrize("acted", [False, True])
def test_killed_while_ec2_acts_the_key_is_in_the_file(
    acted: bool, server: Ec2Server, tmp_path: Path
) -> None:
    path = tmp_path / "ci.pem"
    started: list[subprocess.Popen[str]] = []
    hooks = server.after if acted else server.before
    hooks["ImportKeyPair"] = lambda: started[0].kill()
    program = [sys.executable]
    with start(server, tmp_path, "--save", str(path), "--yes", program=program) as running:
        started.append(running)
        running.communicate(timeout=SECONDS)
    assert running.returncode == -signal.SIGKILL
    found = in_ec2(server)
    assert set(found) <= {"ci"}
    assert acted <= bool(found)
    # Nothing is left beside it, and what was sent is the key that is in the file.
    assert [each.name for each in tmp_path.glob("ci*")] == ["ci.pem"]
    assert public_half(path) == found.get("ci", public_half(path)) != []


@pytest.mark.parametrize("fault", quickly(AT_ONCE, Fault.CUT))
def test_a_lost_answer_leaves_the_key_in_the_file_and_the_pair_noted(
    fault: Fault, server: Ec2Server, keypairs: Keypairs, tmp_path: Path
) -> None:
    server.faults["ImportKeyPair"] = [fault]
    done = keypairs("create-key-pair", "--ec2", "--key-name", "ci", "--save", "ci.pem", "--yes")
    assert done.returncode == 0, done.stderr
    assert public_half(tmp_path / "ci.pem") == in_ec2(server)["ci"]
    assert '"SavedTo"' in done.stdout
    assert "ci.pem" in keypairs("list", "--ec2", "--json").stdout


REFUSALS: dict[str, Callable[[Ec2Server], object]] = {
    "InvalidKeyPair.Duplicate": lambda server: server.client_of("us-east-1").create_key_pair(
        KeyName="ci"
    ),
    "UnauthorizedOperation": lambda server: server.refusals.update(
        ImportKeyPair=("UnauthorizedOperation", "You are not authorized.", 403)
    ),
    "KeyPairLimitExceeded": lambda server: server.refusals.update(
        ImportKeyPair=("KeyPairLimitExceeded", "Too many.", 400)
    ),
}


@pytest.mark.parametrize("code", quickly(REFUSALS, "InvalidKeyPair.Duplicate"))
def test_a_clear_refusal_takes_that_very_file_back(
    code: str, server: Ec2Server, keypairs: Keypairs, tmp_path: Path
) -> None:
    REFUSALS[code](server)
    if code == "InvalidKeyPair.Duplicate":
        # As where the caller may not look for the name.
        server.refusals["DescribeKeyPairs"] = ("UnauthorizedOperation", "No.", 403)
    (tmp_path / "ci.pem.pub").write_text("another file")
    done = keypairs("create-key-pair", "--ec2", "--key-name", "ci", "--save", "ci.pem", "--yes")
    assert (done.returncode, done.stdout) == (254, "")
    assert f"({code}) when calling the CreateKeyPair operation" in done.stderr
    assert [each.name for each in tmp_path.glob("ci*")] == ["ci.pem.pub"]
    assert server.calls["ImportKeyPair"] == 1


def test_another_file_of_that_name_is_not_taken_back(server: Ec2Server, tmp_path: Path) -> None:
    path = tmp_path / "ci.pem"

    def put_another_there() -> None:
        path.unlink()
        path.write_text("another file")

    server.before["ImportKeyPair"] = put_another_there
    server.refusals["ImportKeyPair"] = ("UnauthorizedOperation", "No.", 403)
    with start(server, tmp_path, "--save", str(path), "--yes") as running:
        errors = running.communicate(timeout=SECONDS)[1]
    assert running.returncode == 254, errors
    assert path.read_text() == "another file"
    assert f"{path.name} is not the file any more that was written" in errors


_NO_TIME = "from core.aws.new_pairs import lost_answers\nlost_answers.SETTLES_WITHIN = 0.6"


def test_in_doubt_the_file_stays_and_is_named(server: Ec2Server, tmp_path: Path) -> None:
    path = tmp_path / "ci.pem"
    server.faults["ImportKeyPair"] = [Fault.RESET] * 9
    server.hidden = 60.0
    with start(server, tmp_path, "--save", str(path), "--yes", patch=_NO_TIME) as running:
        output, errors = running.communicate(timeout=SECONDS)
    assert (running.returncode, output) == (255, ""), errors
    assert "Its private key is in" in errors
    assert path.name in errors
    assert "Whether EC2 has the key pair ci now is not known" in errors
    assert public_half(path) == in_ec2_at_last(server)["ci"]


class Acted(threading.Event):
    """Set once it is called."""

    __call__ = threading.Event.set


def in_ec2_at_last(server: Ec2Server) -> dict[str, list[str]]:
    server.hidden = 0.0
    return in_ec2(server)


def test_in_the_agent_it_is_before_it_is_sent(
    server: Ec2Server, keypairs: Keypairs, ssh_agent: Agent
) -> None:
    held: list[str] = []
    server.before["ImportKeyPair"] = lambda: held.append(ssh_agent.ssh_add("-L").stdout.decode())
    socket = str(ssh_agent.path)
    done = keypairs("create-key-pair", "--ec2", "--key-name", "ci", "--agent", SSH_AUTH_SOCK=socket)
    assert done.returncode == 0, done.stderr
    # Before the dry run, which asks whether the rest is allowed, it is nowhere.
    assert [each.split()[:2] for each in held[1:]] == [in_ec2(server)["ci"]]


def test_made_here_and_printed_the_answer_has_its_id(server: Ec2Server, keypairs: Keypairs) -> None:
    done = keypairs("create-key-pair", "--ec2", "--made-by", "here", "--key-name", "ci")
    assert done.returncode == 0, done.stderr
    (pair,) = server.client_of("us-east-1").describe_key_pairs()["KeyPairs"]
    assert f'"KeyPairId": "{pair["KeyPairId"]}"' in done.stdout
    assert "PRIVATE KEY" in done.stdout
    assert server.calls["CreateKeyPair"] == 0


ONLY_KEY = ("--made-by", "here", "--query", "KeyMaterial", "--output", "text")


def test_made_here_and_printed_alone_it_is_in_its_file_before_it_is_sent(
    server: Ec2Server, tmp_path: Path
) -> None:
    path = tmp_path / "ci.pem"
    before: list[list[str]] = []
    server.before["ImportKeyPair"] = lambda: before.append(public_half(path))
    with (
        path.open("w") as file,
        start(server, tmp_path, *ONLY_KEY, stdout=file) as running,
    ):
        errors = running.communicate(timeout=SECONDS)[1]
    assert running.returncode == 0, errors
    # The first time it is a dry run, which asks whether the rest is allowed.
    assert before == [[], in_ec2(server)["ci"]]
    assert path.stat().st_mode & 0o777 == 0o600


def test_made_here_and_printed_alone_nothing_is_sent_of_what_was_not_taken_or_is_refused(
    server: Ec2Server, tmp_path: Path
) -> None:
    with start(server, tmp_path, *ONLY_KEY, patch="sys.stdout = open('/dev/full', 'w')") as full:
        errors = full.communicate(timeout=SECONDS)[1]
    assert "No space left on device. No key pair was created" in errors
    server.refusals["ImportKeyPair"] = ("UnauthorizedOperation", "You are not authorized.", 403)
    with start(server, tmp_path, *ONLY_KEY) as refused:
        output, errors = refused.communicate(timeout=SECONDS)
    assert (full.returncode, refused.returncode, output) == (255, 254, "")
    assert "(UnauthorizedOperation) when calling the CreateKeyPair operation" in errors
    assert server.calls["ImportKeyPair"] == 0


@pytest.mark.parametrize("printed", [ONLY_KEY, ONLY_KEY[:2]])
def test_made_here_and_in_doubt_the_key_is_printed_all_the_same(
    printed: tuple[str, ...], server: Ec2Server, tmp_path: Path
) -> None:
    server.faults["ImportKeyPair"] = [Fault.RESET] * 9
    server.hidden = 60.0
    with start(server, tmp_path, *printed, patch=_NO_TIME) as running:
        output, errors = running.communicate(timeout=SECONDS)
    assert running.returncode == 255, errors
    assert "What was printed is its private key. " in errors.replace("\n", " ")
    if printed != ONLY_KEY:
        answer = json.loads(output)
        assert answer.keys() == {"KeyName", "KeyFingerprint", "KeyMaterial"}
        output = answer["KeyMaterial"]
    path = tmp_path / "ci.pem"
    path.touch(0o600)
    path.write_text(output)
    assert public_half(path) == in_ec2_at_last(server)["ci"]


@pytest.mark.parametrize("made_by", ["here", "ec2"])
def test_where_nobody_reads_the_private_key_nothing_is_created(
    made_by: str, server: Ec2Server, tmp_path: Path
) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    with start(server, tmp_path, "--made-by", made_by, stdout=writes) as running:
        os.close(writes)
        errors = running.communicate(timeout=SECONDS)[1]
    assert running.returncode == 255
    assert "Nobody reads standard output" in errors
    assert server.calls.keys() <= {"GetCallerIdentity"}


@pytest.mark.long
def test_an_answer_that_does_not_come_is_a_lost_one(server: Ec2Server, tmp_path: Path) -> None:
    server.stall = SECONDS
    server.faults = {"ImportKeyPair": [Fault.STALL], "CreateKeyPair": [Fault.STALL]}
    patch = "from core.aws import connection\nconnection.CREATE_READ_TIMEOUT = 3.0"
    options = ("--cli-read-timeout", "3")
    path = tmp_path / "ci.pem"
    with start(server, tmp_path, *options, "--save", str(path), "--yes", patch=patch) as here:
        errors = here.communicate(timeout=SECONDS)[1]
    assert here.returncode == 0, errors
    assert public_half(path) == in_ec2(server)["ci"]
    with start(server, tmp_path, *options, "--key-name", "orphan", patch=patch) as by_ec2:
        output, errors = by_ec2.communicate(timeout=SECONDS)
    found = server.client_of("us-east-1").describe_key_pairs(KeyNames=["orphan"])["KeyPairs"]
    assert (by_ec2.returncode, output, server.calls["CreateKeyPair"]) == (255, "", 1)
    assert found[0]["KeyPairId"] in errors


@pytest.mark.parametrize("made_by", ["here", "ec2"])
def test_what_could_not_be_printed_is_deleted_again(
    made_by: str, server: Ec2Server, tmp_path: Path
) -> None:
    patch = "sys.stdout = open('/dev/full', 'w')"
    with start(server, tmp_path, "--made-by", made_by, patch=patch) as running:
        errors = running.communicate(timeout=SECONDS)[1]
    assert running.returncode == 255, errors
    assert "No space left on device. No key pair was created" in errors
    assert in_ec2(server) == {}
    assert server.calls["DeleteKeyPair"] == 1


def test_what_could_not_be_deleted_again_is_named(server: Ec2Server, tmp_path: Path) -> None:
    server.refusals["DeleteKeyPair"] = ("UnauthorizedOperation", "You are not authorized.", 403)
    patch = "sys.stdout = open('/dev/full', 'w')"
    with start(server, tmp_path, patch=patch) as running:
        errors = running.communicate(timeout=SECONDS)[1]
    (pair,) = server.client_of("us-east-1").describe_key_pairs()["KeyPairs"]
    assert running.returncode == 255, errors
    assert pair["KeyPairId"] in errors
    assert "could not be deleted again" in errors


def test_an_orphan_that_may_not_be_deleted_is_named_too(
    server: Ec2Server, keypairs: Keypairs
) -> None:
    server.faults["CreateKeyPair"] = [Fault.RESET]
    server.refusals["DeleteKeyPair"] = ("UnauthorizedOperation", "You are not authorized.", 403)
    done = keypairs("create-key-pair", "--ec2", "--key-name", "ci", "--delete-orphan")
    (pair,) = server.client_of("us-east-1").describe_key_pairs()["KeyPairs"]
    assert done.returncode == 255
    assert pair["KeyPairId"] in done.stderr


def test_a_signal_while_ec2_acts_waits_for_its_answer(server: Ec2Server, tmp_path: Path) -> None:
    path = tmp_path / "ci.pem"
    started: list[subprocess.Popen[str]] = []
    server.after["ImportKeyPair"] = lambda: started[0].send_signal(signal.SIGINT)
    server.delays["ImportKeyPair"] = 0.5
    with start(server, tmp_path, "--save", str(path), "--yes") as running:
        started.append(running)
        errors = running.communicate(timeout=SECONDS)[1]
    assert running.returncode == 130
    assert errors.splitlines() == [
        "keypairs: waiting for the answer of EC2. Another signal stops at once.",
        f"keypairs: stopped. The key pair was created, and its private key is in {path}.",
    ]
    assert public_half(path) == in_ec2(server)["ci"]


def test_a_second_signal_stops_at_once_and_says_what_is_not_known(
    server: Ec2Server, tmp_path: Path
) -> None:
    path = tmp_path / "ci.pem"
    server.after["ImportKeyPair"] = acted = Acted()
    server.delays["ImportKeyPair"] = SECONDS
    with start(server, tmp_path, "--save", str(path), "--yes") as running:
        assert running.stderr is not None
        acted.wait()
        running.send_signal(signal.SIGTERM)
        assert "waiting for the answer of EC2" in running.stderr.readline()
        running.send_signal(signal.SIGTERM)
        errors = running.communicate(timeout=SECONDS)[1]
    assert running.returncode == 143
    assert "Whether EC2 has the key pair ci now is not known" in errors
    assert "Its private key is in" in errors
    assert public_half(path) == in_ec2(server)["ci"]
