"""Starts programs of Python as forks of one that has imported what they need.

`[*PYTHON, "-m", "tui", ...]` and `[*PYTHON, "-c", code, ...]` stand for the same with
`sys.executable` before them: a process of its own with the caller's streams, folder, umask and
variables, which ends by its own status or signal. What it does not spend is the time to import
the program again, the most of what a command takes. What a fork could not tell as a start does,
a closed stream or another encoding, is started anew. So is what this module is not used for: the
terminal's tests, those of what is imported, and those that kill the process that they started.
"""

import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parent.parent
_SERVER = Path(__file__).with_name("forking_server.py")
_CLIENT = Path(__file__).with_name("forking_client.py")
_SECONDS = 60


@cache
def python() -> list[str]:
    """Return what stands before `-m` or `-c`, and start what is forked if it is not there yet."""
    folder = tempfile.mkdtemp(prefix="forking-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = f"{folder}/socket"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(64)
        server = subprocess.Popen(
            [sys.executable, _SERVER, str(listening.fileno())],
            cwd=_ROOT,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(_ROOT)},
            stdin=subprocess.DEVNULL,
            pass_fds=[listening.fileno()],
            start_new_session=True,
        )
    atexit.register(server.wait, _SECONDS)
    atexit.register(server.terminate)
    return [sys.executable, "-IS", str(_CLIENT), path]
