"""OpenSSH's own container of a private key (PROTOCOL.key), read and written.

What is encrypted has no MAC in the usual ciphers: a wrong passphrase is told from two equal
numbers in front, and damage behind them from halves that disagree. Only a comment, which says
nothing about the key, can change unnoticed.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.keys import EncodingError, HalvesDisagree, NotRead, WrongPassphrase
from core.keys.encoding.armour import Armour
from core.keys.encoding.sshwire import Reader, WireError, mpint, string
from core.keys.file_formats import FileKind
from core.keys.keygen import PrivateKey
from core.keys.public_key import PublicKey
from core.keys.reading import private_numbers
from core.keys.reading.private_labels import OPENSSH_LABEL, OPENSSH_MAGIC

WIDTHS = 64, 70
"""How wide the lines are: EC2 and cryptography, ssh-keygen and `encode`."""

_CIPHER = b"aes256-ctr"
_ROUNDS = 16
_SALT = 16
_MOST_ROUNDS = 1024
"""About ten seconds; ssh-keygen's own number is 16, and 24 in newer versions."""


@dataclass(frozen=True, slots=True)
class OpenSSHFile:
    """The fields of a container; `section` holds the private half, encrypted or not.

    `obstacle` says why it cannot be unlocked here, whatever the passphrase; its public half is
    read all the same.
    """

    block: Armour
    cipher: bytes
    salt: bytes
    rounds: int
    public_key: PublicKey
    section: bytes = field(repr=False)
    tag: bytes
    obstacle: str

    container = FileKind.OPENSSH

    @property
    def encrypted(self) -> bool:
        """Whether it takes a passphrase to read the private half and the comment."""
        return self.cipher != b"none"

    def shown(self) -> tuple[PublicKey, str]:
        """Return the public half and the comment, as far as no passphrase is needed for them.

        Of a file that is not encrypted, everything is checked.

        Raises:
            HalvesDisagree, EncodingError: see `unlock`.
        """
        comment = b"" if self.encrypted else self._opened(None)[1]
        return self.public_key, comment.decode("utf-8", "replace")

    def unlock(self, passphrase: bytes | None) -> PrivateKey:
        """Return the private key; a passphrase that is not needed is not looked at.

        Raises:
            WrongPassphrase: it is encrypted and this is not its passphrase, or it is damaged.
            HalvesDisagree: the public halves in it are not all that of the private one.
            NotRead: it is encrypted in a way that is not read.
            EncodingError: it is damaged.
        """
        return self._opened(passphrase)[0]

    def is_as_written(self, data: bytes) -> bool:
        """Return whether these are the bytes that `encode` or EC2 writes, to the last one."""
        return not self.block.headers and data in [self.block.render(width) for width in WIDTHS]

    def _opened(self, passphrase: bytes | None) -> tuple[PrivateKey, bytes]:
        """Return the private key and its comment."""
        section = self.section
        if self.encrypted:
            if self.obstacle:
                raise NotRead(self.obstacle)
            if not passphrase:
                raise WrongPassphrase(given=False)
            section = _decrypted(self, passphrase)
        reader = Reader(section)
        try:
            if reader.uint32() != reader.uint32():
                if self.encrypted:
                    raise WrongPassphrase(given=True)
                raise EncodingError("its two check numbers differ, so it was changed")
            private_key, blob = _private_half(reader)
            comment, padding = reader.string(), reader.rest()
        except WireError:
            raise EncodingError("its private half is damaged") from None
        if padding != bytes(range(1, len(padding) + 1)) or len(padding) > 16:
            raise EncodingError("its padding is not what it should be, so it was changed")
        if blob != self.public_key.blob:
            raise HalvesDisagree
        return private_key, comment


def parse(block: Armour) -> OpenSSHFile:
    """Return the fields of the container in a block, of which every byte was looked at.

    Raises:
        UnsupportedKey: the key in it is of a type that is not taken.
        EncodingError: it is damaged.
    """
    data = block.body
    if not data.startswith(OPENSSH_MAGIC):
        raise EncodingError("this is no OpenSSH container, though its BEGIN line says so")
    reader = Reader(data[len(OPENSSH_MAGIC) :])
    try:
        cipher, kdf, options = (reader.string() for _ in range(3))
        if reader.uint32() != 1:
            raise EncodingError("it does not hold exactly one key")
        blob, section, tag = reader.string(), reader.string(), reader.rest()
        salt, rounds, obstacle = _kdf(kdf, options, encrypted=cipher != b"none")
    except WireError:
        raise EncodingError("it was cut or changed") from None
    public_key = private_numbers.public_key(blob)
    tag_size, block_size = 0, 8
    if cipher in _CIPHERS:
        tag_size, block_size = _CIPHERS[cipher].tag_size, 16
    elif cipher != b"none":
        tag_size = len(tag)
        obstacle = f"{_named(cipher)}, so convert it{_CONVERT}"
    if len(tag) != tag_size or not section or len(section) % block_size:
        raise EncodingError("it was cut or changed")
    return OpenSSHFile(block, cipher, salt, rounds, public_key, section, tag, obstacle)


