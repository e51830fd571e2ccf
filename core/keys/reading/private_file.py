"""Private key files of every kind that people have, read with care: what they are, and the key.

What the usual programs put up with is put up with here. `core.keys.convert.decode` is the
strict one, for files that this program wrote.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from core.keys import (
    EncodingError,
    HalvesDisagree,
    NotRead,
    UnsupportedKey,
    WrongPassphrase,
    openssh,
    pkcs8,
    ppk,
)
from core.keys.encoding import armour
from core.keys.encoding.armour import Armour
from core.keys.encoding.sshwire import string
from core.keys.keygen import PrivateKey
from core.keys.public_key import PublicKey
from core.keys.reading import import_material, private_numbers

__all__ = [
    "LARGEST",
    "Container",
    "EncodingError",
    "HalvesDisagree",
    "NotRead",
    "PrivateKeyFile",
    "UnsupportedKey",
    "WrongPassphrase",
    "check_layout",
    "examine",
    "looks_private",
    "unlock",
]

LARGEST = 64 * 1024
"""More bytes than any private key file has; a larger one is refused unread."""


class Container(StrEnum):
    """The kinds of files that are read; the value is the name to show."""

    PKCS1 = "PEM (PKCS#1)"
    PKCS8 = "PEM (PKCS#8)"
    DER = "DER"
    OPENSSH = "OpenSSH"
    PPK2 = "PPK version 2"
    PPK3 = "PPK version 3"


@dataclass(frozen=True, slots=True)
class PrivateKeyFile:
    """What a private key file says of itself.

    `public_key` is None where it takes the passphrase to see it: encrypted PEM and DER. So is
    `comment` empty in an encrypted OpenSSH container. Neither is checked in an encrypted file.
    """

    container: Container
    encrypted: bool
    public_key: PublicKey | None
    comment: str


def looks_private(data: bytes) -> bool:
    """Tell whether there is the mark of a private key in it, be it of a kind that is not read."""
    return (
        import_material.looks_private(data) or bool(pkcs8.label_of_der(data)) or _is_dropbear(data)
    )


def examine(data: bytes) -> PrivateKeyFile:
    """Return what a private key file is; of one that is not encrypted, everything is checked.

    Raises:
        HalvesDisagree: its private half is not that of its public half.
        UnsupportedKey: it is of a type that is not taken.
        NotRead: it is in a form, or encrypted in a way, that is not read.
        EncodingError: it is damaged, or no private key file.
    """
    match _parse(data):
        case ppk.File() as file:
            public_key: PublicKey | None = ppk.public_key(file)
            if not file.encrypted:
                ppk.unlock(file)
            container = Container.PPK2 if file.version == 2 else Container.PPK3
            return PrivateKeyFile(container, file.encrypted, public_key, _text(file.comment))
        case openssh.Container() as file:
            comment = b"" if file.encrypted else openssh.unlock(file, None)[1]
            return PrivateKeyFile(
                Container.OPENSSH, file.encrypted, file.public_key, _text(comment)
            )
        case Armour() as block:
            encrypted = pkcs8.is_encrypted(block)
            if encrypted:
                pkcs8.check_encryption(block)
            public_key = (
                None if encrypted else private_numbers.public_half(pkcs8.unlock(block, None))
            )
            container = Container.PKCS1 if block.label == pkcs8.PKCS1_LABEL else Container.PKCS8
            if pkcs8.label_of_der(data):
                container = Container.DER
            return PrivateKeyFile(container, encrypted, public_key, "")
        case never:
            assert_never(never)


def check_layout(data: bytes) -> None:
    """Insist that a file is laid out as `core.keys.convert` does it, to the last byte.

    That is also how ssh-keygen and puttygen do it. Nothing else will do, be it harmless elsewhere:
    without its final newline, or with CRLF, OpenSSH refuses its own container.

    Raises:
        EncodingError: it is laid out otherwise, or is of a kind that is not written.
    """
    match _parse(data):
        case ppk.File() as file:
            as_written = data == file.render()
        case _:
            block = armour.parse(data)
            if pkcs8.is_encrypted(block):
                raise EncodingError("this kind of file is never written here")
            widths = openssh.WIDTHS if block.label == openssh.LABEL else (64,)
            as_written = not block.headers and data in [block.render(width) for width in widths]
    if not as_written:
        raise EncodingError("it was changed, or was written by another program")


def unlock(data: bytes, passphrase: bytes | None = None) -> PrivateKey:
    """Return the private key of a file, all of it checked; one not encrypted needs no passphrase.

    It takes up to a second for an encrypted file, with no lock held, and some seconds where the
    person who encrypted it wanted so.

    Raises:
        WrongPassphrase: it is encrypted and this is not its passphrase, or it is damaged.
        HalvesDisagree: its private half is not that of its public half.
        UnsupportedKey: it is of a type that is not taken.
        NotRead: it is in a form, or encrypted in a way, that is not read.
        EncodingError: it is damaged, or no private key file.
    """
    match _parse(data):
        case ppk.File() as file:
            return ppk.unlock(file, passphrase)
        case openssh.Container() as file:
            return openssh.unlock(file, passphrase)[0]
        case Armour() as block:
            return pkcs8.unlock(block, passphrase)
        case never:
            assert_never(never)


def _is_dropbear(data: bytes) -> bool:
    """Tell whether it is the file of a Dropbear key: as on the wire, and not in base64."""
    return data.startswith(_DROPBEAR)


_Parsed = ppk.File | openssh.Container | Armour

_OTHER_KINDS = {
    b"BEGIN EC PRIVATE KEY": "ECDSA",
    b"BEGIN DSA PRIVATE KEY": "DSA",
    b"SSH PRIVATE KEY FILE FORMAT 1.1": "SSH-1",
    b"BEGIN PGP PRIVATE KEY": "OpenPGP",
    b"AGE-SECRET-KEY-": "age",
}
_SSH_COM = b"BEGIN SSH2 ENCRYPTED PRIVATE KEY"
_DROPBEAR = tuple(
    string(name) for name in (b"ssh-rsa", b"ssh-ed25519", b"ssh-dss", b"ecdsa-sha2-nistp256")
)
_BOM = b"\xef\xbb\xbf"


def _parse(data: bytes) -> _Parsed:
    if len(data) > LARGEST:
        raise EncodingError("it is larger than 64 KiB, so it is no private key file")
    label = pkcs8.label_of_der(data)
    if label:
        return Armour(label, {}, data)
    if _is_dropbear(data):
        raise NotRead("it is a key of Dropbear, convert it with dropbearconvert dropbear openssh")
    data = data.removeprefix(_BOM).lstrip()
    if data.startswith(ppk.MARKER):
        return ppk.parse(data)
    if ppk.MARKER in data:
        raise NotRead("something stands in front of the PPK in it, so remove that")
    for mark, key_type in _OTHER_KINDS.items():
        if mark in data:
            raise UnsupportedKey(key_type)
    if _SSH_COM in data:
        raise NotRead("it is in the format of ssh.com, convert it with puttygen -O private-openssh")
    if not looks_private(data):
        raise EncodingError("this is no private key file")
    block = armour.parse(data)
    if block.label == openssh.LABEL:
        return openssh.parse(block.body)
    if block.label in (pkcs8.PKCS1_LABEL, pkcs8.PKCS8_LABEL, pkcs8.PKCS8_ENCRYPTED_LABEL):
        return block
    raise NotRead("its BEGIN line names a kind of private key that is not read")


def _text(comment: bytes) -> str:
    return comment.decode("utf-8", "replace")
