"""Describes one key that stands in a file, and reads it from a wire blob or from DER."""

from dataclasses import dataclass, field, replace

from core.keys import ssh_types
from core.keys.encoding import der, strict_base64
from core.keys.public_key import PublicKey, RSASizeError, UnreadableError
from core.keys.reading import other_kinds
from core.keys.reading.other_kinds import OtherKind
from core.keys.reading.private_labels import label_of_der

CUT = "it was cut or changed"
"""What is said of a damaged key."""


@dataclass(frozen=True, slots=True)
class KeyInFile:
    """One key that stands in a file, or what is left of one.

    `kind` says in which form it stands, `line` in which line, from 1. `public_key` is set for a
    public key that a pair can have; else `problem` says why, in a clause, and `is_damaged` whether
    it is a damaged key or a whole one of another kind. `is_private` tells a private key, and
    `private` is that key as a file of its own, unless `problem` says what it is: see
    `core.keys.reading.private_file`. `is_no_key` is set for a line of an
    authorized_keys in which there is no key at all. `remarks` say what is odd about it. Comment
    and remarks may hold any text.
    """

    kind: str
    line: int
    public_key: PublicKey | None = None
    comment: str = ""
    problem: str = ""
    is_damaged: bool = False
    private: bytes | None = field(default=None, repr=False)
    is_private: bool = False
    is_no_key: bool = False
    remarks: tuple[str, ...] = ()

    def remarked(self, *remarks: str) -> "KeyInFile":
        """Return the same with more remarks in front, each only once."""
        return replace(self, remarks=tuple(dict.fromkeys((*remarks, *self.remarks))))


def of_blob(kind: str, line: int, blob: bytes, comment: str) -> KeyInFile:
    """Return the key of a wire blob, or that which a certificate is for."""
    name = ssh_types.name_in(blob)
    if ssh_types.is_certificate(name):
        kind = "certificate"
        blob = ssh_types.certified(blob) or blob
    problem, is_damaged = "", False
    try:
        return KeyInFile(kind, line, PublicKey.from_blob(blob), comment)
    except RSASizeError as error:
        problem = error.fragment
    except UnreadableError:
        usual = ssh_types.usual_name(name)
        if usual not in ("", "RSA", "ED25519") and ssh_types.is_whole(blob):
            problem = f"a pair is RSA or ED25519, and this is {usual}"
        else:
            problem, is_damaged = CUT, True
    return KeyInFile(kind, line, None, comment, problem, is_damaged)


def of_der(data: bytes, form: str) -> KeyInFile | None:
    """Return the key in DER, or None where there is none."""
    if label_of_der(data) is not None:
        return KeyInFile("private key", 1, private=data, is_private=True)
    if (kind := other_kinds.of_der(data)) is not None:
        return of_other_kind(kind, 1)
    if (numbers := public_numbers(data)) is not None:
        return of_numbers(numbers, f"{form} public key", 1)
    return None


def public_numbers(data: bytes) -> tuple[int, int] | bytes | None:
    """Return e and n of an RSA key in DER, or the point of an ED25519 key; None of anything else.

    The forms are SubjectPublicKeyInfo (RFC 5280) and RSAPublicKey (RFC 8017 appendix A.1.1).
    """
    match der.inside(data):
        case [(der.INTEGER, n), (der.INTEGER, e)]:
            return _rsa_numbers(e, n)
        case [(der.SEQUENCE, der.ID_ED25519), (der.BIT_STRING, bits)] if len(bits) == 33:
            return bits[1:]
        case [(der.SEQUENCE, der.RSA_ENCRYPTION), (der.BIT_STRING, bits)]:
            match der.inside(bits[1:]):
                case [(der.INTEGER, n), (der.INTEGER, e)]:
                    return _rsa_numbers(e, n)
    return None


def _rsa_numbers(e: bytes, n: bytes) -> tuple[int, int] | None:
    exponent, modulus = der.number(e), der.number(n)
    return None if not exponent or not modulus else (exponent, modulus)


def of_numbers(numbers: tuple[int, int] | bytes, kind: str, line: int) -> KeyInFile:
    """Return the key of what `public_numbers` found."""
    if isinstance(numbers, bytes):
        return KeyInFile(kind, line, PublicKey.from_ed25519_point(numbers))
    return of_blob(kind, line, PublicKey.from_rsa_numbers(*numbers).blob, "")


def of_other_kind(kind: OtherKind, line: int) -> KeyInFile:
    """Return a key of a kind that is named and not read."""
    return KeyInFile(kind.name, line, problem=kind.sentence, is_private=kind.is_private)


def unbase64(text: str) -> bytes:
    """Return what base64 stands for, or nothing where it is damaged."""
    try:
        return strict_base64.decode(text)
    except ValueError:
        return b""
