"""Makes new key pairs: their keys, and what is recorded of them.

It is the door to all that needs cryptography, whose import takes some 70 ms: looking at key pairs
does without, so that whoever makes one imports this module then and not before.
"""

from datetime import datetime
from typing import NamedTuple

from core.keys import convert, keygen, pem
from core.keys.fingerprint import ec2_fingerprint, fingerprints
from core.keys.keygen import PrivateKey
from core.keys.public_key import PublicKey
from core.keys.reading.import_material import check_given as check_given
from core.keys.reading.import_material import read_public_key_material
from core.model import Custody, KeptKeyPair, KeyFormat, KeyType, PrivateKeyState, Tag
from core.secret import KeyMaterial


class About(NamedTuple):
    """What is recorded of a new pair beside its key."""

    key_pair_id: str
    key_name: str
    tags: tuple[Tag, ...]
    create_time: datetime
    replaces: str | None = None


def created(
    key_type: KeyType, key_format: KeyFormat, spare_key: PrivateKey | None, about: About
) -> tuple[KeptKeyPair, KeyMaterial]:
    """Return what is recorded of a pair that is made now, and its private key, to hand over.

    The private key is the spare one, where there is one.
    """
    private_key = spare_key or keygen.generate(key_type)
    public_key = convert.public_key(private_key)
    key_pair = new_key_pair(public_key, pem.pkcs8_der(private_key), about)
    encoded = convert.encode(private_key, key_format, comment=about.key_name)
    return key_pair, KeyMaterial(encoded)


def imported(public_key_material: str | bytes, about: About) -> KeptKeyPair:
    """Return what is recorded of a pair whose public key is imported.

    Raises:
        InvalidKeyFormat: EC2 would not take it.
    """
    return new_key_pair(read_public_key_material(public_key_material), None, about)


def new_key_pair(public_key: PublicKey, private_key_der: bytes | None, about: About) -> KeptKeyPair:
    """Return what is recorded of a pair; without its private key, in PKCS#8 DER, it is imported."""
    kinds = fingerprints(public_key, private_key_der)
    state = PrivateKeyState.IMPORTED if private_key_der is None else PrivateKeyState.UNSAVED
    return KeptKeyPair(
        key_pair_id=about.key_pair_id,
        key_name=about.key_name,
        key_type=public_key.key_type,
        key_fingerprint=ec2_fingerprint(public_key, kinds),
        public_key=public_key.line,
        tags=about.tags,
        create_time=about.create_time,
        custody=Custody(state, kinds, replaces=about.replaces),
    )
