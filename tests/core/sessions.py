"""Other sessions for a test: processes of `store_worker.py`, which wait to be told, and tell."""

import subprocess
import sys
from pathlib import Path

WORKER = Path(__file__).with_name("store_worker.py")

Worker = subprocess.Popen[str]


def begin(task: str, folder: Path, *arguments: str) -> Worker:
    """Start a worker, which says `ready` and waits for a word."""
    return subprocess.Popen(
        [sys.executable, WORKER, task, folder, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def tell(worker: Worker, word: str) -> None:
    """Give a worker the word that it waits for."""
    assert worker.stdin is not None
    worker.stdin.write(f"{word}\n")
    worker.stdin.flush()


def line_of(worker: Worker) -> str:
    """Return the next line that a worker says."""
    assert worker.stdout is not None
    return worker.stdout.readline()


def let_go(worker: Worker) -> None:
    """Tell a worker to go on, once it is ready."""
    assert line_of(worker) == "ready\n"
    tell(worker, "go")
