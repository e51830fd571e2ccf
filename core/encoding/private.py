"""Private keys in the formats of CreateKeyPair, and back again."""

from typing import assert_never

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from core.encoding import pem, ppk
from core.encoding.public import PublicKey
from core.keygen import PrivateKey
from core.model import KeyFormat


def encode(private_key: PrivateKey, key_format: KeyFormat, comment: str) -> bytes:
    """Return the key as CreateKeyPair's `KeyMaterial`; only PPK carries the comment."""
    match key_format:
        case KeyFormat.PEM:
            return pem.encode(private_key)
        case KeyFormat.PPK:
            return ppk.encode(private_key, public_key(private_key), comment)
        case _:
            assert_never(key_format)


def decode(data: bytes) -> PrivateKey:
    """Return the private key in what `encode` wrote.

    Raises:
        EncodingError: it is not such a file, or it is damaged.
    """
    return ppk.decode(data) if data.startswith(ppk.MARKER) else pem.decode(data)


def public_key(private_key: PrivateKey) -> PublicKey:
    """Return the public half, computed from the private one."""
    match private_key:
        case RSAPrivateKey():
            numbers = private_key.public_key().public_numbers()
            return PublicKey.from_rsa_numbers(numbers.e, numbers.n)
        case Ed25519PrivateKey():
            return PublicKey.from_ed25519_point(private_key.public_key().public_bytes_raw())
        case _:
            assert_never(private_key)
