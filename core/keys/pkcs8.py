"""Reads and writes private keys as PKCS#1 and PKCS#8, in PEM or DER, plain or encrypted.

The DER is walked here and its sizes are looked at before any number is computed with: a library
that is handed a file computes with whatever stands in it, for minutes if someone wants so.

ED25519 in PKCS#8 is the seed alone, without a public half or a MAC: what was changed in it, also
where it is encrypted, is the file of another key and nothing tells.
"""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from core.keys import EncodingError, HalvesDisagree, NotRead, UnsupportedKey, WrongPassphrase
from core.keys.encoding import der, encryption, pbes2
from core.keys.encoding.armour import Armour
from core.keys.encoding.encryption import Encryption
from core.keys.file_formats import FileKind
from core.keys.keygen import PrivateKey
from core.keys.public_key import PublicKey
from core.keys.reading import other_kinds, private_numbers
from core.keys.reading.private_labels import (
    PKCS1_LABEL,
    PKCS8_ENCRYPTED_LABEL,
    PKCS8_LABEL,
    label_of_der,
)


@dataclass(frozen=True, slots=True)
class PKCSFile:
    """A private key in PKCS#1 or PKCS#8.

    `encryption` says how it is encrypted, if it is; `obstacle` why it cannot be unlocked here,
    whatever the passphrase.
    """

    block: Armour
    encrypted: bool
    encryption: Encryption | None
    obstacle: str
    is_der: bool

    @property
    def container(self) -> FileKind:
        """Which kind of file it is."""
        if self.is_der:
            return FileKind.DER
        return FileKind.PKCS1 if self.block.label == PKCS1_LABEL else FileKind.PKCS8

    def shown(self) -> tuple[PublicKey | None, str]:
        """Return the public half and the comment: none of what is encrypted, and never a comment.

        Of a file that is not encrypted, everything is checked.

        Raises:
            HalvesDisagree, UnsupportedKey, EncodingError: see `unlock`.
        """
        return None if self.encrypted else private_numbers.public_half(self.unlock(None)), ""

    def unlock(self, passphrase: bytes | None) -> PrivateKey:
        """Return the private key; a passphrase that is not needed is not looked at.

        Raises:
            WrongPassphrase: it is encrypted and this is not its passphrase, or it is damaged.
            HalvesDisagree: its numbers are not all of one key.
            UnsupportedKey: it is of a type or size that is not taken.
            NotRead: it is encrypted in a way that is not read.
            EncodingError: it is damaged.
        """
        return _read(self.decrypted(passphrase) if self.encrypted else self.block.body)

    def decrypted(self, passphrase: bytes | None) -> bytes:
        """Return the DER in what is encrypted.

        Raises:
            WrongPassphrase: this is not its passphrase, or it is damaged.
            NotRead: it is encrypted in a way that is not read.
            EncodingError: it is damaged.
        """
        if self.encryption is None:
            raise NotRead(self.obstacle)
        if not passphrase:
            raise WrongPassphrase(given=False)
        sealed = self.block.body
        if self.block.label == PKCS8_ENCRYPTED_LABEL:
            sealed = der.inside(sealed)[1][1]
        clear = self.encryption.decrypt(sealed, passphrase)
        if label_of_der(clear) not in (PKCS1_LABEL, PKCS8_LABEL):
            raise WrongPassphrase(given=True)  # and the padding was right by chance
        return clear

    def is_as_written(self, data: bytes) -> bool:
        """Return whether it is laid out as it is written here, as far as that is seen outside."""
        return not self.block.headers and data == self.block.render()


def encode(private_key: PrivateKey, passphrase: bytes | None = None) -> bytes:
    """Return the key as PKCS#8 in PEM, lines of 64 characters (RFC 5958, 7468).

    A passphrase encrypts it: see `core.keys.encoding.pbes2`.
    """
    clear = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    if passphrase is None:
        return Armour(PKCS8_LABEL, {}, clear).render()
    return Armour(PKCS8_ENCRYPTED_LABEL, {}, pbes2.encrypted(clear, passphrase)).render()


