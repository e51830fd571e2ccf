"""Waits between two questions to EC2 until a person has had enough.

It imports nothing more, because the first frame of the app waits for it.
"""

import threading
from collections.abc import Callable

Sleep = Callable[[float], object]
"""Waits so many seconds; a true answer says that a person has had enough of waiting."""


class Patience:
    """Waits between two questions, until a person has had enough; for several threads."""

    def __init__(self) -> None:
        self._enough = threading.Event()

    def begin(self) -> None:
        """Wait again, whatever was given up before."""
        self._enough.clear()

    def wait(self, seconds: float) -> bool:
        """Wait so many seconds, or until it is given up; return whether it was."""
        return self._enough.wait(seconds)

    def give_up(self) -> None:
        """Ask no more questions; the one that is under way ends by itself."""
        self._enough.set()
