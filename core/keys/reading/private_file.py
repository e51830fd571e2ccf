"""Reads private key files of every kind that people have: what they are, and the key.

What the usual programs put up with is put up with here. `core.keys.convert.decode` is the
strict one, for files that this program wrote.
"""

from dataclasses import dataclass

from core.keys import (
    MOST_BYTES_OF_A_KEY_FILE,
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
from core.keys.file_formats import FileKind
from core.keys.keygen import PrivateKey
from core.keys.public_key import PublicKey
from core.keys.reading import key_file, other_kinds
from core.keys.reading.other_kinds import OtherKind
from core.keys.reading.private_labels import OPENSSH_LABEL, PKCS_LABELS, label_of_der

__all__ = [
    "LARGEST",
    "EncodingError",
    "FileKind",
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

LARGEST = MOST_BYTES_OF_A_KEY_FILE


@dataclass(frozen=True, slots=True)
class PrivateKeyFile:
    """What a private key file says of itself.

    `public_key` is None where it takes the passphrase to see it: encrypted PEM and DER. So is
    `comment` empty in an encrypted OpenSSH container. Neither is checked in an encrypted file.
    `obstacle` says why an encrypted file cannot be unlocked here, whatever the passphrase.
    """

    container: FileKind
    encrypted: bool
    public_key: PublicKey | None
    comment: str
    obstacle: str = ""


def looks_private(data: bytes) -> bool:
    """Return whether there is a private key in it, whole or in part, be it of a kind not read."""
    return any(key.is_private for key in key_file.read(data))


def examine(data: bytes) -> PrivateKeyFile:
    """Return what a private key file is; of one that is not encrypted, everything is checked.

    Raises:
        HalvesDisagree: its private half is not that of its public half.
        UnsupportedKey: it is of a type that is not taken.
        NotRead: it is in a form, or encrypted in a way, that is not read.
        EncodingError: it is damaged, or no private key file.
    """
    file = _parse(data)
    public_key, comment = file.shown()
    return PrivateKeyFile(file.container, file.encrypted, public_key, comment, file.obstacle)


def check_layout(data: bytes) -> None:
    """Insist that a file is laid out as `core.keys.convert` does it, to the last byte.

    That is also how ssh-keygen and puttygen do it. Nothing else will do, be it harmless elsewhere:
    without its final newline, or with CRLF, OpenSSH refuses its own container.

    Raises:
        EncodingError: it is laid out otherwise, or is of a kind that is not written.
    """
    file = _parse(data)
    if file.encrypted and file.container in (FileKind.PKCS1, FileKind.DER):
        raise EncodingError("this kind of file is never written here")
    if not file.is_as_written(data):
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
    return _parse(data).unlock(passphrase)


_Parsed = ppk.PPKFile | openssh.OpenSSHFile | pkcs8.PKCSFile

_MARKS = {
    b"BEGIN EC PRIVATE KEY": other_kinds.of_private_type("ECDSA"),
    b"BEGIN DSA PRIVATE KEY": other_kinds.of_private_type("DSA"),
    b"BEGIN PGP PRIVATE KEY": other_kinds.OPENPGP_PRIVATE,
    b"BEGIN SSH2 ENCRYPTED PRIVATE KEY": other_kinds.SSH_COM,
    b"AGE-SECRET-KEY-": other_kinds.AGE,
}
"""How private keys that are not read are known in a text."""

_BOM = b"\xef\xbb\xbf"


def _parse(data: bytes) -> _Parsed:
    if len(data) > LARGEST:
        raise EncodingError("it is larger than 64 KiB, so it is no private key file")
    label = label_of_der(data)
    if label:
        return pkcs8.parse(Armour(label, {}, data), is_der=True)
    kind = other_kinds.of_binary(data) or other_kinds.of_der(data)
    if kind is not None and kind.is_private:
        raise _not_taken(kind)
    data = data.removeprefix(_BOM).lstrip()
    if data.startswith(ppk.MARKER):
        return ppk.parse(data)
    if ppk.MARKER in data:
        raise NotRead("something stands in front of the PPK in it, so remove that")
    for mark, kind in _MARKS.items():
        if mark in data:
            raise _not_taken(kind)
    if not looks_private(data):
        raise EncodingError("this is no private key file")
    block = armour.parse(data)
    if block.label == OPENSSH_LABEL:
        return openssh.parse(block)
    if block.label in PKCS_LABELS:
        return pkcs8.parse(block)
    raise NotRead("its BEGIN line names a kind of private key that is not read")


def _not_taken(kind: OtherKind) -> EncodingError:
    """Return the error of a private key that is not read, which tells its type where it has one."""
    _, is_typed, key_type = kind.name.partition(" of type ")
    return UnsupportedKey(key_type, kind.sentence) if is_typed else NotRead(kind.sentence)
