"""Decrypts what a passphrase encrypts in PEM and PKCS#8, and names what it cannot decrypt.

PKCS#5 (RFC 8018), the 3DES scheme of PKCS#12 (RFC 7292 appendix B) and the headers of RFC 1421 as
OpenSSL writes them. Everything that a file says of its encryption is looked at before a passphrase
is asked for: a right one must never be called wrong because of a cipher that is not read.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from core.keys import EncodingError, NotRead, WrongPassphrase
from core.keys.encoding import der

_MOST_ITERATIONS = 5_000_000
_MOST_SCRYPT_BLOCKS = 2**23
"""Of 128 bytes: 1 GiB, and some seconds."""
_MOST_SALT = 1024
_CONVERT = "convert it with openssl pkey -in FILE -aes256 -out NEW"
_LEGACY = " -provider legacy -provider default"
"""What OpenSSL 3 wants for ciphers that it calls old."""


@dataclass(frozen=True, slots=True)
class _BlockCipher:
    """A block cipher in CBC: how people call it, and its sizes in bytes."""

    name: str
    key_size: int
    block_size: int


_AES_128, _AES_192, _AES_256 = (
    _BlockCipher(f"AES-{bits}", bits // 8, 16) for bits in (128, 192, 256)
)
_3DES = _BlockCipher("3DES", 24, 8)

_OLD = frozenset(
    {"SEED", "CAST5", "Blowfish", "IDEA", "RC2", "RC4", "RC5", "DES", "BF", "CAST", "MD2", "MD5"}
)

_DEK_CIPHERS = {
    "AES-128-CBC": _AES_128,
    "AES-192-CBC": _AES_192,
    "AES-256-CBC": _AES_256,
    "DES-EDE3-CBC": _3DES,
}
"""The ciphers in a DEK-Info line."""

AES_256_CBC = "2.16.840.1.101.3.4.1.42"
_CIPHERS = {
    "2.16.840.1.101.3.4.1.2": _AES_128,
    "2.16.840.1.101.3.4.1.22": _AES_192,
    AES_256_CBC: _AES_256,
    "1.2.840.113549.3.7": _3DES,
}
_OTHER_CIPHERS = {
    "1.2.392.200011.61.1.1.1": "Camellia",
    "0.3.4401.5.3.1.9": "Camellia",
    "1.2.410.200046.1.1": "ARIA",
    "1.2.156.10197.1.104": "SM4",
    "1.2.410.200004.1": "SEED",
    "1.2.840.113533.7.66.10": "CAST5",
    "1.3.6.1.4.1.3029.1.2": "Blowfish",
    "1.3.6.1.4.1.188.7.1.1": "IDEA",
    "1.2.840.113549.3.2": "RC2",
    "1.2.840.113549.3.4": "RC4",
    "1.2.840.113549.3.8": "RC5",
    "1.2.840.113549.3.9": "RC5",
    "1.3.14.3.2.17": "3DES with two keys",
    "1.3.14.3.2": "DES",
    "2.16.840.1.101.3.4.1": "AES in a mode other than CBC",
    "1.2.643": "GOST",
}
"""Ciphers that openssl can write and that are not read, by how their identifiers begin."""

PBES2 = "1.2.840.113549.1.5.13"
PBKDF2 = "1.2.840.113549.1.5.12"
_SCRYPT = "1.3.6.1.4.1.11591.4.11"
_PKCS12_3DES = "1.2.840.113549.1.12.1.3"
_PASSWORD_BASED = "1.2.840.113549.1.5.", "1.2.840.113549.1.12.1."
_OTHER_SCHEMES = {
    "1.2.840.113549.1.5.1": "MD2 and DES",
    "1.2.840.113549.1.5.3": "MD5 and DES",
    "1.2.840.113549.1.5.4": "MD2 and RC2",
    "1.2.840.113549.1.5.6": "MD5 and RC2",
    "1.2.840.113549.1.5.10": "SHA-1 and DES",
    "1.2.840.113549.1.5.11": "SHA-1 and RC2",
    "1.2.840.113549.1.12.1.1": "SHA-1 and RC4",
    "1.2.840.113549.1.12.1.2": "SHA-1 and RC4 of 40 bits",
    "1.2.840.113549.1.12.1.4": "SHA-1 and 3DES with two keys",
    "1.2.840.113549.1.12.1.5": "SHA-1 and RC2",
    "1.2.840.113549.1.12.1.6": "SHA-1 and RC2 of 40 bits",
}
"""The schemes of PKCS#5 version 1.5 and of PKCS#12 that are not read."""

