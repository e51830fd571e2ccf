"""A damaged file of what EC2 said last keeps nobody from what EC2 says, and is not lost."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace

import pytest

from core.aws.backend import Ec2Backend
from core.ec2.authorization import Authorizer
from core.ec2.regions import region
from core.errors import StoreTooNew
from core.model import Custody, KeptKeyPair, PrivateKeyState, Tag
from core.store import restore
from core.store.access import RegionAccess
from core.store.region_format import PREFIX, REST
from core.store.region_store import RegionStore
from tests.ec2_server import Ec2Server
from tests.helpers import PUBLIC_KEY

Open = Callable[..., Ec2Backend]

SAVED_TO = ("/home/anna/.ssh/ci",)


def note_saved(store: RegionStore, name: str) -> None:
    """Note that the private key of a pair was saved, as saving it does."""
    with store.transaction() as transaction:
        known = transaction.state.named(name)
        assert known is not None
        custody = known.custody._replace(private_key=PrivateKeyState.SAVED, saved_to=SAVED_TO)
        transaction.update(replace(known, custody=custody), None)


def damage(store: RegionStore) -> bytes:
    """Cut a Region's file, and return what is left of it."""
    os.truncate(store.path, store.path.stat().st_size // 2)
    return store.path.read_bytes()


def put_aside(store: RegionStore) -> dict[str, bytes]:
    """Return the files that were put aside, by what they were called."""
    return {
        path.name.partition(".damaged-")[0]: path.read_bytes()
        for path in store.folder.glob("*.damaged-*")
    }


def custody(pairs: tuple[KeptKeyPair, ...], name: str) -> Custody:
    (found,) = (pair for pair in pairs if pair.key_name == name)
    return found.custody


def test_without_a_backup_ec2s_answer_is_shown_and_what_is_not_known_is_said(
    server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    open_backend().create_key_pair(key_name="ci", key_type="ed25519")
    store = access.store
    store.previous_path.unlink(missing_ok=True)
    torn = damage(store)
    backend = open_backend(anew=True)
    pairs = backend.describe_key_pairs()
    assert put_aside(store) == {store.path.name: torn}
    (aside,) = store.folder.glob("*.damaged-*")
    assert str(store.path) in backend.notice
    assert aside.name in backend.notice
    assert "not known any more" in backend.notice
    # It is not said that somebody else made it.
    assert custody(pairs, "ci").private_key is PrivateKeyState.ELSEWHERE
    assert custody(pairs, "ci").forgotten is not None
    # Once is enough, and it stays so for the next session.
    server.client_of("us-east-1").create_key_pair(KeyName="web", KeyType="ed25519")
    again = open_backend(anew=True)
    pairs = again.describe_key_pairs()
    assert again.notice == ""
    assert custody(pairs, "ci").forgotten is not None
    assert custody(pairs, "web").forgotten is None
    assert len(put_aside(store)) == 1


def test_the_backup_takes_the_place_of_a_damaged_file(
    server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    backend = open_backend()
    backend.create_key_pair(key_name="ci", key_type="ed25519")
    note_saved(access.store, "ci")
    backend.create_key_pair(key_name="web", key_type="ed25519")
    store = access.store
    backup, torn = store.previous_path.read_bytes(), damage(store)
    again = open_backend(anew=True)
    pairs = again.describe_key_pairs()
    assert custody(pairs, "ci").saved_to == SAVED_TO
    assert custody(pairs, "web").forgotten is not None
    assert put_aside(store) == {store.path.name: torn}
    assert backup != torn
    assert "the backup of " in again.notice
    assert "not known any more" in again.notice


def test_a_backup_that_is_damaged_too_is_kept_as_well(
    server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    backend = open_backend()
    for name in ("ci", "web"):
        backend.create_key_pair(key_name=name, key_type="ed25519")
    store = access.store
    torn = damage(store)
    store.previous_path.write_bytes(b"rubbish")
    backend = open_backend(anew=True)
    assert len(backend.describe_key_pairs()) == 2
    for name in ("a", "b"):  # changes, each of which makes a new backup
        backend.create_key_pair(key_name=name, key_type="ed25519")
    assert put_aside(store) == {store.path.name: torn, store.previous_path.name: b"rubbish"}


def test_a_session_that_knows_what_was_in_the_file_loses_nothing(
    server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    backend = open_backend()
    for name in ("ci", "web"):
        backend.create_key_pair(key_name=name, key_type="ed25519")
    note_saved(access.store, "web")
    torn = damage(access.store)
    # Also by what asks for no list.
    backend.delete_key_pair(key_name="ci")
    pairs = backend.describe_key_pairs()
    assert custody(pairs, "web").saved_to == SAVED_TO
    assert put_aside(access.store) == {access.store.path.name: torn}
    assert "not known" not in backend.notice
    assert "what this session knew of it" in backend.notice


@pytest.mark.parametrize("kind", ["newer", "link"])
def test_a_file_that_is_not_ours_to_replace_is_left_and_ec2s_answer_shown(
    kind: str, server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    open_backend().create_key_pair(key_name="ci", key_type="ed25519")
    store = access.store
    if kind == "newer":
        rewrite_as_schema(store, 2)
    else:
        store.path.rename(store.folder / "elsewhere")
        store.path.symlink_to("elsewhere")
    left = store.path.read_bytes()
    backend = open_backend(anew=True)
    pairs = backend.describe_key_pairs()
    assert [pair.key_name for pair in pairs] == ["ci"]
    assert custody(pairs, "ci").forgotten is not None
    assert backend.describe_key_pairs() == pairs
    assert str(store.path) in backend.notice
    assert store.path.read_bytes() == left
    assert put_aside(store) == {}


def test_what_could_not_be_noted_is_not_begun(
    server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    created = open_backend().create_key_pair(key_name="ci", key_type="ed25519")
    rewrite_as_schema(access.store, 2)
    backend = open_backend(anew=True)
    ids, tags = [created.key_pair.key_pair_id], [Tag("Env", "prod")]
    changes: dict[str, Callable[[], object]] = {
        "ImportKeyPair": lambda: backend.import_key_pair(
            key_name="web", public_key_material=PUBLIC_KEY
        ),
        "CreateTags": lambda: backend.create_tags(resources=ids, tags=tags),
        "DeleteTags": lambda: backend.delete_tags(resources=ids),
        "DeleteKeyPair": lambda: backend.delete_key_pair(key_name="ci"),
    }
    before = server.calls.copy()
    for operation, change in changes.items():
        with pytest.raises(StoreTooNew, match="Nothing was changed"):
            change()
        assert server.calls[operation] == before[operation]


def test_a_session_that_only_reads_leaves_a_damaged_file_and_shows_ec2s_answer(
    server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    open_backend().create_key_pair(key_name="ci", key_type="ed25519")
    torn = damage(access.store)
    access.authorizer = Authorizer(region("us-east-1"), "anna", read_only=True)
    backend = open_backend(anew=True)
    pairs = backend.describe_key_pairs()
    assert custody(pairs, "ci").forgotten is not None
    assert f"{access.store.path} is damaged" in backend.notice
    assert access.store.path.read_bytes() == torn
    assert put_aside(access.store) == {}


def test_of_two_sessions_one_puts_the_damaged_file_aside(
    server: Ec2Server,
    open_backend: Open,
    access: RegionAccess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_backend().create_key_pair(key_name="ci", key_type="ed25519")
    torn = damage(access.store)
    first, second = open_backend(anew=True), open_backend(anew=True)
    renew = restore.renew

    def after_the_other(store: RegionStore) -> restore.Renewal | None:
        monkeypatch.setattr(restore, "renew", renew)
        first.describe_key_pairs()
        return renew(store)

    monkeypatch.setattr(restore, "renew", after_the_other)
    pairs = second.describe_key_pairs()
    assert custody(pairs, "ci").forgotten is not None
    assert (first.notice != "", second.notice) == (True, "")
    assert put_aside(access.store) == {access.store.path.name: torn}


def test_the_backup_takes_the_place_of_a_file_that_is_missing(
    server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    backend = open_backend()
    backend.create_key_pair(key_name="ci", key_type="ed25519")
    note_saved(access.store, "ci")
    backend.create_key_pair(key_name="web", key_type="ed25519")
    access.store.path.unlink()
    again = open_backend(anew=True)
    pairs = again.describe_key_pairs()
    assert custody(pairs, "ci").saved_to == SAVED_TO
    assert f"{access.store.path} was missing. In its place is the backup of" in again.notice
    assert put_aside(access.store) == {}


def rewrite_as_schema(store: RegionStore, schema: int) -> None:
    """Have a Region's file be one of another version, whole."""
    data = store.path.read_bytes()
    rest = data[REST.start :].replace(b'"schema":1', f'"schema":{schema}'.encode(), 1)
    store.path.write_bytes(PREFIX + hashlib.sha256(rest).hexdigest().encode() + rest)
