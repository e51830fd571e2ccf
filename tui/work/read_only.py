"""Refuses changes on the list of a session that only reads, before anything opens."""

from collections.abc import Callable
from functools import wraps
from typing import Protocol, TypeVar


class RefusingScreen(Protocol):
    """A screen that knows whether its session only reads, and says so."""

    def refuses_changes(self) -> bool:
        """Say that nothing can be changed, and return whether that is so."""


Screen = TypeVar("Screen", bound=RefusingScreen)

READ_ONLY = "this session is read-only"


def changes(action: Callable[[Screen], object]) -> Callable[[Screen], None]:
    """Have an action of the list refused at its key where the session only reads."""

    @wraps(action)
    def done_or_refused(screen: Screen) -> None:
        if not screen.refuses_changes():
            action(screen)

    return done_or_refused
