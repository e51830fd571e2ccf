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
from core.service import KeyPairService
from core.store.region_store import RegionStore

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


def prepare(service: KeyPairService) -> None:
    service.prepare_spare_key()
    wait_for_thread()


def public_line(key: keygen.PrivateKey) -> str:
    return convert.public_key(key).line


def test_the_next_rsa_key_pair_gets_the_key_that_was_made_ahead(
    service: KeyPairService, generator: Generator
) -> None:
    prepare(service)
    assert generator.calls == 1
    created = service.create_key_pair(key_name="web")
    assert generator.calls == 1
    assert created.key_pair.public_key == public_line(generator.made[0])
    # It is used once.
    other = service.create_key_pair(key_name="db")
    assert generator.calls == 2
    assert other.key_pair.public_key == public_line(generator.made[1])


def test_there_is_never_more_than_one(service: KeyPairService, generator: Generator) -> None:
    generator.may_go_on.clear()
    for _ in range(3):
        service.prepare_spare_key()
    generator.may_go_on.set()
    wait_for_thread()
    prepare(service)
    assert generator.calls == 1


def test_an_ed25519_key_pair_leaves_it_alone(service: KeyPairService, generator: Generator) -> None:
    prepare(service)
    service.create_key_pair(key_name="web", key_type="ed25519")
    created = service.create_key_pair(key_name="db")
    assert created.key_pair.public_key == public_line(generator.made[0])
    assert generator.calls == 2


@pytest.mark.parametrize("refusal", ["a duplicate", "a bad name", "a dry run"])
def test_a_refusal_keeps_it(service: KeyPairService, generator: Generator, refusal: str) -> None:
    service.create_key_pair(key_name="web", key_type="ed25519")
    prepare(service)
    calls = generator.calls
    with pytest.raises(EC2Error) as caught:
        service.create_key_pair(
            key_name=" web" if refusal == "a bad name" else "web", dry_run=refusal == "a dry run"
        )
    assert isinstance(
        caught.value, InvalidKeyPairDuplicate | InvalidParameterValue | DryRunOperation
    )
    created = service.create_key_pair(key_name="db")
    assert generator.calls == calls
    assert created.key_pair.public_key == public_line(generator.made[-1])


def test_a_key_that_may_be_in_the_file_is_not_used_again(
    service: KeyPairService, store: RegionStore, generator: Generator
) -> None:
    prepare(service)
    with (
        mock.patch.object(store, "transaction", side_effect=StoreError("no")),
        pytest.raises(StoreError),
    ):
        service.create_key_pair(key_name="web")
    created = service.create_key_pair(key_name="web")
    assert created.key_pair.public_key == public_line(generator.made[1])


def test_without_another_thread_the_key_is_made_when_it_is_wanted(
    service: KeyPairService, generator: Generator
) -> None:
    with mock.patch.object(threading.Thread, "start", side_effect=RuntimeError("no more")):
        service.prepare_spare_key()
    created = service.create_key_pair(key_name="web")
    assert created.key_pair.public_key == public_line(generator.made[0])
    prepare(service)
    assert generator.calls == 2


def test_a_key_that_is_on_its_way_is_waited_for(
    service: KeyPairService, generator: Generator
) -> None:
    generator.may_go_on.clear()
    service.prepare_spare_key()
    threading.Timer(0.05, generator.may_go_on.set).start()
    created = service.create_key_pair(key_name="web")
    assert generator.calls == 1
    assert created.key_pair.public_key == public_line(generator.made[0])


def test_a_dropped_key_is_forgotten_and_not_used(
    service: KeyPairService, generator: Generator
) -> None:
    prepare(service)
    service.drop_spare_key()
    created = service.create_key_pair(key_name="web")
    assert created.key_pair.public_key == public_line(generator.made[1])


class Thing:
    """Stands in for a key, so that its end can be seen."""


@pytest.mark.parametrize("when", ["in hand", "on its way"])
def test_nothing_holds_a_key_that_was_dropped(when: str) -> None:
    spare = SpareKey()
    go_on = threading.Event()
    seen: list[weakref.ref[Thing]] = []

    def make() -> keygen.PrivateKey:
        thing = Thing()
        seen.append(weakref.ref(thing))
        assert go_on.wait(SECONDS)
        return thing  # type: ignore[return-value] # no key can be looked at when it is gone

    spare.prepare(make)
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
    spare = SpareKey()
    go_on = threading.Event()
    made: list[int] = []

    def make() -> None:
        made.append(1)
        assert go_on.wait(SECONDS)

    spare.prepare(make)
    spare.drop()
    spare.prepare(make)
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
    service = KeyPairService(store, authorizer)
    prepare(service)
    assert generator.calls == 0
    assert service._spare_key.take() is None


def test_what_goes_wrong_is_said_where_the_key_is_wanted(
    service: KeyPairService,
) -> None:
    with mock.patch.object(keygen, "generate", side_effect=MemoryError):
        prepare(service)
    with pytest.raises(MemoryError):
        service.create_key_pair(key_name="web")
    assert service.describe_key_pairs() == ()
    service.create_key_pair(key_name="web")


def test_it_is_written_nowhere(
    service: KeyPairService, generator: Generator, tmp_path: Path
) -> None:
    prepare(service)
    service.drop_spare_key()
    assert generator.calls == 1
    assert list(tmp_path.rglob("*")) == []


def test_quitting_does_not_wait_for_it(tmp_path: Path) -> None:
    code = (
        "import time\nfrom pathlib import Path\nfrom core.keys import keygen\n"
        "from core.service import KeyPairService\n"
        "keygen.generate = lambda key_type: time.sleep(600)\n"
        f"KeyPairService.open(Path({str(tmp_path)!r}), 'us-east-1').prepare_spare_key()"
    )
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True, cwd=ROOT)
