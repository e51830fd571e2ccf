"""Turns key pairs into the records of a Region's file and back, in EC2's spelling."""

from collections.abc import Mapping, MutableMapping
from datetime import MAXYEAR, UTC, datetime
from functools import lru_cache
from typing import Any

from core.errors import StoreError
from core.model import (
    Custody,
    DeletedKeyPair,
    Fingerprints,
    KeptKeyPair,
    KeyType,
    PrivateKeyState,
    Tag,
)

Record = dict[str, Any]

YEARS = range(1970, MAXYEAR)
"""Those of the times in records: at the ends of the calendar none can be told in every zone."""


def to_record(key_pair: KeptKeyPair) -> Record:
    """Return the record of a key pair: JSON types only, nothing private.

    Only a successor has the member `Replaces`, and keeps it: the records of everything else are
    those of the first versions, which leave it alone in what they change. Likewise the members
    `Unanswered` and `Forgotten`.
    """
    custody = key_pair.custody
    record = {
        "KeyPairId": key_pair.key_pair_id,
        "KeyName": key_pair.key_name,
        "KeyType": key_pair.key_type.value,
        "KeyFingerprint": key_pair.key_fingerprint,
        "Fingerprints": {
            "PKCS8SHA1": custody.fingerprints.pkcs8_sha1,
            "SPKIMD5": custody.fingerprints.spki_md5,
            "SSHSHA256": custody.fingerprints.ssh_sha256,
            "SSHMD5": custody.fingerprints.ssh_md5,
        },
        "PublicKey": key_pair.public_key,
        "Tags": [{"Key": tag.key, "Value": tag.value} for tag in key_pair.tags],
        "CreateTime": format_time(key_pair.create_time),
        "PrivateKey": custody.private_key.value,
        "SavedTo": list(custody.saved_to),
    }
    if custody.replaces is not None:
        record["Replaces"] = custody.replaces
    for member, time in (("Unanswered", custody.unanswered), ("Forgotten", custody.forgotten)):
        if time is not None:
            record[member] = format_time(time)
    return record


def update_record(record: MutableMapping[str, Any], key_pair: KeptKeyPair) -> None:
    """Make a record that of a key pair; members that are not known here are left alone."""
    for member in ("Unanswered", "Forgotten"):
        record.pop(member, None)
    record.update(to_record(key_pair))


def from_record(record: Mapping[str, Any]) -> KeptKeyPair:
    """Return the key pair of a record.

    Raises:
        KeyError, TypeError, ValueError: it is not such a record.
    """
    fingerprints = record["Fingerprints"]
    key_pair = KeptKeyPair(
        key_pair_id=record["KeyPairId"],
        key_name=record["KeyName"],
        key_type=KeyType(record["KeyType"]),
        key_fingerprint=record["KeyFingerprint"],
        public_key=record["PublicKey"],
        tags=tuple(_tag(tag["Key"], tag["Value"]) for tag in record["Tags"]),
        create_time=parse_time(record["CreateTime"]),
        custody=Custody(
            private_key=PrivateKeyState(record["PrivateKey"]),
            fingerprints=Fingerprints(
                pkcs8_sha1=fingerprints["PKCS8SHA1"],
                spki_md5=fingerprints["SPKIMD5"],
                ssh_sha256=fingerprints["SSHSHA256"],
                ssh_md5=fingerprints["SSHMD5"],
            ),
            saved_to=tuple(record["SavedTo"]),
            replaces=record.get("Replaces"),
            unanswered=_time_or_none(record.get("Unanswered")),
            forgotten=_time_or_none(record.get("Forgotten")),
        ),
    )
    _check_shape(key_pair, record["SavedTo"])
    return key_pair


@lru_cache
def _tag(key: str, value: str) -> Tag:
    """Return a tag, the same one for the many pairs that have it."""
    return Tag(key, value)


def _check_shape(key_pair: KeptKeyPair, saved_to: object) -> None:
    """Raise TypeError or ValueError for values that no key pair has, but JSON can."""
    custody = key_pair.custody
    kinds = custody.fingerprints
    texts = [
        key_pair.key_pair_id,
        key_pair.key_name,
        key_pair.key_fingerprint,
        kinds.ssh_sha256,
        kinds.ssh_md5,
        key_pair.public_key,
        *custody.saved_to,
    ]
    optional = kinds.pkcs8_sha1, kinds.spki_md5, custody.replaces
    texts += [text for text in optional if text is not None]
    for tag in key_pair.tags:
        texts += (tag.key, tag.value)
    if not all(type(text) is str for text in texts):
        raise TypeError("something that is to be text is not")
    if type(saved_to) is not list:
        raise TypeError("the files are no list")
    if custody.private_key is PrivateKeyState.SAVED and not saved_to:
        raise ValueError("a saved key is in no file")


def deleted_to_record(deleted: DeletedKeyPair) -> Record:
    """Return the record of a deleted key pair.

    Only one that was given up has the member `GivenUp`, which the first versions leave alone.
    """
    record: Record = {
        "KeyPairId": deleted.key_pair_id,
        "DeleteTime": format_time(deleted.delete_time),
        "KeyPair": deleted.key_pair and to_record(deleted.key_pair),
    }
    if deleted.given_up:
        record["GivenUp"] = True
    return record


def deleted_from_record(record: Mapping[str, Any]) -> DeletedKeyPair:
    """Return the deleted key pair of a record.

    Raises:
        KeyError, TypeError, ValueError: it is not such a record.
    """
    key_pair = record["KeyPair"]
    if type(record["KeyPairId"]) is not str:
        raise TypeError("an id is no text")
    return DeletedKeyPair(
        record["KeyPairId"],
        parse_time(record["DeleteTime"]),
        None if key_pair is None else from_record(key_pair),
        record.get("GivenUp") is True,
    )


def format_time(time: datetime) -> str:
    """Return an aware time as EC2 writes it: `2026-09-25T11:05:17.469Z`.

    Raises:
        StoreError: it is one that would not be read again.
    """
    time = time.astimezone(UTC)
    if time.year not in YEARS:
        raise StoreError(f"The clock says {time.year}: set it right. Nothing was changed.")
    # isoformat and not strftime, which takes ten times as long: a full Region has 5,000 times.
    return time.isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"


def _time_or_none(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)


def parse_time(text: str) -> datetime:
    """Return the aware time that `format_time` wrote.

    Raises:
        ValueError: it is no such text.
    """
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("a time has no zone")
    if time.year not in YEARS:
        raise ValueError("a time is not of this age")
    return time
