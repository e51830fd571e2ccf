"""Reads the public keys that ImportKeyPair takes, and says why it does not take anything else."""

import re

from core.errors import InvalidKeyFormat, InvalidParameterValue, MissingParameter
from core.keys import MOST_BYTES_OF_A_KEY_FILE
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
from core.keys.reading import key_file, other_kinds
from core.keys.reading.key_in_file import KeyInFile, public_numbers
from core.keys.reading.key_lines import TYPED
from core.keys.reading.rfc4716 import BEGIN, END, read_block
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
        if refused := private_key_refusal(_head(material)):
            raise UnreadableError(refused)
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
        error = MissingParameter(
            "The request must contain the parameter PublicKeyMaterial",
            parameter="public_key_material",
        )
        error.reason = "The public key is empty."
        raise error


def refuse_private_key(material: str | bytes) -> None:
    """Raise if the material is or holds a private key, which is sent nowhere.

    Raises:
        InvalidKeyFormat: it does; its `reason` says so.
    """
    reason = private_key_refusal(_head(material))
    del material
    if reason is not None:
        raise InvalidKeyFormat(reason)


def _head(material: str | bytes) -> str:
    head = material[:MOST_BYTES_OF_A_KEY_FILE]
    return head if isinstance(head, str) else head.decode("latin-1")


def _check_parameter(material: str | bytes) -> None:
    """Check what EC2 checks of any parameter; each check is cheap, however long the material."""
    check_given(material)
    problem = ""
    if len(material) > _LONGEST:
        problem = f"Length exceeds maximum of {_LONGEST}."
    elif not material.isascii():
        problem = "Character sets beyond ASCII are not supported."
    if problem:
        error = InvalidParameterValue(
            f"Value for parameter PublicKeyMaterial is invalid. {problem}",
            parameter="public_key_material",
        )
        head = material[:MOST_BYTES_OF_A_KEY_FILE]
        error.reason = why_not_taken(
            head if isinstance(head, bytes) else head.encode("utf-8", "replace")
        )
        raise error


# Private keys -------------------------------------------------------------------------------

_THIS_IS_PRIVATE = "This is a private key. Nothing of it was kept."
_GIVE_PUBLIC = " Give the public key instead: the .pub file beside it, or what"
_MARK = re.compile(
    "[-\u2010-\u2015\u2212]{2,5} ?BEGIN[ \u00a0][A-Z0-9 \u00a0]{0,40}PRIVATE[ \u00a0]KEY"
    r"|BEGIN%20[A-Z0-9%]{0,40}PRIVATE%20KEY|PuTTY-User-Key-File-|AGE-SECRET-KEY-"
    r"|SSH PRIVATE KEY FILE FORMAT 1\.1|b3BlbnNzaC1rZXktdjE"
    # base64 of -----BEGIN and what may stand before PRIVATE KEY, and of PuTTY-User-Key-File
    r"|LS0tLS1CRUdJTi(?:BSU0Eg|BPUEVO|BQUklW|BFTkNS|BFQyBQ|BEU0Eg)|UHVUVFktVXNlci1LZXktRmlsZS",
    re.IGNORECASE,
)
_MAY_BE_PRIVATE = re.compile(
    r"PRIVATE|PuTTY|AGE-SECRET|b3BlbnNzaC1rZXktdjE|LS0tLS1CRUdJTi|UHVUVFktVXNl|\A\s*M",
    re.IGNORECASE,
)
"""What no private key is without; most texts are told by it at once."""


def private_key_refusal(text: str) -> str | None:
    """Return why a text is not taken, not even to be shown, if it is or holds a private key.

    The mark of one in the comment of a whole public key, or in a comment line, does not count.
    """
    if not _MAY_BE_PRIVATE.search(text.replace("\0", "")):
        return None
    for key in key_file.read(text.encode("utf-8", "replace")):
        if key.is_private:
            return f"{_THIS_IS_PRIVATE}{_how_to_get_the_public_half(key)}"
    # What is typed or cut may be the beginning of a mark, and the secret comes behind it.
    plain = text.replace("\0", "")
    for mark in _MARK.finditer(plain):
        before = plain[max(0, mark.start() - _LONGEST) : mark.start()].rpartition("\n")[2]
        if not TYPED.search(before) and not before.lstrip().startswith("#"):
            return f"{_THIS_IS_PRIVATE}{_GIVE_PUBLIC} 'ssh-keygen -y -f FILE' prints."
    return None


def _how_to_get_the_public_half(key: KeyInFile) -> str:
    """Return the advice for the kind of private key that it is, each with a command that works."""
    if key.kind in _PUBLIC_HALF:
        return f"{_GIVE_PUBLIC} '{_PUBLIC_HALF[key.kind]}' prints."
    data = key.private
    if data is None:
        return f" What it is: {key.problem.removeprefix('this is ')}."
    if data.startswith(b"PuTTY-User-Key-File-"):
        return f"{_GIVE_PUBLIC} 'puttygen FILE -O public-openssh' prints."
    if other_kinds.is_ed25519(data):
        return f"{_GIVE_PUBLIC} '{_OF_ED25519.format('-in FILE -pubout')}' prints."
    if data.startswith(b"\x30"):
        return (
            f"{_GIVE_PUBLIC} 'ssh-keygen -y -f NEW' prints after 'openssl pkey -in FILE -out NEW'."
        )
    return f"{_GIVE_PUBLIC} 'ssh-keygen -y -f FILE' prints."


