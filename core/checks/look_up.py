"""Finds the pair of a key, in any Region, from a file, a folder, a line or a fingerprint.

A folder is walked without following links, and nothing in it is opened but regular files that are
small enough for a key. A passphrase is asked for only where a file does not show its public half
and no .pub beside it does.
"""

import errno
import os
import stat
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from core import query
from core.checks.answers import PRIVATE, THE_AGENT, TOO_SHORT, Found, Match, Standing
from core.checks.everywhere import everywhere
from core.checks.finding import PairReference
from core.custody import agent
from core.disk import files, typed_path
from core.errors import EC2Error, StoreError, UnauthorizedOperation
from core.keys import (
    MOST_BYTES_OF_A_KEY_FILE,
    EncodingError,
    HalvesDisagree,
    NotRead,
    UnsupportedKey,
    WrongPassphrase,
    convert,
    fingerprint_kinds,
    pem,
)
from core.keys.file_formats import PRIVATE_SUFFIXES
from core.keys.fingerprint import pkcs8_sha1
from core.keys.keygen import PrivateKey
from core.keys.public_key import PublicKey
from core.keys.reading import import_material, key_file, private_file
from core.keys.reading.key_in_file import KeyInFile
from core.keys.reading.key_lines import AUTHORIZED_KEYS
from core.model import DeletedKeyPair, KeptKeyPair, KeyType
from core.process import interruptible
from core.secret import Passphrase
from core.session import Session
from core.words.plural import n_of

LARGEST = MOST_BYTES_OF_A_KEY_FILE
"""A larger file holds no key, unless it is an authorized_keys."""

_LARGEST_AUTHORIZED_KEYS = 4 * 1024 * 1024

MOST_ENTRIES = 200_000
"""Where the walk through a folder ends, and says so."""

_FOLDERS_OF_DESCRIPTORS = ("/dev/fd/", "/proc/self/fd/")
_DEEPEST = 64
_MOST_QUOTED = 60
_MINOR = {Standing.NO_KEY, Standing.NOT_READ}

Ask = Callable[[str], Passphrase | None]
"""Asks for the passphrase of the file of this path; None leaves it locked."""


def finder(session: Session, ask: Ask | None = None) -> "Finder":
    """Return what finds the pair of a key in all Regions of all places; reads them all.

    `ask` is asked for the passphrase of a file that does not show its public half.
    """
    regions = everywhere(session)
    return Finder(
        ((each.name, each.session.backend.describe_key_pairs) for each in regions),
        ask,
        ((each.name, each.session.backend.deleted_key_pairs) for each in regions),
    )


class _FilePlace(NamedTuple):
    """Where a file stands: its path, how it was called, and the descriptor of its folder.

    What came through a pipe has no path.
    """

    path: Path | None
    source: str
    folder: int | None = None


class _Folder(NamedTuple):
    """A folder that is to be walked: its path, its name in the open folder above it, its depth."""

    path: str
    name: str
    parent: int | None
    depth: int

    def open(self) -> int:
        """Return a descriptor; only the folder that was asked for may be a link.

        Raises:
            OSError: it is gone, cannot be read, or is a link or a file by now.
        """
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        if self.parent is None:
            return os.open(self.name, flags)
        return os.open(self.name, flags | os.O_NOFOLLOW, dir_fd=self.parent)


