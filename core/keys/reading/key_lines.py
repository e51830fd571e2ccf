"""Reads plain lines: public keys as sshd reads them, and those that sshd does not see."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from core.keys import ssh_types
from core.keys.reading import authorized_line, line_access
from core.keys.reading.authorized_line import AuthorizedLine, AuthorizedLineError
from core.keys.reading.key_in_file import CUT, KeyInFile, of_blob, unbase64
from core.words.plural import n_of

AUTHORIZED_KEYS = "authorized_keys"
"""How the name of a file begins in which every line has to be a key."""

_CERTIFICATES = [
    name.removesuffix("@openssh.com") + ssh_types.CERTIFICATE for name in ssh_types.SSH_TYPES
]
_NAMES = "|".join(
    map(
        re.escape,
        sorted(
            [*ssh_types.SSH_TYPES, *ssh_types.RSA_SIGNATURES, *_CERTIFICATES],
            key=len,
            reverse=True,
        ),
    )
)
TYPED = re.compile(
    rf"(?P<type>{_NAMES})(?P<gap>[\s\"',]*)"
    r"(?P<key>AAAA(?:(?!ssh-|ecdsa-|sk-)[A-Za-z0-9+/])*={0,2})",
    re.IGNORECASE,
)
"""A key behind its type, wherever they stand."""

_MAY_BE_KEY = re.compile(r"ssh-|ecdsa-|sk-|rsa-sha2|AAAA|\d{100}", re.IGNORECASE)
_UNTYPED = re.compile(r"(?<![A-Za-z0-9+/])AAAA[A-Za-z0-9+/]{60,}={0,2}")
_HALF = re.compile(rf"(?:^|[ \t])(?:{_NAMES})[ \t]+[A-Za-z0-9+/=]{{20,}}(?:[ \t]|$)")
"""What is left of a key whose beginning was changed."""

_SSH_1_LINE = re.compile(r"[ \t]*\d{3,5}[ \t]+\d{1,10}[ \t]+\d{100,}")
_HOST = re.compile(r"\|1\||@(?:cert-authority|revoked)[ \t]|\[[^\]\s]{1,80}\]:\d+[ ,]")
"""How lines of a known_hosts begin that cannot be anything else."""

_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_MOST_WRAPPED = 60
_MOST_TOLD = 200
"""Lines of an authorized_keys in which there is no key; of more only the number is told."""
_QUOTES = frozenset("\"'`\u201c\u201d\u2018\u2019\u00ab")
_GLUED = (
    "another key stands in its comment, which sshd does not see: a line break is missing between"
    " the two"
)
TYPE_MISSING = "its type is missing in front of it, so sshd reads no key in this line"
_BEHIND = "it stands behind another key, and a line break is missing between the two"


def in_plain_lines(text: str, first: int, name: str) -> Iterator[KeyInFile]:
    """Yield the keys in lines that are in no block; `first` is the number of the first line."""
    return _Lines(text, first, name).read()


class _Lines:
    """Reads plain lines one after the other; a key may go on in the next ones."""

    def __init__(self, text: str, first: int, name: str) -> None:
        self._is_authorized_keys = name.startswith(AUTHORIZED_KEYS)
        # sshd ends a line nowhere else; editors of old wrote \r alone.
        self._lines = re.split(r"\n" if self._is_authorized_keys else r"\r\n|\r|\n", text)
        self._first = first
        self._at = 0
        self._told = self._untold = 0

    def read(self) -> Iterator[KeyInFile]:
        """Yield the keys in the lines."""
        while self._at < len(self._lines):
            number, line = self._first + self._at, self._lines[self._at]
            self._at += 1
            yield from self._line(number, line)
        if self._untold:
            more = n_of(self._untold, "more line")
            number = self._first + len(self._lines) - 1
            yield KeyInFile("line", number, problem=f"no key in {more}", is_no_key=True)

    def _line(self, number: int, line: str) -> Iterator[KeyInFile]:
        stripped = line.strip(" \t")
        if not stripped or stripped.startswith("#") or _HOST.match(stripped):
            return
        if not _MAY_BE_KEY.search(stripped):  # as most lines of most files
            if not self._is_authorized_keys:
                return
            self._told += 1
            if self._told > _MOST_TOLD:
                self._untold += 1
                return
        try:
            found = authorized_line.read(line)
        except AuthorizedLineError as error:
            yield from self._odd(number, line, str(error))
            return
        if found is not None:
            key = _of_line(number, found, is_for_sshd=self._is_authorized_keys)
            yield key.remarked(_GLUED) if TYPED.search(found.comment) else key

    def _odd(self, number: int, line: str, reason: str) -> Iterator[KeyInFile]:
        """Yield the keys in a line in which sshd finds none."""
        matches = list(TYPED.finditer(line))
        for at, match in enumerate(matches):
            end = matches[at + 1].start() if at + 1 < len(matches) else len(line)
            rest = line[match.end() : end]
            key = self._whole(match["key"], may_go_on=not rest.strip(" \t\\"))
            why = _why_odd(line[: match.start()], reason) if at == 0 else _BEHIND
            if not match["gap"]:
                why = "a space is missing between its type and the key"
            yield _typed(number, match["type"], key, rest, why)
        if matches:
            return
        found = _UNTYPED.search(line)
        if found is not None and _begins_as_key(found[0]):
            key = self._whole(found[0], may_go_on=True)
            yield of_blob("public key", number, key.blob, line[found.end() :].strip()).remarked(
                TYPE_MISSING,
                *key.remarks,
            )
        elif _SSH_1_LINE.match(line):
            problem = "this is a key of SSH protocol 1, which no longer logs in anywhere"
            yield KeyInFile("SSH-1 public key", number, problem=problem)
        elif _HALF.search(line):
            yield KeyInFile("public key", number, problem=CUT, is_damaged=True)
        elif self._is_authorized_keys:
            yield KeyInFile("line", number, problem=f"no key: {reason}", is_no_key=True)

    def _whole(self, key: str, *, may_go_on: bool) -> "_Encoded":
        """Return the blob of a key, which may go on in the next lines as terminals wrap it."""
        blob = unbase64(key)
        if ssh_types.is_whole(blob) or not may_go_on or not _begins_as_key(key):
            return _Encoded(blob)
        parts, ahead = [key], self._at
        while ahead < len(self._lines) and ahead - self._at < _MOST_WRAPPED:
            word, _, rest = self._lines[ahead].strip(" \t\\").partition(" ")
            if not _BASE64.fullmatch(word):
                break
            parts.append(word)
            ahead += 1
            joined = unbase64("".join(parts))
            if ssh_types.is_whole(joined):
                self._at = ahead
                remark = "line breaks stand within it, as in a window that wrapped it"
                comment = rest.strip()
                return _Encoded(joined, comment, (f"{remark}, so sshd reads no key in this line",))
            if rest:
                break
        return _Encoded(blob)


def _begins_as_key(text: str) -> bool:
    """Return whether base64 begins with the name of a type, whatever became of the rest."""
    head = text[:_HEAD]
    name = ssh_types.name_in(unbase64(head[: len(head) // 4 * 4]))
    return ssh_types.certified_type(name) in ssh_types.SSH_TYPES


_HEAD = 64
"""More base64 than the longest name of a type takes."""


class _Encoded(NamedTuple):
    blob: bytes
    comment: str = ""
    remarks: tuple[str, ...] = ()


def _of_line(number: int, line: AuthorizedLine, *, is_for_sshd: bool) -> KeyInFile:
    """Return the key in a line in which sshd finds one, whether or not it lets anyone in by it."""
    kind = "authorized key" if line.options_text else "public key"
    found = of_blob(kind, number, line.blob, line.comment)
    if not (line.options_text or is_for_sshd):
        return found
    reason = line_access.why_no_one(line, datetime.now(UTC))
    return found.remarked(f"{reason}, so sshd lets no one in by this line") if reason else found


def _typed(number: int, said: str, key: _Encoded, rest: str, why: str) -> KeyInFile:
    """Return a key that stands behind its type where sshd does not look; `why` says why not."""
    comment = key.comment or rest.strip(" \t\"'`,")
    found = of_blob("public key", number, key.blob, comment)
    if key.remarks:
        return found.remarked(*key.remarks)
    name = ssh_types.name_in(key.blob)
    if found.is_damaged:
        return found
    if said != name and not (name == "ssh-rsa" and said in ssh_types.RSA_SIGNATURES):
        if said.lower() != name:
            problem = f"the line says {said}, but the key in it is of another type"
            return replace(found, public_key=None, problem=problem, is_damaged=True)
        why = "its type is written in capitals"
    return found.remarked(f"{why}, so sshd reads no key in this line")


def _why_odd(before: str, reason: str) -> str:
    """Return why sshd does not read a key in a line, by what stands before its type."""
    bare = before.strip()
    if re.fullmatch(r"[\w.-]{1,60}:", bare):
        return f"in front of it stands {bare} as Google Cloud writes it"
    if bare == "\ufeff":
        return "a byte order mark, which is not to be seen, stands in front of it"
    if bare in _QUOTES:
        return "quotes stand around it"
    if re.fullmatch(r"[>|*+-]+|\d{1,4}[.):]", bare):
        return f"in front of it stands {bare}"
    if bare and authorized_line.end_of_options(before) is not None:
        try:
            list(authorized_line.parse_options(before.lstrip(" \t")))
        except AuthorizedLineError as error:
            return str(error)
    return reason
