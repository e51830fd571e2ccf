"""Private keys as PKCS#1 and PKCS#8, in PEM or DER, plain or encrypted, by other programs.

ED25519 in PKCS#8 is the seed alone, without a public half or a MAC: what was changed in it, also
where it is encrypted, is the file of another key and nothing tells.

They are only read here; `core.keys.pem` and `core.keys.convert` write the plain ones.
"""

import re
from collections.abc import Iterator
from math import prod

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from core.keys import EncodingError, HalvesDisagree, NotRead, UnsupportedKey, WrongPassphrase
from core.keys.encoding import der
from core.keys.encoding.armour import Armour
from core.keys.keygen import PrivateKey
from core.keys.reading import private_numbers, rsa_numbers

PKCS1_LABEL = "RSA PRIVATE KEY"
PKCS8_LABEL = "PRIVATE KEY"
PKCS8_ENCRYPTED_LABEL = "ENCRYPTED PRIVATE KEY"

_DEK_IV_DIGITS = {"AES-128-CBC": 32, "AES-256-CBC": 32, "DES-EDE3-CBC": 16}
_MOST_ITERATIONS = 5_000_000
_MOST_SCRYPT_BLOCKS = 2**23
"""Of 128 bytes: 1 GiB, and some seconds."""

_SCRYPT = bytes.fromhex("2b06010401da47040b")
"""The object identifier 1.3.6.1.4.1.11591.4.11 (RFC 7914 section 7)."""


_PASSWORD_BASED = (bytes.fromhex("2a864886f70d0105"), bytes.fromhex("2a864886f70d010c01"))
"""How the identifiers of PKCS#5 (RFC 8018) and PKCS#12 encryption begin."""


def label_of_der(data: bytes) -> str | None:
    """Return the label that a private key in DER would have in PEM, or None where it is none."""
    if not data.startswith(bytes([der.SEQUENCE])):  # nearly every file
        return None
    match [der.fields(content) for _, content in der.fields(data)]:
        case [[(der.INTEGER, b"\0"), *numbers]] if len(numbers) == 8 and all(
            tag == der.INTEGER for tag, _ in numbers
        ):
            return PKCS1_LABEL
        case [[(der.INTEGER, b"\0" | b"\1"), (der.SEQUENCE, _), (der.OCTET_STRING, _), *_]]:
            return PKCS8_LABEL
        case [[(der.SEQUENCE, algorithm), (der.OCTET_STRING, _)]]:
            tag, identifier = next(iter(der.fields(algorithm)), (0, b""))
            if tag == der.OBJECT and identifier.startswith(_PASSWORD_BASED):
                return PKCS8_ENCRYPTED_LABEL
    return None


def is_encrypted(armour: Armour) -> bool:
    """Tell whether it takes a passphrase to read any of it, the public half included."""
    return armour.label == PKCS8_ENCRYPTED_LABEL or "ENCRYPTED" in armour.headers.get(
        "Proc-Type", ""
    )


def unlock(armour: Armour, passphrase: bytes | None) -> PrivateKey:
    """Return the private key; a passphrase that is not needed is not looked at.

    Raises:
        WrongPassphrase: it is encrypted and this is not its passphrase, or it is damaged.
        HalvesDisagree: its numbers are not all of one key.
        UnsupportedKey: it is of a type that is not taken.
        NotRead: it is encrypted in a way that is not read.
        EncodingError: it is damaged.
    """
    encrypted = is_encrypted(armour)
    if encrypted:
        check_encryption(armour)
        if not passphrase:
            raise WrongPassphrase(given=False)
    password = passphrase if encrypted else None
    try:
        # The validation that is skipped takes 50 ms with the interpreter lock held.
        private_key = (
            load_pem_private_key(armour.render(), password, unsafe_skip_rsa_key_validation=True)
            if encrypted and armour.label == PKCS1_LABEL
            else load_der_private_key(armour.body, password, unsafe_skip_rsa_key_validation=True)
        )
    except UnsupportedAlgorithm:
        raise NotRead(
            "it is encrypted in a way that is not read, or of an unknown type of key, so convert it"
            + _CONVERT
        ) from None
    except MemoryError:
        raise NotRead("its passphrase takes more memory than is free") from None
    except (ValueError, TypeError, InternalError):
        # A TypeError says that the label and the content disagree on whether it is encrypted; an
        # InternalError, that a number of the key derivation is impossible.
        if encrypted:
            raise WrongPassphrase(given=True) from None
        raise EncodingError("it is damaged, its numbers cannot be read") from None
    match private_key:
        case RSAPrivateKey():
            if not rsa_numbers.is_one_key(private_key.private_numbers()):
                raise HalvesDisagree
            private_numbers.public_key(
                private_numbers.public_half(private_key).blob
            )  # looks at its size
            return private_key
        case Ed25519PrivateKey():
            return private_key
        case ec.EllipticCurvePrivateKey():
            raise UnsupportedKey("ECDSA")
        case dsa.DSAPrivateKey():
            raise UnsupportedKey("DSA")
        case _:
            raise UnsupportedKey("unknown to SSH")


_CONVERT = " with ssh-keygen -p -f FILE"


def check_encryption(armour: Armour) -> None:
    """Refuse what cannot be decrypted, or would take minutes to try, whatever the passphrase.

    Raises:
        NotRead: it is so; says what to do.
        EncodingError: it is damaged.
    """
    if armour.label == PKCS1_LABEL:
        cipher, _, iv = armour.headers.get("DEK-Info", "").partition(",")
        if cipher not in _DEK_IV_DIGITS:
            raise NotRead("it is encrypted with a cipher that is not read, convert it" + _CONVERT)
        # The library panics at one that is too short.
        if len(iv) != _DEK_IV_DIGITS[cipher] or not re.fullmatch("[0-9A-Fa-f]+", iv):
            raise EncodingError("its DEK-Info line is damaged")
        return
    match [der.fields(content) for _, content in der.fields(armour.body)]:
        case [[(der.SEQUENCE, algorithm), (der.OCTET_STRING, _)]]:
            parts = list(_leaves(algorithm))
        case _:
            raise EncodingError("it is damaged, or not what its BEGIN line says")
    numbers = [int.from_bytes(content) for tag, content in parts if tag == der.INTEGER]
    scrypt = (der.OBJECT, _SCRYPT) in parts
    if scrypt and prod(numbers[:3]) > _MOST_SCRYPT_BLOCKS:
        raise NotRead("its passphrase takes too much of scrypt, convert it" + _CONVERT)
    # The length of the key may stand beside the iterations: it is small, and not to be trusted.
    if not scrypt and max(numbers, default=0) > _MOST_ITERATIONS:
        raise NotRead("its passphrase takes too many iterations, convert it" + _CONVERT)


def _leaves(data: bytes, depth: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield the elements that are no sequences, as deep as an algorithm ever is."""
    for tag, content in der.fields(data):
        if tag == der.SEQUENCE and depth < 8:
            yield from _leaves(content, depth + 1)
        else:
            yield tag, content
