"""Runs one worker of a screen at a time.

That the workers are exclusive is not enough: a second one would cancel the first, but not its
thread, and what came of that would never be shown. So what begins one asks first whether another
is under way, by `unless_busy` or by `is_busy`.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from textual import work
from textual.screen import Screen
from textual.worker import Worker

from tui.work.batches import running

GROUP = "exclusive"
"""The group of the workers."""

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")
_Screen = TypeVar("_Screen", bound=Screen[Any])


def exclusively(
    method: Callable[_Given, Coroutine[None, None, _Result]],
) -> Callable[_Given, Worker[_Result]]:
    """Have a method of a screen run as such a worker."""
    return work(exclusive=True, group=GROUP)(method)


def at_work(screen: Screen[Any]) -> Worker[Any] | None:
    """Return such a worker that is at work for a screen, if one is."""
    return running(screen, GROUP)


def is_busy(screen: Screen[Any]) -> bool:
    """Return whether such a worker is at work for a screen."""
    return at_work(screen) is not None


def unless_busy(begin: Callable[[_Screen], None]) -> Callable[[_Screen], None]:
    """Have what begins the work of a screen do nothing during that work."""

    @wraps(begin)
    def begun_or_not(screen: _Screen) -> None:
        if not is_busy(screen):
            begin(screen)

    return begun_or_not
