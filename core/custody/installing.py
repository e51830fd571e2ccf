"""Installs a public key: here in authorized_keys, on another host by commands to paste.

What is to be pasted is shown and copied, never run.
"""

import re
import shlex
from pathlib import Path

from core.custody import authorized_keys
from core.custody.authorized_keys import InstallationPlan
from core.custody.recipes import HOST, USER
from core.disk import files
from core.model import KeyPair
from core.process import changing
from core.session import Session

_LONGEST_STEM = 100
_LARGEST = 64 * 1024


def installation(session: Session, key_pair: KeyPair, options: str = "") -> InstallationPlan:
    """Return what adding a pair to the login account's authorized_keys would do.

    Raises:
        AuthorizedKeysError: the record holds no key, or there is no such account.
    """
    found = authorized_keys.plan(key_pair, options, authorized_keys.own_account())
    return found.refused("this session is read-only") if session.read_only else found


@changing()
def install_public_key(session: Session, key_pair: KeyPair, options: str = "") -> InstallationPlan:
    """Add a pair to the login account's authorized_keys, and return what was done.

    If the key is there already, nothing is changed and nothing journaled.

    Raises:
        AuthorizedKeysError: it was not added; says why.
        AddedNotConfirmed: it was added, but the disk did not confirm it.
        StoreError: the journal cannot be written; nothing was added.
    """
    found = installation(session, key_pair, options)
    if found.changes_nothing:
        authorized_keys.add(found)
        return found
    try:
        where = str(found.path)
        with session.store.journaled("InstallPublicKey", key_pair, session.now(), where):
            authorized_keys.add(found)
    except files.ReplaceNotConfirmed as error:
        raise authorized_keys.AddedNotConfirmed(
            f"The line is in {found.path}, but the disk did not confirm it ({error.strerror})."
        ) from error
    return found


def copy_id_commands(key_pair: KeyPair, line: str, home: Path | None = None) -> tuple[str, ...]:
    """Return what to paste, so that a line of authorized_keys gets to another host.

    The last is ssh-copy-id, which wants a file: where none in `~/.ssh` holds just this line, a
    command before it writes one, over nothing, and makes the folder if there is none; if that
    fails, nothing is sent. `-f`, because ssh-copy-id would look for the private key beside it. It
    evaluates the file's path once more, so the name is a plain one.
    """
    stem = re.sub(r"[^A-Za-z0-9._-]", "_", key_pair.key_name).lstrip(".-")[:_LONGEST_STEM]
    folder = (home or Path.home()) / ".ssh"
    number = 1
    while True:
        name = f"{stem or 'key-pair'}{f'-{number}' if number > 1 else ''}.pub"
        copy = f"ssh-copy-id -f -i ~/.ssh/{name} {USER}@{HOST}"
        present = _content(folder / name)
        if present is None:
            folder_first = "" if folder.exists() else "mkdir -m 700 -p ~/.ssh && "
            # set -C: a file that is there by then is not overwritten.
            write = f"(set -C; printf '%s\\n' {shlex.quote(line)} > ~/.ssh/{name}) &&"
            return folder_first + write, copy
        if present == f"{line}\n".encode():
            return (copy,)
        number += 1


def _content(path: Path) -> bytes | None:
    """Return what a file holds, nothing if it cannot be read, or None if there is none."""
    try:
        return files.read_regular_file(path, _LARGEST)
    except FileNotFoundError:
        return None
    except OSError:
        return b""
