import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from core.ec2 import validation
from core.ec2.authorization import Authorizer
from core.ec2.regions import region
from core.errors import StoreLocked
from core.store.access import RegionAccess
from core.store.region_store import RegionStore
from tests.core.sessions import Worker, begin, let_go, line_of, tell
from tests.core.store_records import write_region
from tests.helpers import session_over

SESSIONS = 8
NO_LIMIT = "5000"

Start = Callable[..., Worker]
Hold = Callable[[], Worker]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a session; all of them are ended with the test."""
    started: list[Worker] = []

    def start_worker(task: str, *arguments: str) -> Worker:
        started.append(begin(task, tmp_path / "data", *arguments))
        return started[-1]

    yield start_worker
    for worker in started:
        worker.kill()
        worker.communicate()


@pytest.fixture
def hold(start: Start) -> Hold:
    """Return a function that starts a session which holds the Region's lock until it is told."""

    def start_holder() -> Worker:
        holder = start("hold")
        let_go(holder)
        assert line_of(holder) == "holding\n"
        return holder

    return start_holder


def end(holder: Worker) -> None:
    """Let a session that holds the lock end."""
    tell(holder, "end")
    assert holder.wait(timeout=60) == 0


def race(workers: Sequence[Worker]) -> list[list[str]]:
    """Let all workers go at the same time, and return the words of what they said."""
    for worker in workers:
        assert line_of(worker) == "ready\n"
    for worker in workers:
        tell(worker, "go")
    answers: list[list[str]] = []
    for worker in workers:
        output, _ = worker.communicate(timeout=120)
        assert worker.returncode == 0
        answers += [line.split() for line in output.splitlines()]
    return answers


def check_stored(folder: Path, answers: list[list[str]], before: int = 0) -> RegionStore:
    """Insist that what was acknowledged is exactly what is stored."""
    store = RegionStore(folder, "us-east-1")
    created = {words[1]: words[2] for words in answers if words[0] == "created"}
    assert len(created) == len(set(created.values()))
    assert len(created) == sum(words[0] == "created" for words in answers)
    names = store.read().names
    assert created.items() <= names.items()
    assert len(names) == before + len(created)
    document = json.loads(store.path.read_bytes())
    assert len(document["key_pairs"]) == len(names)
    # The lock file was never removed: all of them agreed on one.
    assert {path.name for path in folder.iterdir()} >= {"us-east-1.json.lock"}
    assert not list(folder.glob("*.tmp-*"))
    return store


@pytest.mark.long
@pytest.mark.parametrize("each", [12, 100])
def test_eight_sessions_that_create_at_once_lose_nothing(
    start: Start, tmp_path: Path, each: int
) -> None:
    total = SESSIONS * each
    names = [[f"pair-{session}-{n}" for n in range(each)] for session in range(SESSIONS)]
    answers = race([start("create", NO_LIMIT, *some) for some in names])
    assert {words[0] for words in answers} == {"created"}
    assert len(answers) == total
    store = check_stored(tmp_path / "data", answers)
    assert len(store.read().key_pairs) == total
    assert store.read().generation == total
    lines = store.journal.read()
    assert [line.outcome for line in lines] == ["done"] * total
    assert {line.key_name for line in lines} == {name for some in names for name in some}


@pytest.mark.long
def test_a_name_is_given_out_once_however_many_ask_for_it(start: Start, tmp_path: Path) -> None:
    names = [f"wanted-{number}" for number in range(50)]
    answers = race([start("create", NO_LIMIT, *names) for _ in range(SESSIONS)])
    assert sum(words[0] == "created" for words in answers) == 50
    refused = [words[2] for words in answers if words[0] == "refused"]
    assert refused == ["InvalidKeyPair.Duplicate"] * (50 * SESSIONS - 50)
    check_stored(tmp_path / "data", answers)