HMAC_SHA256 = "1.2.840.113549.2.9"
_DIGESTS = {
    "1.2.840.113549.2.7": "sha1",
    "1.2.840.113549.2.8": "sha224",
    HMAC_SHA256: "sha256",
    "1.2.840.113549.2.10": "sha384",
    "1.2.840.113549.2.11": "sha512",
}
"""The pseudo-random functions of PBKDF2 that are read."""

_OTHER_DIGESTS = {
    "1.2.840.113549.2.6": "HMAC-MD5",
    "1.2.840.113549.2.12": "HMAC-SHA-512-224",
    "1.2.840.113549.2.13": "HMAC-SHA-512-256",
    "2.16.840.1.101.3.4.2.13": "HMAC-SHA3-224",
    "2.16.840.1.101.3.4.2.14": "HMAC-SHA3-256",
    "2.16.840.1.101.3.4.2.15": "HMAC-SHA3-384",
    "2.16.840.1.101.3.4.2.16": "HMAC-SHA3-512",
    "1.2.156.10197.1.401": "HMAC-SM3",
    "1.2.643": "HMAC of GOST",
}

Derive = Callable[[bytes, int], bytes]
"""Makes so many bytes from a passphrase; it takes up to some seconds, with no lock held."""


@dataclass(frozen=True, slots=True)
class Encryption:
    """How something is encrypted, all of it read and known to be affordable."""

    cipher: _BlockCipher
    iv: bytes | None
    derive: Derive = field(repr=False)

    def decrypt(self, data: bytes, passphrase: bytes) -> bytes:
        """Return what a passphrase decrypts; what is not the right one is nearly always noticed.

        Raises:
            WrongPassphrase: it is not the passphrase, or the data is damaged.
            NotRead: there is not enough memory.
        """
        from core.keys.encoding import ciphers

        size = self.cipher.block_size
        if not data or len(data) % size:
            raise EncodingError("what is encrypted in it is not whole")
        key_size = self.cipher.key_size
        try:
            stream = self.derive(passphrase, key_size if self.iv is not None else key_size + size)
        except MemoryError:
            raise NotRead("its passphrase takes more memory than is free") from None
        key, iv = stream[:key_size], self.iv if self.iv is not None else stream[key_size:]
        clear = ciphers.decrypted(data, key, iv, triple_des=self.cipher is _3DES)
        padding = clear[-1]
        if not 1 <= padding <= size or clear[-padding:] != bytes([padding]) * padding:
            raise WrongPassphrase(given=True)
        return clear[:-padding]


# PEM headers ----------------------------------------------------------------------------------


def of_dek_info(text: str) -> Encryption:
    """Return the encryption that a DEK-Info line names: `CIPHER,IV` (RFC 1421 section 4.6.1.3).

    Raises:
        NotRead: it is a cipher that is not read; says what to do.
        EncodingError: the line is missing or damaged.
    """
    name, _, iv_digits = text.partition(",")
    if not text:
        raise EncodingError(
            "it says that it is encrypted, but its DEK-Info line is missing, so no passphrase"
            " opens it"
        )
    cipher = _DEK_CIPHERS.get(name)
    if cipher is None:
        if not re.fullmatch(r"[A-Za-z0-9]{1,20}(-[A-Za-z0-9]{1,20}){0,4}", name):
            raise EncodingError("its DEK-Info line is damaged")
        raise _not_read(f"with the cipher {name}", is_old=name.split("-")[0] in _OLD)
    if len(iv_digits) != 2 * cipher.block_size or not re.fullmatch("[0-9A-Fa-f]+", iv_digits):
        raise EncodingError("its DEK-Info line is damaged")
    iv = bytes.fromhex(iv_digits)

    def derive(passphrase: bytes, size: int) -> bytes:
        """Derive as OpenSSL's EVP_BytesToKey does with MD5 and one round."""
        stream = digest = b""
        while len(stream) < size:
            digest = hashlib.md5(digest + passphrase + iv[:8], usedforsecurity=False).digest()
            stream += digest
        return stream[:size]

    return Encryption(cipher, iv, derive)


