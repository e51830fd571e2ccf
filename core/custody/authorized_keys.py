"""Adds public keys to the authorized_keys of the login account on this machine.

The file is the one in which sshd looks unless AuthorizedKeysFile says otherwise: that of the home
in the account database, which need not be what HOME says. It is nobody's alone: editors and
ssh-copy-id write it too. So a line is only ever added, to what was just read, and the file is
replaced whole, with its mode, owner and access control list, or not at all. What sshd would not
trust, because others can write it (StrictModes, sshd_config(5)), is refused with the reason; a link
in the file's own place is refused too, because then something else looks after it, and so is a file
with several names, which would be parted.
"""

import errno
import os
import pwd
import re
import shlex
import stat
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from core.custody import key_options, pub_files
from core.disk import files, leftovers
from core.errors import KeyPairsError
from core.keys.public_key import PublicKey
from core.model import KeyPair

LARGEST = 1024 * 1024
"""More bytes than the file may have."""

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_MOST_SHOWN = 200


class AuthorizedKeysError(KeyPairsError):
    """The line was not added, and the file is what it was; says why."""


class AddedNotConfirmed(KeyPairsError):
    """The line was added, but the disk did not confirm that it would survive power loss."""


class LineStanding(Enum):
    """What adding a line would do."""

    ADDABLE = auto()
    """The line would be added to the file."""

    NEW_FILE = auto()
    """There is no file yet; it would be made, and its folder if need be."""

    PRESENT = auto()
    """The key is there already, with whatever options; there is nothing to do."""

    REFUSED = auto()
    """The options are wrong, or the file is not as it must be."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account that runs this program, as the account database has it."""

    name: str
    uid: int
    home: Path

    @property
    def authorized_keys(self) -> Path:
        """The file, which need not exist."""
        return self.home / ".ssh" / "authorized_keys"


@dataclass(frozen=True, slots=True)
class Plan:
    """A line for a file, and what would come of adding it.

    `explanation` is a sentence fragment for the person. `before` and `status` are what the file
    was when it was looked at, None where there is none.
    """

    path: Path
    line: str
    standing: LineStanding
    explanation: str
    before: bytes | None = None
    status: os.stat_result | None = None

    @property
    def is_in_another_home(self) -> bool:
        """Whether the file is not in the home that HOME names, which is `~` everywhere else."""
        home = self.path.parent.parent
        return os.path.realpath(home) != os.path.realpath(Path.home())

    @property
    def changes_nothing(self) -> bool:
        """Whether adding would leave the file as it is."""
        return self.standing in (LineStanding.PRESENT, LineStanding.REFUSED)

    def refused(self, explanation: str) -> "Plan":
        """Return the same plan, refused for another reason."""
        return Plan(self.path, self.line, LineStanding.REFUSED, explanation)


def leftovers_of_installing(account: Account) -> tuple[Path, ...]:
    """Return the files that sessions left which were killed while they added a line."""
    return leftovers.of(account.authorized_keys)


def own_account() -> Account:
    """Return the account that runs this program.

    Raises:
        AuthorizedKeysError: the account database does not know it.
    """
    uid = os.geteuid()
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise AuthorizedKeysError(f"The account database has no account {uid}.") from None
    return Account(entry.pw_name, uid, Path(entry.pw_dir))


def line_of(key_pair: KeyPair, options: str = "") -> str:
    """Return the line of a pair: options, key, and the name as its comment.

    The record may have been edited by hand: what stands there is a key, and one line.

    Raises:
        AuthorizedKeysError: the record holds no key.
    """
    try:
        PublicKey.from_line(key_pair.public_key)
    except ValueError:
        raise AuthorizedKeysError("The public key in the record is damaged.") from None
    return f"{options} {pub_files.line_of(key_pair)}".lstrip(" ")


def plan(key_pair: KeyPair, options: str, account: Account) -> Plan:
    """Return what adding the line of a pair to the account's file would do; changes nothing.

    Raises:
        AuthorizedKeysError: the record holds no key.
    """
    path = account.authorized_keys
    line = line_of(key_pair, options)
    try:
        key_options.check(options)
        _check_folders(path.parent, account)
        status = _status(path)
        if status is None:
            return _plan_of_new_file(path, line)
        _check_file(path, status, account)
        before = files.read_regular_file(path, LARGEST)
    except (key_options.OptionsError, AuthorizedKeysError) as error:
        return Plan(path, line, LineStanding.REFUSED, str(error))
    except OSError as error:
        return Plan(path, line, LineStanding.REFUSED, f"{path} cannot be read: {error.strerror}")
    found = find(before, key_pair.public_key)
    if found is not None:
        number, present = found
        with_ = f"with {_shortened(present)}" if present else "without options"
        explanation = f"the key is there already, in line {number}, {with_}; nothing to add"
        return Plan(path, line, LineStanding.PRESENT, explanation, before, status)
    count = sum(1 for _ in _lines(before))
    keys = f"{count} line{'s' * (count != 1)}"
    explanation = f"will be added after {keys}" if count else "will be added as the first line"
    return Plan(path, line, LineStanding.ADDABLE, explanation, before, status)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _plan_of_new_file(path: Path, line: str) -> Plan:
    missing = "" if path.parent.is_dir() else ", and its folder,"
    explanation = f"the file{missing} will be made, for this account alone"
    return Plan(path, line, LineStanding.NEW_FILE, explanation)


def _shortened(options: bytes) -> str:
    text = options.decode("utf-8", "replace")
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


# What sshd would not trust --------------------------------------------------------------------


