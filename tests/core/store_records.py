"""Key pairs that cost nothing to make, and Region files full of them."""

import hashlib
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

from core.model import Custody, Fingerprints, KeptKeyPair, KeyType, PrivateKeyState, Tag
from core.store import region_file
from core.store.records import to_record

TIME = datetime(2026, 9, 25, 11, 5, 17, 469_000, UTC)


def key_pair(number: int, name: str | None = None) -> KeptKeyPair:
    """Return the record of a key pair; no private key was ever made for it."""
    chance = hashlib.sha512(str(number).encode()).digest()
    fingerprint = b64encode(chance[:32]).decode()
    md5 = ":".join(f"{byte:02x}" for byte in chance[:16])
    return KeptKeyPair(
        key_pair_id=f"key-0{number:016x}",
        key_name=name or f"pair-{number}",
        key_type=KeyType.RSA,
        key_fingerprint=md5,
        public_key=f"ssh-rsa {b64encode(chance * 4).decode()}",
        tags=(Tag("Env", "prod"), Tag("Team", f"team-{number % 7}")),
        create_time=TIME,
        custody=Custody(PrivateKeyState.UNSAVED, Fingerprints(md5, md5, fingerprint, md5)),
    )


def encode(tables: region_file.Tables, region: str, generation: int) -> bytes:
    """Return the bytes of a Region's file."""
    *rest, (_, start) = region_file.pieces(tables, region, generation)
    return b"".join((start, *(piece for _, piece in rest)))


def write_region(folder: Path, count: int, region: str = "us-east-1") -> Path:
    """Write a Region's file that holds `count` key pairs, and return its path."""
    folder.mkdir(mode=0o700, exist_ok=True)
    records = {str(number): to_record(key_pair(number)) for number in range(1, count + 1)}
    path = folder / f"{region}.json"
    path.write_bytes(encode({region_file.KEY_PAIRS: records}, region, count))
    path.chmod(0o600)
    return path
