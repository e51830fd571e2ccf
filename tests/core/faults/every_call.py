"""Does one thing again and again, with another call of the system failing each time.

    LD_PRELOAD=failing_calls.so every_call.py OPERATION FOLDER

For each error and for each call, a forked child does the operation; then this process looks at
what is there. What it finds wrong it prints, a line each, and how many cases there were.
"""

import ctypes
import errno
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from core.checks.check_up import check_up  # noqa: E402 - see above
from core.custody import authorized_keys, installing, saving  # noqa: E402 - see above
from core.custody.authorized_keys import Account, AddedNotConfirmed  # noqa: E402 - see above
from core.custody.export import export  # noqa: E402 - see above
from core.errors import KeyPairsError, StoreNotConfirmed  # noqa: E402 - see above
from core.model import CreatedKeyPair, PrivateKeyState, Tag  # noqa: E402 - see above
from core.session import Session  # noqa: E402 - see above
from core.store import restore  # noqa: E402 - see above
from core.store.region_store import RegionStore  # noqa: E402 - see above
from tests.core.custody.killed_saves import take_away  # noqa: E402 - see above
from tests.core.store_records import TIME  # noqa: E402 - see above
from tests.helpers import session_over  # noqa: E402 - see above

REGION = "us-east-1"
ERRORS = (
    errno.EIO,
    errno.ENOSPC,
    errno.ESTALE,
    errno.EINTR,
    errno.ENOLCK,
    errno.EPERM,
    errno.EOPNOTSUPP,
)
ERRORS_OF_A_WAY = (errno.EIO, errno.EINTR, errno.EPERM, errno.EOPNOTSUPP)
"""Those that decide how a file gets its name. What the store does with the others is the same."""


@dataclass
class World:
    """The folder of a test: data, keys, authorized_keys, and what was there to begin with."""

    folder: Path
    created: CreatedKeyPair
    name: str = "web"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def key_file(self) -> Path:
        return self.folder / "keys" / "web.pem"

    @property
    def authorized_keys(self) -> Path:
        return self.folder / ".ssh" / "authorized_keys"

    def session(self) -> Session:
        return session_over(RegionStore(self.data, REGION))

    def secret(self) -> bytes:
        """Return a line of the private key that no other has."""
        return self.created.key_material.encode().splitlines()[3]

    def holders(self) -> list[Path]:
        """Return the files that hold a part of the private key."""
        secret = self.secret()
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return [path for path in files if secret in path.read_bytes()]


Operation = Callable[[World, Session], object]
Look = Callable[[World, str], Iterator[str]]


# What is done -----------------------------------------------------------------------------------


def save(world: World, session: Session) -> object:
    return saving.save_key_material(session, world.created, str(world.key_file)).warning


def create(world: World, session: Session) -> object:
    created = session.backend.create_key_pair(key_name="new", key_type="ed25519")
    return created.warning


def install(world: World, session: Session) -> object:
    return installing.install_public_key(session, world.created.key_pair)


def export_list(world: World, session: Session) -> object:
    pairs = session.backend.describe_key_pairs()
    return export(pairs, REGION, str(world.folder / "keys" / "list.csv"))


def tag(world: World, session: Session) -> object:
    session.backend.create_tags(
        resources=[world.created.key_pair.key_pair_id], tags=[Tag("Env", "prod")]
    )
    return None


def delete(world: World, session: Session) -> object:
    return session.backend.delete_key_pair(key_name="other")


def bring_back(world: World, session: Session) -> object:
    (gone,) = session.store.read().deleted
    return session.backend.restore_key_pair(gone)


def restore_region(world: World, session: Session) -> object:
    return restore.restore(world.data, REGION, now=lambda: TIME)


# What is there afterwards -----------------------------------------------------------------------


def names(world: World) -> set[str]:
    return set(RegionStore(world.data, REGION).read().names)


