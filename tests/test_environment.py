"""The tests do not depend on what is set where they are run."""

import os
import subprocess
import sys
from pathlib import Path

from core.choices import VARIABLES

ROOT = Path(__file__).parents[1]
CODE = "import os, sys, tests.conftest; print({*sys.argv[1:]} & {*os.environ})"


def test_what_the_caller_set_for_the_program_does_not_reach_the_tests() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, *VARIABLES],
        env={**os.environ, **dict.fromkeys(VARIABLES, "/nonexistent")},
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "set()\n"), done
