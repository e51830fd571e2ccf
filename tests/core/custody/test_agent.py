import errno
import json
import os
import pwd
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.checks import look_up
from core.checks.agent_stays import REMOVED, stays
from core.checks.finding import PairReference
from core.custody import agent, agent_keys, installing, saving
from core.custody.agent import (
    AddNotConfirmed,
    AgentAsks,
    AgentError,
    AgentOwner,
    NoAgent,
    holdings,
)
from core.ec2.authorization import Authorizer
from core.ec2.policy import Policy
from core.ec2.regions import region
from core.errors import StoreError
from core.keys.encoding.sshwire import string
from core.model import CreatedKeyPair, FileFormat, KeyFormat, KeyType, PrivateKeyState
from core.session import Session
from core.store.journal import Journal
from core.store.region_store import RegionStore
from tests.core.sshd import COMMAND, USER, Server
from tests.helpers import SECONDS, Agent, listens, session_over

ROOT = Path(__file__).parents[3]
CANARY = b"-----BEGIN"


@contextmanager
def fake_agent(path: Path, serve: Callable[[socket.socket], None]) -> Iterator[None]:
    """Listen where an agent would, and do as told with each connection."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    serve(connection)
                except OSError:
                    continue

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(SECONDS)


def answering(answer: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        connection.recv(5)
        connection.sendall(answer)

    return serve


# Adding -------------------------------------------------------------------------------------


@pytest.mark.parametrize("key_type", KeyType)
@pytest.mark.parametrize("key_format", KeyFormat)
def test_the_agent_holds_what_was_added(
    key_type: KeyType, key_format: KeyFormat, ssh_agent: Agent, session: Session
) -> None:
    session.backend.create_key_pair(key_name="other", key_type="ed25519")
    created = session.backend.create_key_pair(
        key_name="web", key_type=key_type, key_format=key_format
    )
    added = agent_keys.add_to_agent(session, created)
    assert added == agent_keys.AddedToAgent(until=None, confirm=False, forwarded=False)
    listed = ssh_agent.ssh_add("-L").stdout.decode()
    assert listed == f"{created.key_pair.public_key} web\n"
    (key,) = agent_keys.in_agent(session).keys
    assert key.key_pair == created.key_pair
    assert key.identity.fingerprint == created.key_pair.custody.fingerprints.ssh_sha256
    # It is the whole key, not only its public half.
    assert ssh_agent.ssh_add("-T", *pub_file(ssh_agent, created)).returncode == 0


def test_a_key_of_a_deleted_pair_is_known_as_that(
    ssh_agent: Agent, session: Session, tmp_path: Path
) -> None:
    kept, gone = (
        session.backend.create_key_pair(key_name=name, key_type="ed25519")
        for name in ("kept", "gone")
    )
    for created in (kept, gone):
        agent_keys.add_to_agent(session, created)
    saved = saving.save_key_material(session, gone, str(tmp_path / "gone.pem"))
    session.backend.delete_key_pair(key_name="gone")
    first, second = agent_keys.in_agent(session).keys
    assert (first.key_pair, first.deleted) == (kept.key_pair, None)
    assert (second.key_pair, second.elsewhere) == (None, None)
    was = PairReference(session.region, gone.key_pair.key_pair_id, "gone")
    assert (second.deleted, second.saved_to) == (was, (str(saved.path),))
    # A pair that is there comes before one that was.
    material = gone.key_pair.public_key
    session.backend.import_key_pair(key_name="again", public_key_material=material)
    assert agent_keys.in_agent(session).keys[1].deleted is None


def pub_file(ssh_agent: Agent, created: CreatedKeyPair) -> list[str]:
    path = ssh_agent.path.with_name("key.pub")
    path.write_text(f"{created.key_pair.public_key}\n")
    return [str(path)]


def test_what_was_added_is_journaled_but_does_not_count_as_saved(
    ssh_agent: Agent, session: Session
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    agent_keys.add_to_agent(session, created)
    (recorded,) = session.backend.describe_key_pairs()
    assert recorded.custody.private_key is PrivateKeyState.UNSAVED
    assert recorded.custody.saved_to == ()
    last = session.journal()[-1]
    assert (last.operation, last.outcome) == ("AddToAgent", "done")
    assert last.key_pair_id == recorded.key_pair_id


def test_a_journal_that_cannot_be_written_keeps_no_key_from_the_agent(
    ssh_agent: Agent, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")

    def refuse(*_: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(Journal, "record", refuse)
    assert (
        agent_keys.add_to_agent(session, created).warning
        == "It is not in the journal. The disk is full."
    )
    assert len(agent_keys.in_agent(session).keys) == 1


def test_a_key_of_another_region_is_none_of_this_and_is_named_by_its_own(
    ssh_agent: Agent, session: Session
) -> None:
    other = session.for_region("eu-west-1")
    agent_keys.add_to_agent(
        other, other.backend.create_key_pair(key_name="web", key_type="ed25519")
    )
    (pair,) = other.backend.describe_key_pairs()
    (key,) = agent_keys.in_agent(session).keys
    assert key.key_pair is None
    assert key.elsewhere == PairReference("eu-west-1", pair.key_pair_id, "web")
    (key,) = agent_keys.in_agent(other).keys
    assert (key.key_pair, key.elsewhere) == (pair, None)


def test_a_region_that_cannot_be_read_hides_no_key_of_another(
    ssh_agent: Agent, session: Session
) -> None:
    session.backend.create_key_pair(key_name="here", key_type="ed25519")
    session.for_region("ap-south-1").backend.create_key_pair(key_name="x", key_type="ed25519")
    session.for_region("ap-south-1").store.path.write_bytes(b"{}")
    other = session.for_region("eu-west-1")
    agent_keys.add_to_agent(
        other, other.backend.create_key_pair(key_name="web", key_type="ed25519")
    )
    (key,) = agent_keys.in_agent(session).keys
    assert key.elsewhere is not None
    assert key.elsewhere.region == "eu-west-1"


def test_a_pair_that_may_not_be_described_is_not_named(
    ssh_agent: Agent, session: Session, store: RegionStore
) -> None:
    other = session.for_region("eu-west-1")
    for each in (session, other):
        agent_keys.add_to_agent(
            each, each.backend.create_key_pair(key_name="web", key_type="ed25519")
        )
    denied = {"Effect": "Deny", "Action": "ec2:DescribeKeyPairs", "Resource": "*"}
    here = denied | {"Condition": {"StringEquals": {"ec2:Region": "us-east-1"}}}
    allowed = {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
    for denial, named in ((here, [None, "eu-west-1"]), (denied, [None, None])):
        text = json.dumps({"Version": "2012-10-17", "Statement": [allowed, denial]})
        policy = Policy.parse(text, source="test")
        authorizer = Authorizer(region("us-east-1"), "sam", policy=policy)
        keys = agent_keys.in_agent(session_over(store, authorizer)).keys
        assert [key.key_pair for key in keys] == [None, None]
        assert [key.elsewhere and key.elsewhere.region for key in keys] == named


def test_only_what_the_agent_holds_of_another_region_is_named(
    ssh_agent: Agent, session: Session
) -> None:
    other = session.for_region("eu-west-1")
    other.backend.create_key_pair(key_name="not-there", key_type="ed25519")
    created = other.backend.create_key_pair(key_name="web", key_type="ed25519")
    agent_keys.add_to_agent(other, created)
    (key,) = agent_keys.in_agent(session).keys
    assert key.elsewhere == PairReference("eu-west-1", created.key_pair.key_pair_id, "web")


@pytest.mark.parametrize("first", ["created", "imported"])
def test_of_two_pairs_of_one_key_the_one_that_was_created_here_is_named(
    first: str, ssh_agent: Agent, session: Session
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    session.backend.import_key_pair(
        key_name="copy", public_key_material=created.key_pair.public_key
    )
    if first == "imported":
        session.backend.delete_key_pair(key_name="web")
        session.backend.restore_key_pair(created.key_pair.key_pair_id)
    agent_keys.add_to_agent(session, created)
    (key,) = agent_keys.in_agent(session).keys
    assert key.key_pair is not None
    assert key.key_pair.key_name == "web"


@pytest.mark.parametrize("key_type", KeyType)
def test_a_certificate_in_the_agent_is_of_the_pair_whose_key_it_certifies(
    key_type: KeyType,
    ssh_agent: Agent,
    session: Session,
    tmp_path: Path,
    run: Callable[..., object],
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type=key_type)
    path = saving.save_key_material(session, created, str(tmp_path / "web")).path
    path.with_name("web.pub").write_text(f"{created.key_pair.public_key}\n")
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "ca")
    run("ssh-keygen", "-q", "-s", tmp_path / "ca", "-I", "x", "-n", "x", tmp_path / "web.pub")
    # ssh-add takes the certificate that lies beside the key, as a second key.
    assert ssh_agent.ssh_add("-q", str(path)).returncode == 0
    keys = agent_keys.in_agent(session).keys
    assert [key.identity.is_certificate for key in keys] == [False, True]
    assert {key.key_pair for key in keys} == {*session.backend.describe_key_pairs()}


@pytest.mark.long
def test_the_agent_forgets_after_the_lifetime(ssh_agent: Agent, session: Session) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    before = session.now()
    added = agent_keys.add_to_agent(session, created, lifetime=timedelta(seconds=2))
    assert added.until is not None
    assert before + timedelta(seconds=1) <= added.until <= session.now() + timedelta(seconds=1)
    assert len(holdings().identities) == 1
    end = time.monotonic() + SECONDS
    while holdings().identities:
        assert time.monotonic() < end
        time.sleep(0.05)
    # It is there for as long as we say, and may be a little longer.
    assert session.now() >= added.until


@pytest.mark.parametrize("agreed", [True, False])
def test_the_agent_asks_before_each_use(agreed: bool, ssh_agent: Agent, session: Session) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    ssh_agent.answer.write_text(f"#!/bin/sh\nexit {0 if agreed else 1}\n")
    assert agent_keys.add_to_agent(session, created, confirm=True).confirm
    signed = ssh_agent.ssh_add("-T", *pub_file(ssh_agent, created))
    assert (signed.returncode == 0) is agreed, signed


def test_a_locked_agent_says_that_it_holds_nothing_and_takes_nothing(
    ssh_agent: Agent, session: Session
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    agent_keys.add_to_agent(session, created)
    assert ssh_agent.ssh_add("-x").returncode == 0
    assert holdings().identities == ()
    with pytest.raises(AgentError, match=r"refused the key \(.*agent refused.*ssh-add -X unlocks"):
        agent_keys.add_to_agent(session, created)
    assert ssh_agent.ssh_add(*agent.TO_UNLOCK.split()[1:]).returncode == 0
    assert len(holdings().identities) == 1
    assert [entry.operation for entry in session.journal()] == ["CreateKeyPair", "AddToAgent"]


def fake_ssh_add(folder: Path, script: str) -> None:
    program = folder / "ssh-add"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)


def test_the_key_is_in_no_argument_and_no_environment(
    ssh_agent: Agent, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    seen = tmp_path / "seen"
    real = ssh_agent.tool("ssh-add")
    dump = (
        f"tr '\\0' '\\n' < /proc/$$/cmdline > {seen}; tr '\\0' '\\n' < /proc/$$/environ >> {seen}"
    )
    fake_ssh_add(tmp_path, f'PATH=/usr/bin:/bin\n{dump}\npwd >> {seen}\nexec {real} "$@"')
    monkeypatch.setenv("PATH", str(tmp_path))
    agent_keys.add_to_agent(session, created, lifetime=timedelta(hours=8), confirm=True)
    text = seen.read_text()
    assert text.split("ssh-add\n", 1)[1].startswith("-t\n28800\n-c\n-\n")
    assert "SSH_AUTH_SOCK" in text
    secrets = [line for line in created.key_material.reveal().splitlines() if len(line) > 20]
    assert not any(secret in text for secret in secrets)
    assert text.endswith("\n/\n")


@pytest.mark.parametrize("fails", [False, True])
def test_the_copy_of_the_key_is_wiped(
    fails: bool, ssh_agent: Agent, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="rsa", key_format="ppk")
    copies: list[bytearray] = []
    add = agent.add

    def spy(private_key: bytearray, **options: timedelta | bool | None) -> None:
        copies.append(private_key)
        assert private_key.startswith(CANARY)
        if fails:
            raise AgentError("no")
        add(private_key)

    monkeypatch.setattr(agent, "add", spy)
    if fails:
        with pytest.raises(AgentError):
            agent_keys.add_to_agent(session, created)
    else:
        agent_keys.add_to_agent(session, created)
    assert [set(copy) for copy in copies] == [{0}]
    # The pair's own copy is still there, to be saved as well.
    assert created.key_material.reveal().startswith("PuTTY")


def test_a_key_that_the_agent_does_not_list_may_still_be_there(
    ssh_agent: Agent, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    fake_ssh_add(tmp_path, "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AddNotConfirmed, match="does not list the key"):
        agent_keys.add_to_agent(session, created)


# Not confirmed ------------------------------------------------------------------------------

_ADD, _ADD_CONSTRAINED, _LIST = 17, 25, 11


class Doubtful:
    """An agent that takes a key, and then is slow, or gone, or not to be believed.

    `fails_at` is what it does so at: `add`, or `list` once it has taken a key; `how` is `late` or
    `gone`.
    """

    def __init__(self, fails_at: str, how: str) -> None:
        self.fails_at, self.how = fails_at, how
        self.taken = 0

    def __call__(self, connection: socket.socket) -> None:
        while head := connection.recv(4, socket.MSG_WAITALL):
            request = connection.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
            if request[0] in (_ADD, _ADD_CONSTRAINED):
                self.taken += 1
                fails, answer = self.fails_at == "add", b"\x06"
            elif request[0] == _LIST:
                fails, answer = self.fails_at == "list" and bool(self.taken), b"\x0c" + bytes(4)
            else:
                fails, answer = False, b"\x05"
            if fails and self.how == "gone":
                return
            if fails:
                # Until it is no longer waited for.
                connection.recv(1)
            connection.sendall(string(answer))


@pytest.mark.parametrize(
    ("fails_at", "how", "words"),
    [
        pytest.param(
            "add",
            "late",
            r"did not answer in 1\.5 seconds; ssh-add was ended\.",
            marks=pytest.mark.long,
        ),
        ("add", "gone", "gave no answer .*communication with agent failed"),
        ("list", "late", r"reported success\. .* did not answer in 1\.5 seconds\."),
        ("list", "gone", r"reported success\. .* closed the connection"),
    ],
)
def test_a_key_that_the_agent_may_hold_is_not_said_to_be_nowhere(
    fails_at: str,
    how: str,
    words: str,
    session: Session,
    short_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    tool: Callable[[str], str],
) -> None:
    tool("ssh-add")
    if how == "late":
        # Time enough for ssh-add to reach the agent.
        monkeypatch.setattr(agent, "SECONDS", 1.5)
        monkeypatch.setattr(agent, "SECONDS_TO_ADD", 1.5)
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    path = short_folder / "agent"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
    doubtful = Doubtful(fails_at, how)
    with fake_agent(path, doubtful), pytest.raises(AddNotConfirmed, match=words) as caught:
        agent_keys.add_to_agent(session, created)
    assert doubtful.taken == 1
    assert "The agent may hold the key: ssh-add -l lists" in str(caught.value)
    # To start another agent would not show what this one holds.
    assert "start" not in str(caught.value)
    last = session.journal()[-1]
    assert (last.operation, last.outcome) == ("AddToAgent", "begun")
    assert last.key_pair_id == created.key_pair.key_pair_id
    (recorded,) = session.backend.describe_key_pairs()
    assert recorded.custody.private_key is PrivateKeyState.UNSAVED


def test_an_ssh_add_that_is_killed_may_have_done_it(
    ssh_agent: Agent, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    fake_ssh_add(tmp_path, "kill -9 $$")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AddNotConfirmed, match="ended by signal 9"):
        agent_keys.add_to_agent(session, created)


def test_a_doubt_that_the_journal_does_not_take_is_still_one(
    ssh_agent: Agent, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    fake_ssh_add(tmp_path, "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))

    def refuse(*_: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(Journal, "record", refuse)
    with pytest.raises(AddNotConfirmed, match=r"in the journal\. The disk is full\. The agent may"):
        agent_keys.add_to_agent(session, created)


@pytest.mark.parametrize("refused", ["exit 1", "echo 'agent refused operation' >&2; exit 1"])
def test_what_ssh_add_refuses_is_surely_not_in_the_agent(
    refused: str,
    ssh_agent: Agent,
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    fake_ssh_add(tmp_path, refused)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AgentError, match="refused the key") as caught:
        agent_keys.add_to_agent(session, created)
    assert not isinstance(caught.value, AddNotConfirmed)
    assert [entry.operation for entry in session.journal()] == ["CreateKeyPair"]


def test_what_ssh_add_says_is_quoted_in_bounds(
    ssh_agent: Agent, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    fake_ssh_add(
        tmp_path, 'i=0; while [ $i -lt 999 ]; do printf "long " >&2; i=$((i+1)); done; exit 1'
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AgentError) as caught:
        agent_keys.add_to_agent(session, created)
    assert "(long long" in str(caught.value)
    assert len(str(caught.value)) < 400
    fake_ssh_add(tmp_path, "exit 1")
    with pytest.raises(AgentError, match="it did not say why"):
        agent_keys.add_to_agent(session, created)


def test_an_agent_that_ssh_add_does_not_reach_is_said_to_be_gone(
    ssh_agent: Agent, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    fake_ssh_add(tmp_path, "echo 'Error connecting to agent: Broken pipe' >&2; exit 2")
    monkeypatch.setenv("PATH", str(tmp_path))
    said = f"No ssh-agent answers at {ssh_agent.path}: Error connecting to agent: Broken pipe"
    with pytest.raises(NoAgent, match=said):
        agent_keys.add_to_agent(session, created)
    assert [entry.operation for entry in session.journal()] == ["CreateKeyPair"]


def test_where_the_system_tells_less_the_agent_is_asked_by_its_name(
    ssh_agent: Agent, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is on macOS, which has neither O_PATH nor SO_PEERCRED."""
    monkeypatch.delattr(os, "O_PATH", raising=False)
    monkeypatch.delattr(socket, "SO_PEERCRED", raising=False)
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    added = agent_keys.add_to_agent(session, created)
    assert (added.forwarded, added.owner) == (False, None)
    assert agent_keys.keys_in_agent() == frozenset({created.key_pair.public_key})
    # The agent is whose the file of its socket is.
    uid = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    assert holdings().owner == AgentOwner(uid, pwd.getpwuid(uid).pw_name)


