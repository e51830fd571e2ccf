"""Reads and writes private keys as PuTTY's PPK, versions 2 and 3, encrypted or not.

The format is that of appendix C of the PuTTY manual, with one correction: the private half of an
ED25519 key is not an mpint but a string of exactly 32 bytes. As an mpint, every second key would
load without complaint and then fail to log in.

EC2 gives version 2 without encryption.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from core.keys import EncodingError, NotRead, WrongPassphrase, ssh_types
from core.keys.encoding import argon2
from core.keys.encoding.armour import lines, unbase64
from core.keys.encoding.sshwire import Reader, WireError, mpint, string
from core.keys.file_formats import FileKind
from core.keys.keygen import PrivateKey
from core.keys.public_key import PublicKey
from core.keys.reading import private_numbers

MARKER = b"PuTTY-User-Key-File-"
_LINE = 64
_PLAIN, _AES = b"none", b"aes256-cbc"
_BLOCK = 16
_MAC_KEY_2 = b"putty-private-key-file-mac-key"


@dataclass(frozen=True, slots=True)
class PPKFile:
    """The fields of a PPK in their order; `private` is encrypted where `encryption` says so.

    `derivation` is set in an encrypted file of version 3, and only there.
    """

    version: int
    algorithm: bytes
    encryption: bytes
    comment: bytes
    public_blob: bytes = field(repr=False)
    derivation: argon2.Parameters | None
    private: bytes = field(repr=False)
    mac: bytes

    @property
    def encrypted(self) -> bool:
        """Whether it takes a passphrase to read the private half and to check the MAC."""
        return self.encryption != _PLAIN

    @property
    def container(self) -> FileKind:
        """Which kind of file it is."""
        return FileKind.PPK2 if self.version == 2 else FileKind.PPK3

    @property
    def public_key(self) -> PublicKey:
        """The public half, which is never encrypted; puttygen can keep a certificate there.

        Raises:
            EncodingError: it is damaged, or of another type than the file says.
        """
        blob = self.public_blob
        if ssh_types.is_certificate(self.algorithm.decode("latin-1")):
            blob = ssh_types.certified(blob)
        found = private_numbers.public_key(blob)
        if Reader(self.public_blob).string() != self.algorithm:
            raise EncodingError("this PPK names two types of key")
        return found

    @property
    def obstacle(self) -> str:
        """Why it cannot be unlocked here, whatever the passphrase, or nothing."""
        return argon2.obstacle(self.derivation) if self.derivation else ""

    def shown(self) -> tuple[PublicKey, str]:
        """Return the public half and the comment, which are never encrypted.

        Of a file that is not encrypted, everything is checked.

        Raises:
            HalvesDisagree, EncodingError: see `unlock`.
        """
        if not self.encrypted:
            self.unlock(None)
        return self.public_key, self.comment.decode("utf-8", "replace")

    def unlock(self, passphrase: bytes | None = None) -> PrivateKey:
        """Return the private key, after checking the MAC and that the halves are of one key.

        A passphrase that is not needed is not looked at.

        Raises:
            WrongPassphrase: it is encrypted and this is not its passphrase, or it is damaged.
            HalvesDisagree: the public half is not that of the private one.
            NotRead: the passphrase takes more work than is done here.
            EncodingError: it is damaged.
        """
        if self.encrypted and self.obstacle:
            raise NotRead(self.obstacle)
        if self.encrypted and not passphrase:
            raise WrongPassphrase(given=False)
        keys = _keys(self, passphrase)
        clear = keys.aes().decryptor().update(self.private) if self.encrypted else self.private
        if not hmac.compare_digest(self.mac, _mac(self, clear, keys.mac)):
            if self.encrypted:
                raise WrongPassphrase(given=True)
            raise EncodingError("the MAC of this PPK does not match its contents, it was changed")
        public = Reader(self.public_key.blob)
        try:
            return _private_key(self, public, Reader(clear))
        except WireError:
            raise EncodingError("a field of this PPK is malformed") from None

    def is_as_written(self, data: bytes) -> bool:
        """Return whether these are the bytes that puttygen and `encode` write, to the last one."""
        return data == self.render()

    def render(self) -> bytes:
        """Return the file as puttygen writes it: LF, base64 at 64, one final newline."""
        rows = [
            MARKER + b"%d: " % self.version + self.algorithm,
            b"Encryption: " + self.encryption,
            b"Comment: " + self.comment,
            *_blob_lines(b"Public", self.public_blob),
            *(_derivation_lines(self.derivation) if self.derivation else []),
            *_blob_lines(b"Private", self.private),
            b"Private-MAC: " + self.mac,
        ]
        return b"".join(row + b"\n" for row in rows)


# Writing --------------------------------------------------------------------------------------


def encode(
    private_key: PrivateKey,
    public_key: PublicKey,
    comment: str,
    *,
    version: int = 2,
    passphrase: bytes | None = None,
) -> bytes:
    """Return the key as a file of one version, encrypted if there is a passphrase.

    The comment, which EC2 sets to the key name, must be free of line breaks. Version 3 derives
    its keys by Argon2id with the numbers that puttygen takes.
    """
    if "\n" in comment or "\r" in comment:
        raise ValueError("a PPK comment is one line")
    clear = _private_blob(private_key)
    encryption, derivation = _PLAIN, None
    if passphrase:
        encryption = _AES
        derivation = argon2.new_parameters() if version == 3 else None
        clear += secrets.token_bytes(-len(clear) % _BLOCK)
    algorithm = Reader(public_key.blob).string()
    plain = PPKFile(
        version, algorithm, encryption, comment.encode(), public_key.blob, derivation, clear, b""
    )
    keys = _keys(plain, passphrase)
    private = keys.aes().encryptor().update(clear) if passphrase else clear
    return replace(plain, private=private, mac=_mac(plain, clear, keys.mac)).render()


def _private_blob(private_key: PrivateKey) -> bytes:
    if isinstance(private_key, RSAPrivateKey):
        numbers = private_key.private_numbers()
        return b"".join(map(mpint, (numbers.d, numbers.p, numbers.q, numbers.iqmp)))
    return string(private_key.private_bytes_raw())


def _blob_lines(title: bytes, blob: bytes) -> list[bytes]:
    rows = lines(blob, _LINE)
    return [title + b"-Lines: %d" % len(rows), *rows]


def _derivation_lines(parameters: argon2.Parameters) -> list[bytes]:
    return [
        b"Key-Derivation: " + parameters.flavour.encode(),
        b"Argon2-Memory: %d" % parameters.memory,
        b"Argon2-Passes: %d" % parameters.passes,
        b"Argon2-Parallelism: %d" % parameters.parallelism,
        b"Argon2-Salt: " + parameters.salt.hex().encode(),
    ]


# Reading --------------------------------------------------------------------------------------


def parse(data: bytes) -> PPKFile:
    """Return the fields of a PPK with any line ends and anything behind its MAC, as puttygen does.

    Raises:
        UnsupportedKey: the key in it is of a type that is not taken.
        EncodingError: it is damaged, or no PPK of version 2 or 3.
    """
    rows = iter(data.splitlines())
    mark, separator, algorithm = next(rows, b"").partition(b": ")
    if not mark.startswith(MARKER) or not separator:
        raise EncodingError("this is no PPK, or its first line was changed")
    if mark not in (MARKER + b"2", MARKER + b"3"):
        raise NotRead("this PPK is of a version that is not read, save it anew with puttygen")
    certified = ssh_types.certified_type(algorithm.decode("latin-1"))
    private_numbers.check_type(certified.encode("latin-1"))
    version = int(mark[-1:])
    encryption = _header(rows, b"Encryption")
    if encryption not in (_PLAIN, _AES):
        raise EncodingError("this PPK is encrypted in a way that is not known, or was changed")
    comment = _header(rows, b"Comment")
    public_blob = _blob(rows, b"Public-Lines")
    derivation = _derivation(rows) if version == 3 and encryption == _AES else None
    private = _blob(rows, b"Private-Lines")
    if encryption == _AES and len(private) % _BLOCK:
        raise EncodingError("the private half of this PPK is not whole")
    mac = _header(rows, b"Private-MAC")
    return PPKFile(version, algorithm, encryption, comment, public_blob, derivation, private, mac)


def _header(rows: Iterator[bytes], name: bytes) -> bytes:
    found, separator, value = next(rows, b"").partition(b": ")
    if found != name or not separator:
        raise EncodingError(f"the {name.decode()} line of this PPK is missing")
    return value


def _number(rows: Iterator[bytes], name: bytes) -> int:
    value = _header(rows, name)
    if not re.fullmatch(rb"[0-9]{1,10}", value):
        raise EncodingError(f"the {name.decode()} line of this PPK holds no number")
    return int(value)


def _blob(rows: Iterator[bytes], name: bytes) -> bytes:
    count = _number(rows, name)
    if count > 9999:
        raise EncodingError("a count of lines in this PPK is too large")
    return unbase64(b"".join(next(rows, b"") for _ in range(count)))


def _derivation(rows: Iterator[bytes]) -> argon2.Parameters:
    flavour = _header(rows, b"Key-Derivation").decode("latin-1")
    memory, passes, parallelism = (
        _number(rows, b"Argon2-" + name) for name in (b"Memory", b"Passes", b"Parallelism")
    )
    salt = _header(rows, b"Argon2-Salt")
    if not re.fullmatch(rb"(?:[0-9a-fA-F]{2}){1,64}", salt):
        raise EncodingError("the Argon2-Salt line of this PPK is damaged")
    parameters = argon2.Parameters(
        flavour, memory, passes, parallelism, bytes.fromhex(salt.decode())
    )
    argon2.check(parameters)
    return parameters


def _private_key(file: PPKFile, public: Reader, private: Reader) -> PrivateKey:
    private_key: PrivateKey
    if public.string() == b"ssh-rsa":
        e, n = public.mpint(), public.mpint()
        d, p, q, iqmp = (private.mpint() for _ in range(4))
        private_key = private_numbers.rsa_key(e, n, d, p, q, iqmp)
    else:
        private_key = private_numbers.ed25519_key(private.string(), public.string())
    if len(private.rest()) >= (_BLOCK if file.encrypted else 1):
        raise EncodingError("something follows the private half of this PPK")
    return private_key


# Keys of the file -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Keys:
    cipher: bytes = field(repr=False)
    iv: bytes = field(repr=False)
    mac: bytes = field(repr=False)

    def aes(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self.cipher), modes.CBC(self.iv))


def _keys(file: PPKFile, passphrase: bytes | None) -> _Keys:
    if not file.encrypted or not passphrase:
        return _Keys(b"", b"", _sha1(_MAC_KEY_2) if file.version == 2 else b"")
    if file.derivation is None:
        cipher = b"".join(_sha1(bytes([0, 0, 0, part]) + passphrase) for part in (0, 1))
        return _Keys(cipher[:32], bytes(_BLOCK), _sha1(_MAC_KEY_2 + passphrase))
    stream = argon2.derive(file.derivation, passphrase, 80)
    return _Keys(stream[:32], stream[32:48], stream[48:])


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


def _mac(file: PPKFile, clear: bytes, key: bytes) -> bytes:
    fields = (file.algorithm, file.encryption, file.comment, file.public_blob, clear)
    digest = "sha1" if file.version == 2 else "sha256"
    return hmac.new(key, b"".join(map(string, fields)), digest).hexdigest().encode()
