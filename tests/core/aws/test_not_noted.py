"""What EC2 did and this machine cannot note is done: nothing says that nothing was changed."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.aws.backend import Ec2Backend
from core.aws.opening import Ec2Account
from core.disk import files
from core.ec2.authorization import Authorizer
from core.ec2.backend import MadeBy, NewKeyPair
from core.ec2.place import Ec2Choice
from core.errors import InvalidParameterValue, StoreError
from core.model import Tag
from core.region_imports import RegionImporter
from core.store import last_look
from core.store.access import RegionAccess
from core.store.journal import Journal
from tests.ec2_server import Ec2Server
from tests.helpers import PUBLIC_KEY

Open = Callable[..., Ec2Backend]

FULL = "It is not noted on this machine: Cannot change {path}: the disk is full."


def full(*arguments: object, **named: object) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_what_ec2_did_is_done_though_the_disk_is_full(
    server: Ec2Server, open_backend: Open, access: RegionAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = open_backend()
    a, b, c = (
        backend.import_key_pair(key_name=name, public_key_material=PUBLIC_KEY) for name in "abc"
    )
    backend.delete_key_pair(key_name="c")
    why = FULL.format(path=access.store.path)
    with monkeypatch.context() as patch:
        patch.setattr(access.store, "replace", full)
        assert backend.delete_key_pair(key_name="a") == a.key_pair_id
        assert backend.notice == f"EC2 deleted the key pair a. {why}"
        backend.create_tags(resources=[b.key_pair_id], tags=[Tag("x", "1")])
        assert backend.notice == f"EC2 changed the tags of the key pair b. {why}"
        (batch,) = backend.delete_key_pairs([b.key_pair_id], delete_time=access.now())
        assert ([pair.key_name for pair in batch.done], batch.refused) == (["b"], ())
        assert backend.notice == f"EC2 deleted 2 key pairs. {why}"
        (batch,) = backend.import_key_pairs([NewKeyPair("d", PUBLIC_KEY)])
        assert ([pair.key_name for pair in batch.done], batch.refused) == (["d"], ())
        assert backend.notice == f"EC2 imported the key pair d. {why}"
        assert backend.restore_key_pair(c.key_pair_id).key_name == "c"
        assert backend.notice == f"EC2 imported 2 key pairs. {why}"
        created = backend.create_key_pair(key_name="e", key_type="ed25519")
        assert created.warning == why
        assert {pair.key_name for pair in backend.describe_key_pairs()} == {*"cde"}
    assert {pair.key_name for pair in backend.describe_key_pairs()} == {*"cde"}
    # What it counts is what is not noted yet.
    monkeypatch.setattr(access.store, "replace", full)
    backend.delete_key_pair(key_name="d")
    assert backend.notice == f"EC2 deleted the key pair d. {why}"


def test_a_file_that_another_session_changes_is_said_to_be_in_the_way_and_no_more(
    open_backend: Open, access: RegionAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = open_backend()
    backend.import_key_pair(key_name="a", public_key_material=PUBLIC_KEY)
    monkeypatch.setattr(access.store._lock, "_timeout", 0.01)
    with access.for_region(access.region).store.locked():
        backend.delete_key_pair(key_name="a")
    what, _, why = backend.notice.partition(" It is not noted on this machine: ")
    assert what == "EC2 deleted the key pair a."
    assert why.startswith("Another session (process ")
    assert why.endswith("has not finished in 0.01 seconds.")


def test_of_a_wrong_fingerprint_is_warned_also_where_the_pair_cannot_be_noted(
    server: Ec2Server, open_backend: Open, access: RegionAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = server.client_of(access.region)
    create = client.create_key_pair
    monkeypatch.setattr(
        client, "create_key_pair", lambda **asked: create(**asked) | {"KeyFingerprint": "00:11"}
    )
    backend = open_backend(MadeBy.EC2)
    wrong = "EC2 shows another fingerprint than this private key has. Do not rely on it."
    assert backend.create_key_pair(key_name="a", key_type="ed25519").warning == wrong
    monkeypatch.setattr(access.store, "replace", full)
    why = FULL.format(path=access.store.path)
    assert backend.create_key_pair(key_name="b", key_type="ed25519").warning == f"{wrong} {why}"


def test_what_keeps_ec2_from_making_a_key_is_said_before_it_is_asked_to(
    server: Ec2Server, open_backend: Open, access: RegionAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = open_backend(MadeBy.EC2)
    # Some who stand in for EC2 take any format.
    client = server.client_of(access.region)
    create = client.create_key_pair
    monkeypatch.setattr(
        client, "create_key_pair", lambda **asked: create(**{**asked, "KeyFormat": "pem"})
    )
    with pytest.raises(InvalidParameterValue) as wrong:
        backend.create_key_pair(key_name="ci", key_type="ed25519", key_format="der")
    assert wrong.value.parameter == "key_format"
    monkeypatch.setattr(files, "create_private_folder", full)
    refused = f"Cannot change {access.store.path}: the disk is full. Nothing was changed."
    with pytest.raises(StoreError) as error:
        backend.create_key_pair(key_name="ci", key_type="ed25519")
    assert str(error.value) == refused
    assert server.calls["CreateKeyPair"] == 0


def test_a_list_that_is_not_in_the_file_is_not_the_last_one(
    server: Ec2Server, open_backend: Open, access: RegionAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = open_backend()
    backend.describe_key_pairs()
    seen = last_look.time_of(access.store.folder, access.region)
    server.client_of(access.region).create_key_pair(KeyName="ci", KeyType="ed25519")
    with monkeypatch.context() as patch:
        patch.setattr(access.store, "replace", full)
        assert [pair.key_name for pair in backend.describe_key_pairs()] == ["ci"]
    assert last_look.time_of(access.store.folder, access.region) == seen is not None
    backend.describe_key_pairs()
    assert last_look.time_of(access.store.folder, access.region) != seen


def test_what_is_imported_into_another_region_and_not_noted_is_told(
    server: Ec2Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Ec2Account(Ec2Choice(), tmp_path, lambda region: Authorizer(region, "anna"))
    session = account.session("us-east-1")
    pair = session.backend.import_key_pair(key_name="a", public_key_material=PUBLIC_KEY)
    importer = RegionImporter(session)
    (batch,) = importer.import_pairs([pair], "eu-west-1")
    assert ([each.key_name for each in batch.imported], batch.notice) == (["a"], "")
    server.after["ImportKeyPair"] = lambda: monkeypatch.setattr(Journal, "record", full)
    (batch,) = importer.import_pairs([pair], "eu-west-2")
    assert [each.key_name for each in batch.imported] == ["a"]
    assert batch.notice.startswith("EC2 imported the key pair a. It is not noted on this machine:")
