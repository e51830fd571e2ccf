"""Changes on the list, which a session that only reads refuses before anything opens."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tui.screens.list.list_screen import ListScreen

Screen = TypeVar("Screen", bound="ListScreen")

READ_ONLY = "this session is read-only"


def changes(action: Callable[[Screen], object]) -> Callable[[Screen], None]:
    """Have an action of the list refused at its key where the session only reads."""

    @wraps(action)
    def done_or_refused(screen: Screen) -> None:
        if not screen.refuses_changes():
            action(screen)

    return done_or_refused
