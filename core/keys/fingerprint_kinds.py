"""Names the kinds of fingerprints, and recognises the one that a person typed."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from core.keys.public_key import PublicKey
from core.model import KeptKeyPair, KeyType

PKCS8_SHA1 = "EC2's SHA-1 of the private key"
SPKI_MD5 = "the MD5 EC2 shows for an imported key"
EC2_SHA256 = "EC2's SHA-256"
SSH_SHA256 = "OpenSSH SHA-256"
SSH_MD5 = "OpenSSH MD5"
"""The kinds of fingerprints in words."""

PREFIXES = ("md5:", "sha1:", "sha256:")
_PREFIXED = re.compile(r"(?:(MD5|SHA1|SHA256):)?(.*)", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2})*(:[0-9a-f]?)?|[0-9a-f]+", re.IGNORECASE)
_BASE64 = re.compile(r"([A-Za-z0-9+/]{1,43})=?")
_SHA1_LENGTH, _MD5_LENGTH, _SHA256_LENGTH = 59, 47, 43


class Spelling(NamedTuple):
    """What a text is as the start of each kind, as the records spell it; None if it cannot be."""

    sha1: str | None
    md5: str | None
    sha256: str | None
    prefix: str

    @property
    def is_whole(self) -> bool:
        """Whether it is not only the start of a fingerprint."""
        return (
            len(self.sha1 or "") == _SHA1_LENGTH
            or len(self.md5 or "") == _MD5_LENGTH
            or len(self.sha256 or "") == _SHA256_LENGTH
        )


class WholeFingerprint(NamedTuple):
    """What kind a whole fingerprint is, and with which of a pair it is compared, in words."""

    kind: str
    kinds: str


def whole(text: str) -> WholeFingerprint | None:
    """Return what kind of fingerprint a text is in full, or None if it is none."""
    typed = spelling(text)
    if typed is None or not typed.is_whole:
        return None
    if len(typed.sha1 or "") == _SHA1_LENGTH:
        return WholeFingerprint("a SHA-1 fingerprint", "EC2's SHA-1")
    if len(typed.md5 or "") == _MD5_LENGTH:
        return WholeFingerprint("an MD5 fingerprint", "EC2's MD5 and OpenSSH's")
    return WholeFingerprint("a SHA-256 fingerprint", "EC2's SHA-256 and OpenSSH's")


FEWEST = 8
"""So many characters tell a fingerprint from others: by chance one in four thousand million."""


def spelling(text: str) -> Spelling | None:
    """Return what a text is as the start of a fingerprint, or None if it is not one."""
    parts = _PREFIXED.fullmatch(text)
    if parts is None or not parts[2]:
        return None
    prefix, rest = (parts[1] or "").upper(), parts[2]
    digits = base64 = None
    if _HEX.fullmatch(rest):
        digits = rest.lower()
        if ":" not in digits:
            digits = ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
    if found := _BASE64.fullmatch(rest):
        base64 = found[1]
    sha1 = digits if prefix in ("", "SHA1") and len(digits or "") <= _SHA1_LENGTH else None
    md5 = digits if prefix in ("", "MD5") and len(digits or "") <= _MD5_LENGTH else None
    sha256 = base64 if prefix in ("", "SHA256") else None
    start = Spelling(sha1, md5, sha256, prefix)
    return start if start[:3] != (None, None, None) else None


def kind_of(text: str, key_pair: KeptKeyPair) -> str | None:
    """Return in words which fingerprint of a pair a text is, base64 to the letter, or None."""
    typed = spelling(text)
    if typed is None:
        return None
    kinds = key_pair.custody.fingerprints
    if len(typed.sha1 or "") == _SHA1_LENGTH and typed.sha1 == kinds.pkcs8_sha1:
        return PKCS8_SHA1
    if len(typed.md5 or "") == _MD5_LENGTH:
        if typed.md5 == kinds.spki_md5:
            return SPKI_MD5
        if f"MD5:{typed.md5}" == kinds.ssh_md5:
            return SSH_MD5
    if len(typed.sha256 or "") == _SHA256_LENGTH:
        if f"SHA256:{typed.sha256}" != kinds.ssh_sha256:
            return None
        # The value is the same; EC2 writes it without the prefix.
        is_ec2s = key_pair.key_type is KeyType.ED25519 and not typed.prefix
        return EC2_SHA256 if is_ec2s else SSH_SHA256
    return None


def kind_of_start(typed: Spelling, key_pair: KeptKeyPair) -> str | None:
    """Return in words which fingerprint of a pair begins so, base64 to the letter, or None."""
    kinds = key_pair.custody.fingerprints
    if typed.sha1 and (kinds.pkcs8_sha1 or "").startswith(typed.sha1):
        return PKCS8_SHA1
    if typed.md5 and (kinds.spki_md5 or "").startswith(typed.md5):
        return SPKI_MD5
    if typed.md5 and kinds.ssh_md5.startswith(f"MD5:{typed.md5}"):
        return SSH_MD5
    if typed.sha256 and kinds.ssh_sha256.startswith(f"SHA256:{typed.sha256}"):
        return SSH_SHA256
    return None


class CutShort(NamedTuple):
    """The start of a fingerprint: so many characters of so many, colons and `SHA256:` apart."""

    given: int
    whole: str
    is_meant: bool
    """Whether it can be nothing else: it has colons, or the name of its digest."""
    kind: Callable[[KeptKeyPair], str | None]
    """Returns in words which fingerprint of a pair begins so, or None."""

    @property
    def words(self) -> str:
        """How much of it is there."""
        return f"{self.given} of its {self.whole} characters"


def cut_short(term: str) -> CutShort | None:
    """Return what a text is that is the start of a fingerprint, as a table or a line shows it."""
    term = term.rstrip("….")
    if (digest := openssh_digest(term)) is not None and not spelling(term):
        return CutShort(
            len(digest.value),
            str(_OTHER_LENGTHS[digest.digest.upper()]),
            is_meant=True,
            kind=digest.kind_of,
        )
    typed = spelling(term)
    if typed is None:
        return None
    if len(typed.md5 or "") == _MD5_LENGTH:
        typed = typed._replace(md5=None, sha256=None)  # a SHA-1 may begin so
    if typed.is_whole or not any(typed[:3]):
        return None
    digits = (typed.sha1 or typed.md5 or "").replace(":", "")
    wholes = (("32", typed.md5), ("40", typed.sha1), ("43", typed.sha256))
    whole = " or ".join(length for length, start in wholes if start)
    return CutShort(
        len(digits or typed.sha256 or ""),
        whole,
        is_meant=bool(typed.prefix) or ":" in term,
        kind=partial(kind_of_start, typed),
    )


class OpenSSHDigest(NamedTuple):
    """A fingerprint that `ssh-keygen -l -E` makes with a digest of which no record holds any."""

    kind: str
    digest: str
    value: str

    @property
    def is_whole(self) -> bool:
        """Whether it is not only the start of one."""
        return len(self.value) == _OTHER_LENGTHS[self.digest.upper()]

    def kind_of(self, key_pair: KeptKeyPair) -> str | None:
        """Return its kind if it is that of a pair's public key, or the start of it, or None."""
        try:
            blob = PublicKey.from_line(key_pair.public_key).blob
        except ValueError:  # a record that was edited by hand
            return None
        made = b64encode(hashlib.new(self.digest, blob, usedforsecurity=False).digest())
        return self.kind if made.decode().startswith(self.value) else None


