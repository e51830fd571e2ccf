"""Every call of the system fails once under each change, and one account attacks another."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.core.faults import every_call, two_accounts

SECONDS = 900


def lines_of(program: str, argument: str, folder: Path, **environment: str) -> list[str]:
    """Return what a program of this folder says about one thing."""
    done = subprocess.run(
        [sys.executable, program, argument, folder],
        env={**os.environ, "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def failing_calls(tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the library that lets calls fail."""
    library = tmp_path_factory.mktemp("shim") / "failing_calls.so"
    source = Path(__file__).with_name("failing_calls.c")
    subprocess.run(
        [tool("cc"), "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source, "-ldl"],
        check=True,
    )
    return library


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that all accounts can enter; in memory where there is one: it has no disk."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    place = memory if os.access(memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(dir=place))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="the library is written for Linux")
@pytest.mark.parametrize("operation", every_call.OPERATIONS)
def test_whatever_call_fails_nothing_is_lost_and_nothing_is_partial(
    operation: str, failing_calls: Path, open_folder: Path
) -> None:
    *faults, summary = lines_of(
        every_call.__file__, operation, open_folder, LD_PRELOAD=str(failing_calls)
    )
    assert faults == []
    cases, refused = (int(word) for word in summary.split() if word.isdigit())
    assert cases > 300
    assert refused > 100


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two others")
@pytest.mark.parametrize("attack", two_accounts.ATTACKS)
def test_another_account_gains_nothing(attack: str, open_folder: Path) -> None:
    lines = lines_of(two_accounts.__file__, attack, open_folder)
    assert lines
    assert [line for line in lines if "FAULT" in line] == []
