"""The command that installs a public key on another host: shown and copied, never run."""

import re
import shlex
from pathlib import Path

from core.custody.recipes import HOST, USER
from core.disk import files
from core.model import KeyPair

_LONGEST_STEM = 100
_LARGEST = 64 * 1024


def commands(key_pair: KeyPair, line: str, home: Path | None = None) -> tuple[str, ...]:
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
