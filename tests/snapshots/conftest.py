from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from textual.app import App
from textual.pilot import Pilot

from tests.tui.conftest import demo_session, empty_session, home, utc

__all__ = ["SnapCompare", "demo_session", "empty_session", "home", "utc"]


class SnapCompare(Protocol):
    """The fixture of pytest-textual-snapshot, with its types."""

    def __call__(
        self,
        app: str | Path | App[None],
        press: list[str] = ...,
        terminal_size: tuple[int, int] = ...,
        run_before: Callable[[Pilot[None]], Awaitable[None]] | None = ...,
    ) -> bool: ...