# Whose agent it is --------------------------------------------------------------------------

MALLORY = AgentOwner(12345, "mallory")


def made_by(monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
    """Have the system say that every socket was made by a process of this account."""

    class Theirs(socket.socket):
        def getsockopt(self, level: int, option: int, *size: int) -> Any:
            answer: Any = super().getsockopt(level, option, *size)
            if option != socket.SO_PEERCRED:
                return answer
            process, _, group = struct.unpack("3i", answer)
            return struct.pack("3i", process, uid, group)

    monkeypatch.setattr(socket, "socket", Theirs)


def test_the_agent_of_another_account_gets_a_key_only_after_a_second_yes(
    ssh_agent: Agent, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    made_by(monkeypatch, 54321)
    owner = AgentOwner(54321, "user 54321")
    assert holdings().owner == owner
    with pytest.raises(AgentAsks, match=f"belongs to {owner.name}, who can log in") as asked:
        agent_keys.add_to_agent(session, created)
    with pytest.raises(AgentAsks):
        agent_keys.add_to_agent(session, created, accepted=MALLORY)
    assert holdings().identities == ()
    assert [entry.operation for entry in session.journal()] == ["CreateKeyPair"]
    added = agent_keys.add_to_agent(session, created, accepted=asked.value.owner)
    assert added.owner == owner
    assert agent_keys.in_agent(session).owner == owner
    assert [each.source for each in look_up.finder(session).in_agent()] == [
        f"the agent of {owner.name}"
    ]
    # The check-up looks for the person's own keys.
    assert agent_keys.keys_in_agent() is None
    made_by(monkeypatch, os.geteuid())
    assert agent_keys.keys_in_agent() == frozenset({created.key_pair.public_key})
    assert holdings().owner is None


AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may act as another account")
NOBODY = 65534


@AS_ROOT
def test_root_is_told_of_the_agent_of_another_account_as_after_su(
    session: Session,
    short_folder: Path,
    tool: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    os.chown(short_folder, NOBODY, NOBODY)
    path = short_folder / "agent"
    process = subprocess.Popen(
        [tool("ssh-agent"), "-D", "-a", path],
        stdout=subprocess.DEVNULL,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
    )
    try:
        end = time.monotonic() + SECONDS
        while not listens(path):
            assert time.monotonic() < end
            time.sleep(0.005)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        with pytest.raises(AgentAsks, match=f"belongs to {pwd.getpwuid(NOBODY).pw_name}"):
            agent_keys.add_to_agent(session, created)
        assert agent_keys.in_agent(session).keys == ()
    finally:
        process.terminate()
        process.wait(SECONDS)


@AS_ROOT
def test_who_may_not_use_the_agent_is_told_that_it_is_of_another_account(
    ssh_agent: Agent,
) -> None:
    code = (
        "from core.custody.agent import holdings, NoAgent\n"
        "try: holdings()\n"
        "except NoAgent as error: print(error)"
    )
    done = subprocess.run(
        ["setpriv", f"--reuid={NOBODY}", "--clear-groups", sys.executable, "-c", code],
        capture_output=True,
        cwd=ROOT,
        env={"SSH_AUTH_SOCK": str(ssh_agent.path)},
        timeout=SECONDS,
        check=True,
    )
    words = done.stdout.decode()
    assert f"The agent at {ssh_agent.path} does not let you in: Permission denied." in words
    assert "belongs to another account, as after su" in words


def test_the_socket_that_was_judged_is_the_one_that_gets_the_key(
    ssh_agent: Agent,
    session: Session,
    short_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    link = short_folder / "link"
    link.symlink_to(ssh_agent.path)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(link))
    swap = f"ln -sfn {short_folder}/theirs {link}"
    fake_ssh_add(tmp_path, f'PATH=/usr/bin:/bin\n{swap}\nexec {ssh_agent.tool("ssh-add")} "$@"')
    monkeypatch.setenv("PATH", str(tmp_path))
    theirs = Doubtful("never", "late")
    with fake_agent(short_folder / "theirs", theirs), pytest.raises(AddNotConfirmed):
        # What lists is asked anew, by the name, and knows nothing of the key.
        agent_keys.add_to_agent(session, created)
    assert theirs.taken == 0
    monkeypatch.setenv("SSH_AUTH_SOCK", str(ssh_agent.path))
    assert len(holdings().identities) == 1


# Agents that wait, and that refuse ----------------------------------------------------------

PINENTRY = """#!/bin/sh
echo OK ready
while read -r line; do
  case $line in
    GETPIN*)
      touch {folder}/asked
      # It ends with the test that uses it, and by itself where that was killed.
      left=3000
      while [ ! -e {folder}/answer-it ] && [ -e {folder}/asked ] && [ $left -gt 0 ]; do
        sleep 0.02
        left=$((left - 1))
      done
      echo "D correct horse 9 battery staple"
      echo OK ;;
    BYE*) echo OK; exit ;;
    *) echo OK ;;
  esac
done
"""


@pytest.fixture
def gpg_agent(
    short_folder: Path, tool: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Return the folder of a gpg-agent that asks for a passphrase until `answer-it` is there."""
    pinentry = short_folder / "pinentry"
    pinentry.write_text(PINENTRY.format(folder=short_folder))
    pinentry.chmod(0o700)
    short_folder.chmod(0o700)
    # It lives as long as the program that it is given.
    program = ["sh", "-c", "echo $SSH_AUTH_SOCK; read wait"]
    options = ["--enable-ssh-support", "--pinentry-program", str(pinentry), "--daemon", *program]
    process = subprocess.Popen(
        [tool("gpg-agent"), "--homedir", str(short_folder), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", process.stdout.readline().strip())
        yield short_folder
    finally:
        (short_folder / "answer-it").touch()
        process.stdin.close()
        process.stdout.close()
        process.wait(SECONDS)
        subprocess.run(
            [tool("gpgconf"), "--homedir", short_folder, "--kill", "gpg-agent"],
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )


def until_there(path: Path) -> None:
    end = time.monotonic() + SECONDS
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("answered", [pytest.param(True, marks=pytest.mark.long), False])
def test_gpg_agent_is_waited_for_while_it_asks_until_it_is_answered_or_stopped(
    answered: bool,
    gpg_agent: Path,
    session: Session,
    tool: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tool("ssh-add")
    monkeypatch.setattr(agent, "SECONDS", 1.0)
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    stop = threading.Event()
    with ThreadPoolExecutor() as threads:
        adding = threads.submit(agent_keys.add_to_agent, session, created, stop=stop)
        until_there(gpg_agent / "asked")
        assert not wait([adding], 1.2).done
        monkeypatch.setattr(agent, "SECONDS", float(SECONDS))
        if answered:
            (gpg_agent / "answer-it").touch()
            assert adding.result(SECONDS).confirm is False
            (key,) = agent_keys.in_agent(session).keys
            assert key.key_pair is not None
        else:
            stop.set()
            with pytest.raises(AddNotConfirmed, match="You stopped waiting for the agent at"):
                adding.result(SECONDS)


@pytest.mark.parametrize("failure", [5, 30, 102])
def test_a_refusal_to_list_is_not_taken_for_no_agent(
    failure: int, session: Session, short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = short_folder / "agent"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
    words = "refuses to list its keys. It is locked, or waits for its token or vault"
    with fake_agent(path, answering(string(bytes([failure])))):
        with pytest.raises(AgentError, match=words) as caught:
            agent_keys.in_agent(session)
        assert not isinstance(caught.value, NoAgent)


def test_an_agent_that_takes_no_keys_is_said_to_be_there(
    session: Session,
    short_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    tool: Callable[[str], str],
) -> None:
    tool("ssh-add")
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    path = short_folder / "agent"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
    # It lists its keys, and refuses whatever else it is asked for.
    serve = Refusing()
    with fake_agent(path, serve):
        assert agent_keys.in_agent(session).keys == ()
        with pytest.raises(AgentError, match=f"The agent at {path} is there, but refused") as said:
            agent_keys.add_to_agent(session, created)
    assert not isinstance(said.value, NoAgent | AddNotConfirmed)
    assert "take no keys" in str(said.value)


class Refusing:
    """An agent that lists no key, and refuses everything else."""

    def __call__(self, connection: socket.socket) -> None:
        while head := connection.recv(4, socket.MSG_WAITALL):
            request = connection.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
            connection.sendall(string(b"\x0c" + bytes(4) if request[0] == _LIST else b"\x05"))


def test_an_agent_whose_queue_is_full_is_said_to_be_busy(
    session: Session,
    created: CreatedKeyPair,
    short_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    tool: Callable[[str], str],
) -> None:
    tool("ssh-add")
    monkeypatch.setattr(agent, "SECONDS", 0.3)
    path = short_folder / "agent"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
    with socket.socket(socket.AF_UNIX) as listener, ExitStack() as stack:
        listener.bind(str(path))
        listener.listen(0)
        with suppress(BlockingIOError):
            while True:
                waiting = stack.enter_context(socket.socket(socket.AF_UNIX))
                waiting.setblocking(False)
                waiting.connect(str(path))
        for call in (
            lambda: agent_keys.in_agent(session),
            lambda: agent_keys.add_to_agent(session, created),
        ):
            with pytest.raises(AgentError, match="is busy: its queue of connections is full") as e:
                call()
            assert not isinstance(e.value, NoAgent)


def test_an_agent_that_is_busy_for_a_moment_is_waited_for(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = short_folder / "agent"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
    with fake_agent(path, answering(string(b"\x0c" + bytes(4)))):
        connect = socket.socket.connect
        refusals = iter([True, True, False])

        class Busy(socket.socket):
            def connect(self, address: Any) -> None:
                if next(refusals):
                    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
                connect(self, address)

        monkeypatch.setattr(socket, "socket", Busy)
        assert holdings().identities == ()
    assert next(refusals, None) is None


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_command_that_starts_an_agent_starts_one(
    shell: str, tool: Callable[[str], str]
) -> None:
    code = "from core.custody.agent import holdings; h = holdings(); print(h.owner, h.identities)"
    script = f'{agent.TO_START} >&2; {sys.executable} -c "{code}"; kill $SSH_AGENT_PID'
    done = subprocess.run(
        [tool(shell), "-c", script], capture_output=True, cwd=ROOT, timeout=SECONDS, check=True
    )
    assert done.stdout == b"None ()\n", done


@pytest.mark.parametrize("key_type", KeyType)
def test_a_key_is_listed_by_the_command_that_is_named_and_leaves_the_agent_alone(
    key_type: KeyType, ssh_agent: Agent, session: Session, short_folder: Path
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type=key_type)
    other = session.backend.create_key_pair(key_name="db", key_type=key_type)
    for each in (created, other):
        agent_keys.add_to_agent(session, each)
    # A certificate of the key is another key to the agent.
    authority, file = short_folder / "ca", short_folder / "web.pem"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", authority], check=True)
    saving.save_key_material(session, created, str(file), FileFormat.PEM)
    public = saving.save_public_key(created.key_pair, f"{file}.pub").path
    subprocess.run(["ssh-keygen", "-q", "-s", authority, "-I", "x", public], check=True)
    assert ssh_agent.ssh_add("-q", str(file)).returncode == 0
    _, *list_ = agent.TO_LIST.split()
    fingerprint = created.key_pair.custody.fingerprints.ssh_sha256
    assert fingerprint in ssh_agent.ssh_add(*list_).stdout.decode()
    before = holdings().identities
    assert len(before) == 3
    for count, key in enumerate(agent_keys.in_agent(session).keys, start=1):
        assert agent_keys.remove_from_agent(session, key) is None
        assert holdings().identities == before[count:]
    removed = [each for each in session.journal() if each.operation == REMOVED]
    # Not of the certificate, whose key might be there still.
    assert [each.key_name for each in removed] == ["web", "db"]
    assert session.in_agent == {}
    assert stays(session) == {}


def test_a_key_that_is_not_there_or_locked_up_is_said_not_to_be_removed(
    ssh_agent: Agent, session: Session
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    agent_keys.add_to_agent(session, created)
    (key,) = agent_keys.in_agent(session).keys
    assert ssh_agent.ssh_add("-x").returncode == 0
    with pytest.raises(AgentError, match=r"did not do it\. It is locked \(ssh-add -X unlocks it\)"):
        agent_keys.remove_from_agent(session, key)
    assert ssh_agent.ssh_add("-X").returncode == 0
    agent_keys.remove_from_agent(session, key)
    with pytest.raises(AgentError, match="holds the key no longer"):
        agent_keys.remove_from_agent(session, key)
    assert sum(each.operation == REMOVED for each in session.journal()) == 1


# No agent, or one that is none --------------------------------------------------------------


@pytest.fixture
def created(session: Session) -> CreatedKeyPair:
    return session.backend.create_key_pair(key_name="web", key_type="ed25519")


def test_without_an_agent_it_says_how_to_start_one(
    session: Session, created: CreatedKeyPair
) -> None:
    with pytest.raises(AgentError, match=r'SSH_AUTH_SOCK is not set.*eval "\$\(ssh-agent\)"'):
        agent_keys.in_agent(session)
    with pytest.raises(AgentError, match="SSH_AUTH_SOCK is not set"):
        agent_keys.add_to_agent(session, created)


@pytest.mark.parametrize("kind", ["missing", "file", "closed", "long"])
def test_an_agent_that_is_gone_is_named(
    kind: str,
    session: Session,
    created: CreatedKeyPair,
    short_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    tool: Callable[[str], str],
) -> None:
    tool("ssh-add")
    path = short_folder / ("x" * 200 if kind == "long" else "agent")
    if kind == "file":
        path.touch()
    if kind == "closed":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
    for call in (
        lambda: agent_keys.in_agent(session),
        lambda: agent_keys.add_to_agent(session, created),
    ):
        with pytest.raises(AgentError, match=f"No ssh-agent answers at {path}"):
            call()


def test_without_ssh_add_it_says_what_to_install(
    ssh_agent: Agent, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AgentError, match="ssh-add is not installed"):
        agent_keys.add_to_agent(session, created)


def test_an_ssh_add_that_cannot_be_started_is_named(
    ssh_agent: Agent,
    session: Session,
    created: CreatedKeyPair,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "ssh-add").write_bytes(b"no program of this machine")
    (tmp_path / "ssh-add").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AgentError, match=r"ssh-add could not be started: Exec format error\."):
        agent_keys.add_to_agent(session, created)


def hang(connection: socket.socket) -> None:
    while connection.recv(1024):
        pass


def drip(connection: socket.socket) -> None:
    connection.sendall((400).to_bytes(4, "big"))
    for _ in range(400):
        connection.sendall(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize("serve", [hang, drip])
def test_an_agent_that_hangs_is_waited_for_in_vain_but_not_for_long(
    serve: Callable[[socket.socket], None],
    session: Session,
    created: CreatedKeyPair,
    short_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    tool: Callable[[str], str],
) -> None:
    tool("ssh-add")
    monkeypatch.setattr(agent, "SECONDS", 0.3)
    monkeypatch.setattr(agent, "SECONDS_TO_ADD", 0.3)
    path = short_folder / "agent"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
    with fake_agent(path, serve):
        start = time.monotonic()
        with pytest.raises(AgentError, match=r"did not answer in 0\.3 seconds"):
            agent_keys.in_agent(session)
        if serve is hang:
            with pytest.raises(AgentError, match="ssh-add was ended"):
                agent_keys.add_to_agent(session, created)
        # To hang goes on for ever, and to drip for 20 seconds.
        assert time.monotonic() - start < 10


def test_an_answer_that_begins_too_late_is_not_read_to_its_end(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = short_folder / "agent"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
    late = 0.0

    def begin_late(connection: socket.socket) -> None:
        nonlocal late
        connection.recv(5)
        late = agent.SECONDS + 1
        connection.sendall((400).to_bytes(4, "big"))
        hang(connection)

    monkeypatch.setattr(agent, "monotonic", lambda: time.monotonic() + late)
    with (
        fake_agent(path, begin_late),
        pytest.raises(AgentError, match="did not answer in 5 seconds"),
    ):
        holdings()


KEY = string(b"ssh-ed25519") + string(b"x" * 32)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0\0\0\0",
        b"\0\0\0\1\x05",
        b"\xff\xff\xff\xff" + b"x" * 100,
        string(b"\x0c"),
        string(b"\x0c\0\0\0\1"),
        string(b"\x0c\xff\xff\xff\xff" + string(KEY) + string(b"a")),
        string(b"\x0c\0\0\0\1" + string(KEY)),
        string(b"\x0c\0\0\0\1" + string(KEY) + string(b"a") + b"more"),
        string(b"\x0c\0\0\0\1" + string(b"") + string(b"a")),
        string(b"\x0c\0\0\0\1" + string(KEY) + string(b"a"))[:-1],
        string(b"\x0c\0\0\0\1" + string(KEY) + string(b"a" * 256 * 1024)),
    ],
    ids=lambda answer: f"{len(answer)} bytes",
)
def test_an_answer_that_is_none_is_refused(
    answer: bytes, short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = short_folder / "agent"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
    with fake_agent(path, answering(answer)), pytest.raises(AgentError, match=str(path)):
        holdings()


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda rest: b"\x0c\0\0\0\1" + rest))
def test_no_answer_does_worse_than_being_refused(answer: bytes) -> None:
    try:
        found = agent._identities(answer, "path")
    except AgentError:
        return
    assert b"".join(string(i.blob) for i in found) in answer


def test_a_comment_may_be_anything(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    comment = b"\x1b]0;x\x07\nssh-rsa AAAA \xff"
    path = short_folder / "agent"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
    certificate = string(b"ssh-ed25519-cert-v01@openssh.com") + string(b"x")
    keys = string(KEY) + string(comment) + string(certificate) + string(b"")
    with fake_agent(path, answering(string(b"\x0c\0\0\0\2" + keys))):
        first, second = holdings().identities
    assert first.comment == comment.decode("utf-8", "replace")
    assert (first.algorithm, first.is_certificate) == ("ssh-ed25519", False)
    assert second.is_certificate


# Nothing touches the disk -------------------------------------------------------------------

SCRIPT = """
import os, resource, signal, sys
from pathlib import Path
from core.custody.agent_keys import add_to_agent
from core.local.opening import open_local
session = open_local(Path(sys.argv[1]), "us-east-1")
created = session.backend.create_key_pair(key_name="web", key_type=sys.argv[2], key_format="ppk")
if sys.argv[3] == "limited":
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
os.access("/begin", os.F_OK)
added = add_to_agent(session, created)
os.access("/end", os.F_OK)
print(added.warning)
"""


def script(*arguments: str | Path) -> list[str | Path]:
    return [sys.executable, "-c", SCRIPT, *arguments]


@pytest.mark.long
@pytest.mark.parametrize("key_type", KeyType)
def test_a_key_is_added_where_no_file_can_grow_by_a_byte(
    key_type: KeyType, ssh_agent: Agent, tmp_path: Path
) -> None:
    # The limit holds for ssh-add as well, which would be killed by it.
    done = subprocess.run(
        script(tmp_path / "data", key_type, "limited"),
        capture_output=True,
        timeout=SECONDS,
        check=True,
        cwd=ROOT,
    )
    assert re.match(rb"It is not in the journal\. .*File too large", done.stdout), done
    assert len(holdings().identities) == 1


WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE")
CHANGES = "creat|mkdir|rename|link|symlink|unlink|truncate|mknod|chmod|chown"


@pytest.mark.long
@pytest.mark.parametrize("key_type", KeyType)
def test_strace_sees_no_file_written_but_the_journal(
    key_type: KeyType, ssh_agent: Agent, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    log = tmp_path / "strace"
    calls = "%file,write,writev,pwrite64,sendto,sendmsg,memfd_create,ftruncate"
    options = ["-f", "-y", "-s", "100000", "-o", str(log), "-e", f"trace={calls}"]
    subprocess.run(
        [tool("strace"), *options, *script(tmp_path / "data", key_type, "free")],
        capture_output=True,
        timeout=SECONDS,
        check=True,
        cwd=ROOT,
    )
    text = log.read_text(errors="replace")
    lines = text.partition('"/begin"')[2].partition('"/end"')[0].splitlines()
    assert any("execve" in line and "ssh-add" in line for line in lines)

    opened = {
        match[1]
        for line in lines
        if WRITES.search(line) and (match := re.search(r'open(?:at)?\([^"]*"([^"]*)"', line))
    }
    assert opened == {"/dev/null", str(tmp_path / "data" / "journal.jsonl")}
    assert [line for line in lines if re.search(rf"\b({CHANGES})\w*\(", line)] == []

    material = [line for line in lines if "PRIVATE KEY" in line]
    assert len(material) == 1
    assert re.search(r"write\(\d+<pipe:\[\d+\]>, \"-----BEGIN", material[0])


# Logging in ---------------------------------------------------------------------------------


def ssh(server: Server, tmp_path: Path, ssh_agent: Agent, *options: str, command: str) -> bytes:
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{server.port} {server.host_key_line}\n")
    settings = [
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        f"UserKnownHostsFile={known_hosts}",
        "GlobalKnownHostsFile=/dev/null",
        "IdentityFile=none",
        f"ConnectTimeout={SECONDS}",
    ]
    arguments = [argument for setting in settings for argument in ("-o", setting)]
    where = ["-p", str(server.port), f"{USER}@127.0.0.1"]
    return subprocess.run(
        [ssh_agent.tool("ssh"), "-F", "none", *options, *arguments, *where, command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        env=ssh_agent.environment,
        check=False,
    ).stdout


@pytest.mark.long
@pytest.mark.parametrize(
    ("key_type", "key_format"),
    [(KeyType.RSA, KeyFormat.PEM), (KeyType.ED25519, KeyFormat.PPK)],
)
def test_a_server_lets_in_through_the_agent_whom_the_installed_line_names(
    key_type: KeyType,
    key_format: KeyFormat,
    ssh_agent: Agent,
    server: Server,
    session: Session,
    tmp_path: Path,
) -> None:
    created = session.backend.create_key_pair(
        key_name="web", key_type=key_type, key_format=key_format
    )
    line = installing.installation(session, created.key_pair, 'restrict,from="127.0.0.1"').line
    server.authorized_keys.write_text(f"{line}\n")
    assert ssh(server, tmp_path, ssh_agent, command=COMMAND) == b""
    agent_keys.add_to_agent(session, created)
    assert ssh(server, tmp_path, ssh_agent, command=COMMAND) == b"logged in"


@pytest.mark.long
def test_an_agent_that_sshd_forwards_is_known_as_such(
    ssh_agent: Agent, server: Server, session: Session, tmp_path: Path
) -> None:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    agent_keys.add_to_agent(session, created)
    server.authorized_keys.write_text(f"{created.key_pair.public_key}\n")
    code = "from core.custody.agent import holdings; print(holdings().forwarded)"
    command = f"cd {ROOT} && {sys.executable} -c '{code}'"
    assert ssh(server, tmp_path, ssh_agent, "-A", command=command) == b"True\n"
    assert not holdings().forwarded
