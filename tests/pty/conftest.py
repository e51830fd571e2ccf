from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.local.opening import open_local
from core.session import Session
from tests.pty.terminal import KEYPAIRS, OpenApp, Terminal


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """Return a service over the data that the program is opened with."""
    return open_local(tmp_path / "data", "us-east-1")


@pytest.fixture
def open_app(tool: Callable[[str], str], tmp_path: Path) -> Iterator[OpenApp]:
    """Return a function that runs the installed program in a terminal; see `OpenApp`."""
    tool("tmux")
    with ExitStack() as terminals:

        def start(
            *arguments: str,
            folder: Path | None = None,
            size: tuple[int, int] = (80, 24),
            env: Mapping[str, str] | None = None,
            command: Sequence[str | Path] | None = None,
        ) -> Terminal:
            within = folder or tmp_path
            full = [*(command or [KEYPAIRS]), "--data-dir", within / "data", *arguments]
            terminal = Terminal(full, home=within / "home", size=size, env=env)
            return terminals.enter_context(terminal)

        yield start
