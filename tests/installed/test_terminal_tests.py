"""The terminal tests of the checkout, run with the program as it is installed."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.installed.conftest import MINUTES, ROOT, Offline, Way

pytestmark = pytest.mark.installed


def test_the_terminal_tests_pass_with_the_installed_program(
    ways: Mapping[str, Way],
    archive_for_ec2: Path,
    offline: Offline,
    foreign_path: Path,
    tmp_path: Path,
) -> None:
    place = ways["pip"](tmp_path)  # the way in that has the rival beside it
    add = [place.python, "-m", "pip", "--isolated", "install", "-q", "--no-index"]
    wheels = archive_for_ec2 / "wheels"
    offline([*add, "--find-links", wheels, "keypairs[ec2]"], {"HOME": str(tmp_path)})
    program = tmp_path / "keypairs"
    program.write_text(
        f"#!/bin/sh\nexec env PYTHONPATH='{foreign_path}' '{place.program}' \"$@\"\n"
    )
    program.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "4", "tests/pty"],
        cwd=ROOT,
        env={**os.environ, "KEYPAIRS_PROGRAM": str(program)},
        capture_output=True,
        text=True,
        timeout=4 * MINUTES,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout
