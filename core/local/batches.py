"""Does one thing to many key pairs: each batch is one change of the Region's file.

A batch ends after a while, so that whoever waits can stop between two, and other sessions get
their turn.
"""

from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import TypeVar

from core.ec2.backend import Batch, Refusal
from core.errors import EC2Error
from core.model import KeptKeyPair
from core.store.access import RegionAccess
from core.store.transaction import Transaction

MOST_SECONDS = 0.15
"""The time after which a batch is written; the writing of a full Region takes another 0.1."""

_Item = TypeVar("_Item")


def in_batches(
    access: RegionAccess,
    action: str,
    items: Sequence[_Item],
    name_of: Callable[[_Item], str],
    change: Callable[[Transaction, _Item], KeptKeyPair | None],
    clock: Callable[[], float] = monotonic,
) -> Iterator[Batch]:
    """Change one after the other, and yield what came of each batch once it is written.

    A refusal keeps one from being changed, and no other. What keeps a batch from being written
    ends it all: of that batch nothing was done, and nothing of the rest.

    Args:
        action: what is to be allowed, by its name in a policy.
        name_of: what a refusal is to name.
        change: changes one in the transaction, or raises EC2Error before it has changed anything;
            returns the pair, or None where nothing was left to do.
        clock: seconds, an argument so that tests can fix it.

    Raises:
        UnauthorizedOperation: nothing may be changed here at all.
        StoreError: a batch could not be written.
    """
    left = iter(items)
    count = len(items)
    while count:
        access.state_to_change(action)
        done: list[KeptKeyPair] = []
        refused: list[Refusal] = []
        with access.store.transaction() as transaction:
            end = clock() + MOST_SECONDS
            for item in left:
                count -= 1
                try:
                    changed = change(transaction, item)
                except EC2Error as error:
                    refused.append(Refusal(name_of(item), error))
                else:
                    done += [changed] if changed is not None else []
                if clock() >= end:
                    break
        yield Batch(tuple(done), tuple(refused), left=count)