def parse(block: Armour, *, is_der: bool = False) -> PKCSFile:
    """Return what a block of PKCS#1 or PKCS#8 holds, its encryption looked at.

    Raises:
        EncodingError: what it says of its encryption is damaged.
    """
    obstacle = ""
    how = None
    encrypted = block.label == PKCS8_ENCRYPTED_LABEL
    try:
        if encrypted:
            how = encryption.of_algorithm(_algorithm_of_encrypted(block.body))
        elif "ENCRYPTED" in block.headers.get("Proc-Type", "") or "DEK-Info" in block.headers:
            encrypted = True
            how = encryption.of_dek_info(block.headers.get("DEK-Info", ""))
    except NotRead as error:
        obstacle = str(error)
    if block.label == PKCS1_LABEL and not encrypted and not der.inside(block.body):
        raise EncodingError(
            "there is no DER in it, so it is damaged, or it is encrypted and its Proc-Type and"
            " DEK-Info lines are gone"
        )
    return PKCSFile(block, encrypted, how, obstacle, is_der)


def _algorithm_of_encrypted(data: bytes) -> bytes:
    match der.inside(data):
        case [(der.SEQUENCE, algorithm), (der.OCTET_STRING, _)]:
            return algorithm
    raise EncodingError("it is damaged, or not what its BEGIN line says")


# Inside ---------------------------------------------------------------------------------------


def _read(data: bytes) -> PrivateKey:
    """Read a PrivateKeyInfo (RFC 5958) or an RSAPrivateKey (RFC 8017 appendix A.1.2)."""
    match der.inside(data):
        case [
            (der.INTEGER, b"\0" | b"\1"),
            (der.SEQUENCE, algorithm),
            (der.OCTET_STRING, content),
            *more,
        ]:
            pass
        case fields:
            return _rsa(fields)
    if algorithm in (der.RSA_ENCRYPTION, der.RSA_ENCRYPTION[:-2]):
        return _rsa(der.inside(content))
    if algorithm == der.ID_ED25519:
        match der.fields(content):
            case [(der.OCTET_STRING, seed)] if len(seed) == 32:
                return _ed25519(seed, more)
        raise EncodingError("it is damaged, its numbers cannot be read")
    name = other_kinds.algorithm_name(algorithm)
    raise UnsupportedKey(name, other_kinds.of_private_type(name).sentence)


def _rsa(fields: list[tuple[int, bytes]]) -> RSAPrivateKey:
    """Return the key of the fields of an RSAPrivateKey."""
    match fields:
        case [(der.INTEGER, b"\0"), *others] if len(others) == 8:
            pass
        case [(der.INTEGER, b"\1"), *others] if len(others) == 9:
            raise UnsupportedKey(
                "RSA", "this is an RSA key of more than two primes, which SSH lacks"
            )
        case _:
            raise EncodingError("it is damaged, its numbers cannot be read")
    numbers = []
    for tag, content in others:
        value = der.number(content)
        if tag != der.INTEGER or value is None:
            raise EncodingError("it is damaged, its numbers cannot be read")
        numbers.append(value)
    n, e, d, p, q, dmp1, dmq1, iqmp = numbers
    return private_numbers.rsa_key(e, n, d, p, q, iqmp, (dmp1, dmq1))


def _ed25519(seed: bytes, more: list[tuple[int, bytes]]) -> Ed25519PrivateKey:
    private_key = Ed25519PrivateKey.from_private_bytes(seed)
    point = private_key.public_key().public_bytes_raw()
    for tag, content in more:
        if tag == _PUBLIC_KEY and content != b"\0" + point:
            raise HalvesDisagree
    return private_key


_PUBLIC_KEY = 0x81
"""The tag of the public half that RFC 5958 lets follow."""