# PKCS#8 ---------------------------------------------------------------------------------------


def is_scheme(algorithm: bytes) -> bool:
    """Return whether an AlgorithmIdentifier is of encryption by a passphrase."""
    match der.fields(algorithm):
        case [(der.OBJECT, identifier), *_]:
            return der.dotted(identifier).startswith(_PASSWORD_BASED)
    return False


def of_algorithm(algorithm: bytes) -> Encryption:
    """Return the encryption that the AlgorithmIdentifier of an encrypted PKCS#8 names.

    Raises:
        NotRead: it is one that is not read, or would take minutes; says what to do.
        EncodingError: it is damaged.
    """
    match der.fields(algorithm):
        case [(der.OBJECT, identifier), (der.SEQUENCE, parameters)]:
            scheme = der.dotted(identifier)
        case [(der.OBJECT, identifier), *_]:
            scheme, parameters = der.dotted(identifier), b""
        case _:
            raise _damaged()
    if scheme == PBES2:
        return _pbes2(parameters)
    if scheme == _PKCS12_3DES:
        return _pkcs12_3des(parameters)
    name = _OTHER_SCHEMES.get(scheme)
    raise _not_read(f"by {name or 'a scheme that is unknown here'}", is_old=name is not None)


def _not_read(how: str, *, is_old: bool = False) -> NotRead:
    return NotRead(
        f"it is encrypted {how}, which is not read, {_CONVERT}{_LEGACY if is_old else ''}"
    )


def _damaged() -> EncodingError:
    return EncodingError("what it says of its encryption is damaged")


def _pbes2(parameters: bytes) -> Encryption:
    match [(tag, der.fields(content)) for tag, content in der.fields(parameters)]:
        case [
            (der.SEQUENCE, [(der.OBJECT, function), (der.SEQUENCE, numbers)]),
            (der.SEQUENCE, [(der.OBJECT, cipher_id), *cipher_rest]),
        ]:
            pass
        case _:
            raise _damaged()
    cipher = _CIPHERS.get(der.dotted(cipher_id))
    if cipher is None:
        name = _by_start(der.dotted(cipher_id), _OTHER_CIPHERS) or "a cipher that is unknown here"
        raise _not_read(f"with the cipher {name}", is_old=name in _OLD)
    derivations = {PBKDF2: _pbkdf2, _SCRYPT: _scrypt}
    derivation = derivations.get(der.dotted(function))
    if derivation is None:
        raise _not_read("by a key derivation that is unknown here")
    derive = derivation(numbers)
    match cipher_rest:
        case [(der.OCTET_STRING, iv)] if len(iv) == cipher.block_size:
            return Encryption(cipher, iv, derive)
    raise _damaged()


def _by_start(identifier: str, names: dict[str, str]) -> str | None:
    return next(
        (name for start, name in names.items() if f"{identifier}.".startswith(f"{start}.")), None
    )


