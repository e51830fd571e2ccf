import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core import process
from core.custody import agent, agent_keys, authorized_keys, export, installing, saving
from core.custody.agent import AgentError
from core.custody.authorized_keys import Account
from core.disk import files, replacing, rewriting
from core.model import Tag
from core.session import Session
from tests.each_row import each_row

ROOT = Path(__file__).parents[2]

CHANGES = """
import re, threading
from pathlib import Path
from core.process import give_memory_back

def resident():
    return int(re.findall(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[0])

def change():
    # Something that stays lies behind each block, as records do behind the text of a file.
    for _ in range(3):
        block = b"x" * (4 << 20)
        kept.append(b"y" * 1000)

kept = []
if GIVEN_BACK:
    give_memory_back()
before = resident()
for _ in range(8):
    thread = threading.Thread(target=change)
    thread.start()
    thread.join()
print(resident() - before)
"""


def kept_by_changes(*, given_back: bool) -> int:
    """Return the kilobytes that a process keeps of megabytes that threads took and freed."""
    done = subprocess.run(
        [sys.executable, "-c", f"GIVEN_BACK = {given_back}\n{CHANGES}"],
        capture_output=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    return int(done.stdout)


@pytest.mark.long
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no mallopt")
def test_large_blocks_go_back_to_the_system() -> None:
    assert kept_by_changes(given_back=True) < 1_000 < kept_by_changes(given_back=False)


ASK = "from core.process import can_be_continued; print(can_be_continued())"


@pytest.mark.long
@each_row("within", ["itself", "a script"])
@each_row("alone", [True, False], ids=["a session of its own", "a job"])
def test_only_a_job_of_a_session_can_be_continued(within: str, *, alone: bool) -> None:
    command = [sys.executable, "-c", ASK]
    if within == "a script":  # a shell that is no shell with jobs, in the same process group
        command = ["/bin/sh", "-c", '"$@"; exit $?', "sh", *command]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=ROOT,
        start_new_session=alone,
        process_group=None if alone else 0,
    )
    assert done.stdout.strip() == str(not alone)


END = """
import sys, threading, time
from core.process import changing, end_between_changes

def look():
    time.sleep(60)

def change():
    with changing():
        with changing():
            time.sleep(0.1)
        time.sleep(1)
        print("changed", flush=True)
    time.sleep(60)

threading.Thread(target=globals()[sys.argv[1]]).start()
end_between_changes(0.3, 7)
"""


@pytest.mark.parametrize(("work", "output"), [("look", b""), ("change", b"changed\n")])
def test_a_process_waits_for_a_change_and_not_for_a_look(work: str, output: bytes) -> None:
    done = subprocess.run(
        [sys.executable, "-c", END, work], capture_output=True, cwd=ROOT, timeout=20, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (7, output, b"")


def test_whatever_writes_is_marked_as_a_change(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Account("ops", tmp_path.stat().st_uid, tmp_path)
    monkeypatch.setattr(authorized_keys, "own_account", lambda: account)
    marked: list[bool] = []

    def watch(module: object, name: str) -> None:
        function: Callable[..., object] = getattr(module, name)

        def call(*arguments: object, **options: object) -> object:
            marked.append(process._changes_under_way > 0)
            return function(*arguments, **options)

        monkeypatch.setattr(module, name, call)

    watch(files, "_create")
    watch(rewriting, "rewrite_file")
    watch(replacing, "replace_file")
    watch(agent, "add")

    created = session.backend.create_key_pair(key_name="a", key_type="ed25519")
    pair = created.key_pair
    changes: tuple[Callable[[], object], ...] = (
        lambda: session.backend.create_key_pair(key_name="b", key_type="ed25519"),
        lambda: session.backend.create_tags(resources=[pair.key_pair_id], tags=[Tag("a", "b")]),
        lambda: saving.save_key_material(session, created, str(tmp_path / "a.pem")),
        lambda: saving.save_public_key(pair, str(tmp_path / "a.pub")),
        lambda: export.export([pair], session.region, str(tmp_path / "list.json")),
        lambda: installing.install_public_key(session, pair),
        lambda: session.backend.delete_key_pair(key_name="b"),
    )
    for change in changes:
        marked.clear()
        change()
        assert marked
        assert all(marked)
        assert process._changes_under_way == 0
    marked.clear()
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(AgentError):
        agent_keys.add_to_agent(session, created)
    assert marked == [True]
    assert process._changes_under_way == 0
