"""What a second Enter must not begin again while it is under way."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from textual.screen import Screen

from tui.background import is_running

_Screen = TypeVar("_Screen", bound=Screen[Any])


def once(begin: Callable[[_Screen], None]) -> Callable[[_Screen], None]:
    """Have what begins the work of a screen, in the group `flow`, do nothing during that work.

    That the worker is exclusive is not enough: a second one would cancel the first, but not its
    thread, and what came of that would never be shown.
    """

    @wraps(begin)
    def begun_or_not(screen: _Screen) -> None:
        if not is_running(screen, "flow"):
            begin(screen)

    return begun_or_not
