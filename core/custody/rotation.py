"""Finds which key pair takes the place of which, and names a successor."""

import re
from collections.abc import Container, Iterable

from core.ec2.validation import MAX_KEY_NAME
from core.model import KeptKeyPair, PrivateKeyState

_NUMBERED = r"(?s:(.*)-([0-9]{1,9}))"


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


def successor_name(key_name: str, taken: Container[str]) -> str:
    """Return the first free name after this one: `ci-deploy-2` after `ci-deploy`, then `-3`.

    A number keeps its leading zeros, and what stands before it is cut where the name would be
    longer than 255 characters.
    """
    numbered = re.fullmatch(_NUMBERED, key_name)
    stem, digits = numbered.groups() if numbered else (key_name, "1")
    number = int(digits)
    while True:
        number += 1
        suffix = f"-{number:0{len(digits)}}"
        name = stem[: MAX_KEY_NAME - len(suffix)] + suffix
        if name not in taken:
            return name
