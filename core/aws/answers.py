"""Reads EC2's answers into the values of `core.model`.

What an answer lacks stays empty: an old pair can have no public key, and then most of its
fingerprints are not known.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core.ec2.unanswered import NoAnswer
from core.errors import EC2Error
from core.keys.fingerprint import fingerprints
from core.keys.reading.import_material import read_public_key_material
from core.model import Custody, Fingerprints, KeptKeyPair, KeyType, PrivateKeyState, Tag
from core.store.records import YEARS

_CREATED_RSA = 59
"""The length of the fingerprint of an RSA pair that EC2 made: SHA-1 of its private key."""


def key_pair(described: Mapping[str, Any], custody: Custody | None = None) -> KeptKeyPair:
    """Return a pair as DescribeKeyPairs answers it, with what this machine knows of it.

    Without custody nobody here made it, and where its private key is, is not known here.

    Raises:
        NoAnswer: what is described is of a type that EC2 has not, or of a time before or after it.
    """
    create_time = _time(described.get("CreateTime"))
    if create_time is None or described.get("KeyType", KeyType.RSA) not in [*KeyType]:
        raise NoAnswer("what came back describes something else than a key pair")
    line = " ".join(str(described.get("PublicKey", "")).split()[:2])
    fingerprint = str(described.get("KeyFingerprint", ""))
    return KeptKeyPair(
        key_pair_id=str(described["KeyPairId"]),
        key_name=str(described["KeyName"]),
        key_type=KeyType(described.get("KeyType", KeyType.RSA)),
        key_fingerprint=fingerprint,
        public_key=line,
        tags=tags(described),
        create_time=create_time,
        custody=custody or Custody(PrivateKeyState.ELSEWHERE, _fingerprints(line, fingerprint)),
    )


def tags(answer: Mapping[str, Any]) -> tuple[Tag, ...]:
    """Return the tags in an answer, in its order."""
    return tuple(
        Tag(str(tag.get("Key", "")), str(tag.get("Value", ""))) for tag in answer.get("Tags") or ()
    )


def is_of_created_rsa(fingerprint: str) -> bool:
    """Return whether a fingerprint is that of an RSA pair which EC2 made, and not of an import."""
    return len(fingerprint) == _CREATED_RSA and ":" in fingerprint


def _time(value: datetime | None) -> datetime | None:
    """Return a time in UTC, to the millisecond, or None where no record can hold it."""
    if value is None:
        return datetime.fromtimestamp(0, UTC)
    try:
        time = value.astimezone(UTC)
    except OverflowError:
        return None
    if time.year not in YEARS:
        return None
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def _fingerprints(line: str, shown: str) -> Fingerprints:
    created_rsa = shown if is_of_created_rsa(shown) else None
    try:
        kinds = fingerprints(read_public_key_material(line))
    except EC2Error:  # there is none, or one that we do not know
        known = f"SHA256:{shown.rstrip('=')}" if shown and ":" not in shown else ""
        return Fingerprints(created_rsa, None, known, "")
    return Fingerprints(created_rsa, kinds.spki_md5, kinds.ssh_sha256, kinds.ssh_md5)
