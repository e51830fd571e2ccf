"""Says which private keys were added to an agent here, and for how long, as the journal has it."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from core.errors import StoreError, UnauthorizedOperation
from core.model import AgentStay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.session import Session

ADDED, REMOVED = "AddToAgent", "RemoveFromAgent"
_UNTIL, _FOR_GOOD = "until ", "without a limit"
"""What stands in the journal before the time at which an agent forgets a key, or in its place."""

_TO_THE_END, _OR_TO_THE_END = "until the end of keypairs", ", or the end of keypairs"
"""In its place, and behind it, where the agent ends with the program."""


def detail_of(until: datetime | None, *, ends_with_program: bool) -> str:
    """Return what the journal says of how long an agent keeps a key."""
    if until is None:
        return _TO_THE_END if ends_with_program else _FOR_GOOD
    return f"{_UNTIL}{until.isoformat(timespec='seconds')}{_OR_TO_THE_END * ends_with_program}"


def stays(session: "Session") -> "Mapping[str, AgentStay]":
    """Return of each pair since when an agent has its key, if it was added here, by ids; blocks.

    What is over is left out, and so is a pair of which the last attempt was not confirmed. Of a
    journal that may not or cannot be read nothing is known but what ends with this program.
    """
    found: dict[str, AgentStay] = {}
    with suppress(StoreError, UnauthorizedOperation):
        for entry in session.journal():
            if entry.operation == ADDED and entry.key_pair_id:
                detail = entry.detail or ""
                stay = AgentStay(entry.time, until_in(detail), detail == _FOR_GOOD)
                found.pop(entry.key_pair_id, None)
                ends_with_program = detail == _TO_THE_END or detail.endswith(_OR_TO_THE_END)
                is_over = ends_with_program or stay.is_over(session.now())
                if entry.outcome == "done" and not is_over:
                    found[entry.key_pair_id] = stay
            elif entry.operation == REMOVED and entry.key_pair_id:
                found.pop(entry.key_pair_id, None)
    ends = {key: stay for key, stay in [*session.in_agent.items()] if stay.ends_with_program}
    return found | ends


def until_in(detail: str) -> datetime | None:
    """Return the time at which an agent forgets a key, of what the journal says, if it says one."""
    with suppress(ValueError):  # it may have been edited by hand
        time = detail.removeprefix(_UNTIL).removesuffix(_OR_TO_THE_END)
        until = datetime.fromisoformat(time)
        return until if until.tzinfo else None
    return None


def limit_in(detail: str, say: Callable[[datetime], str]) -> str:
    """Return how long an agent keeps a key, of what the journal says; `say` words a time."""
    until = until_in(detail)
    return (
        f"{_UNTIL}{say(until)}{_OR_TO_THE_END * detail.endswith(_OR_TO_THE_END)}" if until else ""
    )
