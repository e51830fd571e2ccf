"""The public keys in a file of any kind: .pub, authorized_keys, RFC 4716, PEM, DER, certificates.

Where `core.keys.reading.import_material` says what ImportKeyPair takes, this says what a key is
that stands somewhere. The keys of servers in a known_hosts are not looked at: they are nobody's
pair.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass

from core.keys import ssh_types
from core.keys.encoding import der
from core.keys.encoding.sshwire import Reader, WireError
from core.keys.public_key import SSH_NAMES, PublicKey
from core.keys.reading import certificate

_TYPE = re.compile(r"(ssh-|ecdsa-sha2-|sk-)[a-z0-9@.-]+")

_VALUE = r'"(?:[^"\\]|\\.)*+"'
_OPTION = (
    r"(?:(?:no-)?(?:agent-forwarding|port-forwarding|pty|user-rc|x11-forwarding|touch-required)"
    r"|cert-authority|restrict|verify-required"
    rf"|(?:command|environment|expiry-time|from|permitlisten|permitopen|principals|tunnel)={_VALUE})"
)
_OPTIONS = re.compile(rf"{_OPTION}(?:,{_OPTION})*+[ \t]+", re.IGNORECASE)
"""What stands before a key in authorized_keys (sshd(8)); a host in known_hosts is no option."""

_PEM = re.compile(r"-----BEGIN ((?:RSA )?PUBLIC KEY)-----")
_RFC4716 = "---- BEGIN SSH2 PUBLIC KEY ----"


@dataclass(frozen=True, slots=True)
class Entry:
    """A public key that stands somewhere in a file.

    `kind` says in which form, `line` in which line, from 1. `public_key` is None where the key
    is damaged, or of a type that is not taken: `other_type` names it, or is `neither`. The comment
    may be any text.
    """

    kind: str
    line: int
    public_key: PublicKey | None
    comment: str = ""
    other_type: str = ""


def read(data: bytes) -> list[Entry]:
    """Return the public keys in a file, in order; none is no error."""
    # A text may begin with the digit 0, too.
    if data.startswith(b"\x30") and (key := _from_der(data)):
        return [Entry("DER public key", 1, key)]
    text = _text(data)
    if text.lstrip().startswith("MII"):
        # What EC2 calls base64-encoded DER, which may be wrapped.
        key = _from_der(_unbase64("".join(text.split())))
        return [Entry("base64 DER public key", 1, key)] if key else []
    return list(_entries(text))


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # what PowerShell writes
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def _entries(text: str) -> Iterator[Entry]:
    lines = enumerate(re.split(r"\r\n|\r|\n", text), start=1)
    for number, line in lines:
        stripped = line.strip(" \t")
        if stripped == _RFC4716:
            yield _rfc4716(number, _until(lines, "---- END SSH2 PUBLIC KEY ----"))
        elif begin := _PEM.fullmatch(stripped):
            body = _until(lines, f"-----END {begin[1]}-----")
            data = _unbase64("".join(line.strip(" \t") for line in body))
            other = "" if _algorithm(data) in (None, *_TAKEN) else "neither"
            yield Entry("PEM public key", number, _from_der(data), other_type=other)
        elif not stripped.startswith("#") and (entry := _openssh(number, stripped)):
            yield entry


def _until(lines: Iterator[tuple[int, str]], end: str) -> list[str]:
    body: list[str] = []
    for _, line in lines:
        if line.strip(" \t") == end:
            return body
        body.append(line)
    return []


def _unbase64(text: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except ValueError:  # binascii.Error is one
        return b""
    return data if b64encode(data).decode() == text else b""


# SSH ------------------------------------------------------------------------------------------


def _openssh(number: int, line: str) -> Entry | None:
    options = _OPTIONS.match(line)
    kind = "authorized key" if options else "public key"
    fields = re.split(r"[ \t]+", line[options.end() :] if options else line, maxsplit=2)
    if len(fields) < 2 or not _TYPE.fullmatch(fields[0]):
        return None
    blob = _unbase64(fields[1])
    name = _name(blob)
    key = _key(blob) if fields[0] == name else None
    if ssh_types.is_certificate(fields[0]):
        kind = "certificate"
    comment = fields[2] if len(fields) > 2 else ""
    other = _foreign(fields[0])
    return Entry(kind, number, key, comment, other)


def _rfc4716(number: int, lines: list[str]) -> Entry:
    """Read the inside of a block of RFC 4716 section 3, of any type of key."""
    comment = body = ""
    rest = iter(lines)
    for line in rest:
        if ":" in line and not body:
            parts = [line]
            while parts[-1].endswith("\\"):
                parts[-1] = parts[-1][:-1]
                parts.append(next(rest, ""))
            header, _, value = "".join(parts).partition(":")
            if header.casefold() == "comment":
                comment = value.strip().strip('"')
        else:
            body += line.strip(" \t")
    blob = _unbase64(body)
    other = _foreign(_name(blob))
    return Entry("RFC 4716 public key", number, _key(blob), comment, other)


def _foreign(name: str) -> str:
    """Return what a type that is not taken is called, or nothing."""
    taken = ssh_types.certified_type(name) in SSH_NAMES.values()
    return "" if taken else ssh_types.usual_name(name)


def _name(blob: bytes) -> str:
    """Return the type that stands in a wire blob, or nothing."""
    try:
        return Reader(blob).string().decode("ascii", "replace")
    except WireError:
        return ""


def _key(blob: bytes) -> PublicKey | None:
    """Return the key of a wire blob, or that which a certificate is for."""
    if ssh_types.is_certificate(_name(blob)):
        return _from_blob(certificate.certified(blob))
    return _from_blob(blob)


def _from_blob(blob: bytes) -> PublicKey | None:
    try:
        return PublicKey.from_line(f"{_name(blob)} {b64encode(blob).decode()}")
    except ValueError:
        return None


# DER ---------------------------------------------------------------------------------------------


def _from_der(data: bytes) -> PublicKey | None:
    """Read a SubjectPublicKeyInfo (RFC 5280) or an RSAPublicKey (RFC 8017 appendix A.1.1)."""
    match _inside(data):
        case [(der.INTEGER, n), (der.INTEGER, e)]:
            return _from_rsa_numbers(e, n)
        case [(der.SEQUENCE, der.ID_ED25519), (der.BIT_STRING, bits)] if len(bits) == 33:
            return PublicKey.from_ed25519_point(bits[1:])
        case [(der.SEQUENCE, der.RSA_ENCRYPTION), (der.BIT_STRING, bits)]:
            match _inside(bits[1:]):
                case [(der.INTEGER, n), (der.INTEGER, e)]:
                    return _from_rsa_numbers(e, n)
    return None


_TAKEN = (der.ID_ED25519, der.RSA_ENCRYPTION)


def _algorithm(data: bytes) -> bytes | None:
    """Return the algorithm of a SubjectPublicKeyInfo, or None where bytes are none."""
    match _inside(data):
        case [(der.SEQUENCE, algorithm), (der.BIT_STRING, _)]:
            return algorithm
    return None


def _inside(data: bytes) -> list[tuple[int, bytes]]:
    """Return the fields of the one SEQUENCE that bytes are, or none."""
    match der.fields(data):
        case [(der.SEQUENCE, content)]:
            return der.fields(content)
    return []


def _from_rsa_numbers(e: bytes, n: bytes) -> PublicKey | None:
    key = PublicKey.from_rsa_numbers(int.from_bytes(e, "big"), int.from_bytes(n, "big"))
    return _from_blob(key.blob)  # which looks at the numbers
