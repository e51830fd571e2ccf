import math
import os
import re
import stat
import threading
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPrivateNumbers

from core.custody import saving
from core.disk import files, replacing
from core.disk.destination import examine
from core.disk.path_walk import Walk
from core.ec2 import validation
from core.errors import (
    DryRunOperation,
    EC2Error,
    InvalidKeyPairDuplicate,
    KeyPairsError,
    ProofFailed,
    SaveError,
    StoreError,
    StoreNotConfirmed,
)
from core.keys import convert, keygen, pem
from core.keys.fingerprint import ec2_fingerprint, fingerprints
from core.model import (
    CreatedKeyPair,
    KeyFormat,
    KeyType,
    PrivateKeyState,
    Tag,
    TagSpecification,
)
from core.secret import KeyMaterial, KeyMaterialGone
from core.session import Session
from core.store import region_file
from core.store.region_store import RegionStore
from tests.core.store_records import encode
from tests.helpers import kept, session_over

Request = dict[str, Any]

KINDS = [
    pytest.param(key_type, key_format, id=f"{key_type}-{key_format}")
    for key_type in KeyType
    for key_format in KeyFormat
]


@pytest.fixture
def created(session: Session) -> CreatedKeyPair:
    return session.backend.create_key_pair(key_name="web-1", key_type="ed25519")


def on_disk(folder: Path) -> dict[str, bytes]:
    return {f"{path}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Creating -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key_type", "key_format"), KINDS)
def test_a_creation_answers_as_ec2_does(
    key_type: KeyType, key_format: KeyFormat, session: Session
) -> None:
    tags = (Tag("Name", "web"), Tag("a"), Tag("Z", "z"))
    created = session.backend.create_key_pair(
        key_name="web 1",
        key_type=key_type.value,
        key_format=key_format.value,
        tag_specifications=[TagSpecification("key-pair", tags)],
    )
    pair = created.key_pair
    assert re.fullmatch(r"key-0[0-9a-f]{16}", pair.key_pair_id)
    assert pair.key_name == "web 1"
    assert pair.key_type is key_type
    assert created.key_format is key_format
    assert pair.tags == tags
    assert len(pair.key_fingerprint) == {KeyType.RSA: 59, KeyType.ED25519: 44}[key_type]
    assert pair.custody.private_key is PrivateKeyState.UNSAVED
    assert pair.custody.saved_to == ()
    assert session.backend.describe_key_pairs() == (pair,)
    assert session.key_pair_named("web 1") == pair


@pytest.mark.parametrize(("key_type", "key_format"), KINDS)
def test_the_material_is_the_private_key_of_the_record(
    key_type: KeyType, key_format: KeyFormat, session: Session
) -> None:
    created = session.backend.create_key_pair(
        key_name="web 1", key_type=key_type, key_format=key_format
    )
    key = convert.decode(created.key_material.encode())
    assert isinstance(key, RSAPrivateKey if key_type is KeyType.RSA else Ed25519PrivateKey)
    public_key = convert.public_key(key)
    kinds = fingerprints(public_key, pem.pkcs8_der(key))
    assert created.key_pair.public_key == public_key.line
    assert created.key_pair.custody.fingerprints == kinds
    assert created.key_pair.key_fingerprint == ec2_fingerprint(public_key, kinds)
    if isinstance(key, RSAPrivateKey):
        assert (key.key_size, key.public_key().public_numbers().e) == (2048, 65537)
    first_lines = {
        (KeyType.RSA, KeyFormat.PEM): ["-----BEGIN RSA PRIVATE KEY-----"],
        (KeyType.ED25519, KeyFormat.PEM): ["-----BEGIN OPENSSH PRIVATE KEY-----"],
        (KeyType.RSA, KeyFormat.PPK): [
            "PuTTY-User-Key-File-2: ssh-rsa",
            "Encryption: none",
            "Comment: web 1",
        ],
        (KeyType.ED25519, KeyFormat.PPK): [
            "PuTTY-User-Key-File-2: ssh-ed25519",
            "Encryption: none",
            "Comment: web 1",
        ],
    }[key_type, key_format]
    assert created.key_material.reveal().split("\n")[: len(first_lines)] == first_lines