def _pbkdf2(parameters: bytes) -> Derive:
    """Read PBKDF2-params (RFC 8018 appendix A.2); the length of the key is not trusted."""
    match der.fields(parameters):
        case [(der.OCTET_STRING, salt), (der.INTEGER, count), *rest]:
            pass
        case _:
            raise _damaged()
    iterations = _iterations(count)
    if rest and rest[0][0] == der.INTEGER:
        rest = rest[1:]
    digest = "sha1"
    match rest:
        case []:
            pass
        case [(der.SEQUENCE, algorithm)]:
            tag, identifier = next(iter(der.fields(algorithm)), (0, b""))
            dotted = der.dotted(identifier) if tag == der.OBJECT else ""
            if dotted not in _DIGESTS:
                name = _by_start(dotted, _OTHER_DIGESTS) or "a function that is unknown here"
                raise _not_read(f"by PBKDF2 with {name}")
            digest = _DIGESTS[dotted]
        case _:
            raise _damaged()

    def derive(passphrase: bytes, size: int) -> bytes:
        return hashlib.pbkdf2_hmac(digest, passphrase, salt, iterations, size)

    return derive


def _iterations(count: bytes) -> int:
    iterations = der.number(count)
    if iterations is None or iterations < 1:
        raise _damaged()
    if iterations > _MOST_ITERATIONS:
        raise NotRead(f"its passphrase takes too many iterations, {_CONVERT}")
    return iterations


def _scrypt(parameters: bytes) -> Derive:
    """Read scrypt-params (RFC 7914 section 7)."""
    match der.fields(parameters):
        case [
            (der.OCTET_STRING, salt),
            (der.INTEGER, cost),
            (der.INTEGER, size),
            (der.INTEGER, parallel),
            *_,
        ]:
            n, r, p = der.number(cost), der.number(size), der.number(parallel)
        case _:
            raise _damaged()
    if n is None or r is None or p is None or n < 2 or n & (n - 1) or r < 1 or p < 1:
        raise _damaged()
    if n * r * p > _MOST_SCRYPT_BLOCKS:
        raise NotRead(f"its passphrase takes too much of scrypt, {_CONVERT}")

    def derive(passphrase: bytes, size: int) -> bytes:
        try:
            return hashlib.scrypt(
                passphrase, salt=salt, n=n, r=r, p=p, dklen=size, maxmem=2**31 - 1
            )
        except ValueError:
            raise _damaged() from None

    return derive


def _pkcs12_3des(parameters: bytes) -> Encryption:
    """Read pkcs-12PbeParams (RFC 7292 appendix C)."""
    match der.fields(parameters):
        case [(der.OCTET_STRING, salt), (der.INTEGER, count)] if len(salt) <= _MOST_SALT:
            iterations = _iterations(count)
        case _:
            raise _damaged()

    def derive(passphrase: bytes, size: int) -> bytes:
        key_size = _3DES.key_size
        return _pkcs12_stream(passphrase, salt, iterations, 1, key_size) + _pkcs12_stream(
            passphrase, salt, iterations, 2, size - key_size
        )

    return Encryption(_3DES, None, derive)


def _pkcs12_stream(
    passphrase: bytes, salt: bytes, iterations: int, purpose: int, size: int
) -> bytes:
    """Derive as RFC 7292 appendix B.2 does with SHA-1; 1 is the purpose of a key, 2 of an IV."""
    block = 64
    text = passphrase.decode("utf-8", "replace").encode("utf-16-be") + b"\0\0"
    mixed = bytearray(_filled(salt, block) + _filled(text, block))
    stream = b""
    while len(stream) < size:
        digest = bytes([purpose]) * block + mixed
        for _ in range(iterations):
            digest = hashlib.sha1(digest, usedforsecurity=False).digest()
        stream += digest
        added = int.from_bytes(_filled(digest, block)[:block]) + 1
        for start in range(0, len(mixed), block):
            total = int.from_bytes(mixed[start : start + block]) + added
            mixed[start : start + block] = (total % 2 ** (8 * block)).to_bytes(block)
    return stream[:size]


def _filled(data: bytes, block: int) -> bytes:
    """Repeat bytes until they fill whole blocks."""
    size = -(-len(data) // block) * block
    return (data * (size // len(data) + 1))[:size] if data else b""