@pytest.mark.long
def test_sessions_that_race_for_the_last_places_fill_exactly_those(
    start: Start, tmp_path: Path
) -> None:
    names = [[f"pair-{session}-{n}" for n in range(10)] for session in range(SESSIONS)]
    answers = race([start("create", "37", *some) for some in names])
    assert sum(words[0] == "created" for words in answers) == 37
    assert {words[2] for words in answers if words[0] == "refused"} == {"KeyPairLimitExceeded"}
    check_stored(tmp_path / "data", answers)


@pytest.mark.long
def test_the_five_thousandth_is_the_last(start: Start, tmp_path: Path) -> None:
    assert validation.MAX_KEY_PAIRS == 5000
    folder = tmp_path / "data"
    write_region(folder, 4995)
    limit = str(validation.MAX_KEY_PAIRS)
    answers = race([start("create", limit, f"a-{n}", f"b-{n}") for n in range(SESSIONS)])
    assert sum(words[0] == "created" for words in answers) == 5
    refused = [words[2] for words in answers if words[0] == "refused"]
    assert refused == ["KeyPairLimitExceeded"] * (2 * SESSIONS - 5)
    store = check_stored(folder, answers, before=4995)
    assert len(store.read().key_pairs) == 5000


@pytest.mark.long
def test_a_session_that_waits_too_long_says_for_whom(hold: Hold, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    holder = hold()
    inode = (folder / "us-east-1.json.lock").stat().st_ino
    session = session_over(RegionStore(folder, "us-east-1", lock_timeout=0.2))
    with pytest.raises(StoreLocked, match=rf"process {holder.pid}\b.*0\.2 seconds"):
        session.backend.create_key_pair(key_name="web-1", key_type="ed25519")
    # Looking needs no lock.
    assert session.backend.describe_key_pairs() == ()
    end(holder)
    session.backend.create_key_pair(key_name="web-1", key_type="ed25519")
    assert (folder / "us-east-1.json.lock").stat().st_ino == inode


@pytest.mark.long
def test_waiting_can_be_given_up(hold: Hold, tmp_path: Path) -> None:
    holder = hold()
    session = session_over(RegionStore(tmp_path / "data", "us-east-1", lock_timeout=60))
    session.store.give_up_waiting()  # nobody waits yet: the change below is not meant

    def give_up_soon() -> None:
        for _ in range(50):
            time.sleep(0.01)
            session.store.give_up_waiting()

    thread = threading.Thread(target=give_up_soon)
    thread.start()
    with pytest.raises(StoreLocked, match=rf"process {holder.pid}\b.*gave up waiting"):
        session.backend.create_key_pair(key_name="web-1", key_type="ed25519")
    thread.join()
    end(holder)
    session.backend.create_key_pair(key_name="web-1", key_type="ed25519")


def test_where_nothing_was_opened_giving_up_opens_nothing(tmp_path: Path) -> None:
    opened = []

    def open_store() -> RegionStore:
        opened.append(RegionStore(tmp_path / "data", "us-east-1"))
        return opened[-1]

    access = RegionAccess(open_store, Authorizer(region("us-east-1"), "nobody"))
    access.give_up_waiting()
    assert opened == []
    access.store.read()
    access.give_up_waiting()
    assert len(opened) == 1


def test_the_lock_of_a_session_that_was_killed_is_free(hold: Hold, tmp_path: Path) -> None:
    holder = hold()
    holder.kill()
    holder.wait()
    session = session_over(RegionStore(tmp_path / "data", "us-east-1", lock_timeout=0.2))
    session.backend.create_key_pair(key_name="web-1", key_type="ed25519")
    assert session.key_pair_named("web-1") is not None


@pytest.mark.long
def test_tidying_up_does_not_wait_for_a_session_that_is_writing(hold: Hold, tmp_path: Path) -> None:
    holder = hold()
    session = session_over(RegionStore(tmp_path / "data", "us-east-1", lock_timeout=15))
    being_written = tmp_path / "data" / f"us-east-1.json.tmp-{holder.pid}"
    being_written.touch()
    start = time.monotonic()
    session.store.tidy()
    assert time.monotonic() - start < 5
    assert being_written.exists()
    end(holder)
    session.store.tidy()
    assert not being_written.exists()
