"""The public keys that ImportKeyPair takes, and why it does not take what else people give it."""

import re

from core.errors import InvalidKeyFormat, InvalidParameterValue, MissingParameter
from core.keys.encoding import der
from core.keys.public_key import (
    COPY_AGAIN,
    SSH_NAMES,
    PublicKey,
    UnreadableError,
    check_rsa_numbers,
    decode_base64,
    read_blob,
)
from core.model import KeyType

_LONGEST = 2048


def read_public_key_material(material: str | bytes) -> PublicKey:
    """Return the public key that ImportKeyPair is given, in any form that EC2 takes.

    That is one OpenSSH line of an RSA or ED25519 key, whose comment may be any ASCII and is
    dropped; an RFC 4716 block of an RSA key; or the base64 of the DER SubjectPublicKeyInfo of an
    RSA key. White space around it, tabs between fields and every kind of line end are fine. The
    codes and texts of the errors, and what is taken, are those recorded from EC2. Where there is
    no record we decided: base64 DER may be wrapped, a NUL is refused, and so are RSA keys beyond
    the recorded 512 to 8,192 bits.

    A private key pasted by mistake is recognised before anything else, as far as it starts within
    the first 64 KiB. No error holds any part of the material.

    Raises:
        InvalidKeyFormat: it is not one public key of these; its `reason` says why.
        InvalidParameterValue: it is longer than 2,048 characters, or not ASCII.
        MissingParameter: it is empty.
    """
    try:
        _refuse_private_key(material)
        _check_parameter(material)
        return _read_text(material if isinstance(material, str) else material.decode("ascii"))
    except UnreadableError as error:
        reason = str(error)
    del material  # an error keeps the frame that raised it, with its variables
    raise InvalidKeyFormat(reason)


def check_given(material: str | bytes) -> None:
    """Raise unless there is any material.

    Raises:
        MissingParameter: it is empty.
    """
    if not material:
        raise MissingParameter(
            "The request must contain the parameter PublicKeyMaterial",
            parameter="public_key_material",
        )


def _check_parameter(material: str | bytes) -> None:
    """Check what EC2 checks of any parameter; each check is cheap, however long the material."""
    parameter = "public_key_material"
    invalid = "Value for parameter PublicKeyMaterial is invalid."
    check_given(material)
    if len(material) > _LONGEST:
        raise InvalidParameterValue(
            f"{invalid} Length exceeds maximum of {_LONGEST}.", parameter=parameter
        )
    if not material.isascii():
        raise InvalidParameterValue(
            f"{invalid} Character sets beyond ASCII are not supported.", parameter=parameter
        )


# Private keys -------------------------------------------------------------------------------

_THIS_IS_PRIVATE = (
    "This is a private key. Nothing of it was kept. Give the public key instead: the .pub file"
    " beside it, or what 'ssh-keygen -y -f FILE' prints."
)
_HEAD = 64 * 1024
_PRIVATE_KEY = re.compile(
    r"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY"  # PEM, OpenSSH, ssh.com and OpenPGP armour
    r"|PuTTY-User-Key-File-"
    r"|SSH PRIVATE KEY FILE FORMAT 1\.1"
    r"|b3BlbnNzaC1rZXktdjE"  # base64 of openssh-key-v1: the container without its armour
    r"|AGE-SECRET-KEY-",
    re.IGNORECASE,
)


def looks_private(material: str | bytes) -> bool:
    """Tell whether there is the mark of a private key, of any kind, within the first 64 KiB."""
    head = material[:_HEAD]
    text = head if isinstance(head, str) else head.decode("latin-1")
    return bool(_PRIVATE_KEY.search(text.replace("\0", "")))  # UTF-16 is ASCII with NULs between


def private_key_refusal(text: str) -> str | None:
    """Return why a text is not taken if it is a private key, with or without its mark."""
    if looks_private(text):
        return _THIS_IS_PRIVATE
    line = "".join(text.split())
    try:
        # Base64 of a DER SEQUENCE begins with M.
        is_private = line.startswith("M") and _is_private_der(decode_base64(line))
    except UnreadableError:
        return None
    return _THIS_IS_PRIVATE if is_private else None


def _is_private_der(data: bytes) -> bool:
    """Tell whether it is PKCS#8, or PKCS#1 of both halves: a version comes first."""
    match [der.fields(content) for _, content in der.fields(data)]:
        case [[(0x02, b"\0" | b"\1"), *_]]:
            return True
    return False


def _refuse_private_key(material: str | bytes) -> None:
    if looks_private(material):
        raise UnreadableError(_THIS_IS_PRIVATE)


# Text forms ---------------------------------------------------------------------------------

_SPACES = " \t"
_RFC4716_BEGIN = "---- BEGIN SSH2 PUBLIC KEY ----"
_RFC4716_END = "---- END SSH2 PUBLIC KEY ----"