class Finder:
    """Knows the pairs of all Regions and looks keys up.

    Args:
        regions: the name of each Region, and how to ask for its pairs as far as allowed.
        ask: asks for a passphrase; without it none is asked for.
        deleted: likewise the pairs of each that were deleted and can be brought back.
    """

    def __init__(
        self,
        regions: Iterable[tuple[str, Callable[[], Sequence[KeptKeyPair]]]],
        ask: Ask | None = None,
        deleted: Iterable[tuple[str, Callable[[], Sequence[DeletedKeyPair]]]] = (),
    ) -> None:
        self._ask = ask
        self.pairs: list[tuple[str, KeptKeyPair]] = []
        """All pairs, each with its Region."""
        self.known: list[str] = []
        """The Regions whose pairs are known here."""
        self.not_allowed: list[str] = []
        """The Regions that may not be described."""
        self.problems: list[str] = []
        """Sentences about Regions whose pairs are not known here."""
        for name, describe in regions:
            try:
                self.pairs += [(name, pair) for pair in describe()]
                self.known.append(name)
            except (EC2Error, StoreError) as error:
                if isinstance(error, UnauthorizedOperation):
                    self.not_allowed.append(name)
                self.problems.append(f"The pairs of {name} are not known: {error}")
        self._by_key: dict[str, list[tuple[str, KeptKeyPair]]] = defaultdict(list)
        for name, pair in self.pairs:
            self._by_key[pair.public_key].append((name, pair))
        self._deleted: list[tuple[PairReference, KeptKeyPair]] = []
        self._given_up: set[PairReference] = set()
        self._deleted_by_key: dict[str, list[PairReference]] = defaultdict(list)
        for name, describe_deleted in deleted:
            with suppress(EC2Error, StoreError):  # which is among the problems already
                for gone in describe_deleted():
                    if gone.key_pair is not None:
                        was = PairReference(name, gone.key_pair_id, gone.key_pair.key_name)
                        self._deleted.append((was, gone.key_pair))
                        self._given_up |= {was} if gone.given_up else set()
        for reference, pair in self._deleted:
            self._deleted_by_key[pair.public_key].append(reference)
        # What was read of files for the sake of another, until it is their turn.
        self._read_before: dict[str, bytes] = {}

    def look(self, text: str) -> Iterator[Found]:
        """Yield what a text names: a file, the keys in a folder, a key, or a fingerprint."""
        try:
            path = Path(typed_path.without_scheme(text.strip())).expanduser()
            exists = bool(text.strip()) and os.path.lexists(path)
        except (RuntimeError, ValueError):  # no such user, or a NUL
            exists = False
        return self.in_path(path) if exists else self.in_text(text)

    # Files --------------------------------------------------------------------------------------

    def in_path(self, path: Path) -> Iterator[Found]:
        """Yield what a file is, or each file in a folder; a link that is named is followed."""
        source = str(path)
        try:
            mode = path.stat().st_mode
            resolved = path.resolve()
        except OSError as error:
            yield _unreadable(source, error)
            return
        if stat.S_ISDIR(mode):
            yield from self._in_folder(source)
        elif stat.S_ISREG(mode):
            yield from self._in_file(resolved, source)
        elif stat.S_ISFIFO(mode) and source.startswith(_FOLDERS_OF_DESCRIPTORS):
            yield from self._in_substitution(path, source)
        else:
            yield _not_read(source, _what_it_is(mode))

    def _in_substitution(self, path: Path, source: str) -> Iterator[Found]:
        """Yield what a shell's `<(...)` gives, which is a pipe that is open already."""
        try:
            with path.open("rb") as file:
                data = file.read(LARGEST + 1)
        except OSError as error:
            yield _unreadable(source, error)
            return
        yield from self.in_data(data, source)

    def in_data(self, data: bytes, source: str) -> Iterator[Found]:
        """Yield the keys in what came from a pipe, which has no name and nothing beside it."""
        if len(data) > LARGEST:
            yield _not_read(source, "too large for a key")
        else:
            yield from self._keys_in(key_file.read(data), data, _FilePlace(None, source))

    def _in_folder(self, top: str) -> Iterator[Found]:
        """Yield each thing below a folder, from descriptor to descriptor.

        A name is looked up in the folder that was listed, which stays open, and no link is
        followed: what is put in place of a folder meanwhile is not walked into.
        """
        left = [MOST_ENTRIES]
        yield from self._walked(_Folder(top, top, None, 0), left)
        self._read_before.clear()
        if not left[0]:
            yield _not_read(top, f"only the first {MOST_ENTRIES:,} names were looked at")

    def _walked(self, folder: "_Folder", left: list[int]) -> Iterator[Found]:
        try:
            descriptor = folder.open()
        except OSError as error:
            is_link = error.errno in (errno.ELOOP, errno.ENOTDIR) and folder.parent is not None
            unreadable = _unreadable(folder.path, error)
            yield _link(folder.path) if is_link else unreadable
            return
        try:
            yield from self._below(folder, descriptor, left)
        finally:
            os.close(descriptor)

    def _below(self, folder: "_Folder", descriptor: int, left: list[int]) -> Iterator[Found]:
        try:
            with os.scandir(descriptor) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield _unreadable(folder.path, error)
            return
        folders = []
        for entry in found:
            if not left[0]:
                return
            left[0] -= 1
            path = f"{folder.path.rstrip('/')}/{entry.name}"
            try:
                is_folder = entry.is_dir(follow_symlinks=False)
            except OSError as error:  # where a folder does not tell what is in it
                yield _unreadable(path, error)
                continue
            if not is_folder:
                for each in self._entry(entry, path, descriptor):
                    yield replace(each, minor=each.standing in _MINOR)
            elif folder.depth < _DEEPEST:
                folders.append(_Folder(path, entry.name, descriptor, folder.depth + 1))
            else:
                yield _not_read(path, "too deep")
        for below in folders:
            yield from self._walked(below, left)

    def _entry(self, entry: "os.DirEntry[str]", path: str, folder: int) -> Iterator[Found]:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            yield _unreadable(path, error)
            return
        if stat.S_ISLNK(status.st_mode):
            yield _link(path)
        elif not stat.S_ISREG(status.st_mode):
            yield _not_read(path, _what_it_is(status.st_mode))
        elif status.st_size > _largest(entry.name):
            yield _not_read(path, "too large for a key")
        else:
            yield from self._in_file(Path(path), path, folder)

    def _in_file(self, path: Path, source: str, folder: int | None = None) -> Iterator[Found]:
        try:
            data = self._read_before.pop(str(path), None)
            if data is None:
                data = files.read_regular_file(path, _largest(path.name), folder=folder)
        except OSError as error:
            yield _unreadable(source, error)
            return
        keys = key_file.read(data, path.name)
        yield from self._keys_in(keys, data, _FilePlace(path, source, folder))

    def _keys_in(
        self, keys: Sequence[KeyInFile], data: bytes, place: "_FilePlace"
    ) -> Iterator[Found]:
        for each in keys:
            yield self._key(each, place, each.line if len(keys) > 1 else None)
        if not keys:
            note = "no key" if data.strip() else "empty"
            yield Found(place.source, Standing.NO_KEY, note=note)

    def _key(self, key: KeyInFile, place: "_FilePlace", line: int | None) -> Found:
        if key.private is None:
            beside = self._public_key_beside(place) if key.is_private and line is None else None
            if beside is None:
                return self._public(key, place.source, line)
            note = f"by the .pub beside it; {key.problem}"
            return self._of(beside, place.source, key.kind, None, "", note)
        found = self._private(key.private, place, is_alone=line is None)
        note = "; ".join(filter(None, (found.note, *key.remarks)))
        return replace(found, line=line, note=note)

    def in_agent(self) -> Iterator[Found]:
        """Yield what each key is that the ssh-agent of this session holds.

        Raises:
            AgentError: there is no agent, or it cannot be asked.
        """
        held = agent.holdings()
        source = THE_AGENT if held.owner is None else f"{THE_AGENT} of {held.owner.name}"
        if not held.identities:
            note = "it holds no key, or is locked (ssh-add -X unlocks it)"
            yield Found(source, Standing.NO_KEY, note=note)
        for identity in held.identities:
            # The comment is any text, and may look like further keys.
            for key in key_file.read(identity.public_key.encode()):
                yield self._public(replace(key, comment=identity.comment), source)

    # Keys ---------------------------------------------------------------------------------------

    def _public(self, key: KeyInFile, source: str, line: int | None = None) -> Found:
        note = "; ".join(filter(None, (key.problem, *key.remarks)))
        if key.public_key is not None:
            return self._of(key.public_key, source, key.kind, line, key.comment, note)
        if key.is_no_key:
            return Found(source, Standing.NO_KEY, key.kind, line, note=note)
        standing = Standing.DAMAGED if key.is_damaged else Standing.UNSUPPORTED
        return Found(source, standing, key.kind, line, None, key.comment, note)

    def _private(self, data: bytes, place: "_FilePlace", *, is_alone: bool) -> Found:
        kind = "private key"
        source = place.source
        beside = self._public_key_beside(place) if is_alone else None
        try:
            file = private_file.examine(data)
            kind = f"{file.container} private key{', encrypted' if file.encrypted else ''}"
            if file.public_key is not None:
                differs = beside is not None and beside != file.public_key
                note = "the .pub beside it is of another key" if differs else ""
                found = self._of(file.public_key, source, kind, None, file.comment, note)
                if file.encrypted or not _may_have_sha1(found):
                    return found
                return _with_sha1(found, private_file.unlock(data))
            if beside is not None:
                note = file.obstacle or "no passphrase was asked for"
                note = f"by the .pub beside it; {note}"
                return self._of(beside, source, kind, None, "", note)
            if file.obstacle:
                raise NotRead(file.obstacle)
            private_key = self._unlocked(data, source)
        except WrongPassphrase as error:
            return Found(source, Standing.LOCKED, kind, note=str(error))
        except HalvesDisagree as error:
            return Found(source, Standing.HALVES_DISAGREE, kind, note=str(error))
        except (UnsupportedKey, NotRead) as error:
            return Found(source, Standing.UNSUPPORTED, kind, note=str(error))
        except EncodingError as error:
            return Found(source, Standing.DAMAGED, kind, note=str(error))
        if private_key is None:
            note = "it does not show its public half"
            return Found(source, Standing.LOCKED, kind, note=note)
        return _with_sha1(self._of(convert.public_key(private_key), source, kind), private_key)

    def _public_key_beside(self, place: "_FilePlace") -> PublicKey | None:
        """Return the key in the .pub of a private key file: FILE.pub, or for FILE.pem of FILE."""
        path = place.path
        if path is None:
            return None
        names = [path.with_name(f"{path.name}.pub")]
        if path.suffix in PRIVATE_SUFFIXES:
            names.append(path.with_suffix(".pub"))
        for name in names:
            try:
                data = files.read_regular_file(name, LARGEST, folder=place.folder)
            except OSError:
                continue
            if place.folder is not None:  # then it is looked at itself, a little later
                self._read_before[str(name)] = data
            keys = key_file.read(data)
            if len(keys) == 1:
                return keys[0].public_key
        return None

    def _unlocked(self, data: bytes, source: str) -> PrivateKey | None:
        """Return the key of a file after asking for its passphrase, or None."""
        passphrase = self._ask(source) if self._ask is not None else None
        if passphrase is None:
            return None
        try:
            secret = passphrase.encode()
            return interruptible(lambda: private_file.unlock(data, secret))
        finally:
            passphrase.wipe()

    def _of(
        self,
        key: PublicKey,
        source: str,
        kind: str,
        line: int | None = None,
        comment: str = "",
        note: str = "",
    ) -> Found:
        matches = tuple(
            Match(region, pair, _fingerprint_kind(pair))
            for region, pair in self._by_key.get(key.line, ())
        )
        deleted = () if matches else tuple(self._deleted_by_key.get(key.line, ()))
        standing = _standing(matches, deleted)
        lost = not self._given_up.isdisjoint(deleted)
        return Found(source, standing, kind, line, key, comment, note, matches, deleted, lost)

    def _by(self, kind: str, kind_of: Callable[[KeptKeyPair], str | None]) -> Found:
        """Return the pairs of which something is what was given; `kind_of` says what, or None."""
        kinds = ((name, pair, kind_of(pair)) for name, pair in self.pairs)
        matches = tuple(Match(name, pair, each) for name, pair, each in kinds if each)
        gone = (reference for reference, pair in self._deleted if kind_of(pair))
        deleted = () if matches else tuple(gone)
        standing, lost = _standing(matches, deleted), not self._given_up.isdisjoint(deleted)
        return Found("", standing, kind, matches=matches, deleted=deleted, given_up=lost)

    # Text ---------------------------------------------------------------------------------------

    def in_text(self, text: str) -> Iterator[Found]:
        """Yield the public keys in a text, or the pair whose fingerprint it is."""
        if import_material.private_key_refusal(text) is not None:
            note = "this is a private key; give the name of its file instead"
            yield Found("", Standing.NO_KEY, PRIVATE, note=note)
            return
        digest = fingerprint_kinds.openssh_digest(text)
        if digest is not None and digest.is_whole:
            found = self._by(f"fingerprint, {digest.kind}", digest.kind_of)
            yield self._compared(found, "that of the public keys")
            return
        keys = key_file.read(text.encode("utf-8", "replace"))
        if any(key.public_key for key in keys) or not query.has_fingerprint(text):
            named = None if keys else self._named(text) or self._cut_short(text)
            if named is not None:
                yield named
                return
            for key in keys:
                yield self._public(key, "", key.line if len(keys) > 1 else None)
            if not keys:
                is_meant_as_path = (
                    typed_path.begins_like_one(text.strip())
                    or any(sign in text for sign in "/\\")
                    or text.strip().startswith(('"', "'"))
                )
                is_short = len(text) <= _MOST_QUOTED
                where = typed_path.leads_to(text) if is_meant_as_path and is_short else ""
                note = (
                    fingerprint_kinds.why_too_long(text)
                    or (is_meant_as_path and _why_no_path(text))
                    or f"there is no such file as {where or _shortened(text)}, no pair has that"
                    f" name, and {_why_no_fingerprint(text)}"
                )
                yield Found("", Standing.NO_KEY, note=note)
            return

        found = self._by("fingerprint", partial(query.fingerprint_kind, text))
        if found.standing is Standing.UNKNOWN:
            # As long as an MD5 is also a SHA-1 that was cut short.
            start = self._cut_short(text)
            found = start if start is not None and start.matches + start.deleted else found
        typed = query.whole_fingerprint(text)
        if typed is not None and found.standing is Standing.UNKNOWN:
            found = self._compared(replace(found, kind=typed.kind), typed.kinds)
        yield found

    def _compared(self, found: Found, kinds: str) -> Found:
        """Return what a fingerprint is, and where no pair has it, with what it was compared."""
        if found.standing is not Standing.UNKNOWN:
            return found
        note = f"compared with {kinds} of {n_of(len(self.pairs), 'pair')}"
        return replace(found, note=note)

    def _cut_short(self, text: str) -> Found | None:
        """Return the pairs of which a fingerprint begins so, or what is missing of it.

        None where it may just as well be something else.
        """
        start = query.fingerprint_cut_short(text)
        if start is None:
            return None
        if start.given < fingerprint_kinds.FEWEST:
            note = (
                f"the start of a fingerprint, {start.words};"
                f" {fingerprint_kinds.FEWEST} are needed to tell whose it is"
            )
            return Found("", Standing.NO_KEY, TOO_SHORT, note=note) if start.is_meant else None
        found = self._by(f"the start of a fingerprint, {start.words}", start.kind)
        return None if found.standing is Standing.UNKNOWN and not start.is_meant else found

    def _named(self, text: str) -> Found | None:
        """Return the pairs that have this name or id, or None where none has it."""

        def kind_of(pair: KeptKeyPair) -> str | None:
            if text == pair.key_name:
                return "its name"
            return "its id" if text == pair.key_pair_id else None

        found = self._by("key pair", kind_of)
        return None if found.standing is Standing.UNKNOWN else found


