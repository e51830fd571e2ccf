import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.custody import saving
from core.ec2 import validation
from core.ec2.authorization import Authorizer
from core.ec2.policy import Policy
from core.ec2.regions import region
from core.errors import (
    InvalidKeyFormat,
    InvalidKeyPairDuplicate,
    KeyPairLimitExceeded,
    SettingsError,
    StoreDamaged,
    UnauthorizedOperation,
)
from core.model import KeptKeyPair, KeyType, PrivateKeyState, Tag, TagSpecification
from core.region_imports import RegionImporter, fingerprint_elsewhere
from core.session import Session
from core.store.region_store import RegionStore
from tests.core.store_records import key_pair, write_region
from tests.helpers import Run, session_over

TAGS = (Tag("Env", "prod"), Tag("Team", ""))


def copy_one(session: Session, pair: KeptKeyPair, name: str) -> KeptKeyPair | None:
    """Return the copy of a pair, or None where its key is there, or raise the refusal."""
    [batch] = RegionImporter(session).import_pairs([pair], name)
    assert (len(batch.imported) + len(batch.already_there) + len(batch.refused), batch.left) == (
        1,
        0,
    )
    for refused in batch.refused:
        assert refused.name == pair.key_name
        raise refused.error
    return next(iter(batch.imported), None)


@pytest.fixture
def pairs(session: Session, tmp_path: Path) -> Sequence[KeptKeyPair]:
    """Return an RSA and an ED25519 pair; the private key of the first is in `rsa.pem`."""
    found = []
    for key_type in KeyType:
        created = session.backend.create_key_pair(
            key_name=key_type.value,
            key_type=key_type,
            tag_specifications=[TagSpecification("key-pair", TAGS)],
        )
        saving.save_key_material(session, created, str(tmp_path / f"{key_type}.pem"))
        found.append(session.backend.describe_key_pairs(key_names=[key_type.value])[0])
    return found


def test_the_public_half_stands_there_under_its_name_with_its_tags(
    session: Session, pairs: Sequence[KeptKeyPair]
) -> None:
    for pair in pairs:
        copied = copy_one(session, pair, "eu-west-1")
        assert copied is not None
        assert session.for_region("eu-west-1").key_pair_named(pair.key_name) == copied
        assert (copied.key_type, copied.public_key) == (pair.key_type, pair.public_key)
        assert (copied.tags, copied.custody.private_key) == (TAGS, PrivateKeyState.IMPORTED)
        assert copied.key_pair_id != pair.key_pair_id
        assert copied.custody.replaces is None


def test_the_fingerprint_there_is_foretold_and_what_openssl_says(
    session: Session, pairs: Sequence[KeptKeyPair], run: Run, tmp_path: Path
) -> None:
    rsa, ed25519 = pairs
    der = run("openssl", "rsa", "-in", tmp_path / "rsa.pem", "-pubout", "-outform", "DER").stdout
    md5 = run("openssl", "md5", "-c", stdin=der).stdout.decode().split("= ")[1].strip()
    assert fingerprint_elsewhere(rsa) == md5 != rsa.key_fingerprint
    assert fingerprint_elsewhere(ed25519) == ed25519.key_fingerprint
    for pair in pairs:
        copied = copy_one(session, pair, "eu-west-1")
        assert copied is not None
        assert copied.key_fingerprint == fingerprint_elsewhere(pair)
        # A copy of the copy reads the same.
        assert fingerprint_elsewhere(copied) == copied.key_fingerprint


def test_a_successor_leaves_its_predecessor_behind(
    session: Session, pairs: Sequence[KeptKeyPair]
) -> None:
    new = session.backend.create_key_pair(key_name="new", replaces=pairs[0].key_pair_id).key_pair
    copied = copy_one(session, new, "eu-west-1")
    assert copied is not None
    assert copied.custody.replaces is None


def test_the_same_key_is_no_error_and_another_is(
    session: Session, pairs: Sequence[KeptKeyPair]
) -> None:
    assert copy_one(session, pairs[0], "eu-west-1") is not None
    before = session.for_region("eu-west-1").backend.describe_key_pairs()
    assert copy_one(session, pairs[0], "eu-west-1") is None
    session.for_region("eu-west-2").backend.create_key_pair(key_name=pairs[0].key_name)
    with pytest.raises(InvalidKeyPairDuplicate):
        copy_one(session, pairs[0], "eu-west-2")
    assert session.for_region("eu-west-1").backend.describe_key_pairs() == before


def test_the_same_key_is_no_error_in_a_full_region_either(
    session: Session, pairs: Sequence[KeptKeyPair], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert copy_one(session, pairs[0], "eu-west-1") is not None
    monkeypatch.setattr(validation, "MAX_KEY_PAIRS", 1)
    assert copy_one(session, pairs[0], "eu-west-1") is None
    with pytest.raises(KeyPairLimitExceeded):
        copy_one(session, pairs[1], "eu-west-1")


@pytest.mark.long
def test_each_refusal_is_the_other_regions_own(
    session: Session, pairs: Sequence[KeptKeyPair], store: RegionStore
) -> None:
    folder = store.path.parent
    write_region(folder, 5_000, "eu-north-1")
    with pytest.raises(KeyPairLimitExceeded):
        copy_one(session, pairs[0], "eu-north-1")
    (folder / "eu-south-1.json").write_bytes(b"{")
    with pytest.raises(StoreDamaged):
        copy_one(session, pairs[0], "eu-south-1")
    with pytest.raises(SettingsError):
        copy_one(session, pairs[0], "nowhere")
    # The made-up key of a hand-made record is no key.
    with pytest.raises(InvalidKeyFormat):
        copy_one(session, key_pair(1), "eu-west-1")
    with pytest.raises(InvalidKeyFormat):
        fingerprint_elsewhere(key_pair(1))


def test_the_policy_is_asked_about_the_other_region(
    pairs: Sequence[KeptKeyPair], store: RegionStore
) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "ec2:*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    policy = Policy.parse(json.dumps(document), source="the test")
    authorizer = Authorizer(region("us-east-1"), "sam", policy=policy)
    session = session_over(store, authorizer)
    assert copy_one(session, pairs[0], "eu-west-1") is not None
    with pytest.raises(UnauthorizedOperation):
        copy_one(session, pairs[0], "eu-west-2")
    reader = session_over(store, Authorizer(region("us-east-1"), "sam", read_only=True))
    with pytest.raises(UnauthorizedOperation):
        copy_one(reader, pairs[0], "eu-west-2")
    assert not (store.path.parent / "eu-west-2.json").exists()
