"""Private keys from what their files hold, once it is certain that it is all of one key."""

from typing import assert_never

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
)

from core.keys import EncodingError, HalvesDisagree, UnsupportedKey
from core.keys.encoding.sshwire import Reader, WireError
from core.keys.keygen import PrivateKey
from core.keys.public_key import PublicKey
from core.keys.reading import rsa_numbers


def rsa_key(e: int, n: int, d: int, p: int, q: int, iqmp: int) -> RSAPrivateKey:
    """Return the RSA key of these numbers, named as in RFC 8017 section 3.2.

    Raises:
        EncodingError: they are those of no key.
        HalvesDisagree: they are not all of one key.
    """
    if min(p, q) < 3:
        raise EncodingError("its numbers are those of no RSA key")
    numbers = RSAPrivateNumbers(
        p, q, d, rsa_crt_dmp1(d, p), rsa_crt_dmq1(d, q), iqmp, RSAPublicNumbers(e, n)
    )
    if not rsa_numbers.is_one_key(numbers):
        raise HalvesDisagree
    try:
        # The validation that is skipped takes 50 ms with the interpreter lock held.
        return numbers.private_key(unsafe_skip_rsa_key_validation=True)
    except ValueError:
        raise EncodingError("its numbers are those of no RSA key") from None


def ed25519_key(seed: bytes, point: bytes) -> Ed25519PrivateKey:
    """Return the ED25519 key of a seed, whose point must be this one.

    Raises:
        EncodingError: the seed is not 32 bytes.
        HalvesDisagree: the point is that of another key.
    """
    if len(seed) != 32:
        raise EncodingError("its private half is not 32 bytes")
    private_key = Ed25519PrivateKey.from_private_bytes(seed)
    if private_key.public_key().public_bytes_raw() != point:
        raise HalvesDisagree
    return private_key


def public_half(private_key: PrivateKey) -> PublicKey:
    """Return the public half, computed from the private one."""
    match private_key:
        case RSAPrivateKey():
            numbers = private_key.public_key().public_numbers()
            return PublicKey.from_rsa_numbers(numbers.e, numbers.n)
        case Ed25519PrivateKey():
            return PublicKey.from_ed25519_point(private_key.public_key().public_bytes_raw())
        case _:
            assert_never(private_key)


def public_key(blob: bytes) -> PublicKey:
    """Return the public key of the SSH wire blob in a private key file.

    Raises:
        UnsupportedKey: it is of a type that is not taken.
        EncodingError: it is damaged, or of a size that is not taken.
    """
    try:
        name = Reader(blob).string()
    except WireError:
        raise EncodingError("its public half is damaged") from None
    check_type(name)
    try:
        return PublicKey.from_blob(blob)
    except ValueError:
        raise EncodingError("its public half is damaged, or of a size that is not taken") from None


def check_type(name: bytes) -> None:
    """Insist that the SSH name of a key type is one that is taken.

    Raises:
        UnsupportedKey: it is a known one that is not.
        EncodingError: it is none at all.
    """
    if name in (b"ssh-rsa", b"ssh-ed25519"):
        return
    for start, usual in _OTHER_TYPES.items():
        if name.startswith(start):
            raise UnsupportedKey(usual)
    raise EncodingError("it names a type of key that is unknown, so it may be damaged")


_OTHER_TYPES = {
    b"ecdsa-": "ECDSA",
    b"ssh-dss": "DSA",
    b"ssh-ed448": "ED448",
    b"sk-ssh-ed25519": "ED25519-SK",
    b"sk-ecdsa-": "ECDSA-SK",
    b"ssh-xmss": "XMSS",
}