def _why_no_fingerprint(text: str) -> str:
    """Return why a text is no fingerprint that is known, nor the start of one."""
    start = query.fingerprint_cut_short(text)
    if start is None:
        return "it is neither a public key nor a fingerprint"
    if start.given < fingerprint_kinds.FEWEST:
        return f"of a fingerprint {fingerprint_kinds.FEWEST} characters are needed"
    return "no fingerprint begins so"


def _standing(matches: Sequence[Match], deleted: Sequence[PairReference]) -> Standing:
    if matches:
        return Standing.KNOWN
    return Standing.DELETED if deleted else Standing.UNKNOWN


def _fingerprint_kind(pair: KeptKeyPair) -> str:
    """Return which fingerprint of a pair, the one EC2 shows if may be, its public key gives."""
    if pair.key_type is KeyType.ED25519:
        return fingerprint_kinds.EC2_SHA256
    imported = pair.key_fingerprint == pair.custody.fingerprints.spki_md5
    return fingerprint_kinds.SPKI_MD5 if imported else fingerprint_kinds.SSH_SHA256


def _may_have_sha1(found: Found) -> bool:
    """Return whether EC2's SHA-1 of the private key is known of a pair that was found."""
    return any(match.key_pair.custody.fingerprints.pkcs8_sha1 for match in found.matches)


