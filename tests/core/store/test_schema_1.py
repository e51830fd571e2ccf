"""Files that version 0.1.0 wrote open unchanged, and are written unchanged."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.model import Fingerprints, KeyType, PrivateKeyState, Tag
from core.session import Session
from core.store import region_file
from core.store.region_store import RegionStore
from tests.core.store_records import encode
from tests.demo import NOW, deterministic_keys
from tests.helpers import PUBLIC_KEY, session_over

VECTORS = Path(__file__).parents[2] / "vectors" / "region_files"
REGION = "us-east-1"


def written(name: str) -> bytes:
    return (VECTORS / f"{name}.json").read_bytes()


@pytest.fixture
def old(tmp_path: Path) -> RegionStore:
    """Return the store of a Region's file as version 0.1.0 wrote it."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    store = RegionStore(folder, REGION)
    shutil.copyfile(VECTORS / "schema-1.json", store.path)
    return store


@pytest.fixture
def session(old: RegionStore) -> Session:
    numbers = iter(range(100, 200))
    return session_over(old, now=lambda: NOW, new_key_pair_id=lambda: f"key-0{next(numbers):016x}")


def test_it_opens_to_what_was_written(session: Session) -> None:
    web, unsaved, laptop, successor = session.backend.describe_key_pairs()
    assert [pair.key_pair_id[-1] for pair in (web, unsaved, laptop, successor)] == [*"2346"]
    assert (web.key_name, web.key_type) == ("web", KeyType.RSA)
    assert web.tags == (Tag("Env", "prod"), Tag("Empty"))
    assert web.create_time == datetime(2026, 9, 25, 12, tzinfo=UTC)
    assert web.public_key.startswith("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC/ahZwpSwvFb")
    sha1 = "50:15:c8:2b:a7:55:d7:62:f3:e1:f9:23:36:f9:0e:82:08:eb:8e:d6"
    assert web.key_fingerprint == sha1
    assert web.custody.fingerprints == Fingerprints(
        sha1,
        "06:a4:de:df:79:dc:1a:7a:e9:7a:8c:bf:ac:6c:f0:23",
        "SHA256:/ig6WX/45wM6iX4ZzKSfOXBd0gIcwqewXdRCbOICfPk",
        "MD5:05:59:44:e6:70:5b:fa:1a:45:b8:a3:dc:dc:d6:34:85",
    )
    assert web.custody.private_key is PrivateKeyState.SAVED
    assert web.custody.saved_to == ("/home/ann/.ssh/web.pem", "/media/stick/web.ppk")
    assert web.custody.replaces is None
    assert unsaved.key_name == 'never saved "quoted" <&>'
    assert (unsaved.custody.private_key, unsaved.custody.saved_to) == (PrivateKeyState.UNSAVED, ())
    assert unsaved.custody.fingerprints.spki_md5 is None
    assert laptop.custody.private_key is PrivateKeyState.IMPORTED
    assert laptop.public_key == PUBLIC_KEY
    assert laptop.tags == (Tag("Owner", "Ann Bär \N{KEY}"),)
    assert successor.custody.replaces == web.key_pair_id
    [trashed] = session.backend.deleted_key_pairs()
    assert trashed.delete_time == NOW - timedelta(days=5)
    assert trashed.key_pair is not None
    assert trashed.key_pair.tags == (Tag("Env", "test"),)
    state = session.store.read()
    assert state.generation == 10
    assert state.deleted["key-00000000000000001"].key_pair is None, "the id alone is remembered"


def test_what_is_only_read_and_written_again_is_the_same_to_the_last_byte() -> None:
    data = written("schema-1")
    content = region_file.read(data, REGION)
    assert encode(content.tables, REGION, content.state.generation) == data


def test_records_that_are_made_anew_are_the_same_to_the_last_byte(old: RegionStore) -> None:
    with old.transaction() as transaction:
        for key_pair in transaction.state.key_pairs.values():
            transaction.update(key_pair, "Test")
    assert old.path.read_bytes() == written("schema-1-rewritten")


def test_changes_write_the_file_that_version_0_1_0_writes(session: Session) -> None:
    backend = session.backend
    web, successor = "key-00000000000000002", "key-00000000000000006"
    with deterministic_keys(16):
        backend.create_tags(resources=[web], tags=[Tag("Env", "stage"), Tag("New", "1")])
        backend.restore_key_pair("key-00000000000000005")
        backend.delete_key_pair(key_name="laptop")
        backend.create_key_pair(key_name="web-3", key_type="ed25519", replaces=successor)
    assert session.store.path.read_bytes() == written("schema-1-changed")
