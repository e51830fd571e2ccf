"""Lets one account attack another on one host: `two_accounts.py ATTACK FOLDER`, run as root.

Both are unused numbers, and each does what it does in a forked child: root itself does nothing to
the folder but make it. What an attack gained is printed, a line each, and then a summary.
"""

import json
import os
import shutil
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from core.checks.check_up import check_up  # noqa: E402 - see above
from core.checks.finding import Finding  # noqa: E402 - see above
from core.custody import authorized_keys, installing, saving  # noqa: E402 - see above
from core.custody.authorized_keys import Account  # noqa: E402 - see above
from core.custody.export import export  # noqa: E402 - see above
from core.disk import destination  # noqa: E402 - see above
from core.errors import KeyPairsError, SaveError  # noqa: E402 - see above
from core.settings import open_session  # noqa: E402 - see above
from core.store import restore  # noqa: E402 - see above
from core.store.region_store import RegionStore  # noqa: E402 - see above
from tests.core.custody.killed_saves import take_away  # noqa: E402 - see above
from tests.core.store_records import write_region  # noqa: E402 - see above
from tests.helpers import session_over  # noqa: E402 - see above

VICTOR, MALLORY = 54321, 54322
REGION = "us-east-1"
TRIES = 300


class Host:
    """The folder of the test, with a home for each account."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self.folder = folder
        self.victor, self.mallory = folder / "victor", folder / "mallory"
        for home, owner in ((self.victor, VICTOR), (self.mallory, MALLORY)):
            home.mkdir()
            home.chmod(0o755)
            os.chown(home, owner, owner)


def become(account: int) -> None:
    """Be an account from here on."""
    os.setgroups([])
    os.setgid(account)
    os.setuid(account)
    os.umask(0o022)


def by(account: int, work: Callable[[], Any]) -> Any:
    """Return what an account makes of some work, as JSON can carry it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            become(account)
            signal.alarm(120)
            os.write(writer, json.dumps(work()).encode())
        except BaseException as error:  # noqa: BLE001 - the other process is told
            os.write(writer, json.dumps(f"CRASH {error!r}").encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return json.loads(said) if said else "CRASH killed"


@contextmanager
def meanwhile(account: int, work: Callable[[], None]) -> Iterator[None]:
    """Have an account do something over and over."""
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            become(account)
            while True:
                work()
        os._exit(0)
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def tried(work: Callable[[], Any]) -> str:
    """Return what came of something: `done`, or the sentence of a refusal."""
    try:
        work()
    except KeyPairsError as error:
        return str(error)
    return "done"


# Where keys go ----------------------------------------------------------------------------------


def flipping(host: Host, *, agreed: bool, kind: str) -> Iterator[str]:
    """Let a link or a folder on the way lead to another place, again and again."""
    private, trap = host.victor / "private", host.mallory / "trap"
    by(VICTOR, lambda: private.mkdir(0o700))
    by(MALLORY, trap.mkdir)
    trap.chmod(0o1777)
    way = host.mallory / "way"

    def flip() -> None:
        for number, target in enumerate((private, trap)):
            new = host.mallory / f"new-{number}"
            with suppress(OSError):
                new.unlink()
            if kind == "link" or target is private:
                new.symlink_to(target)
                if way.is_dir() and not way.is_symlink():
                    way.rename(host.mallory / f"old-{time.monotonic_ns()}")
                new.replace(way)
            else:
                with suppress(OSError):
                    way.unlink()
                way.mkdir()
                way.chmod(0o1777)
            time.sleep(0.001)

    def save() -> dict[str, int]:
        session = session_over(RegionStore(host.victor / "data", REGION))
        created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
        counts = {"saved": 0, "asked": 0, "refused": 0}
        allowed = (private.stat().st_dev, private.stat().st_ino)
        for number in range(TRIES):
            path = str(way / f"k{number}.pem")
            accepted = None
            if agreed:
                seen = destination.examine(path)
                accepted = seen if seen.folder == allowed else None
            try:
                saving.save_key_material(session, created, path, accepted=accepted)
                counts["saved"] += 1
            except saving.SaveAsks:
                counts["asked"] += 1
            except SaveError:
                counts["refused"] += 1
        return counts

    by(MALLORY, flip)
    with meanwhile(MALLORY, flip):
        counts = by(VICTOR, save)
    landed = [
        path for path in host.mallory.rglob("*.pem") if not path.is_symlink() and path.is_file()
    ]
    landed = [path for path in landed if private not in path.resolve().parents]
    yield f"{counts}"
    if not isinstance(counts, dict) or sum(counts.values()) != TRIES:
        yield f"FAULT {counts}"
        return
    if landed:
        yield f"FAULT {len(landed)} keys landed in mallory's folders"
    if not agreed and counts["saved"]:
        yield f"FAULT {counts['saved']} saves without a question"
    if agreed and not counts["saved"]:
        yield "FAULT nothing was saved where it was agreed to"
    if agreed and len(list(private.iterdir())) != counts["saved"]:
        yield "FAULT what was said to be saved is not where it was agreed to"


# The data folder --------------------------------------------------------------------------------


def moved_away(host: Host) -> Iterator[str]:
    """Move the data folder away, and put another in its place."""
    for mode, owner in ((0o777, VICTOR), (0o755, MALLORY), (0o777, MALLORY)):
        above = host.folder / f"above-{mode:o}-{owner}"
        above.mkdir()
        (above / "data").mkdir(0o700)
        os.chown(above / "data", VICTOR, VICTOR)
        for line in _moved_away(above, mode, owner):
            yield f"{oct(mode)} of {owner}: {line}"


def _moved_away(above: Path, mode: int, owner: int) -> Iterator[str]:
    data, hidden = above / "data", above / "hidden"

    def create() -> None:
        session = open_session(REGION, data, environment={})
        session.backend.create_key_pair(key_name="mine", key_type="ed25519")

    def check() -> list[str]:
        session = open_session(REGION, data, read_only=True, environment={})
        return [step.kind for step in check_up(session, None) if isinstance(step, Finding)]

    assert by(VICTOR, lambda: tried(create)) == "done"
    before = (data / f"{REGION}.json").read_bytes()
    above.chmod(mode)
    os.chown(above, owner, owner)
    said = [by(VICTOR, lambda: tried(create))]
    by(MALLORY, lambda: str(data.rename(hidden)))
    said.append(by(VICTOR, lambda: tried(create)))
    by(MALLORY, lambda: data.symlink_to(hidden))
    said.append(by(VICTOR, lambda: tried(create)))
    for one in said:
        if "could be replaced by another folder" not in one:
            yield f"FAULT {one}"
    if (hidden / f"{REGION}.json").read_bytes() != before:
        yield "FAULT the hidden folder was written"
    if "store-folder" not in (kinds := by(VICTOR, check)):
        yield f"FAULT the check-up says {kinds}"
    yield "refused"


NAMES = (
    f"{REGION}.json",
    f"{REGION}.json.lock",
    f"{REGION}.json.bak",
    f"{REGION}.json.claim",
    "journal.jsonl",
    "journal.jsonl.1",
    "unfinished-save-0123456789abcdef",
)
KINDS = ("file", "open file", "link", "hard link", "fifo", "folder")


def planted(host: Host) -> Iterator[str]:
    """Plant something in place of each file while the data folder is open to all."""
    treasure = host.victor / "treasure"
    by(VICTOR, lambda: treasure.write_text("mine"))
    treasure.chmod(0o600)
    forged = write_region(host.folder / "forged", 3).read_bytes()
    for name in NAMES:
        for kind in KINDS:
            for line in _planted(host.victor / "data", name, kind, treasure, forged):
                yield f"{name} as {kind}: {line}"


def _planted(data: Path, name: str, kind: str, treasure: Path, forged: bytes) -> Iterator[str]:
    def create(number: int) -> None:
        session = session_over(RegionStore(data, REGION, lock_timeout=0.1))
        session.backend.create_key_pair(key_name=f"mine-{number}", key_type="ed25519")

    def begin() -> None:
        for number in range(3):
            create(number)

    def use() -> list[str]:
        store = RegionStore(data, REGION, lock_timeout=0.1)
        session = session_over(store)
        return [
            tried(lambda: create(7)),
            tried(session.backend.describe_key_pairs),
            tried(lambda: session.backend.delete_key_pair(key_name="mine-1")),
            tried(store.journal.read),
            tried(lambda: list(check_up(session, None))),
            tried(store.tidy),
            tried(lambda: restore.restore(data, REGION)),
        ]

    by(VICTOR, begin)
    data.chmod(0o777)
    by(MALLORY, lambda: plant(data / name, kind, treasure, forged))
    data.chmod(0o700)
    said = by(VICTOR, use)
    if isinstance(said, str):
        yield f"FAULT {said}"
    if treasure.read_text() != "mine" or stat.S_IMODE(treasure.stat().st_mode) != 0o600:
        yield "FAULT the treasure was changed"
    if name != f"{REGION}.json":
        names = set(RegionStore(data, REGION).read().names)
        if not {"mine-0", "mine-2"} <= names <= {"mine-0", "mine-1", "mine-2", "mine-7"}:
            yield f"FAULT {sorted(names)}"
    elif kind != "hard link" and said[0] == "done":
        yield "FAULT it was taken for ours"
    yield "planted"
    shutil.rmtree(data)


def plant(path: Path, kind: str, treasure: Path, forged: bytes) -> None:
    """Put something in the place of a file."""
    with suppress(FileNotFoundError):
        path.unlink()
    if kind in {"file", "open file"}:
        path.write_bytes(forged)
        path.chmod(0o644 if kind == "file" else 0o666)
    elif kind == "link":
        path.symlink_to(treasure)
    elif kind == "hard link":
        with suppress(OSError):  # many systems do not let others make one
            path.hardlink_to(treasure)
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()


# What can be read -------------------------------------------------------------------------------


def reading(host: Host, way: str) -> Iterator[str]:
    """Watch everything that the other account makes, and read what can be read."""
    take_away(way)
    home = host.victor
    seen = host.mallory / "seen"
    by(MALLORY, seen.touch)

    def watch() -> None:
        for path in home.rglob("*"):
            with suppress(OSError), path.open("rb") as file, seen.open("ab") as log:
                log.write(path.name.encode() + b"\n" + file.read(100_000) + b"\n")

    account = Account("victor", VICTOR, home)

    def work() -> list[str]:
        authorized_keys.own_account = lambda: account
        session = session_over(RegionStore(home / "data", REGION))
        secrets = []
        for number in range(40):
            name = f"web-{number}"
            created = session.backend.create_key_pair(key_name=name, key_type="ed25519")
            secrets.append(created.key_material.encode().splitlines()[3].decode())
            path = str(home / f"{name}.pem")
            accepted = destination.examine(path)
            saving.save_key_material(session, created, path, accepted=accepted)
            installing.install_public_key(session, created.key_pair)
            export(session.backend.describe_key_pairs(), REGION, str(home / f"list-{number}.json"))
        return secrets

    with meanwhile(MALLORY, watch):
        secrets = by(VICTOR, work)
    by(MALLORY, watch)
    text = seen.read_bytes()
    if isinstance(secrets, str):
        yield f"FAULT {secrets}"
        return
    for secret in secrets:
        if secret.encode() in text:
            yield "FAULT a private key was read"
    if b"KeyPairId" in text:
        yield "FAULT a record was read"
    yield f"{len(secrets)} keys"


ATTACKS: dict[str, Callable[[Host], Iterator[str]]] = {
    "flipped link": lambda host: flipping(host, agreed=False, kind="link"),
    "flipped link, agreed to": lambda host: flipping(host, agreed=True, kind="link"),
    "swapped folder": lambda host: flipping(host, agreed=False, kind="folder"),
    "swapped folder, agreed to": lambda host: flipping(host, agreed=True, kind="folder"),
    "moved data folder": moved_away,
    "planted files": planted,
    "reading along": lambda host: reading(host, "unnamed"),
    "reading along, temporary names": lambda host: reading(host, "reserved"),
}


def warm_up(folder: Path) -> None:
    """Import all that is imported late: the other accounts may not be able to read Python."""
    session = session_over(RegionStore(folder / "data", REGION))
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    account = Account("root", os.geteuid(), folder)
    authorized_keys.own_account = lambda: account
    saving.save_key_material(session, created, str(folder / "web.pem"))
    installing.install_public_key(session, created.key_pair)
    installing.install_public_key(
        session, session.backend.create_key_pair(key_name="b", key_type="ed25519").key_pair
    )
    export(session.backend.describe_key_pairs(), REGION, str(folder / "list.json"))
    list(check_up(open_session(REGION, folder / "data", environment={}), None))
    session.store.path.write_bytes(b"")
    restore.restore(folder / "data", REGION)


if __name__ == "__main__":
    place = Path(sys.argv[2])
    (place / "root").mkdir(0o700)
    warm_up(place / "root")
    for line in ATTACKS[sys.argv[1]](Host(place)):
        print(line, flush=True)