def _with_sha1(found: Found, private_key: PrivateKey) -> Found:
    """Return what was found, by EC2's SHA-1 of the private key for pairs of which it is known."""
    if not _may_have_sha1(found):
        return found
    sha1 = pkcs8_sha1(pem.pkcs8_der(private_key))
    matches = tuple(
        replace(match, fingerprint_kind=fingerprint_kinds.PKCS8_SHA1)
        if match.key_pair.custody.fingerprints.pkcs8_sha1 == sha1
        else match
        for match in found.matches
    )
    return replace(found, matches=matches)


def _not_read(source: str, note: str) -> Found:
    return Found(source, Standing.NOT_READ, note=note)


def _link(source: str) -> Found:
    return Found(source, Standing.NOT_READ, note="a link, which is not followed", is_link=True)


def _unreadable(source: str, error: OSError) -> Found:
    return Found(source, Standing.UNREADABLE, note=f"cannot be read: {error.strerror}")


def _what_it_is(mode: int) -> str:
    kinds = {
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
    }
    return kinds.get(stat.S_IFMT(mode), "a device")


def _why_no_path(text: str) -> str | None:
    return typed_path.problem(text.strip()) or typed_path.too_long(text)


def _shortened(text: str) -> str:
    """Return what was given, within quotes where it would not be seen to be one thing."""
    short = text if len(text) <= _MOST_QUOTED else f"{text[:_MOST_QUOTED]}…"
    return short if short and " " not in short else f"'{short}'"


def _largest(name: str) -> int:
    return _LARGEST_AUTHORIZED_KEYS if name.startswith(AUTHORIZED_KEYS) else LARGEST
