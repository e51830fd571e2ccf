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
import shlex
import stat
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

from core.custody import key_options
from core.disk import files, leftovers, rewriting
from core.errors import KeyPairsError
from core.keys.public_key import PublicKey, named_line
from core.keys.reading import authorized_line, line_access
from core.keys.reading.authorized_line import AuthorizedLine, AuthorizedLineError, Option
from core.model import KeyPair
from core.words.plural import n_of

LARGEST = 1024 * 1024
"""More bytes than the file may have."""

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_MOST_SHOWN = 200


class AuthorizedKeysError(KeyPairsError):
    """The line was not added, and the file is what it was; says why."""


class AddedNotConfirmed(KeyPairsError):
    """The line was added, but the disk did not confirm that it would survive power loss."""


class Addition(Enum):
    """What adding a line would do."""

    ADDABLE = auto()
    """The line would be added to the file."""

    NEW_FILE = auto()
    """There is no file yet; it would be made, and its folder if need be."""

    PRESENT = auto()
    """sshd lets the key in already, by a line with whatever options; there is nothing to do."""

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
class InstallationPlan:
    """A line for a file, and what would come of adding it.

    `explanation` is a sentence fragment for the person; with `cautions` it says what they should
    think about first. `before` and `status` are what the file was when it was looked at, None where
    there is none.
    """

    path: Path
    line: str
    addition: Addition
    explanation: str
    cautions: tuple[str, ...] = ()
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
        return self.addition in (Addition.PRESENT, Addition.REFUSED)

    def refused(self, explanation: str) -> "InstallationPlan":
        """Return the same plan, refused for another reason."""
        return InstallationPlan(self.path, self.line, Addition.REFUSED, explanation)


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
    return f"{options} {named_line(key_pair)}".lstrip(" ")


def plan(
    key_pair: KeyPair, options: str, account: Account, now: datetime | None = None
) -> InstallationPlan:
    """Return what adding the line of a pair to the account's file would do; changes nothing.

    `now` is an aware time, the present one if it is not given: what has expired by then lets no
    one in.

    Raises:
        AuthorizedKeysError: the record holds no key.
    """
    path = account.authorized_keys
    line = line_of(key_pair, options)
    now = now or datetime.now(UTC)
    try:
        wanted = key_options.check(options, now)
        _check_folders(path.parent, account)
        status = _status(path)
        before = None
        missing = "" if path.parent.is_dir() else ", and its folder,"
        if status is not None:
            _check_file(path, status, account)
            before = files.read_regular_file(path, LARGEST)
    except (key_options.OptionsError, AuthorizedKeysError) as error:
        return InstallationPlan(path, line, Addition.REFUSED, str(error))
    except OSError as error:
        reason = f"{path} cannot be read: {error.strerror}"
        return InstallationPlan(path, line, Addition.REFUSED, reason)
    cautions = key_options.cautions(wanted, key_options.client_address())
    if before is None:
        explanation = f"the file{missing} will be made, for this account alone"
        return InstallationPlan(path, line, Addition.NEW_FILE, explanation, cautions)
    present = _present(before, key_pair.public_key, wanted, now)
    if isinstance(present, LineWithKey):
        addition, explanation = Addition.PRESENT, _why_nothing_to_add(present)
        return InstallationPlan(path, line, addition, explanation, (), before, status)
    count = sum(1 for _ in _lines(before))
    explanation = (
        f"will be added after {n_of(count, 'line')}" if count else "will be added as the first line"
    )
    cautions = (*present, *cautions)
    return InstallationPlan(path, line, Addition.ADDABLE, explanation, cautions, before, status)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _present(
    data: bytes, public_key: str, wanted: tuple[Option, ...], now: datetime
) -> "LineWithKey | tuple[str, ...]":
    """Return the line by which sshd lets the key in already, or why those that have it do not."""
    reasons = []
    for found in lines_with(data, public_key):
        reason = line_access.why_no_one(found.line, now)
        allowed = _from(found.line.options)
        if reason:
            reasons.append(f"line {found.number} has the key, but lets no one in: {reason}")
        elif allowed is None or _from(wanted) in (None, allowed):
            return found
        else:
            reasons.append(f'line {found.number} lets the key in, but only from="{allowed}"')
    return tuple(reasons[:1])


def _why_nothing_to_add(found: "LineWithKey") -> str:
    options = found.line.options_text
    with_ = f"with {_shortened(options)}" if options else "without options"
    text = f"the key is there already, in line {found.number}, {with_}; nothing to add"
    return text if _from(found.line.options) is None else f"{text} unless from other addresses"


def _from(options: tuple[Option, ...]) -> str | None:
    return next((option.value for option in options if option.name == "from"), None)


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


# What sshd would not trust --------------------------------------------------------------------


def _check_folders(folder: Path, account: Account) -> None:
    """Check the folders from the file's up to the home, as sshd does (StrictModes)."""
    home = account.home.resolve()
    if not home.is_dir():
        raise AuthorizedKeysError(f"the home {account.home} of {account.name} is not a folder")
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
        target = _shortened(os.fsencode(path.readlink()).decode("utf-8", "replace"))
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


class LineWithKey(NamedTuple):
    """A line that has a key: its number, from 1, and what sshd reads in it."""

    number: int
    line: AuthorizedLine


def lines_with(data: bytes, public_key: str) -> Iterator[LineWithKey]:
    """Yield the lines of an authorized_keys that have a key, whether or not sshd lets it in.

    `public_key` is `TYPE BASE64`. What sshd cannot read a key in is passed over.
    """
    wanted = b64decode(public_key.partition(" ")[2])
    for number, text in _lines(data):
        try:
            line = authorized_line.read(text)
        except AuthorizedLineError:
            continue
        if line is not None and line.blob == wanted:
            yield LineWithKey(number, line)


def _lines(data: bytes) -> Iterator[tuple[int, str]]:
    """Yield the lines that are neither blank nor comments, with their numbers."""
    for number, line in enumerate(data.split(b"\n"), start=1):
        stripped = line.strip(b" \t\r")
        if stripped and not stripped.startswith(b"#"):
            # Any bytes may stand in options and comments.
            yield number, line.decode("utf-8", "replace")


# Adding ---------------------------------------------------------------------------------------


def add(plan: InstallationPlan) -> None:
    """Add the line of a plan, unless it is there already.

    Raises:
        AuthorizedKeysError: the plan is refused, the file was changed since, or it could not be
            written; it is as it was.
        files.ReplaceNotConfirmed: the line is there, but may be gone after a power cut.
    """
    if plan.addition is Addition.REFUSED:
        raise AuthorizedKeysError(f"Not added: {plan.explanation}.")
    if plan.addition is Addition.PRESENT:
        return
    line = plan.line.encode("utf-8", "replace") + b"\n"
    try:
        if plan.before is None or plan.status is None:
            files.create_private_folder(plan.path.parent)
            files.create_private_file(plan.path, line)
        else:
            # An editor may have left the last line without its end.
            break_ = b"" if plan.before.endswith(b"\n") or not plan.before else b"\n"
            rewriting.rewrite_file(
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


def _check_unchanged(plan: InstallationPlan) -> None:
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