def _named(cipher: bytes) -> str:
    name = cipher.decode("ascii", "replace")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{2,40}(@[a-z.]{1,40})?", name):
        return "it is encrypted with a cipher that is not read, or damaged"
    return f"it is encrypted with the cipher {name.partition('@')[0]}, which is not read"


def _kdf(name: bytes, options: bytes, *, encrypted: bool) -> tuple[bytes, int, str]:
    """Return the salt and the rounds, and why they are not taken, or nothing."""
    if not encrypted:
        if name != b"none" or options:
            raise EncodingError("it was cut or changed")
        return b"", 0, ""
    if name != b"bcrypt":
        return b"", 0, f"it is encrypted in a way that is not read, convert it{_CONVERT}"
    reader = Reader(options)
    salt, rounds = reader.string(), reader.uint32()
    reader.end()
    if not salt or not rounds:
        raise EncodingError("it was cut or changed")
    obstacle = ""
    if rounds > _MOST_ROUNDS:
        obstacle = (
            f"its passphrase takes {rounds:,} rounds of bcrypt, and more than {_MOST_ROUNDS:,}"
            " are not tried, so convert it with ssh-keygen -p -a 16 -f FILE"
        )
    return salt, rounds, obstacle


_CONVERT = " with ssh-keygen -p -Z aes256-ctr -f FILE"


@dataclass(frozen=True, slots=True)
class _Cipher:
    key_size: int
    iv_size: int
    tag_size: int
    mode: Callable[[bytes], modes.CTR | modes.CBC] | None


_CIPHERS = {
    **{b"aes%d-ctr" % bits: _Cipher(bits // 8, 16, 0, modes.CTR) for bits in (128, 192, 256)},
    **{b"aes%d-cbc" % bits: _Cipher(bits // 8, 16, 0, modes.CBC) for bits in (128, 192, 256)},
    **{b"aes%d-gcm@openssh.com" % bits: _Cipher(bits // 8, 12, 16, None) for bits in (128, 256)},
}


def _private_half(reader: Reader) -> tuple[PrivateKey, bytes]:
    """Return the private key, and the blob of the public half that stands beside it."""
    name = reader.string()
    private_numbers.check_type(name)
    if name == b"ssh-rsa":
        n, e, d, iqmp, p, q = (reader.mpint() for _ in range(6))
        return private_numbers.rsa_key(e, n, d, p, q, iqmp), PublicKey.from_rsa_numbers(e, n).blob
    point, both = reader.string(), reader.string()
    private_key = private_numbers.ed25519_key(both[:32], point)
    if both[32:] != point:
        raise HalvesDisagree
    return private_key, PublicKey.from_ed25519_point(point).blob


def _decrypted(container: OpenSSHFile, passphrase: bytes) -> bytes:
    cipher = _CIPHERS[container.cipher]
    key, iv = _keys(cipher, passphrase, container.salt, container.rounds)
    if cipher.mode is None:
        try:
            return AESGCM(key).decrypt(iv, container.section + container.tag, None)
        except InvalidTag:
            raise WrongPassphrase(given=True) from None
    decryptor = Cipher(algorithms.AES(key), cipher.mode(iv)).decryptor()
    return decryptor.update(container.section) + decryptor.finalize()


def _keys(cipher: _Cipher, passphrase: bytes, salt: bytes, rounds: int) -> tuple[bytes, bytes]:
    import bcrypt

    size = cipher.key_size + cipher.iv_size
    stream = bcrypt.kdf(passphrase, salt, size, rounds, ignore_few_rounds=True)
    return stream[: cipher.key_size], stream[cipher.key_size :]


def encode(
    private_key: PrivateKey, public_key: PublicKey, comment: bytes, passphrase: bytes | None
) -> bytes:
    """Return the key as ssh-keygen writes it: lines of 70 characters, LF, one final newline.

    A passphrase encrypts it with AES-256-CTR under 16 rounds of bcrypt. The comment is inside
    what is encrypted. Without its final newline ssh-keygen would refuse the file.
    """
    section = secrets.token_bytes(4) * 2 + _private_fields(private_key) + string(comment)
    block = 16 if passphrase else 8
    section += bytes(range(1, -len(section) % block + 1))
    cipher = kdf = b"none"
    options = b""
    if passphrase:
        cipher, kdf = _CIPHER, b"bcrypt"
        salt = secrets.token_bytes(_SALT)
        options = string(salt) + _ROUNDS.to_bytes(4, "big")
        key, iv = _keys(_CIPHERS[_CIPHER], passphrase, salt, _ROUNDS)
        section = Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor().update(section)
    outer = map(string, (cipher, kdf, options))
    body = OPENSSH_MAGIC + b"".join(outer) + b"\0\0\0\1" + string(public_key.blob) + string(section)
    return Armour(OPENSSH_LABEL, {}, body).render(WIDTHS[1])


def _private_fields(private_key: PrivateKey) -> bytes:
    if isinstance(private_key, RSAPrivateKey):
        half = private_key.private_numbers()
        whole = half.public_numbers
        numbers = (whole.n, whole.e, half.d, half.iqmp, half.p, half.q)
        return string(b"ssh-rsa") + b"".join(map(mpint, numbers))
    point = private_key.public_key().public_bytes_raw()
    seed = private_key.private_bytes_raw()
    return b"".join(map(string, (b"ssh-ed25519", point, seed + point)))