def look_at_save(world: World, outcome: str) -> Iterator[str]:
    whole = world.key_file.exists() and (
        world.key_file.read_bytes() == world.created.key_material.encode()
    )
    if world.key_file.exists() and not whole:
        yield "a file under the name that is not whole"
    if (outcome == "done") != whole:
        yield f"{outcome}, but the file is {'there' if whole else 'not there'}"
    pair = RegionStore(world.data, REGION).read().named("web")
    assert pair is not None
    if pair.custody.private_key is PrivateKeyState.SAVED and not whole:
        yield "recorded as saved, but not there"
    # What the failed call itself was to remove goes with the next one.
    list(check_up(world.session(), None))
    left = [path for path in world.holders() if path != world.key_file]
    if left:
        yield f"the key is left in {left}"


def look_at_create(world: World, outcome: str) -> Iterator[str]:
    yield from expect(names(world), {"web", "other"}, {"web", "other", "new"}, outcome)


def look_at_install(world: World, outcome: str) -> Iterator[str]:
    text = world.authorized_keys.read_text()
    if not text.startswith(BEFORE):
        yield "a line of authorized_keys is gone"
    line = world.created.key_pair.public_key
    added = text.removeprefix(BEFORE)
    if added and not (line in added and added.endswith("\n") and added.count("\n") == 1):
        yield f"half a line: {added!r}"
    if outcome != "unconfirmed" and (outcome == "done") != bool(added):
        yield f"{outcome}, but the line is {'there' if added else 'not there'}"


def look_at_export(world: World, outcome: str) -> Iterator[str]:
    path = world.folder / "keys" / "list.csv"
    if (outcome == "done") != path.exists():
        yield f"{outcome}, but the file is {'there' if path.exists() else 'not there'}"
    if path.exists() and path.read_text().count("\n") != 3:
        yield "the file is not whole"


def look_at_tags(world: World, outcome: str) -> Iterator[str]:
    pair = RegionStore(world.data, REGION).read().named("web")
    assert pair is not None
    yield from expect({tag.key for tag in pair.tags}, set(), {"Env"}, outcome)


def look_at_delete(world: World, outcome: str) -> Iterator[str]:
    yield from expect(names(world), {"web", "other"}, {"web"}, outcome)


def look_at_bring_back(world: World, outcome: str) -> Iterator[str]:
    yield from expect(names(world), {"web"}, {"web", "other"}, outcome)


def look_at_restore(world: World, outcome: str) -> Iterator[str]:
    damaged = [path for path in world.data.glob("*.json*") if path.read_bytes() == DAMAGED]
    if not damaged:
        yield "the damaged file is gone"
    if (world.data / f"{REGION}.json") in damaged:
        if outcome == "done":
            yield "done, but the damaged file is still in its place"
    else:
        yield from expect(names(world), set(), {"web"}, "done")
        if outcome == "refused":
            yield "refused, but restored"
    if not (world.data / f"{REGION}.json.bak").exists():
        yield "the copy is gone"


def expect(found: set[str], before: set[str], after: set[str], outcome: str) -> Iterator[str]:
    """Yield what is wrong with what was found, for what was said to have come of it."""
    allowed = {"done": [after], "refused": [before], "unconfirmed": [before, after]}[outcome]
    if found not in allowed:
        yield f"{outcome}, but there is {sorted(found)}"


BEFORE = (
    "# mine\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me\n"
)
DAMAGED = b"what a torn write left"

OPERATIONS: dict[str, tuple[Operation, Look]] = {
    "save": (save, look_at_save),
    "save-renamed": (save, look_at_save),
    "save-linked": (save, look_at_save),
    "save-reserved": (save, look_at_save),
    "create": (create, look_at_create),
    "install": (install, look_at_install),
    "export": (export_list, look_at_export),
    "tag": (tag, look_at_tags),
    "delete": (delete, look_at_delete),
    "bring-back": (bring_back, look_at_bring_back),
    "restore": (restore_region, look_at_restore),
}


