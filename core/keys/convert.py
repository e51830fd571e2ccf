"""Converts private keys between the formats that they are written in."""

from typing import assert_never

from core.keys import EncodingError, file_formats, openssh, pem, pkcs8, ppk
from core.keys.encoding import armour
from core.keys.file_formats import FileKind
from core.keys.keygen import PrivateKey
from core.keys.passphrase import MOST_BYTES
from core.keys.public_key import PublicKey
from core.keys.reading import private_file, private_numbers
from core.model import FileFormat, KeyFormat


def encode(private_key: PrivateKey, key_format: KeyFormat, comment: str) -> bytes:
    """Return the key as CreateKeyPair's `KeyMaterial`; only PPK carries the comment."""
    return encode_as(private_key, file_formats.of_key_format(key_format), comment)


def encode_as(
    private_key: PrivateKey,
    file_format: FileFormat,
    comment: str,
    passphrase: bytes | None = None,
) -> bytes:
    """Return the key as the bytes of a file; PEM and PKCS#8 carry no comment.

    A passphrase takes 100 to 300 ms, with no lock held.

    Raises:
        EncodingError: this format is not written of this key, with this passphrase or with this
            comment; says why.
    """
    key_type = public_key(private_key).key_type
    reason = file_formats.refusal(file_format, key_type)
    if reason is not None:
        raise EncodingError(reason)
    _check_comment(file_format, comment)
    if passphrase is not None:
        _check_passphrase(file_format, passphrase)
    match file_format:
        case FileFormat.PEM:
            return pem.encode(private_key)
        case FileFormat.PPK2:
            return ppk.encode(private_key, public_key(private_key), comment)
        case FileFormat.PPK3:
            return ppk.encode(
                private_key, public_key(private_key), comment, version=3, passphrase=passphrase
            )
        case FileFormat.OPENSSH:
            return openssh.encode(
                private_key, public_key(private_key), comment.encode(), passphrase
            )
        case FileFormat.PKCS8:
            return pkcs8.encode(private_key, passphrase)
        case _:
            assert_never(file_format)


def _check_passphrase(file_format: FileFormat, passphrase: bytes) -> None:
    reason = file_formats.passphrase_refusal(file_format)
    if reason is not None:
        raise EncodingError(reason)
    if not passphrase:
        raise EncodingError("an empty passphrase protects nothing, give one or leave it out")
    if len(passphrase) > MOST_BYTES:
        raise EncodingError(f"a passphrase has at most {MOST_BYTES:,} bytes in OpenSSH")
    if any(character in passphrase for character in b"\0\r\n"):
        raise EncodingError("a passphrase with line breaks or NUL can be typed nowhere")


def _check_comment(file_format: FileFormat, comment: str) -> None:
    if "\n" in comment or "\r" in comment:
        raise EncodingError("a comment is one line")
    if file_format is FileFormat.OPENSSH and "\0" in comment:
        raise EncodingError("OpenSSH reads no comment with NUL in it")
    try:
        comment.encode()
    except UnicodeEncodeError:
        raise EncodingError("this comment is no text") from None


def decode(data: bytes, passphrase: bytes | None = None) -> PrivateKey:
    """Return the private key in what `encode` or `encode_as` wrote, to the last byte.

    Raises:
        EncodingError: it is not such a file, it is damaged, its halves disagree, or the passphrase
            is wrong.
    """
    private_file.check_layout(data)
    found = private_file.examine(data)
    container = found.container
    if found.encrypted and container is FileKind.PKCS8:
        # Compared below is what was encrypted: nothing else guards the encryption in front of it.
        data = pkcs8.parse(armour.parse(data)).decrypted(passphrase)
        container = FileKind.DER
    private_key = private_file.unlock(data, passphrase)
    # PKCS#1 and PKCS#8 leave open how a number is encoded; the layout of the others does not.
    written = {
        FileKind.PKCS1: lambda: encode_as(private_key, FileFormat.PEM, ""),
        FileKind.PKCS8: lambda: encode_as(private_key, FileFormat.PKCS8, ""),
        FileKind.DER: lambda: pem.pkcs8_der(private_key),
    }.get(container)
    if written is not None and data != written():
        raise EncodingError("it was changed, or was written by another program")
    return private_key


def public_key(private_key: PrivateKey) -> PublicKey:
    """Return the public half, computed from the private one."""
    return private_numbers.public_half(private_key)
