"""Writes into the journal what was done with a private key, and never stands in the way of it."""

from core.errors import StoreError
from core.session import Session
from core.store.region_store import NamedPair

ADDED_TO_AGENT, MADE_PRIVATE = "AddToAgent", "MakeFilePrivate"
"""What the journal calls it that an agent got a key, and that a file got the mode 0600."""


def record(session: Session, operation: str, key_pair: NamedPair, detail: str = "") -> str | None:
    """Write into the journal what was done, and return what went wrong with that, if it did.

    `detail` is which file it is about, or until when it holds, if anything.
    """
    try:
        with session.store.journaled(operation, key_pair, session.now(), detail):
            return None
    except StoreError as error:
        return f"It is not in the journal. {error}"
