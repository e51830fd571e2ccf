"""Describes the formats of private key files in words: who reads them, what they refuse.

What EC2 gives is PEM, or PPK of version 2. The others are the same key for other programs, or
with a passphrase.
"""

from enum import StrEnum

from core.model import FileFormat, KeyFormat, KeyType


class FileKind(StrEnum):
    """The kinds of private key files that are read; the value is the name to show."""

    PKCS1 = "PEM (PKCS#1)"
    PKCS8 = "PEM (PKCS#8)"
    DER = "DER"
    OPENSSH = "OpenSSH"
    PPK2 = "PPK version 2"
    PPK3 = "PPK version 3"


_SUFFIXES = {
    FileFormat.PEM: ".pem",
    FileFormat.PPK2: ".ppk",
    FileFormat.PPK3: ".ppk",
    # Not without a suffix, as ssh-keygen has it: a key named config would become ~/.ssh/config.
    FileFormat.OPENSSH: ".openssh",
    FileFormat.PKCS8: ".p8",
}

PRIVATE_SUFFIXES = frozenset({*_SUFFIXES.values(), ".key"})
"""Endings that say that a file is a private key."""

_OF_KIND = {
    FileKind.PKCS1: FileFormat.PEM,
    FileKind.DER: FileFormat.PEM,
    FileKind.PKCS8: FileFormat.PKCS8,
    FileKind.OPENSSH: FileFormat.OPENSSH,
    FileKind.PPK2: FileFormat.PPK2,
    FileKind.PPK3: FileFormat.PPK3,
}

_READERS = {
    FileFormat.PEM: "ssh, PuTTYgen, openssl read it",
    FileFormat.PPK2: "PPK version 2: any PuTTY or WinSCP",
    FileFormat.PPK3: "PPK version 3: PuTTY from 0.75, WinSCP 5.18.5",
    FileFormat.OPENSSH: "as ssh-keygen writes it; PuTTYgen reads it too",
    FileFormat.PKCS8: "for openssl and Java; not PuTTY, not Dropbear",
}


def of_key_format(key_format: KeyFormat) -> FileFormat:
    """Return the format of the file that EC2 gives."""
    return {KeyFormat.PEM: FileFormat.PEM, KeyFormat.PPK: FileFormat.PPK2}[key_format]


def of_file(container: FileKind, name: str, *, encrypted: bool) -> FileFormat:
    """Return the format of a file that was written here.

    EC2's PEM of an ED25519 key is OpenSSH's container; what tells the two apart is the name, or a
    passphrase, which PEM does not take.
    """
    if container is FileKind.OPENSSH and not encrypted and not name.endswith(".openssh"):
        return FileFormat.PEM
    return _OF_KIND[container]


def suffix(file_format: FileFormat) -> str:
    """Return the ending of a file of that format, with its dot."""
    return _SUFFIXES[file_format]


def wrong_suffix(file_format: FileFormat, path: str) -> str:
    """Return the ending of a path if it is that of another format, or nothing.

    Under `.pem` OpenSSH's format is none: in it EC2 gives ED25519 keys as PEM.
    """
    endings = {*_SUFFIXES.values()} - {_SUFFIXES[file_format]}
    if file_format is FileFormat.OPENSSH:
        endings -= {_SUFFIXES[FileFormat.PEM]}
    return next((each for each in endings if path.lower().endswith(each)), "")


def readers(file_format: FileFormat, as_created: FileFormat | None) -> str:
    """Return in one phrase which programs read it, and whether the key was created so."""
    words = _READERS[file_format]
    return f"as it was created; {words}" if file_format is as_created else words


def refusal(file_format: FileFormat, key_type: KeyType) -> str | None:
    """Return why a key of that type is not written in that format, or None."""
    if file_format is FileFormat.PKCS8 and key_type is KeyType.ED25519:
        return "ssh, PuTTY and Dropbear refuse ED25519 in PKCS#8; choose openssh"
    return None


def passphrase_refusal(file_format: FileFormat) -> str | None:
    """Return why a file of that format is not encrypted, or None.

    EC2 gives PEM without one; PPK of version 2 spends one SHA-1 on a guess.
    """
    if file_format.takes_passphrase:
        return None
    *others, last = [each.value for each in FileFormat if each.takes_passphrase]
    return f"{file_format.value} gets no passphrase here; {', '.join(others)} and {last} do"
