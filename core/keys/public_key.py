"""Holds a public key: its SSH wire blob, its OpenSSH line and its DER."""

from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from core.keys.encoding import der, strict_base64
from core.keys.encoding.sshwire import Reader, WireError, mpint, string
from core.model import KeyPair, KeyType

SSH_NAMES = {KeyType.RSA: "ssh-rsa", KeyType.ED25519: "ssh-ed25519"}
COPY_AGAIN = "Copy the whole line of the .pub file again."

_FEWEST_BITS, _MOST_BITS = 512, 8192


class UnreadableError(ValueError):
    """The material is not a public key that is taken; `str()` of it is the reason."""


class RSASizeError(UnreadableError):
    """A whole RSA key whose size or exponent no pair can have; `fragment` says so in a clause."""

    def __init__(self, fragment: str) -> None:
        super().__init__(f"{fragment[0].upper()}{fragment[1:]}.")
        self.fragment = fragment


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key as its SSH wire blob, from which every other form of it is made.

    The blob of an RSA key is that of RFC 4253 section 6.6, of an ED25519 key that of RFC 8709
    section 4.
    """

    key_type: KeyType
    blob: bytes

    @classmethod
    def from_rsa_numbers(cls, e: int, n: int) -> Self:
        """Return the RSA key of a public exponent and a modulus, which are taken as they are."""
        return cls(KeyType.RSA, string(b"ssh-rsa") + mpint(e) + mpint(n))

    @classmethod
    def from_ed25519_point(cls, point: bytes) -> Self:
        """Return the ED25519 key of an encoded point, the 32 bytes of RFC 8032.

        Raises:
            ValueError: the point is not 32 bytes long.
        """
        if len(point) != 32:
            raise ValueError("an ED25519 point has 32 bytes")
        return cls(KeyType.ED25519, string(b"ssh-ed25519") + string(point))

    @classmethod
    def from_line(cls, text: str) -> Self:
        """Return the key of a `TYPE BASE64` line that is exactly as `line` writes it.

        Raises:
            ValueError: it is anything else, or a key that could not have been imported.
        """
        _, _, encoded = text.partition(" ")
        key = cls.from_blob(decode_base64(encoded))
        if key.line != text:
            raise UnreadableError("The line is not exactly TYPE BASE64.")
        return key

    @classmethod
    def from_blob(cls, blob: bytes) -> Self:
        """Return the key of an SSH wire blob.

        Raises:
            ValueError: it is no such blob, or a key that could not have been imported.
        """
        key = read_blob(blob)
        return cls(key.key_type, key.blob)

    @property
    def line(self) -> str:
        """The key as `TYPE BASE64`: an OpenSSH line without a comment."""
        return f"{SSH_NAMES[self.key_type]} {b64encode(self.blob).decode()}"

    @property
    def bits(self) -> int:
        """The length of the RSA modulus in bits; of an ED25519 key, 256."""
        match self.key_type:
            case KeyType.RSA:
                _, n = self._rsa_numbers()
                return n.bit_length()
            case KeyType.ED25519:
                return 256

    def spki_der(self) -> bytes:
        """Return the key as a DER SubjectPublicKeyInfo of RFC 5280 section 4.1.

        RSA is rsaEncryption with NULL parameters around the RSAPublicKey of RFC 8017 appendix
        A.1.1; ED25519 is 1.3.101.112 without parameters, as in RFC 8410. EC2's fingerprint of an
        imported RSA key is the MD5 of these bytes.
        """
        match self.key_type:
            case KeyType.RSA:
                e, n = self._rsa_numbers()
                algorithm = der.RSA_ENCRYPTION
                key = der.encode(der.SEQUENCE, der.integer(n) + der.integer(e))
            case KeyType.ED25519:
                algorithm = der.ID_ED25519
                key = self.blob[-32:]
        return der.encode(
            der.SEQUENCE,
            der.encode(der.SEQUENCE, algorithm) + der.encode(der.BIT_STRING, b"\0" + key),
        )

    def _rsa_numbers(self) -> tuple[int, int]:
        reader = Reader(self.blob)
        reader.string()
        return reader.mpint(), reader.mpint()


def decode_base64(text: str) -> bytes:
    """Return what base64 stands for, or refuse it in words for the person who pasted it."""
    with suppress(ValueError):
        return strict_base64.decode(text)
    # Raised out here, so that the error does not keep another one with the text.
    raise UnreadableError("The key is not valid base64: it was cut or changed. " + COPY_AGAIN)


def read_blob(blob: bytes) -> PublicKey:
    """Read an SSH wire blob to its last byte (RFC 4253 section 6.6, RFC 8709 section 4)."""
    reader = Reader(blob)
    try:
        match reader.string():
            case b"ssh-rsa":
                e, n = reader.mpint(), reader.mpint()
                reader.end()
                check_rsa_numbers(e, n)
                return PublicKey(KeyType.RSA, blob)
            case b"ssh-ed25519":
                point = reader.string()
                reader.end()
                if len(point) != 32:
                    raise UnreadableError("The ED25519 key is not 32 bytes long. " + COPY_AGAIN)
                return PublicKey(KeyType.ED25519, blob)
    except WireError as error:
        reason = f"The key is damaged: {error}. " + COPY_AGAIN
    else:
        reason = "The key is neither RSA nor ED25519. Give one of these."
    raise UnreadableError(reason)


def check_rsa_numbers(e: int, n: int) -> None:
    """Refuse what no RSA key has (RFC 8017 section 3.1), and what no pair can have.

    The sizes are those that EC2 was seen to take.

    Raises:
        RSASizeError: it may be a key, of a size or with an exponent that is not taken.
        UnreadableError: it is no RSA key.
    """
    bits = n.bit_length()
    if not _FEWEST_BITS <= bits <= _MOST_BITS:
        raise RSASizeError(
            f"the RSA key has {bits:,} bits, and only {_FEWEST_BITS:,} to {_MOST_BITS:,} bits are"
            " taken"
        )
    if n % 2 == 0:
        raise UnreadableError("The modulus of the RSA key is even: it is no RSA key. " + COPY_AGAIN)
    if e % 2 == 0 or not 3 <= e < n:
        shown = f"{e}" if e < 1_000_000 else f"of {e.bit_length():,} bits"
        raise RSASizeError(
            f"the RSA key has an impossible exponent, {shown}, with which it protects nothing"
        )


def named_line(key_pair: KeyPair) -> str:
    """Return the line of the public key with the name as its comment, whatever the record holds."""
    line = f"{key_pair.public_key} {key_pair.key_name}".rstrip(" ")
    # A terminal, or a parser of lines, would obey the others.
    return "".join(character if character.isprintable() else "?" for character in line)
