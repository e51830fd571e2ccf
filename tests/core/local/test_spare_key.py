import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from core.ec2.authorization import Authorizer
from core.ec2.policy import Policy
from core.ec2.regions import region
from core.errors import (
    DryRunOperation,
    EC2Error,
    InvalidKeyPairDuplicate,
    InvalidParameterValue,
    StoreError,
)
from core.keys import convert, keygen
from core.local.spare_key import SpareKey
from core.model import KeyType
from core.session import Session
from core.store.region_store import RegionStore
from tests.helpers import session_over

ROOT = Path(__file__).parents[3]
SECONDS = 60


class Generator:
    """Stands in for `keygen.generate`: counts, and waits until it may go on."""

    def __init__(self) -> None:
        self.made: list[keygen.PrivateKey] = []
        self.calls = 0
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self._generate = keygen.generate

    def __call__(self, key_type: KeyType) -> keygen.PrivateKey:
        self.calls += 1
        assert self.may_go_on.wait(SECONDS)
        self.made.append(self._generate(key_type))
        return self.made[-1]


@pytest.fixture
def generator() -> Iterator[Generator]:
    generator = Generator()
    with mock.patch.object(keygen, "generate", generator):
        yield generator
        generator.may_go_on.set()
        wait_for_thread()


def wait_for_thread() -> None:
    for thread in threading.enumerate():
        if thread.name == "spare-key":
            thread.join(SECONDS)
            assert not thread.is_alive()


def prepare(session: Session) -> None:
    session.spare_key.prepare()
    wait_for_thread()


def public_line(key: keygen.PrivateKey) -> str:
    return convert.public_key(key).line


def test_the_next_rsa_key_pair_gets_the_key_that_was_made_ahead(
    session: Session, generator: Generator
) -> None:
    prepare(session)
    assert generator.calls == 1
    created = session.backend.create_key_pair(key_name="web")
    assert generator.calls == 1
    assert created.key_pair.public_key == public_line(generator.made[0])
    # It is used once.
    other = session.backend.create_key_pair(key_name="db")
    assert generator.calls == 2
    assert other.key_pair.public_key == public_line(generator.made[1])


def test_there_is_never_more_than_one(session: Session, generator: Generator) -> None:
    generator.may_go_on.clear()
    for _ in range(3):
        session.spare_key.prepare()
    generator.may_go_on.set()
    wait_for_thread()
    prepare(session)
    assert generator.calls == 1


def test_an_ed25519_key_pair_leaves_it_alone(session: Session, generator: Generator) -> None:
    prepare(session)
    session.backend.create_key_pair(key_name="web", key_type="ed25519")
    created = session.backend.create_key_pair(key_name="db")
    assert created.key_pair.public_key == public_line(generator.made[0])
    assert generator.calls == 2


@pytest.mark.parametrize("refusal", ["a duplicate", "a bad name", "a dry run"])
def test_a_refusal_keeps_it(session: Session, generator: Generator, refusal: str) -> None:
    session.backend.create_key_pair(key_name="web", key_type="ed25519")
    prepare(session)
    calls = generator.calls
    with pytest.raises(EC2Error) as caught:
        session.backend.create_key_pair(
            key_name=" web" if refusal == "a bad name" else "web", dry_run=refusal == "a dry run"
        )
    assert isinstance(
        caught.value, InvalidKeyPairDuplicate | InvalidParameterValue | DryRunOperation
    )
    created = session.backend.create_key_pair(key_name="db")
    assert generator.calls == calls
    assert created.key_pair.public_key == public_line(generator.made[-1])


def test_a_key_that_may_be_in_the_file_is_not_used_again(
    session: Session, store: RegionStore, generator: Generator
) -> None:
    prepare(session)
    with (
        mock.patch.object(store, "transaction", side_effect=StoreError("no")),
        pytest.raises(StoreError),
    ):
        session.backend.create_key_pair(key_name="web")
    created = session.backend.create_key_pair(key_name="web")
    assert created.key_pair.public_key == public_line(generator.made[1])


