"""Private keys as PuTTY's PPK, version 2 and unencrypted, as EC2 gives them.

The format is that of appendix C of the PuTTY manual, with one correction: the private half of an
ED25519 key is not an mpint but a string of exactly 32 bytes. As an mpint, every second key would
load without complaint and then fail to log in.
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator
from typing import assert_never

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
)

from core.encoding import EncodingError, rsa
from core.encoding.public import PublicKey
from core.encoding.sshwire import Reader, WireError, mpint, string
from core.keygen import PrivateKey

MARKER = b"PuTTY-User-Key-File-"
_LINE = 64
_MAC_KEY = hashlib.sha1(b"putty-private-key-file-mac-key", usedforsecurity=False).digest()


def encode(private_key: PrivateKey, public_key: PublicKey, comment: str) -> bytes:
    """Return the key as a version 2 file without encryption: LF, one final newline.

    The comment, which EC2 sets to the key name, must be free of line breaks.
    """
    if "\n" in comment or "\r" in comment:
        raise ValueError("a PPK comment is one line")
    algorithm = Reader(public_key.blob).string().decode()
    private_blob = _private_blob(private_key)
    return _file(algorithm.encode(), comment.encode(), public_key.blob, private_blob)


def _file(algorithm: bytes, comment: bytes, public_blob: bytes, private_blob: bytes) -> bytes:
    mac = _mac(algorithm, comment, public_blob, private_blob)
    lines = [
        b"PuTTY-User-Key-File-2: " + algorithm,
        b"Encryption: none",
        b"Comment: " + comment,
        *_base64_lines(b"Public", public_blob),
        *_base64_lines(b"Private", private_blob),
        b"Private-MAC: " + mac,
    ]
    return b"".join(line + b"\n" for line in lines)


def _private_blob(private_key: PrivateKey) -> bytes:
    match private_key:
        case RSAPrivateKey():
            numbers = private_key.private_numbers()
            return b"".join(map(mpint, (numbers.d, numbers.p, numbers.q, numbers.iqmp)))
        case Ed25519PrivateKey():
            return string(private_key.private_bytes_raw())
        case _:
            assert_never(private_key)


def _base64_lines(title: bytes, blob: bytes) -> list[bytes]:
    text = b64encode(blob)
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    return [title + b"-Lines: " + str(len(lines)).encode(), *lines]


def _mac(algorithm: bytes, comment: bytes, public_blob: bytes, private_blob: bytes) -> bytes:
    message = b"".join(map(string, (algorithm, b"none", comment, public_blob, private_blob)))
    return hmac.new(_MAC_KEY, message, hashlib.sha1).hexdigest().encode()


def decode(data: bytes) -> PrivateKey:
    """Return the private key in what `encode` wrote, byte for byte, after checking its MAC.

    Raises:
        EncodingError: it is another version, encrypted, damaged, or its halves disagree.
    """
    lines = iter(data.splitlines())
    algorithm = _header(lines, b"PuTTY-User-Key-File-2")
    if _header(lines, b"Encryption") != b"none":
        raise EncodingError("this PPK is encrypted")
    comment = _header(lines, b"Comment")
    public_blob = _blob(lines, b"Public-Lines")
    private_blob = _blob(lines, b"Private-Lines")
    mac = _header(lines, b"Private-MAC")
    if not hmac.compare_digest(mac, _mac(algorithm, comment, public_blob, private_blob)):
        raise EncodingError("the MAC of this PPK does not match its contents")
    if data != _file(algorithm, comment, public_blob, private_blob):
        raise EncodingError("this PPK was changed, or was written by another program")
    try:
        return _private_key(algorithm, Reader(public_blob), Reader(private_blob))
    except WireError:
        raise EncodingError("a field of this PPK is malformed") from None


def _header(lines: Iterator[bytes], name: bytes) -> bytes:
    found, separator, value = next(lines, b"").partition(b": ")
    if found != name or not separator:
        raise EncodingError(f"the {name.decode()} line of this PPK is missing")
    return value


def _blob(lines: Iterator[bytes], name: bytes) -> bytes:
    count = _header(lines, name)
    if not count.isdigit() or len(count) > 4:
        raise EncodingError("a count of lines in this PPK is no number")
    try:
        return b64decode(b"".join(next(lines, b"") for _ in range(int(count))), validate=True)
    except Base64Error:
        raise EncodingError("the base64 of this PPK is damaged") from None


def _private_key(algorithm: bytes, public: Reader, private: Reader) -> PrivateKey:
    if public.string() != algorithm:
        raise EncodingError("this PPK names two algorithms")
    match algorithm:
        case b"ssh-rsa":
            e, n = public.mpint(), public.mpint()
            d, p, q, iqmp = (private.mpint() for _ in range(4))
            try:
                numbers = RSAPrivateNumbers(
                    p, q, d, rsa_crt_dmp1(d, p), rsa_crt_dmq1(d, q), iqmp, RSAPublicNumbers(e, n)
                )
                private_key: PrivateKey = numbers.private_key(unsafe_skip_rsa_key_validation=True)
            except ValueError:
                raise EncodingError("the numbers of this PPK are those of no RSA key") from None
            if not rsa.is_one_key(numbers):
                raise EncodingError("the two halves of this PPK are of different keys")
        case b"ssh-ed25519":
            point, seed = public.string(), private.string()
            if len(seed) != 32:
                raise EncodingError("the private half of this PPK is not 32 bytes")
            private_key = Ed25519PrivateKey.from_private_bytes(seed)
            if private_key.public_key().public_bytes_raw() != point:
                raise EncodingError("the two halves of this PPK are of different keys")
        case _:
            raise EncodingError("this PPK holds neither an RSA nor an ED25519 key")
    public.end()
    private.end()
    return private_key