def _read_text(text: str) -> PublicKey:
    if "\0" in text:
        raise UnreadableError(
            "There is a NUL character in it: the file may be UTF-16. Save it as plain ASCII."
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip(_SPACES + "\n")
    lines = [line.strip(_SPACES) for line in text.split("\n")]
    first = lines[0]
    if not first:
        raise UnreadableError("There is nothing but white space. Give a public key.")
    if first == _RFC4716_BEGIN:
        return _read_rfc4716(lines)
    if first.startswith("-----BEGIN"):
        raise UnreadableError(
            "This is a PEM block, which is not taken. Convert a PEM public key with"
            " 'ssh-keygen -i -m PKCS8 -f FILE' (or -m PEM for BEGIN RSA PUBLIC KEY)."
        )
    if first.startswith("#"):
        raise UnreadableError("The first line is a comment. Give the key alone, as one line.")
    fields = re.split(r"[ \t]+", first, maxsplit=2)
    if fields[0] in SSH_NAMES.values():
        return _read_openssh(fields, lines[1:])
    if reason := _why_not(fields):
        raise UnreadableError(reason)
    return _read_spki(decode_base64("".join(lines)))


def _read_openssh(fields: list[str], more_lines: list[str]) -> PublicKey:
    """Read `TYPE BASE64 [COMMENT]`, the line of a .pub file (sshd(8), AUTHORIZED_KEYS)."""
    if any(line.split(" ")[0] in SSH_NAMES.values() for line in more_lines):
        raise UnreadableError("There is more than one key. Import them one at a time.")
    if more_lines:
        raise UnreadableError(
            "The key is not one line: it was wrapped, or something follows it. " + COPY_AGAIN
        )
    if len(fields) == 1:
        raise UnreadableError("There is no key after its type. " + COPY_AGAIN)
    key = read_blob(decode_base64(fields[1]))
    if SSH_NAMES[key.key_type] != fields[0]:
        raise UnreadableError(f"The line says {fields[0]}, but the key in it is of another type.")
    return key


def _read_rfc4716(lines: list[str]) -> PublicKey:
    """Read a block of RFC 4716 section 3; its headers say nothing about the key."""
    if lines[-1] != _RFC4716_END:
        raise UnreadableError(
            "The block does not end with its END line, or something follows that."
        )
    rest = iter(lines[1:-1])
    body = ""
    for line in rest:
        if ":" in line and not body:
            while line.endswith("\\"):
                line = next(rest, "")
        else:
            body += line
    if not body:
        raise UnreadableError("There is no key between the BEGIN and the END line.")
    key = read_blob(decode_base64(body))
    if key.key_type is not KeyType.RSA:
        raise UnreadableError(
            "Of this format only RSA keys are taken. Give the key as an OpenSSH line, the one in"
            " the .pub file."
        )
    return key


def _why_not(fields: list[str]) -> str | None:
    """Say why a line that does not begin with a type we take is no key, or None if it may be."""
    name = fields[0]
    if "-cert-v0" in name:
        return "This is a certificate. Give the public key that it was made for."
    if name.startswith("sk-"):
        return "Keys on security tokens (sk-) are not taken. Give an RSA or ED25519 key."
    if name.startswith("ecdsa-"):
        return "ECDSA keys are not taken. Give an RSA or ED25519 key."
    if name == "ssh-dss":
        return "DSA keys are not taken. Give an RSA or ED25519 key."
    if name.startswith("rsa-sha2-"):
        return "This is the name of a signature, not of a key type. Write ssh-rsa instead."
    if re.match(r"(fileb?:|~|/|\.{1,2}/)", name) or name.endswith(".pub"):
        return "This is the name of a file. Give what the file holds."
    if name.startswith("AAAA"):
        return "The key type is missing before the key. " + COPY_AGAIN
    if len(fields) == 1 and name.startswith("c3NoL"):  # base64 of ssh-
        return "This is the base64 of a public key line. Give the line itself."
    if len(fields) == 1 and name.startswith("M"):  # base64 of a DER SEQUENCE
        return None
    if name.isdigit() and len(fields) > 1 and fields[1].isdigit():
        return "This is a key for SSH protocol 1. Give an RSA or ED25519 key for protocol 2."
    if re.search(r"[ \t](ssh-|ecdsa-|sk-)", " ".join(fields)):
        return (
            "Something stands before the key type: options, or the name of a host. Remove it, so"
            " that the line begins with ssh-rsa or ssh-ed25519."
        )
    return "This is not a public key. An OpenSSH line begins with ssh-rsa or ssh-ed25519."


# Base64 of DER ------------------------------------------------------------------------------


def _read_spki(data: bytes) -> PublicKey:
    """Read a DER SubjectPublicKeyInfo of an RSA key (RFC 5280 section 4.1, RFC 8017 A.1.1).

    Only the shape is looked at here; that the encoding is the one and only is seen from encoding
    the numbers again.
    """
    if _is_private_der(data):
        raise UnreadableError(_THIS_IS_PRIVATE)
    match [der.fields(content) for _, content in der.fields(data)]:
        case [[(0x02, _), (0x02, _)]]:
            raise UnreadableError(
                "This is the base64 of a PKCS#1 key, which is not taken. Give the OpenSSH line"
                " from the .pub file."
            )
        case [[(0x30, algorithm), (0x03, bits)]] if algorithm == der.RSA_ENCRYPTION:
            pass
        case [[(0x30, _), (0x03, _)]]:
            raise UnreadableError(
                "Of base64 DER only RSA keys are taken. Give the key as an OpenSSH line, the one in"
                " the .pub file."
            )
        case _:
            raise UnreadableError("This is not a public key. " + COPY_AGAIN)
    match [der.fields(content) for _, content in der.fields(bits[1:])]:
        case [[(0x02, modulus), (0x02, exponent)]]:
            e, n = int.from_bytes(exponent, "big"), int.from_bytes(modulus, "big")
            check_rsa_numbers(e, n)
            key = PublicKey.from_rsa_numbers(e, n)
            if key.spki_der() == data:
                return key
    raise UnreadableError("The DER of the key is damaged. Export it again.")