def test_without_more_said_it_is_rsa_in_pem_without_tags(session: Session) -> None:
    created = session.backend.create_key_pair(key_name="web-1")
    assert created.key_pair.key_type is KeyType.RSA
    assert created.key_format is KeyFormat.PEM
    assert created.key_pair.tags == ()


def test_the_time_is_utc_in_whole_milliseconds(created: CreatedKeyPair) -> None:
    time = created.key_pair.create_time
    assert time.utcoffset() == timedelta(0)
    assert time.microsecond % 1000 == 0
    assert abs(datetime.now(UTC) - time) < timedelta(seconds=60)


def test_clock_and_ids_can_be_fixed(
    make_session: Callable[..., Session], fixed_time: datetime
) -> None:
    session = make_session(now=lambda: fixed_time, new_key_pair_id=lambda: "key-00000000000000001")
    pair = session.backend.create_key_pair(key_name="web-1", key_type="ed25519").key_pair
    assert (pair.key_pair_id, pair.create_time) == ("key-00000000000000001", fixed_time)


def test_ids_and_keys_are_new_each_time(session: Session) -> None:
    for number in range(20):
        session.backend.create_key_pair(key_name=f"web-{number}", key_type="ed25519")
    pairs = session.backend.describe_key_pairs()
    assert [pair.key_name for pair in pairs] == [f"web-{number}" for number in range(20)]
    assert len({pair.key_pair_id for pair in pairs}) == 20
    assert len({pair.public_key for pair in pairs}) == 20


