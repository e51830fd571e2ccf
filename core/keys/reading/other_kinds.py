"""Names whole keys of the kinds that no pair has, and the command that converts each.

The commands hold FILE and NEW in place of the two names, and were each run on a file of the kind
with OpenSSH 9.2, OpenSSL 3 and PuTTY 0.78.
"""

import re
from contextlib import suppress
from typing import NamedTuple

from core.keys.encoding import der, strict_base64
from core.keys.encoding.sshwire import string


class OtherKind(NamedTuple):
    """A kind of file that holds a key and is not read: its name, and what to do with it.

    `is_private` is whether a private key is in it. `advice` is a clause, with a command where there
    is one; `command` is that command alone.
    """

    name: str
    is_private: bool
    advice: str
    command: str = ""

    @property
    def sentence(self) -> str:
        """What it is and what to do, as one clause without a full stop."""
        article = "an" if self.name[0] in "AEIOX" else "a"
        advice = f", {self.advice}" if self.advice else ""
        command = f" {self.command}" if self.command else ""
        return f"this is {article} {self.name}{advice}{command}"


_TAKE_OUT = "take the public key out of it with"

X509 = OtherKind(
    "X.509 certificate", False, _TAKE_OUT, "openssl x509 -in FILE -noout -pubkey -out NEW"
)
REQUEST = OtherKind(
    "X.509 certificate request", False, _TAKE_OUT, "openssl req -in FILE -noout -pubkey -out NEW"
)
REQUEST_IN_DER = REQUEST._replace(command=f"{REQUEST.command} -inform DER")
REVOKED = OtherKind("X.509 revocation list", False, "in which there is no key")
PKCS7 = OtherKind(
    "PKCS#7 file of certificates",
    False,
    "take the certificates out of it with",
    "openssl pkcs7 -in FILE -print_certs -out NEW",
)
PKCS7_IN_DER = PKCS7._replace(command=f"{PKCS7.command} -inform DER")
PKCS12 = OtherKind(
    "PKCS#12 file, which holds a private key",
    True,
    "take that out of it with",
    "openssl pkcs12 -in FILE -nocerts -out NEW",
)
PKCS12_OLD = PKCS12._replace(command="openssl pkcs12 -legacy -in FILE -nocerts -out NEW")
SSH_COM = OtherKind(
    "private key in the format of ssh.com",
    True,
    "convert it with",
    "puttygen FILE -O private-openssh -o NEW",
)
DROPBEAR = OtherKind(
    "private key of Dropbear",
    True,
    "convert it with",
    "dropbearconvert dropbear openssh FILE NEW",
)
SSH_1 = OtherKind("private key of type SSH-1", True, "which no longer logs in anywhere")
OPENPGP_PRIVATE = OtherKind("private key of OpenPGP", True, "which gpg keeps and ssh does not read")
OPENPGP = OtherKind("public key of OpenPGP", False, "which gpg keeps and ssh does not read")
AGE = OtherKind("private key of age", True, "which encrypts files and logs in nowhere")
JAVA = OtherKind(
    "Java key store",
    True,
    "make a PKCS#12 file of it with",
    "(umask 077 && keytool -importkeystore -srckeystore FILE -destkeystore NEW"
    " -deststoretype PKCS12)",
)
RSA_PSS = OtherKind(
    "RSA-PSS private key, which is no RSA key for SSH",
    True,
    "make a plain RSA key of it with",
    "openssl rsa -traditional -in FILE -out NEW && sed -i s/RSA-PSS/RSA/ NEW",
)


def of_private_type(key_type: str) -> OtherKind:
    """Return the kind of a private key of a type that no pair has."""
    if key_type == "RSA-PSS":
        return RSA_PSS
    return OtherKind(f"private key of type {key_type}", True, "but only RSA and ED25519 are taken")


def of_public_type(key_type: str) -> OtherKind:
    """Return the kind of a public key of a type that no pair has."""
    return OtherKind(f"public key of type {key_type}", False, "but a pair is RSA or ED25519")


_ALGORITHMS = {
    "1.2.840.113549.1.1.10": "RSA-PSS",
    "1.2.840.113549.1.1.7": "RSA-OAEP",
    "1.2.840.10045.2.1": "ECDSA",
    "1.2.840.10040.4.1": "DSA",
    "1.2.840.113549.1.3.1": "DH",
    "1.2.840.10046.2.1": "DH",
    "1.3.101.110": "X25519",
    "1.3.101.111": "X448",
    "1.3.101.113": "ED448",
}
"""What an algorithm is usually called, by its identifier (RFC 3279, 4055, 5480, 8410)."""


def algorithm_name(algorithm: bytes) -> str:
    """Return what the algorithm of an AlgorithmIdentifier that is not taken is usually called."""
    match der.fields(algorithm):
        case [(der.OBJECT, identifier), *_]:
            return _ALGORITHMS.get(der.dotted(identifier), "unknown to SSH")
    return "unknown to SSH"


