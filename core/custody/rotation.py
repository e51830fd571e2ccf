"""Finds which key pair takes the place of which; proposes name and format of a successor."""

import re
from collections.abc import Container, Iterable

from core.ec2.validation import MAX_KEY_NAME
from core.model import KeptKeyPair, KeyFormat, PrivateKeyState

_COUNTED = r"(?s:(.+)-([2-9]|[1-9][0-9]{1,8}))"
"""What `successor_name` makes; with leading zeros it is the number of something else."""


class Rotation:
    """Which key pairs of a Region take the place of which.

    Where a pair has several successors, one whose private key was delivered counts before one
    whose key never was, and then the one that was made last.
    """

    def __init__(self, key_pairs: Iterable[KeptKeyPair]) -> None:
        self._key_pairs = {key_pair.key_pair_id: key_pair for key_pair in key_pairs}
        self._successors: dict[str, KeptKeyPair] = {}
        successors = [
            pair for pair in self._key_pairs.values() if pair.custody.replaces is not None
        ]
        for key_pair in sorted(successors, key=lambda pair: (is_delivered(pair), pair.create_time)):
            self._successors[key_pair.custody.replaces or ""] = key_pair

    def predecessor(self, key_pair: KeptKeyPair) -> KeptKeyPair | None:
        """Return the pair that this one replaces, if it is still there."""
        return self._key_pairs.get(key_pair.custody.replaces or "")

    def successor(self, key_pair: KeptKeyPair) -> KeptKeyPair | None:
        """Return the pair that replaces this one, if there is one."""
        return self._successors.get(key_pair.key_pair_id)


NOTHING_REPLACED = Rotation(())


def is_delivered(key_pair: KeptKeyPair) -> bool:
    """Return whether somebody has the private key, as far as the record says."""
    return key_pair.custody.private_key is not PrivateKeyState.UNSAVED


def successor_format(key_pair: KeptKeyPair) -> KeyFormat:
    """Return the format of the file that a pair was saved to first, or PEM where it was not."""
    first = next(iter(key_pair.custody.saved_to), "")
    return KeyFormat.PPK if first.lower().endswith(".ppk") else KeyFormat.PEM


def successor_name(key_name: str, taken: Container[str], *, is_successor: bool = False) -> str:
    """Return the first free name after this one: `ci-deploy-2` after `ci-deploy`, then `-3`.

    The number at the end of a name counts machines, not rotations: `web-01` gives `web-01-2`. Only
    that of a successor is counted on: `ci-deploy-2`, which replaced `ci-deploy`, gives
    `ci-deploy-3`. A name that would be longer than 255 characters is cut before the number.
    """
    counted = re.fullmatch(_COUNTED, key_name) if is_successor else None
    stem, digits = counted.groups() if counted else (key_name, "1")
    number = int(digits)
    while True:
        number += 1
        suffix = f"-{number}"
        name = stem[: MAX_KEY_NAME - len(suffix)] + suffix
        if name not in taken:
            return name
