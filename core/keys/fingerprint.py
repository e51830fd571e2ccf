"""Computes every kind of fingerprint, one function each.

EC2 uses three: SHA-1 over the private key of an RSA pair it created, MD5 over the public key of
an RSA pair that was imported, SHA-256 over the public key of an ED25519 pair. `ssh-keygen -l`
shows two more spellings.
"""

import hashlib
from base64 import b64encode

from core.keys.public_key import PublicKey
from core.model import Fingerprints, KeyType


def pkcs8_sha1(private_key_der: bytes) -> str:
    """Return EC2's fingerprint of an RSA pair it created: 20 bytes as colon-separated hex.

    The input is the unencrypted PKCS#8 DER of the private key, as in AWS's own check
    `openssl pkcs8 -in K -inform PEM -outform DER -topk8 -nocrypt | openssl sha1 -c`.
    """
    return hashlib.sha1(private_key_der, usedforsecurity=False).digest().hex(":")


def spki_md5(public_key_der: bytes) -> str:
    """Return EC2's fingerprint of an imported RSA key: 16 bytes as colon-separated hex.

    The input is the SubjectPublicKeyInfo DER, as in `openssl rsa -in K -pubout -outform DER |
    openssl md5 -c`; the API reference says "RFC 4716", but the service hashes the DER.
    """
    return hashlib.md5(public_key_der, usedforsecurity=False).digest().hex(":")


def ec2_sha256(blob: bytes) -> str:
    """Return EC2's fingerprint of an ED25519 key: SHA-256 of the SSH blob, base64 with its `=`."""
    return b64encode(hashlib.sha256(blob).digest()).decode()


def ssh_sha256(blob: bytes) -> str:
    """Return what `ssh-keygen -l` shows: `SHA256:` and the base64 without its `=`."""
    return "SHA256:" + ec2_sha256(blob).rstrip("=")


def ssh_md5(blob: bytes) -> str:
    """Return what `ssh-keygen -l -E md5` shows: `MD5:` and the MD5 of the SSH blob in hex."""
    return "MD5:" + hashlib.md5(blob, usedforsecurity=False).digest().hex(":")


def fingerprints(public_key: PublicKey, private_key_der: bytes | None = None) -> Fingerprints:
    """Return every kind of fingerprint of a key.

    The PKCS#8 DER of the private key is given for a created pair; without it the pair counts as
    imported.
    """
    is_rsa = public_key.key_type is KeyType.RSA
    return Fingerprints(
        pkcs8_sha1=pkcs8_sha1(private_key_der) if is_rsa and private_key_der else None,
        spki_md5=spki_md5(public_key.spki_der()) if is_rsa else None,
        ssh_sha256=ssh_sha256(public_key.blob),
        ssh_md5=ssh_md5(public_key.blob),
    )


def ec2_fingerprint(public_key: PublicKey, kinds: Fingerprints) -> str:
    """Return the one of a key's fingerprints that EC2 answers as `KeyFingerprint`."""
    if public_key.key_type is KeyType.ED25519:
        # `ec2_sha256`, without hashing the key again.
        return kinds.ssh_sha256.removeprefix("SHA256:") + "="
    return kinds.pkcs8_sha1 or kinds.spki_md5 or spki_md5(public_key.spki_der())


def imported_fingerprint(public_key: PublicKey) -> str:
    """Return the fingerprint that EC2 shows for a public key once it is imported."""
    return ec2_fingerprint(public_key, fingerprints(public_key))