def openssh_digest(text: str) -> OpenSSHDigest | None:
    """Return the fingerprint of SHA-1, SHA-384 or SHA-512 in a text, as ssh-keygen writes it.

    It may be cut short.
    """
    found = _OTHER_DIGEST.search(text[:_LONGEST])
    if found is None or len(found[2]) > _OTHER_LENGTHS[found[1]]:
        return None
    bits = found[1].removeprefix("SHA")
    return OpenSSHDigest(f"OpenSSH SHA-{bits}", found[1].lower(), found[2])


def why_too_long(text: str) -> str:
    """Return why what is written as ssh-keygen writes a fingerprint is too long to be one."""
    for name, typed in _DIGEST.findall(text[:_LONGEST]):
        whole = _LENGTHS[name]
        if len(typed) > whole:
            return (
                f"it has {len(typed)} characters after {name}:, and such a fingerprint has {whole}"
            )
    return ""


_LONGEST = 1000
_DIGEST = re.compile(r"(?:^|\s)(SHA1|SHA256|SHA384|SHA512):([A-Za-z0-9+/]+)={0,2}(?=\s|$)")
_OTHER_DIGEST = re.compile(r"(?:^|\s)(SHA1|SHA384|SHA512):([A-Za-z0-9+/]+)={0,2}(?:\s|$)")
_OTHER_LENGTHS = {"SHA1": 27, "SHA384": 64, "SHA512": 86}
_LENGTHS = {"SHA256": 43, **_OTHER_LENGTHS}
"""Of the base64 without its padding."""
