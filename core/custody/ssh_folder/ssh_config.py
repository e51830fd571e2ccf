"""Adds a `Host` block for a key pair to the ssh configuration of the account, and never a second.

ssh takes for each setting the first value that it finds (ssh_config(5)), so what stands above a new
block may win; that is said. The file is judged and extended by
`core.custody.ssh_folder.shared_file`: ssh refuses one that others can write.
"""

import re
import shlex
from collections.abc import Iterator
from enum import Enum, auto
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from core.custody import authorized_keys, file_kinds, recipes
from core.custody.file_kinds import Kind
from core.custody.ssh_folder import shared_file
from core.custody.ssh_folder.shared_file import Account, FileReader, SeenFile, SharedFileError
from core.disk import files
from core.errors import NotConfirmed
from core.model import KeptKeyPair
from core.process import changing
from core.session import Session

_SSH = FileReader("ssh", "block")
_OURS = frozenset({"hostname", "user", "identityfile", "identitiesonly"})
"""The settings of a block of ours."""

_ALIAS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_HOST = re.compile(r"[A-Za-z0-9_:\[][A-Za-z0-9._:%\[\]-]*")
_USER = re.compile(r"[^\s\"'#\\%-][^\s\"'#\\%]*")


class BlockStanding(Enum):
    """What adding a block would do."""

    ADDABLE = auto()
    PRESENT = auto()
    """ssh has a block of that name already; there is nothing to do."""

    REFUSED = auto()


class HostBlock(NamedTuple):
    """What a person chooses of a block: what is typed after ssh, the address, the login name."""

    alias: str
    host: str
    user: str


class BlockPlan(NamedTuple):
    """A block for the file, and what would come of adding it.

    `explanation` is a clause for the person; with `cautions` it says what they should think about
    first.
    """

    path: Path
    text: str
    standing: BlockStanding
    explanation: str
    cautions: tuple[str, ...] = ()
    seen: SeenFile = SeenFile(None, None)
    wrong: str = ""
    """The field of the block that is refused; empty where it is none of them."""


def suggested_alias(key_name: str) -> str:
    """Return what to type after ssh for a pair, as its name allows it."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", key_name).strip("-.") or "key-pair"


def key_file(key_pair: KeptKeyPair) -> str | None:
    """Return the saved file that ssh reads and can be told of, the last one, or None."""
    kinds = file_kinds.by_content(key_pair.custody.saved_to)
    fitting = (
        path
        for path in reversed(key_pair.custody.saved_to)
        if kinds.get(path, Kind.PPK) is not Kind.PPK and recipes.ssh_setting(path) is not None
    )
    return next(fitting, None)


def plan(block: HostBlock, key_file: str, account: Account | None = None) -> BlockPlan:
    """Return what adding a block to the account's configuration would do; changes nothing."""
    account = account or authorized_keys.own_account()
    path = account.ssh_config
    text = _text(block, key_file)
    for wrong, problem in _problems(block):
        return BlockPlan(path, text, BlockStanding.REFUSED, problem, wrong=wrong)
    try:
        seen = shared_file.look(path, account, _SSH)
    except SharedFileError as error:
        return BlockPlan(path, text, BlockStanding.REFUSED, str(error))
    except OSError as error:
        reason = f"{path} cannot be read: {error.strerror}"
        return BlockPlan(path, text, BlockStanding.REFUSED, reason)
    if seen.before is None:
        folder = "" if path.parent.is_dir() else ", and its folder,"
        words = f"the file{folder} will be made, for this account alone"
        return BlockPlan(path, text, BlockStanding.ADDABLE, words, seen=seen)
    settings = list(_settings(seen.before))
    for number, patterns, _ in _blocks(settings):
        if block.alias in patterns:
            words = f"Host {block.alias} is there already, in line {number}; nothing to add"
            return BlockPlan(path, text, BlockStanding.PRESENT, words, seen=seen)
    cautions = tuple(_cautions(block, key_file, settings))
    return BlockPlan(path, text, BlockStanding.ADDABLE, "will be added at the end", cautions, seen)


