"""Adds public keys to the authorized_keys of the login account on this machine.

The file is the one in which sshd looks unless AuthorizedKeysFile says otherwise: that of the home
in the account database, which need not be what HOME says. It is nobody's alone: editors and
ssh-copy-id write it too, so it is judged (StrictModes, sshd_config(5)) and extended as
`core.custody.ssh_folder.shared_file` does it.
"""

import os
import pwd
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

from core.custody import key_options
from core.custody.ssh_folder import shared_file
from core.custody.ssh_folder.shared_file import Account as Account
from core.custody.ssh_folder.shared_file import FileReader, SeenFile, SharedFileError, shortened
from core.disk import leftovers
from core.errors import KeyPairsError
from core.keys.public_key import PublicKey, named_line
from core.keys.reading import authorized_line, line_access
from core.keys.reading.authorized_line import AuthorizedLine, AuthorizedLineError, Option
from core.model import KeyPair
from core.words.plural import n_of

LARGEST = shared_file.LARGEST
"""More bytes than the file may have."""

_SSHD = FileReader("sshd", "line")


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
        before, status = shared_file.look(path, account, _SSHD)
        missing = "" if path.parent.is_dir() else ", and its folder,"
    except (key_options.OptionsError, SharedFileError) as error:
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
    with_ = f"with {shortened(options)}" if options else "without options"
    text = f"the key is there already, in line {found.number}, {with_}; nothing to add"
    return text if _from(found.line.options) is None else f"{text} unless from other addresses"


def _from(options: tuple[Option, ...]) -> str | None:
    return next((option.value for option in options if option.name == "from"), None)


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
    # An editor may have left the last line without its end.
    break_ = b"\n" if plan.before and not plan.before.endswith(b"\n") else b""
    data = break_ + plan.line.encode("utf-8", "replace") + b"\n"
    try:
        shared_file.append(plan.path, SeenFile(plan.before, plan.status), data)
    except SharedFileError as error:
        raise AuthorizedKeysError(str(error)) from error