def build(folder: Path, operation: str) -> CreatedKeyPair:
    """Make the folder that each case begins with, and return the pair in it."""
    (folder / "keys").mkdir(parents=True)
    (folder / "keys").chmod(0o700)
    (folder / ".ssh").mkdir(0o700)
    (folder / ".ssh" / "authorized_keys").write_text(BEFORE)
    (folder / ".ssh" / "authorized_keys").chmod(0o600)
    session = session_over(RegionStore(folder / "data", REGION))
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    session.backend.create_key_pair(key_name="other", key_type="ed25519")
    if operation == "bring-back":
        session.backend.delete_key_pair(key_name="other")
    if operation == "restore":
        (folder / "data" / f"{REGION}.json").write_bytes(DAMAGED)
    return created


def outcome_of(world: World, do: Operation, arm: Callable[[], None]) -> dict[str, str]:
    """Do it, and say what came of it."""
    session = world.session()
    arm()
    try:
        result = do(world, session)
    except (StoreNotConfirmed, AddedNotConfirmed) as error:
        return {"outcome": "unconfirmed", "said": str(error)}
    except KeyPairsError as error:
        return {"outcome": "refused", "said": str(error)}
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is a fault
        return {"outcome": "crashed", "said": repr(error)}
    unconfirmed = isinstance(result, str) and "did not confirm" in result
    return {"outcome": "done", "said": str(result) if unconfirmed else ""}


def cases(operation: str, root: Path, faults: ctypes.CDLL) -> Iterator[str]:
    """Yield what is wrong, case by case."""
    do, look = OPERATIONS[operation]
    faults.failed_call.restype = ctypes.c_char_p
    template = root / "template"
    created = build(template, operation)
    folder = root / "case"
    world = World(folder, created)
    account = Account("ops", os.geteuid(), folder)
    authorized_keys.own_account = lambda: account
    count = refused = 0
    for error in ERRORS_OF_A_WAY if operation.startswith("save-") else ERRORS:
        number = 0
        while True:
            number += 1
            shutil.copytree(template, folder, symlinks=True)
            if number == 1:
                # Everything that is imported late is here before the first call fails.
                outcome_of(world, do, lambda: None)
                list(check_up(world.session(), None))
                shutil.rmtree(folder)
                shutil.copytree(template, folder, symlinks=True)
            answer = in_a_child(world, do, faults, number, error)
            if answer["calls"] < str(number).rjust(9):
                shutil.rmtree(folder)
                break
            count += 1
            outcome, said = answer["outcome"], answer["said"]
            refused += outcome == "refused"
            found = []
            if outcome == "crashed":
                found.append(f"crashed: {said}")
            else:
                try:
                    found += look(world, outcome)
                except Exception as problem:  # noqa: BLE001 - a line about it, like the others
                    found.append(f"cannot be looked at: {problem!r}")
            if outcome == "refused" and not (said.isprintable() and said.count(" ") > 3):
                found.append(f"no sentence: {said!r}")
            for line in found:
                yield f"{errno.errorcode[error]} at call {number} ({answer['call']}): {line}"
            shutil.rmtree(folder)
    print(f"{count} cases, {refused} refused")


def in_a_child(
    world: World, do: Operation, faults: ctypes.CDLL, number: int, error: int
) -> dict[str, str]:
    """Do it in a forked child in which one call fails."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = outcome_of(world, do, lambda: faults.fail_at(number, error))
            calls, call = faults.calls_made(), faults.failed_call()
            faults.fail_at(0, 0)
            answer |= {"calls": str(calls).rjust(9), "call": call.decode()}
            os.write(writer, json.dumps(answer).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return dict(json.loads(said))


if __name__ == "__main__":
    chosen = sys.argv[1]
    if chosen.startswith("save-"):
        take_away(chosen.removeprefix("save-"))
    for fault in cases(chosen, Path(sys.argv[2]), ctypes.CDLL(None)):
        print(f"FAULT {fault}", flush=True)