_PUBLIC_HALF = {
    other_kinds.SSH_COM.name: "puttygen FILE -O public-openssh",
    other_kinds.DROPBEAR.name: "dropbearkey -y -f FILE",
}
_OF_ED25519 = (
    'echo ssh-ed25519 $({{ printf "\\0\\0\\0\\013ssh-ed25519\\0\\0\\0 "; openssl pkey {}'
    " -outform DER | tail -c 32; }} | base64)"
)
"""Makes the OpenSSH line of an ED25519 key that openssl reads, which ssh-keygen does not."""


# What else it may be ------------------------------------------------------------------------


def why_not_taken(data: bytes) -> str:
    """Return in sentences what a text or file is that ImportKeyPair does not take, or nothing.

    Where it holds one public key that is taken in another form, the command that makes that form
    is named.
    """
    keys = key_file.read(data)
    if len(keys) != 1:
        return "There is more than one key. Import them one at a time." if keys else ""
    (key,) = keys
    if key.is_private:
        return f"{_THIS_IS_PRIVATE}{_how_to_get_the_public_half(key)}"
    if command := _command(key, data):
        return f"This is {_article(key.kind)}. Give what '{command}' prints."
    if key.problem:
        return f"{_sentence(key.problem)}." + (f" {COPY_AGAIN}" if key.is_damaged else "")
    foreign = next((character for character in key.comment if not character.isascii()), None)
    if foreign is not None:
        shown = foreign if foreign.isprintable() else f"U+{ord(foreign):04X}"
        return (
            f"The comment behind the key holds {shown}, and only ASCII is taken. Leave the comment"
            " out, or write it otherwise."
        )
    if key.remarks:
        return f"{_sentence('; '.join(key.remarks))}. Give the line of the key alone."
    return ""


def _command(key: KeyInFile, data: bytes) -> str:
    """Return what prints the OpenSSH line of a public key in a form of openssl's, or nothing."""
    is_ed25519 = other_kinds.is_ed25519(data)
    make = {
        other_kinds.X509.name: "openssl x509 -in FILE -noout -pubkey",
        other_kinds.REQUEST.name: "openssl req -in FILE -noout -pubkey",
    }.get(key.kind)
    if make is not None:
        if is_ed25519:
            return _OF_ED25519.format("-pubin").replace("openssl pkey", f"{make} | openssl pkey")
        return f"{make} | ssh-keygen -i -m PKCS8 -f /dev/stdin"
    if key.kind == "PEM public key" and key.public_key is not None:
        if is_ed25519:
            return _OF_ED25519.format("-pubin -in FILE")
        form = "PEM" if b"BEGIN RSA PUBLIC KEY" in data else "PKCS8"
        return f"ssh-keygen -i -m {form} -f FILE"
    return ""


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'AEIOX' else 'a'} {kind}"


def _sentence(clause: str) -> str:
    return clause if clause.startswith("sshd") else clause[:1].upper() + clause[1:]


# Text forms ---------------------------------------------------------------------------------

_SPACES = " \t"


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
    if first == BEGIN:
        return _read_rfc4716(lines)
    if first.startswith("-----BEGIN"):
        raise UnreadableError(
            why_not_taken(text.encode())
            or "This is a PEM block of a kind that is not taken. Give the line of a public key."
        )
    if first.startswith("#"):
        raise UnreadableError("The first line is a comment. Give the key alone, as one line.")
    fields = re.split(r"[ \t]+", first, maxsplit=2)
    if fields[0] in SSH_NAMES.values():
        return _read_openssh(fields, lines[1:])
    if reason := _why_not(fields, text):
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
    if lines[-1] != END:
        raise UnreadableError(
            "The block does not end with its END line, or something follows that."
        )
    block = read_block(lines[1:-1])
    if block is None:
        raise UnreadableError(
            "There is no key between the BEGIN and the END line that is valid base64. Copy the"
            " whole block again."
        )
    key = read_blob(block.blob)
    if key.key_type is not KeyType.RSA:
        raise UnreadableError(
            "Of this format only RSA keys are taken. Give the key as an OpenSSH line, the one in"
            " the .pub file."
        )
    return key


def _why_not(fields: list[str], text: str) -> str | None:
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
    return (
        why_not_taken(text.encode())
        or "This is not a public key. An OpenSSH line begins with ssh-rsa or ssh-ed25519."
    )


# Base64 of DER ------------------------------------------------------------------------------


def _read_spki(data: bytes) -> PublicKey:
    """Read a DER SubjectPublicKeyInfo of an RSA key (RFC 5280 section 4.1, RFC 8017 A.1.1).

    Only the shape is looked at here; that the encoding is the one and only is seen from encoding
    the numbers again.
    """
    fields = der.inside(data)
    tags = [tag for tag, _ in fields]
    if tags == [der.INTEGER, der.INTEGER]:
        raise UnreadableError(
            "This is the base64 of a PKCS#1 key, which is not taken. Give the OpenSSH line from the"
            " .pub file."
        )
    if tags != [der.SEQUENCE, der.BIT_STRING]:
        raise UnreadableError("This is not a public key. " + COPY_AGAIN)
    if fields[0][1] != der.RSA_ENCRYPTION:
        raise UnreadableError(
            "Of base64 DER only RSA keys are taken. Give the key as an OpenSSH line, the one in"
            " the .pub file."
        )
    numbers = public_numbers(data)
    if isinstance(numbers, tuple):
        check_rsa_numbers(*numbers)
        key = PublicKey.from_rsa_numbers(*numbers)
        if key.spki_der() == data:
            return key
    raise UnreadableError("The DER of the key is damaged. Export it again.")