@changing()
def add(session: Session, key_pair: KeptKeyPair, planned: BlockPlan) -> None:
    """Add the block of a plan, unless it is there already.

    Raises:
        SharedFileError: the plan is refused, the file was changed since, or it could not be
            written; it is as it was.
        NotConfirmed: the block is there, but may be gone after a power cut.
        StoreError: the journal cannot be written; nothing was added.
    """
    if planned.standing is BlockStanding.REFUSED:
        raise SharedFileError(f"Not added: {planned.explanation}.")
    if planned.standing is BlockStanding.PRESENT:
        return
    before = planned.seen.before
    # An editor may have left the last line without its end.
    gap = "" if not before else "\n" if before.endswith(b"\n") else "\n\n"
    try:
        where = str(planned.path)
        with session.store.journaled("AddSshHost", key_pair, session.now(), where):
            shared_file.append(planned.path, planned.seen, f"{gap}{planned.text}\n".encode())
    except files.ReplaceNotConfirmed as error:
        raise NotConfirmed(
            f"The block is in {planned.path}, but the disk did not confirm it ({error.strerror})."
        ) from error


def _text(block: HostBlock, key_file: str) -> str:
    return "\n".join(
        (
            f"Host {block.alias}",
            f"    HostName {block.host.replace('%', '%%')}",
            f"    User {block.user}",
            f"    IdentityFile {recipes.ssh_setting(key_file)}",
            "    IdentitiesOnly yes",
        )
    )


def _problems(block: HostBlock) -> Iterator[tuple[str, str]]:
    """Yield which fields cannot be as they were typed, and why, as a clause."""
    if not _ALIAS.fullmatch(block.alias):
        yield "alias", "what you type after ssh is letters, digits, dots, dashes and _"
    if not block.host:
        yield "host", "the address of the host is missing"
    elif not _HOST.fullmatch(block.host):
        yield "host", "the address is a name such as web.example.com, or an IP address"
    if not _USER.fullmatch(block.user):
        yield "user", "the user is a login name such as ec2-user"


class _Setting(NamedTuple):
    """A line of the file that sets something: its number, its word in small letters, the rest."""

    number: int
    word: str
    values: tuple[str, ...]


def _settings(data: bytes) -> Iterator[_Setting]:
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        found = re.fullmatch(r"\s*([A-Za-z]+)\s*[\s=]\s*(.*?)\s*", line)
        if found is not None:
            yield _Setting(number, found[1].lower(), _words(found[2]))


def _words(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text, comments=True))
    except ValueError:  # a quote that is left open: ssh refuses the line
        return tuple(text.split())


def _blocks(settings: list[_Setting]) -> Iterator[tuple[int, tuple[str, ...], list[_Setting]]]:
    """Yield line, patterns and settings of each `Host` block; what stands above all has `*`."""
    current: tuple[int, tuple[str, ...], list[_Setting]] = (1, ("*",), [])
    for setting in settings:
        if setting.word in ("host", "match"):
            yield current
            patterns = setting.values if setting.word == "host" else ()
            current = (setting.number, patterns, [])
        else:
            current[2].append(setting)
    yield current


def _cautions(block: HostBlock, key_file: str, settings: list[_Setting]) -> Iterator[str]:
    for number, patterns, inside in _blocks(settings):
        winning = [each for each in inside if each.word in _OURS]
        if winning and _matches(block.alias, patterns):
            first = winning[0]
            yield (
                f"line {first.number} stands above and wins for it: {first.word}"
                f" {shared_file.shortened(' '.join(first.values))}"
            )
            break
        if any(e.word == "identityfile" and key_file in e.values for e in inside):
            yield f"the block of line {number} names this key, too"
            break
    if any(each.word == "include" for each in settings):
        yield "files that it includes were not looked at"


def _matches(alias: str, patterns: tuple[str, ...]) -> bool:
    """Return whether a Host line is about a name (ssh_config(5), PATTERNS)."""
    if any(p.startswith("!") and fnmatchcase(alias, p[1:]) for p in patterns):
        return False
    return any(fnmatchcase(alias, pattern) for pattern in patterns)
