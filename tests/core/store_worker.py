"""A session of its own, for tests that need several: `store_worker.py TASK FOLDER ARGUMENTS...`.

It says `ready`, waits for a line, and then prints one line for each thing it did.
"""

import fcntl
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from core.ec2 import validation  # noqa: E402 - see above
from core.errors import EC2Error, StoreError  # noqa: E402 - see above
from core.local.backend import new_key_pair_id  # noqa: E402 - see above
from core.session import Session  # noqa: E402 - see above
from core.store.region_store import RegionStore  # noqa: E402 - see above
from tests.helpers import session_over  # noqa: E402 - see above


def say(*words: str) -> None:
    """Print words at once, in one write, so that a kill leaves whole lines."""
    sys.stdout.write(f"{' '.join(words)}\n")
    sys.stdout.flush()


def create(session: Session, names: list[str]) -> None:
    """Create key pairs of these names."""
    for name in names:
        try:
            created = session.backend.create_key_pair(key_name=name, key_type="ed25519")
        except EC2Error as error:
            say("refused", name, error.code)
        except StoreError as error:
            say("failed", name, str(error))
        else:
            say("created", name, created.key_pair.key_pair_id)
            created.key_material.wipe()


def churn(folder: Path, region: str) -> None:
    """Create and delete for ever; the first record is deleted, so that every byte moves."""
    from tests.core.store_records import TIME, key_pair

    store = RegionStore(folder, region)
    # Ids that another round may have used would not be new.
    start = time.time_ns() // 1000
    for number in range(start, start + 1_000_000):
        new = key_pair(number)
        say("creating", new.key_pair_id)
        with store.transaction() as transaction:
            transaction.insert(new, "CreateKeyPair")
        say("created", new.key_pair_id)
        first = next(iter(store.read().key_pairs))
        say("deleting", first)
        with store.transaction() as transaction:
            transaction.remove(first, TIME, "DeleteKeyPair")
        say("deleted", first)


def hold(store: RegionStore) -> None:
    """Hold the Region's lock until the next line."""
    with store.locked():
        say("holding")
        sys.stdin.readline()


def main(task: str, folder: Path, arguments: list[str]) -> None:
    """Do one task."""
    region = "us-east-1"
    if task == "create-unlocked":
        # As on a network file system whose locks keep out nobody on another machine.
        fcntl.flock = lambda *_: None
        task = "create"
    if task == "create":
        # The quota, the time to wait for the others, the names.
        limit, *names = arguments
        validation.MAX_KEY_PAIRS = int(limit)
        store = RegionStore(folder, region, lock_timeout=60)
    elif task in {"churn", "regions"}:
        region, *names = arguments
        store = RegionStore(folder, region, lock_timeout=60)
    else:
        store = RegionStore(folder, region)
    say("ready")
    sys.stdin.readline()
    if task == "churn":
        churn(folder, region)
    elif task == "hold":
        hold(store)
    else:
        create(session_over(store, new_key_pair_id=new_key_pair_id), names)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