def _check_folders(folder: Path, account: Account) -> None:
    """Check the folders from the file's up to the home, as sshd does (StrictModes)."""
    home = account.home.resolve()
    if not home.is_dir():
        raise AuthorizedKeysError(f"the home {account.home} of {account.name} is no folder")
    if os.path.lexists(folder) and not folder.is_dir():
        raise AuthorizedKeysError(f"{folder} is not a folder")
    lowest = folder.resolve() if folder.is_dir() else home
    for each in (lowest, *lowest.parents):
        _check_trusted(each, each.stat(), account)
        if each == home:
            break
    if not os.access(lowest, os.W_OK | os.X_OK):
        raise AuthorizedKeysError(f"you cannot write in {lowest}")


def _check_file(path: Path, status: os.stat_result, account: Account) -> None:
    if stat.S_ISLNK(status.st_mode):
        target = _shortened(os.fsencode(path.readlink()))
        raise AuthorizedKeysError(f"{path} is a link to {target}; add the line where it is kept")
    if not stat.S_ISREG(status.st_mode):
        raise AuthorizedKeysError(f"{path} is not a regular file")
    if status.st_nlink > 1:
        # A new file in the place of this name would leave the others with the old one.
        own, new = shlex.quote(str(path)), shlex.quote(f"{path}.new")
        raise AuthorizedKeysError(
            f"{path} has another name as well (a hard link), which the line would not reach; to"
            f" part the two: cp -p {own} {new} && mv {new} {own}"
        )
    _check_trusted(path, status, account)
    if account.uid not in (0, status.st_uid):
        raise AuthorizedKeysError(f"{path} belongs to root, who must add the line")


def _check_trusted(path: Path, status: os.stat_result, account: Account) -> None:
    if status.st_uid not in (0, account.uid):
        raise AuthorizedKeysError(
            f"{path} belongs to another account, so sshd would not trust the file"
        )
    if status.st_mode & _OTHERS_WRITE:
        raise AuthorizedKeysError(
            f"others can write {path}, so sshd would not trust the file:"
            f" chmod go-w {shlex.quote(str(path))}"
        )


# What stands in the file ----------------------------------------------------------------------


def find(data: bytes, public_key: str) -> tuple[int, bytes] | None:
    """Return the number of the first line that has a key, and its options; None if none has.

    `public_key` is `TYPE BASE64`. Lines are read as sshd reads them: what is no line is skipped.
    """
    key_type, _, encoded = public_key.encode().partition(b" ")
    blob = b64decode(encoded)
    for number, line in _lines(data):
        for options in (b"", _options_of(line)):
            fields = re.split(rb"[ \t]+", line[len(options) :].lstrip(b" \t"), maxsplit=2)
            if len(fields) > 1 and fields[0] == key_type and _decoded(fields[1]) == blob:
                return number, options
    return None


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(data.split(b"\n"), start=1):
        stripped = line.strip(b" \t\r")
        if stripped and not stripped.startswith(b"#"):
            yield number, stripped


def _options_of(line: bytes) -> bytes:
    """Return what stands before the first space outside of quotes (sshkey_advance_past_options)."""
    quoted = False
    position = 0
    while position < len(line) and (quoted or line[position] not in b" \t"):
        if line.startswith(b'\\"', position):
            position += 1
        elif line[position] == ord('"'):
            quoted = not quoted
        position += 1
    return line[:position]


def _decoded(text: bytes) -> bytes:
    try:
        return b64decode(text)
    except Base64Error:
        return b""


# Adding ---------------------------------------------------------------------------------------


def add(plan: Plan) -> None:
    """Add the line of a plan, unless it is there already.

    Raises:
        AuthorizedKeysError: the plan is refused, the file was changed since, or it could not be
            written; it is as it was.
        files.ReplaceNotConfirmed: the line is there, but may be gone after a power cut.
    """
    if plan.standing is LineStanding.REFUSED:
        raise AuthorizedKeysError(f"Not added: {plan.explanation}.")
    if plan.standing is LineStanding.PRESENT:
        return
    line = plan.line.encode("utf-8", "replace") + b"\n"
    try:
        if plan.before is None or plan.status is None:
            files.create_private_folder(plan.path.parent)
            files.create_private_file(plan.path, line)
        else:
            # An editor may have left the last line without its end.
            break_ = b"" if plan.before.endswith(b"\n") or not plan.before else b"\n"
            files.rewrite_file(
                plan.path,
                plan.before + break_ + line,
                like=plan.status,
                size=len(plan.before),
                check=lambda: _check_unchanged(plan),
            )
    except FileExistsError:
        raise _changed(plan.path) from None
    except files.ReplaceNotConfirmed:
        raise
    except OSError as error:
        # Root, too, may not replace what chattr made immutable.
        hint = "; lsattr shows whether it is immutable" if error.errno == errno.EPERM else ""
        raise AuthorizedKeysError(f"Not added to {plan.path}: {error.strerror}{hint}.") from error


def _check_unchanged(plan: Plan) -> None:
    present = files.read_regular_file(plan.path, LARGEST)
    if present != plan.before or _identity(plan.path.lstat()) != _identity(plan.status):
        raise _changed(plan.path)


def _identity(status: os.stat_result | None) -> tuple[int, ...]:
    """Return what must not change while a file is replaced: which it is, and all about it."""
    if status is None:
        return ()
    return status.st_dev, status.st_ino, status.st_nlink, status.st_ctime_ns


def _changed(path: Path) -> AuthorizedKeysError:
    return AuthorizedKeysError(f"Not added: {path} was changed meanwhile. Look, and try again.")