_DATA, _SIGNED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2"
_ENCRYPTED_DATA = "1.2.840.113549.1.7.6"
_OLD_PKCS12 = tuple(bytes.fromhex(f"060a2a864886f70d010c01{last}") for last in ("02", "05", "06"))
"""The identifiers of RC4 and RC2 in PKCS#12, which OpenSSL 3 reads with -legacy only."""


def of_der(data: bytes) -> OtherKind | None:
    """Return which kind it is that DER holds; None of what is read, and of what is no key."""
    fields = der.inside(data)
    tags = [tag for tag, _ in fields]
    match fields:
        case [(der.INTEGER, b"\0"), *_] if tags == [der.INTEGER] * 6:
            return of_private_type("DSA")
        case [(der.INTEGER, b"\1"), (der.OCTET_STRING, _), *_]:
            return of_private_type("ECDSA")
        case [(der.INTEGER, b"\3"), (der.SEQUENCE, content), *_] if _is_data(content):
            return PKCS12_OLD if any(mark in data for mark in _OLD_PKCS12) else PKCS12
        case [(der.OBJECT, identifier), *_] if der.dotted(identifier) == _SIGNED_DATA:
            return PKCS7_IN_DER
        case [(der.SEQUENCE, body), (der.SEQUENCE, _), (der.BIT_STRING, _)]:
            return _signed(body)
        case [(der.SEQUENCE, algorithm), (der.BIT_STRING, _)]:
            if algorithm not in (der.RSA_ENCRYPTION, der.RSA_ENCRYPTION[:-2], der.ID_ED25519):
                return of_public_type(algorithm_name(algorithm))
    return None


def _is_data(content: bytes) -> bool:
    match der.fields(content):
        case [(der.OBJECT, identifier), *_]:
            return der.dotted(identifier) in (_DATA, _SIGNED_DATA, _ENCRYPTED_DATA)
    return False


def _signed(body: bytes) -> OtherKind | None:
    """Return what it is that someone signed: a certificate, a request or a revocation list."""
    fields = der.fields(body)
    if not fields:
        return None
    spki = [content for tag, content in fields if tag == der.SEQUENCE and _is_spki(content)]
    if not spki:
        return REVOKED if any(tag in (0x17, 0x18) for tag, _ in fields) else None
    return REQUEST_IN_DER if fields[0] == (der.INTEGER, b"\0") and len(fields) <= 4 else X509


def _is_spki(content: bytes) -> bool:
    return [tag for tag, _ in der.fields(content)] == [der.SEQUENCE, der.BIT_STRING]


def is_ed25519(data: bytes) -> bool:
    """Return whether the key in DER, or in the PEM of it, is one of ED25519."""
    blocks = [data]
    if not data.startswith(b"\x30"):
        bodies = re.findall(rb"-----BEGIN [A-Z0-9 ]+-----([A-Za-z0-9+/=\s]*)-----END", data)
        blocks = [_unarmoured(body) for body in bodies]
    algorithm = der.encode(der.SEQUENCE, der.ID_ED25519)
    return any(algorithm in block for block in blocks)


def _unarmoured(body: bytes) -> bytes:
    with suppress(ValueError):
        return strict_base64.decode(b"".join(body.split()))
    return b""


_DROPBEAR = tuple(
    string(name)
    for name in (
        b"ssh-rsa",
        b"ssh-ed25519",
        b"ssh-dss",
        b"ecdsa-sha2-nistp256",
        b"ecdsa-sha2-nistp384",
        b"ecdsa-sha2-nistp521",
    )
)


def of_binary(data: bytes) -> OtherKind | None:
    """Return which kind it is of those that are neither text nor DER."""
    if data.startswith(_DROPBEAR):
        return DROPBEAR
    if data.startswith(b"SSH PRIVATE KEY FILE FORMAT 1.1"):
        return SSH_1
    if data.startswith((b"\xfe\xed\xfe\xed\0\0\0", b"\xce\xce\xce\xce\0\0\0")):
        return JAVA
    return None


OF_LABELS = {
    "CERTIFICATE": X509,
    "X509 CERTIFICATE": X509,
    "TRUSTED CERTIFICATE": X509,
    "CERTIFICATE REQUEST": REQUEST,
    "NEW CERTIFICATE REQUEST": REQUEST,
    "PKCS7": PKCS7,
    "CMS": PKCS7,
    "PGP PRIVATE KEY BLOCK": OPENPGP_PRIVATE,
    "PGP PUBLIC KEY BLOCK": OPENPGP,
    "SSH2 ENCRYPTED PRIVATE KEY": SSH_COM,
    "RSA-PSS PRIVATE KEY": RSA_PSS,
    "EC PRIVATE KEY": of_private_type("ECDSA"),
    "DSA PRIVATE KEY": of_private_type("DSA"),
}
"""The kinds by the label on their BEGIN line."""
