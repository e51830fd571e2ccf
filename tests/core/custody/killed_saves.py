"""Saves a private key again and again, killed at each call of the system: `killed_saves.py WAY`.

It is a process of its own, because it forks. What it finds wrong it prints, a line each.
"""

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from core.checks.check_up import check_up  # noqa: E402 - see above
from core.checks.finding import Finding  # noqa: E402 - see above
from core.custody import saving  # noqa: E402 - see above
from core.disk import in_folder  # noqa: E402 - see above
from core.model import CreatedKeyPair  # noqa: E402 - see above
from core.session import Session  # noqa: E402 - see above
from core.store.region_store import RegionStore  # noqa: E402 - see above
from tests.helpers import session_over  # noqa: E402 - see above

CALLS = ("open", "write", "fsync", "fchmod", "lseek", "close", "link", "replace", "unlink", "mkdir")
WAYS = ("unnamed", "renamed", "linked", "reserved")


def refuse(*_: object, **__: object) -> NoReturn:
    """Refuse as a file system does that cannot do something."""
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


def take_away(way: str) -> None:
    """Leave the system only one way, or those behind it, to give a whole file its name."""
    number = WAYS.index(way)
    if number > 0 and hasattr(os, "O_TMPFILE"):
        del os.O_TMPFILE
    if number > 1:
        in_folder._rename_exclusively = refuse
    if number > 2:
        os.link = refuse


def killed_at(number: int) -> None:
    """Have this process killed at the call of that number."""
    calls = 0

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)

        return call

    for name in CALLS:
        setattr(os, name, watched(getattr(os, name)))
    in_folder._rename_exclusively = watched(in_folder._rename_exclusively)


def holders(folder: Path, secret: bytes) -> dict[Path, bool]:
    """Return the files that hold a part of a secret, and whether they hold all of it."""
    line = secret.splitlines()[3]  # those before it are the same for every key
    found = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {path: data == secret for path, data in found.items() if line in data}


def killed(session: Session, created: CreatedKeyPair, path: Path, number: int) -> bool:
    """Return whether a save was killed at the call of that number, and not done before."""
    child = os.fork()
    if child == 0:
        try:
            killed_at(number)
            saving.save_key_material(session, created, str(path))
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def faults(folder: Path, way: str) -> Iterator[str]:
    """Yield what is wrong after a kill, after the next save, and after a check-up."""
    session = session_over(RegionStore(folder / "data", "us-east-1"))
    lost, other = (
        session.backend.create_key_pair(key_name=name, key_type="ed25519")
        for name in ("lost", "other")
    )
    secret = lost.key_material.encode()
    number = 0
    hidden = 0
    while True:
        number += 1
        keys, elsewhere = folder / f"keys-{number}", folder / f"elsewhere-{number}"
        keys.mkdir(0o700)
        elsewhere.mkdir(0o700)
        path = keys / "lost.pem"
        if not killed(session, lost, path, number):
            break
        found = holders(folder, secret)
        whole = found.pop(path, None)
        if whole is False:
            yield f"{number}: a part of the key stands under its name"
        if path.exists() and path.stat().st_size == 0 and way != "reserved":
            yield f"{number}: an empty file has the name"
        hidden += bool(found)
        if way == "unnamed" and found:
            yield f"{number}: a hidden file was left: {found}"
        # By turns: the next save, there or elsewhere, or a check-up sweeps.
        if number % 3 == 2:
            told = [step for step in check_up(session, None) if isinstance(step, Finding)]
            leftovers = [finding for finding in told if finding.kind == "save-leftover"]
            if found and not leftovers:
                yield f"{number}: the check-up says nothing of {found}"
        else:
            target = (keys if number % 3 else elsewhere) / "other.pem"
            saving.save_key_material(session, other, str(target))
        after = holders(folder, secret)
        after.pop(path, None)
        if after:
            yield f"{number}: the key is left in {after}"
        if path.exists() and path.stat().st_size == 0:
            yield f"{number}: the empty file is left"
        if list((folder / "data").glob("unfinished-*")):
            yield f"{number}: a note is left"
        for each in folder.glob(f"*-{number}/*"):
            each.unlink()
    if (hidden == 0) != (way == "unnamed"):
        yield f"{hidden} kills left a hidden file"
    print(f"killed {number - 1} times; {hidden} left a hidden file")


if __name__ == "__main__":
    take_away(sys.argv[1])
    for fault in faults(Path(sys.argv[2]), sys.argv[1]):
        print(f"FAULT {fault}", flush=True)
