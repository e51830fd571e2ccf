"""Finds out what became of a pair when the answer of EC2 was lost.

EC2 may show a change late, so that one look proves nothing: it is asked for half a minute.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from core.aws.answers import is_of_created_rsa
from core.aws.bounds.patience import Sleep
from core.ec2.unanswered import (
    CredentialsError,
    GivenUp,
    NameOfAnother,
    NoAnswer,
    NotKnown,
    NotMade,
    NotReached,
    PrivateKeyLost,
)
from core.errors import EC2Error, KeyPairsError
from core.model import KeptKeyPair, KeyType, Tag
from core.store.journal import JournalEntry

SETTLES_WITHIN = 30.0
"""Seconds for which EC2 is asked."""

_PAUSES = (0.25, 0.5, 1.0, 2.0)
"""Seconds between two questions; the last goes on."""

_CLOCKS_DIFFER = timedelta(minutes=5)
"""How much earlier than our call EC2 may say that it made the pair."""


def rounds(sleep: Sleep = time.sleep) -> Iterator[int]:
    """Yield the numbers of the questions to ask, with pauses between them, for half a minute.

    It ends earlier where `sleep` says that it was given up.
    """
    waited, number = 0.0, 0
    began = time.monotonic()
    while True:
        yield number
        pause = _PAUSES[min(number, len(_PAUSES) - 1)]
        # The questions take time, too, most where nobody answers.
        if max(waited, time.monotonic() - began) + pause > SETTLES_WITHIN:
            return
        if sleep(pause):
            return
        waited += pause
        number += 1


def calls_that_may_have_made(
    key_pair: KeptKeyPair, unanswered: Iterable[JournalEntry]
) -> list[JournalEntry]:
    """Return the unanswered calls of CreateKeyPair that may have made a pair, the oldest first.

    The journal has their names and their times. Nothing of it proves that it was one of them.
    """
    if not _may_be_created(key_pair):
        return []
    latest = key_pair.create_time + _CLOCKS_DIFFER
    return [e for e in unanswered if e.key_name == key_pair.key_name and e.time <= latest]


def _may_be_created(key_pair: KeptKeyPair) -> bool:
    """Return whether EC2 may have made a pair, as far as its fingerprint tells."""
    return key_pair.key_type != KeyType.RSA or is_of_created_rsa(key_pair.key_fingerprint)


def settle(
    named: Callable[[str], KeptKeyPair | None],
    key_name: str,
    key_type: str,
    tags: tuple[Tag, ...],
    started: datetime,
    why: str,
    sleep: Sleep = time.sleep,
) -> KeyPairsError:
    """Return what became of a CreateKeyPair whose answer was lost, as an error to be raised.

    It is PrivateKeyLost, NameOfAnother or NotMade by what EC2 shows, else GivenUp or NotKnown:
    that EC2 cannot be asked, for whatever reason, does not mean that no pair was made.

    `named` asks EC2 for the pair of a name, `started` is when the call was made, `why` the sentence
    that says how the answer was lost. A pair counts as the one that was asked for only if its
    type, its tags, its time and, of an RSA key, its kind of fingerprint are those of the call.
    """
    hindrance: str | None = None
    given_up = False

    def wait(seconds: float) -> bool:
        nonlocal given_up
        given_up = bool(sleep(seconds))
        return given_up

    for _ in rounds(wait):
        try:
            found = named(key_name)
        except CredentialsError as error:
            # They do not come back by waiting, and each try might ask a person for a code.
            return NotKnown(key_name, why, str(error))
        except (EC2Error, NoAnswer, NotReached) as error:
            hindrance = str(error)
            continue
        hindrance = None
        if found is None:
            continue
        ours = (
            found.create_time >= started - _CLOCKS_DIFFER
            and found.key_type == key_type
            and frozenset(found.tags) >= frozenset(tags)
            and _may_be_created(found)
        )
        return PrivateKeyLost(found, why) if ours else NameOfAnother(found, why)
    if given_up:
        return GivenUp(key_name, why)
    return NotMade(key_name, why) if hindrance is None else NotKnown(key_name, why, hindrance)
