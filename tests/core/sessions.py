"""Other sessions for a test: processes of `store_worker.py`, which wait to be told, and tell."""

import subprocess
import sys
from pathlib import Path

WORKER = Path(__file__).with_name("store_worker.py")

Session = subprocess.Popen[str]


def begin(task: str, folder: Path, *arguments: str) -> Session:
    """Start a session, which says `ready` and waits for a word."""
    return subprocess.Popen(
        [sys.executable, WORKER, task, folder, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def tell(session: Session, word: str) -> None:
    """Give a session the word that it waits for."""
    assert session.stdin is not None
    session.stdin.write(f"{word}\n")
    session.stdin.flush()


def line_of(session: Session) -> str:
    """Return the next line that a session says."""
    assert session.stdout is not None
    return session.stdout.readline()


def let_go(session: Session) -> None:
    """Tell a session to go on, once it is ready."""
    assert line_of(session) == "ready\n"
    tell(session, "go")
