import platform
import subprocess
import sys
from pathlib import Path

import pytest

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
        timeout=30,
        check=True,
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no mallopt")
def test_large_blocks_go_back_to_the_system() -> None:
    assert kept_by_changes(given_back=True) < 1_000 < kept_by_changes(given_back=False)


ASK = "from core.process import can_be_continued; print(can_be_continued())"


@pytest.mark.parametrize("within", ["itself", "a script"])
@pytest.mark.parametrize("alone", [True, False], ids=["a session of its own", "a job"])
def test_only_a_job_of_a_session_can_be_continued(within: str, *, alone: bool) -> None:
    command = [sys.executable, "-c", ASK]
    if within == "a script":  # a shell that is no shell with jobs, in the same process group
        command = ["/bin/sh", "-c", '"$@"; exit $?', "sh", *command]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        cwd=ROOT,
        start_new_session=alone,
        process_group=None if alone else 0,
    )
    assert done.stdout.strip() == str(not alone)
