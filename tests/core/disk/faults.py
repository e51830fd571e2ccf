"""Calls of the system that fail, and what is seen of a folder afterwards."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

UMASKS = [0o000, 0o022, 0o077, 0o177, 0o777]


class FailAt:
    """Makes one call of a function of `os` fail, the `number`th, and only that one."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, name: str, number: int, error: int = 5
    ) -> None:
        self.calls = 0
        self.failed = False
        original: Callable[..., Any] = getattr(os, name)

        def replacement(*arguments: Any, **options: Any) -> Any:
            self.calls += 1
            if self.calls == number:
                self.failed = True
                raise OSError(error, os.strerror(error))
            return original(*arguments, **options)

        monkeypatch.setattr(os, name, replacement)


def refused(number: int) -> Callable[..., NoReturn]:
    """Return a function that the system refuses whatever it is asked."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return refuse


def mode(path: Path) -> int:
    """Return the permissions of a file."""
    return stat.S_IMODE(path.lstat().st_mode)


def names(folder: Path) -> list[str]:
    """Return the names of what is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def open_files() -> int:
    """Return how many files this process has open, 0 where the system does not tell."""
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0