def test_without_another_thread_the_key_is_made_when_it_is_wanted(
    session: Session, generator: Generator
) -> None:
    with mock.patch.object(threading.Thread, "start", side_effect=RuntimeError("no more")):
        session.spare_key.prepare()
    created = session.backend.create_key_pair(key_name="web")
    assert created.key_pair.public_key == public_line(generator.made[0])
    prepare(session)
    assert generator.calls == 2


def test_a_key_that_is_on_its_way_is_waited_for(session: Session, generator: Generator) -> None:
    generator.may_go_on.clear()
    session.spare_key.prepare()
    threading.Timer(0.05, generator.may_go_on.set).start()
    created = session.backend.create_key_pair(key_name="web")
    assert generator.calls == 1
    assert created.key_pair.public_key == public_line(generator.made[0])


def test_a_dropped_key_is_forgotten_and_not_used(session: Session, generator: Generator) -> None:
    prepare(session)
    session.spare_key.drop()
    created = session.backend.create_key_pair(key_name="web")
    assert created.key_pair.public_key == public_line(generator.made[1])


class Thing:
    """Stands in for a key, so that its end can be seen."""


@pytest.mark.parametrize("when", ["in hand", "on its way"])
def test_nothing_holds_a_key_that_was_dropped(when: str) -> None:
    go_on = threading.Event()
    seen: list[weakref.ref[Thing]] = []

    def make() -> keygen.PrivateKey:
        thing = Thing()
        seen.append(weakref.ref(thing))
        assert go_on.wait(SECONDS)
        return thing  # type: ignore[return-value] # no key can be looked at when it is gone

    spare = SpareKey(make)
    spare.prepare()
    if when == "on its way":
        spare.drop()
    go_on.set()
    wait_for_thread()
    if when == "in hand":
        assert seen[0]() is not None
        spare.drop()
    gc.collect()
    assert seen[0]() is None
    assert spare.take() is None


def test_one_that_was_dropped_on_its_way_serves_who_wants_it_again() -> None:
    go_on = threading.Event()
    made: list[int] = []

    def make() -> None:
        made.append(1)
        assert go_on.wait(SECONDS)

    spare = SpareKey(make)
    spare.prepare()
    spare.drop()
    spare.prepare()
    go_on.set()
    wait_for_thread()
    assert made == [1]


LOOK_ONLY = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:Describe*",'
    ' "Resource": "*"}]}'
)


@pytest.mark.parametrize("limit", ["read-only", "policy", "folder"])
def test_who_may_not_create_gets_none(
    limit: str, store: RegionStore, tmp_path: Path, generator: Generator
) -> None:
    if limit == "policy":
        (tmp_path / "policy.json").write_text(LOOK_ONLY)
        (tmp_path / "policy.json").chmod(0o600)
    if limit == "folder":
        (tmp_path / "data").mkdir()
        (tmp_path / "data").chmod(0o777)
    authorizer = Authorizer(
        region("us-east-1"),
        "ops",
        policy=Policy.load(tmp_path / "policy.json") if limit == "policy" else None,
        read_only=limit == "read-only",
    )
    session = session_over(store, authorizer)
    prepare(session)
    assert generator.calls == 0
    assert session.spare_key.take() is None


def test_what_goes_wrong_is_said_where_the_key_is_wanted(
    session: Session,
) -> None:
    with mock.patch.object(keygen, "generate", side_effect=MemoryError):
        prepare(session)
    with pytest.raises(MemoryError):
        session.backend.create_key_pair(key_name="web")
    assert session.backend.describe_key_pairs() == ()
    session.backend.create_key_pair(key_name="web")


def test_it_is_written_nowhere(session: Session, generator: Generator, tmp_path: Path) -> None:
    prepare(session)
    session.spare_key.drop()
    assert generator.calls == 1
    assert list(tmp_path.rglob("*")) == []


def test_quitting_does_not_wait_for_it(tmp_path: Path) -> None:
    code = (
        "import time\nfrom pathlib import Path\nfrom core.keys import keygen\n"
        "from core.local.opening import open_local\n"
        "keygen.generate = lambda key_type: time.sleep(600)\n"
        f"open_local(Path({str(tmp_path)!r}), 'us-east-1').spare_key.prepare()"
    )
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True, cwd=ROOT)