BAD_NAME: Request = {"key_name": ""}
BAD_TYPE: Request = {"key_type": "dsa"}
BAD_FORMAT: Request = {"key_format": "der"}
BAD_TAGS: Request = {"tag_specifications": [TagSpecification("instance", [Tag("aws:x")])]}
TAKEN: Request = {"key_name": "taken", "key_type": "ed25519"}
FULL: Request = {"full": True}
DRY: Request = {"dry_run": True}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        # Dry run before everything.
        (TAKEN | DRY, "DryRunOperation"),
        (TAKEN | BAD_NAME | DRY, "DryRunOperation"),
        (TAKEN | BAD_TYPE | DRY, "DryRunOperation"),
        (TAKEN | BAD_FORMAT | DRY, "DryRunOperation"),
        (TAKEN | BAD_TAGS | DRY, "DryRunOperation"),
        (TAKEN | FULL | DRY, "DryRunOperation"),
        (
            TAKEN | BAD_NAME | BAD_TYPE | BAD_FORMAT | BAD_TAGS | FULL | DRY,
            "DryRunOperation",
        ),
        # Parameters before the quota and the duplicate.
        (TAKEN | BAD_NAME | FULL, "MissingParameter"),
        (TAKEN | BAD_TYPE | FULL, "InvalidParameterValue"),
        (TAKEN | BAD_FORMAT | FULL, "InvalidParameterValue"),
        (TAKEN | BAD_TAGS | FULL, "InvalidParameterValue"),
        (TAKEN | BAD_TYPE, "InvalidParameterValue"),
        (TAKEN | BAD_FORMAT, "InvalidParameterValue"),
        (TAKEN | BAD_TAGS, "InvalidParameterValue"),
        # The quota before the duplicate.
        (TAKEN | FULL, "KeyPairLimitExceeded"),
        (TAKEN | FULL | {"key_name": "new"}, "KeyPairLimitExceeded"),
        (TAKEN, "InvalidKeyPair.Duplicate"),
    ],
)
def test_the_first_check_that_fails_gives_the_answer_and_nothing_is_made(
    request_: Request,
    code: str,
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session.backend.create_key_pair(**TAKEN)
    before = on_disk(tmp_path)
    request_ = dict(request_)
    if request_.pop("full", False):
        monkeypatch.setattr(validation, "MAX_KEY_PAIRS", 1)
    monkeypatch.setattr(keygen, "generate", lambda key_type: pytest.fail("a key was made"))
    with pytest.raises(EC2Error) as caught:
        session.backend.create_key_pair(**request_)
    assert caught.value.code == code
    assert on_disk(tmp_path) == before


def test_the_quota_can_be_filled_to_the_last_pair(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validation, "MAX_KEY_PAIRS", 2)
    session.backend.create_key_pair(key_name="one", key_type="ed25519")
    session.backend.create_key_pair(key_name="two", key_type="ed25519")
    with pytest.raises(EC2Error, match="limit of 2 key pairs"):
        session.backend.create_key_pair(key_name="three", key_type="ed25519")
    session.backend.delete_key_pair(key_name="one")
    session.backend.create_key_pair(key_name="three", key_type="ed25519")
    assert [pair.key_name for pair in session.backend.describe_key_pairs()] == ["two", "three"]


def test_names_differ_in_case_and_come_free_again(session: Session) -> None:
    first = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    session.backend.create_key_pair(key_name="Web", key_type="ed25519")
    with pytest.raises(InvalidKeyPairDuplicate):
        session.backend.create_key_pair(key_name="web", key_type="rsa")
    session.backend.delete_key_pair(key_name="web")
    again = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    assert again.key_pair.key_pair_id != first.key_pair.key_pair_id


def test_of_many_who_want_one_name_one_gets_it(store: RegionStore) -> None:
    answers: list[CreatedKeyPair | InvalidKeyPairDuplicate] = []
    start = threading.Barrier(8)

    def create(session: Session) -> None:
        start.wait(60)
        try:
            answers.append(session.backend.create_key_pair(key_name="web-1", key_type="ed25519"))
        except InvalidKeyPairDuplicate as error:
            answers.append(error)

    folder = store.path.parent
    sessions = [session_over(RegionStore(folder, store.region)) for _ in range(8)]
    threads = [threading.Thread(target=create, args=[session]) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    made = [answer for answer in answers if isinstance(answer, CreatedKeyPair)]
    assert (len(made), len(answers)) == (1, 8)
    assert list(store.read().key_pairs.values()) == [made[0].key_pair]


@pytest.mark.parametrize(("key_type", "key_format"), KINDS)
def test_nothing_private_is_on_the_disk(
    key_type: KeyType, key_format: KeyFormat, session: Session, tmp_path: Path
) -> None:
    created = session.backend.create_key_pair(
        key_name="web-1", key_type=key_type, key_format=key_format
    )
    session.backend.create_key_pair(key_name="web-2", key_type="ed25519")  # so that there is a .bak
    written = b"".join(on_disk(tmp_path).values())
    assert created.key_pair.public_key.encode() in written
    assert len(on_disk(tmp_path)) == 4  # the file, the one before it, the lock, the journal
    key = convert.decode(created.key_material.encode())
    if isinstance(key, RSAPrivateKey):
        numbers = key.private_numbers()
        secrets = [numbers.d, numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp]
        raw = [secret.to_bytes((secret.bit_length() + 7) // 8) for secret in secrets]
        spellings = [f"{secret}".encode() for secret in secrets]
    else:
        raw = [key.private_bytes_raw()]
        spellings = []
    for data in raw:
        # At each of the three places in a group of four characters, without its blurred ends.
        encoded = [b64encode(bytes(shift) + data)[4:-4] for shift in range(3)]
        spellings += [data, data.hex().encode(), data.hex().upper().encode(), *encoded]
    for spelling in spellings:
        assert len(spelling) >= 32
        assert spelling not in written
    public_lines = created.key_pair.public_key
    for line in created.key_material.reveal().splitlines():
        if re.fullmatch(r"[A-Za-z0-9+/=]{40,}", line) and line not in public_lines:
            assert line.encode() not in written
    assert b"PRIVATE KEY-----" not in written
    assert b"PuTTY" not in written


def test_a_dry_run_leaves_no_trace(session: Session, tmp_path: Path) -> None:
    for call in (
        lambda: session.backend.create_key_pair(key_name="web-1", dry_run=True),
        lambda: session.backend.delete_key_pair(key_name="web-1", dry_run=True),
        lambda: session.backend.delete_key_pair(dry_run=True),
    ):
        with pytest.raises(DryRunOperation):
            call()
    assert list(tmp_path.iterdir()) == []


def test_looking_leaves_no_trace(session: Session, tmp_path: Path) -> None:
    assert session.backend.describe_key_pairs() == ()
    assert session.key_pair_named("web-1") is None
    assert list(tmp_path.iterdir()) == []


def test_a_key_whose_record_was_not_written_is_wiped(
    session: Session, made: list[KeyMaterial], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replacing, "replace_file", no_space)
    with pytest.raises(StoreError, match="the disk is full"):
        session.backend.create_key_pair(key_name="web-1", key_type="ed25519")
    assert len(made) == 1
    with pytest.raises(KeyMaterialGone):
        made[0].encode()
    monkeypatch.undo()
    assert session.backend.describe_key_pairs() == ()
    session.backend.create_key_pair(key_name="web-1", key_type="ed25519")


def no_space(*arguments: object, **options: object) -> None:
    raise OSError(28, "No space left on device")


# Deleting -------------------------------------------------------------------------------------


def test_a_deletion_answers_the_id_of_what_was_deleted(
    created: CreatedKeyPair, session: Session
) -> None:
    other = session.backend.create_key_pair(key_name="web-2", key_type="ed25519").key_pair
    key_pair_id = created.key_pair.key_pair_id
    assert session.backend.delete_key_pair(key_name="web-1") == key_pair_id
    assert session.backend.describe_key_pairs() == (other,)
    assert session.backend.delete_key_pair(key_pair_id=other.key_pair_id) == other.key_pair_id
    assert session.backend.describe_key_pairs() == ()


@pytest.mark.parametrize(
    ("request_", "answer", "left"),
    [
        # A name that is not there is no error.
        ({"key_name": "nobody"}, None, ["live", "other"]),
        # The id decides, and the named pair stays.
        ({"key_name": "live", "key_pair_id": "OTHER"}, "OTHER", ["live"]),
        ({"key_name": "nobody", "key_pair_id": "OTHER"}, "OTHER", ["live"]),
        # An id that is gone deletes nothing, even with a live name beside it.
        ({"key_pair_id": "GONE"}, None, ["live", "other"]),
        ({"key_name": "live", "key_pair_id": "GONE"}, None, ["live", "other"]),
        # An empty id is none, and an empty name too.
        ({"key_name": "live", "key_pair_id": ""}, "LIVE", ["other"]),
        ({"key_name": "", "key_pair_id": "LIVE"}, "LIVE", ["other"]),
    ],
)
def test_deletions_follow_ec2s_rules(
    request_: dict[str, str], answer: str | None, left: list[str], session: Session
) -> None:
    ids = {
        name.upper(): session.backend.create_key_pair(key_name=name, key_type="ed25519").key_pair
        for name in ("live", "other", "gone")
    }
    spelled = {name: pair.key_pair_id for name, pair in ids.items()}
    assert session.backend.delete_key_pair(key_name="gone") == spelled["GONE"]
    request_ = {name: spelled.get(value, value) for name, value in request_.items()}
    assert session.backend.delete_key_pair(**request_) == spelled.get(answer or "")  # type: ignore[arg-type]  # the table mixes types
    assert [pair.key_name for pair in session.backend.describe_key_pairs()] == left


@pytest.mark.parametrize(
    ("request_", "code", "message"),
    [
        ({}, "MissingParameter", "KeyName or KeyPairId must be provided"),
        ({"key_name": "", "key_pair_id": ""}, "MissingParameter", None),
        (
            {"key_pair_id": "key-00000000000000000"},
            "InvalidParameterValue",
            "Invalid value 'key-00000000000000000' for keyPairId.",
        ),
        (
            {"key_name": "web-1", "key_pair_id": "key-00000000000000000"},
            "InvalidParameterValue",
            "Invalid value 'key-00000000000000000' for keyPairId.",
        ),
        (
            {"key_pair_id": "web-1"},
            "InvalidParameterValue",
            "Value for parameter keyPairId is invalid.",
        ),
        (
            {"key_name": "web-1", "key_pair_id": "key-0"},
            "InvalidParameterValue",
            "Value for parameter keyPairId is invalid.",
        ),
        ({"dry_run": True}, "DryRunOperation", None),
        ({"key_name": "web-1", "dry_run": True}, "DryRunOperation", None),
        ({"key_pair_id": "nonsense", "dry_run": True}, "DryRunOperation", None),
    ],
)
def test_deletions_are_refused_with_ec2s_code_and_text(
    request_: Request,
    code: str,
    message: str | None,
    created: CreatedKeyPair,
    session: Session,
) -> None:
    with pytest.raises(EC2Error) as caught:
        session.backend.delete_key_pair(**request_)
    assert caught.value.code == code
    assert message is None or caught.value.message == message
    assert session.backend.describe_key_pairs() == (created.key_pair,)


# Saving ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key_type", "key_format"), KINDS)
def test_a_saved_key_is_private_proven_and_recorded(
    key_type: KeyType,
    key_format: KeyFormat,
    session: Session,
    tmp_path: Path,
    umask: Callable[[int], None],
) -> None:
    umask(0)
    created = session.backend.create_key_pair(
        key_name="web-1", key_type=key_type, key_format=key_format
    )
    path = tmp_path / "keys" / "of" / "web-1"
    saved = saving.save_key_material(session, created, str(path), accepted=examine(str(path)))
    assert saved.path == path
    assert path.read_bytes() == created.key_material.encode()
    assert stat.S_IMODE(path.lstat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.lstat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.lstat().st_mode) == 0o700
    for proof in ("synced", "mode 0600", "reads back as this key", "fingerprint equal"):
        assert any(proof in said for said in saved.proofs)
    assert saved.warning is None
    recorded = session.key_pair_named("web-1")
    assert recorded == kept(
        created.key_pair, private_key=PrivateKeyState.SAVED, saved_to=(str(path),)
    )


def test_every_file_it_was_saved_to_is_recorded(
    created: CreatedKeyPair, session: Session, tmp_path: Path
) -> None:
    paths = [str(tmp_path / name) for name in ("b", "a")]
    for path in paths:
        assert saving.save_key_material(session, created, path).warning is None
    recorded = session.key_pair_named("web-1")
    assert recorded is not None
    assert recorded.custody.saved_to == tuple(paths)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("{taken}", "none is overwritten"),
        ("{folder}", "this is a folder"),
        ("{folder}/", "this is a folder"),
        ("{taken}/new", "is not a folder"),
        ("{link}", "a link"),
        ("", "type the path"),
        ("a\nb", "control characters"),
    ],
)
def test_where_a_key_cannot_be_saved_it_is_not(
    path: str, why: str, created: CreatedKeyPair, session: Session, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(0o700)
    (folder / "taken").write_bytes(b"theirs")
    (folder / "link").symlink_to("nothing")
    names = {"taken": folder / "taken", "folder": folder, "link": folder / "link"}
    before = on_disk(tmp_path)
    with pytest.raises(SaveError, match=why):
        saving.save_key_material(session, created, path.format(**names))
    assert on_disk(tmp_path) == before
    assert session.key_pair_named("web-1") == created.key_pair
    saving.save_key_material(session, created, f"{folder / 'new'}")  # the key is still in hand


def test_a_file_that_came_up_between_the_look_and_the_write_is_not_overwritten(
    created: CreatedKeyPair,
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "new"
    make_missing = Walk.make_missing

    def someone_is_faster(way: Walk) -> None:
        make_missing(way)
        path.write_bytes(b"theirs")

    monkeypatch.setattr(Walk, "make_missing", someone_is_faster)
    with pytest.raises(SaveError, match=r"there is a file .* and none is overwritten"):
        saving.save_key_material(session, created, str(path))
    assert path.read_bytes() == b"theirs"


def test_a_disk_that_is_full_leaves_no_file(
    created: CreatedKeyPair,
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "keys" / "new"
    monkeypatch.setattr("os.write", no_space)
    with pytest.raises(SaveError, match="No space left on device"):
        saving.save_key_material(session, created, str(path), accepted=examine(str(path)))
    monkeypatch.undo()
    assert not path.exists()
    assert session.key_pair_named("web-1") == created.key_pair


def writes_a_key_of_another_pair(path: Path, data: bytes) -> None:
    path.touch(0o600)
    path.write_bytes(pem.encode(Ed25519PrivateKey.generate()))


def writes_a_damaged_key(path: Path, data: bytes) -> None:
    path.touch(0o600)
    path.write_bytes(data[:200] + bytes([data[200] ^ 1]) + data[201:])


def writes_half_a_key(path: Path, data: bytes) -> None:
    path.touch(0o600)
    path.write_bytes(data[: len(data) // 2])


def forgets_the_last_newline(path: Path, data: bytes) -> None:
    path.touch(0o600)
    path.write_bytes(data[:-1])


def writes_something_huge(path: Path, data: bytes) -> None:
    path.touch(0o600)
    path.write_bytes(data * 1000)


def lets_everyone_read(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o644)


def writes_through_a_link(path: Path, data: bytes) -> None:
    target = path.with_name("target")
    target.touch(0o600)
    target.write_bytes(data)
    path.symlink_to(target)


def writes_nothing(path: Path, data: bytes) -> None:
    """Do as a file system that loses what it was given."""


@pytest.mark.parametrize(
    "sabotage",
    [
        writes_a_key_of_another_pair,
        writes_a_damaged_key,
        writes_half_a_key,
        forgets_the_last_newline,
        writes_something_huge,
        lets_everyone_read,
        writes_through_a_link,
        writes_nothing,
    ],
)
def test_a_file_that_does_not_prove_is_removed(
    sabotage: Callable[[Path, bytes], None],
    created: CreatedKeyPair,
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "web-1.pem"

    def create(path: Path, data: bytes, **_: object) -> os.stat_result:
        sabotage(path, data)
        return path.lstat() if os.path.lexists(path) else tmp_path.lstat()

    monkeypatch.setattr(files, "create_private_file", create)
    with pytest.raises(ProofFailed, match=re.escape(str(path))):
        saving.save_key_material(session, created, str(path))
    monkeypatch.undo()
    assert not path.exists()
    assert not path.is_symlink()
    assert session.key_pair_named("web-1") == created.key_pair
    saving.save_key_material(session, created, str(path))
    assert path.read_bytes() == created.key_material.encode()


def test_an_rsa_key_of_the_same_public_half_but_other_private_numbers_does_not_prove(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = session.backend.create_key_pair(key_name="web-1", key_type="rsa")
    key = convert.decode(created.key_material.encode())
    assert isinstance(key, RSAPrivateKey)
    numbers = key.private_numbers()
    # Another d that does the same: EC2's fingerprint of an RSA pair is over the private numbers.
    p1, q1 = numbers.p - 1, numbers.q - 1
    other_d = (numbers.d + math.lcm(p1, q1)) % (p1 * q1)
    other = pem_with(numbers, other_d)
    monkeypatch.setattr(files, "read_opened", lambda file, limit: other)
    with pytest.raises(ProofFailed, match="another fingerprint"):
        saving.save_key_material(session, created, str(tmp_path / "web-1.pem"))
    assert not (tmp_path / "web-1.pem").exists()


def pem_with(numbers: RSAPrivateNumbers, d: int) -> bytes:
    n = numbers
    changed = RSAPrivateNumbers(n.p, n.q, d, n.dmp1, n.dmq1, n.iqmp, n.public_numbers)
    return pem.encode(changed.private_key(unsafe_skip_rsa_key_validation=True))


def test_a_record_that_cannot_be_written_gives_a_warning_and_the_file_stays(
    created: CreatedKeyPair,
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(self: RegionStore) -> NoReturn:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(RegionStore, "transaction", failing)
    saved = saving.save_key_material(session, created, str(tmp_path / "web-1.pem"))
    monkeypatch.undo()
    assert saved.warning is not None
    assert saved.warning.endswith("The disk is full.")
    assert saved.proofs
    assert saved.path.read_bytes() == created.key_material.encode()
    assert session.key_pair_named("web-1") == created.key_pair


@pytest.fixture
def unconfirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every change end up in the file, with a disk that does not confirm it."""
    replace_file = replacing.replace_file

    def unconfirmed(*arguments: Any, **options: Any) -> None:
        replace_file(*arguments, **options)
        raise files.ReplaceNotConfirmed(5, "Input/output error")

    monkeypatch.setattr(replacing, "replace_file", unconfirmed)


@pytest.mark.usefixtures("unconfirmed")
def test_a_pair_that_the_disk_did_not_confirm_is_handed_over_with_a_warning(
    session: Session, tmp_path: Path
) -> None:
    created = session.backend.create_key_pair(key_name="web-2", key_type="ed25519")
    assert created.warning is not None
    assert "did not confirm it (Input/output error)" in created.warning
    assert session.backend.describe_key_pairs() == (created.key_pair,)
    saved = saving.save_key_material(session, created, str(tmp_path / "web-2.pem"))
    assert saved.path.read_bytes() == created.key_material.encode()


@pytest.mark.usefixtures("unconfirmed")
def test_an_import_that_the_disk_did_not_confirm_is_an_error(
    created: CreatedKeyPair, session: Session
) -> None:
    line = created.key_pair.public_key
    with pytest.raises(StoreNotConfirmed, match="did not confirm it"):
        session.backend.import_key_pair(key_name="web-2", public_key_material=line)
    assert len(session.backend.describe_key_pairs()) == 2


def test_a_record_that_the_disk_did_not_confirm_says_saved_and_so_does_the_warning(
    created: CreatedKeyPair, session: Session, tmp_path: Path, unconfirmed: None
) -> None:
    saved = saving.save_key_material(session, created, str(tmp_path / "new"))
    assert saved.warning is not None
    assert "never saved" not in saved.warning
    assert "did not confirm it (Input/output error)" in saved.warning
    pair = session.key_pair_named("web-1")
    assert pair is not None
    assert pair.custody.private_key is PrivateKeyState.SAVED


def test_saving_a_pair_that_was_deleted_meanwhile_gives_a_warning(
    created: CreatedKeyPair, session: Session, tmp_path: Path
) -> None:
    session.backend.delete_key_pair(key_name="web-1")
    saved = saving.save_key_material(session, created, str(tmp_path / "web-1.pem"))
    assert saved.warning == "The file is fine, but the key pair was deleted meanwhile."
    assert saved.path.read_bytes() == created.key_material.encode()
    assert session.backend.describe_key_pairs() == ()
    # Once it is back it is known to be saved, by another session as well.
    entry = session.journal()[-1]
    assert (entry.operation, entry.detail) == ("SaveKeyMaterial", str(saved.path))
    other = session_over(RegionStore(session.store.folder, session.region))
    other.backend.restore_key_pair(created.key_pair.key_pair_id)
    back = other.key_pair_named("web-1")
    assert back is not None
    assert back.custody.private_key is PrivateKeyState.SAVED
    assert back.custody.saved_to == (str(saved.path),)


def test_saving_a_pair_that_was_deleted_leaves_what_a_newer_version_wrote_of_it(
    created: CreatedKeyPair, session: Session, tmp_path: Path
) -> None:
    session.backend.delete_key_pair(key_name="web-1")
    path = session.store.path
    tables = region_file.decode(path.read_bytes(), session.region)
    (record,) = tables["deleted_key_pairs"].values()
    record["Newer"] = record["KeyPair"]["Newer"] = {"is": "kept"}
    path.write_bytes(encode(tables, session.region, 9))
    saved = saving.save_key_material(session, created, str(tmp_path / "web-1.pem"))
    assert saved.warning == "The file is fine, but the key pair was deleted meanwhile."
    tables = region_file.decode(path.read_bytes(), session.region)
    (record,) = tables["deleted_key_pairs"].values()
    assert record["Newer"] == record["KeyPair"]["Newer"] == {"is": "kept"}
    assert record["KeyPair"]["SavedTo"] == [str(tmp_path / "web-1.pem")]


def test_a_wiped_key_is_not_saved(
    created: CreatedKeyPair, session: Session, tmp_path: Path
) -> None:
    created.key_material.wipe()
    with pytest.raises(KeyPairsError):
        saving.save_key_material(session, created, str(tmp_path / "web-1.pem"))
    assert not (tmp_path / "web-1.pem").exists()


def test_the_region_is_the_one_of_the_store(session: Session) -> None:
    assert session.region == "us-east-1"
