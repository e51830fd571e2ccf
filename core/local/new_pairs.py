"""Puts together what is recorded of a new key pair."""

from datetime import datetime

from core.keys.fingerprint import ec2_fingerprint, fingerprints
from core.keys.public_key import PublicKey
from core.model import Custody, KeptKeyPair, PrivateKeyState, Tag


def new_key_pair(
    public_key: PublicKey,
    private_key_der: bytes | None = None,
    *,
    key_pair_id: str,
    key_name: str,
    tags: tuple[Tag, ...],
    create_time: datetime,
    replaces: str | None = None,
) -> KeptKeyPair:
    """Return what is recorded of a pair; without its private key, in PKCS#8 DER, it is imported."""
    kinds = fingerprints(public_key, private_key_der)
    imported = private_key_der is None
    state = PrivateKeyState.IMPORTED if imported else PrivateKeyState.UNSAVED
    return KeptKeyPair(
        key_pair_id=key_pair_id,
        key_name=key_name,
        key_type=public_key.key_type,
        key_fingerprint=ec2_fingerprint(public_key, kinds),
        public_key=public_key.line,
        tags=tags,
        create_time=create_time,
        custody=Custody(state, kinds, replaces=replaces),
    )
