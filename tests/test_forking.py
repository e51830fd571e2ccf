"""What is forked is to its caller what a start of Python is."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.forking import python

_FACTS = """
import os, signal, sys
told = [(each.encoding, each.errors, each.line_buffering, each.isatty(), each.fileno(), each.mode)
        for each in (sys.stdin, sys.stdout, sys.stderr)]
print(__name__, sys.argv, told, os.getcwd(), os.umask(0), sorted(os.environ.items()))
print([signal.getsignal(each) for each in signal.valid_signals()])
print(sys.stdin.read(), flush=True)
print("said", "\\udcff", "\\u20ac", file=sys.stderr, flush=True)
"""
_ENDS = {
    "by itself": "pass",
    "with a status": "raise SystemExit(7)",
    "with a text": "raise SystemExit('why')",
    "by SIGKILL": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "by SIGTERM": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "by SIGINT": "import os, signal; os.kill(os.getpid(), signal.SIGINT)",
    "by an error": "1 / 0",
    "without a word": "import os; print('lost'); os._exit(3)",
    "at its end": "import atexit; atexit.register(print, 'last')",
}


def run(program: Sequence[str], code: str, folder: Path) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [*program, "-c", code, "one", "t w o", ""],
        input=b"read \xff",
        capture_output=True,
        cwd=folder,
        env={"PATH": os.defpath, "LC_ALL": "C", "EMPTY": "", "PYTHONPATH": "/nowhere"},
        umask=0o027,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("code", [_FACTS, *_ENDS.values()], ids=["facts", *_ENDS])
def test_it_is_what_a_start_of_python_is(code: str, tmp_path: Path) -> None:
    forked, started = (run(each, code, tmp_path) for each in (python(), [sys.executable]))
    assert (forked.returncode, forked.stdout) == (started.returncode, started.stdout)
    # A traceback has the lines of the fork above those of the program.
    assert forked.stderr.splitlines()[-1:] == started.stderr.splitlines()[-1:]


def test_a_signal_goes_on_to_it(tmp_path: Path) -> None:
    code = "import signal\nprint('ready', flush=True)\nsignal.pause()"
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        with subprocess.Popen([*python(), "-c", code], stdout=subprocess.PIPE) as running:
            assert running.stdout is not None
            assert running.stdout.readline() == b"ready\n"
            running.send_signal(number)
            assert running.wait(60) == -number


def test_a_closed_stream_is_closed_to_it(tmp_path: Path) -> None:
    line = f'exec {" ".join(python())} -c "import sys; sys.exit(sys.stdout is None)" >&-'
    assert subprocess.run(["sh", "-c", line], check=False).returncode == 1
