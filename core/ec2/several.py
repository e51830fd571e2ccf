"""Makes a call of EC2 for each of several things, a few at a time, and tells what came of each.

EC2 has no call for several. It turns away who asks too often, and means: later.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from core.ec2.backend import Batch, Refusal
from core.errors import EC2Error, KeyPairsError
from core.model import KeptKeyPair

AT_ONCE = 4
"""Calls that are under way at a time: EC2 lets an account make a few changes a second."""

THROTTLED = ("RequestLimitExceeded", "Throttling", "ThrottlingException")
"""Refusals by which EC2 turns a request away unread, so that it may be sent again."""

_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds to wait before a call that was turned away is made again."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

Wait = Callable[[float], object]
"""Waits so many seconds; a true answer says that a person has had enough of waiting."""


def in_time(call: Callable[[], _Result], wait: Wait) -> _Result:
    """Make a call, and make it again later where EC2 turned it away."""
    for pause in _PAUSES:
        try:
            return call()
        except EC2Error as error:
            if error.code not in THROTTLED or wait(pause):
                raise
    return call()


def a_few_at_a_time(
    items: Sequence[_Item],
    name_of: Callable[[_Item], str],
    call: Callable[[_Item], KeptKeyPair | None],
    wait: Wait,
) -> Iterator[Batch]:
    """Make a call for each, and yield what came of a few when all of these are done.

    So it can be left between two batches with nothing under way. What is no refusal, such as a
    connection that is gone, is told of the thing it happened to, and raised before the next.
    """
    with ThreadPoolExecutor(AT_ONCE, "several") as threads:
        for start in range(0, len(items), AT_ONCE):
            few = items[start : start + AT_ONCE]
            calls = [threads.submit(in_time, lambda item=item: call(item), wait) for item in few]
            done: list[KeptKeyPair] = []
            refused: list[Refusal] = []
            failure: KeyPairsError | None = None
            for item, each in zip(few, calls, strict=True):
                try:
                    result = each.result()
                except KeyPairsError as error:
                    refused.append(Refusal(name_of(item), error))
                    failure = failure or (None if isinstance(error, EC2Error) else error)
                else:
                    done += [] if result is None else [result]
            left = len(items) - start - len(few)
            yield Batch(tuple(done), tuple(refused), left)
            if failure is not None and left:
                raise failure
