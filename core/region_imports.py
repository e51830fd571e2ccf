"""Imports the public half of key pairs into other Regions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from core.ec2.backend import NewKeyPair, Refusal
from core.errors import InvalidKeyPairDuplicate, KeyPairLimitExceeded, UnauthorizedOperation
from core.keys.fingerprint import imported_fingerprint
from core.keys.reading.import_material import read_public_key_material
from core.model import KeptKeyPair, KeyPair
from core.session import Session


class ImportedBatch(NamedTuple):
    """What came of some of the pairs that are imported to a Region, in one change there."""

    imported: tuple[KeptKeyPair, ...]
    """The pairs that were made there."""
    already_there: tuple[str, ...]
    """The names under which the very key stands there already."""
    refused: tuple[Refusal, ...]
    """Why the others were not made; a refusal names the name."""
    left: int
    """How many are still to come."""
    notice: str = ""
    """What is to be said of the file in which those are noted; empty where nothing is."""


class RegionImporter:
    """Imports key pairs of one session into other Regions; it can be told to wait no more."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._there: Session | None = None

    def import_pairs(self, key_pairs: Sequence[KeyPair], name: str) -> Iterator[ImportedBatch]:
        """Import the public halves of pairs into another Region, with their names and tags.

        It works on while it is iterated over, and can be left between two batches.

        Raises:
            SettingsError: there is no such Region.
            UnauthorizedOperation, StoreError: nothing can be changed there; see
                `Backend.import_key_pairs`.
        """
        self._there = there = self._session.for_region(name)
        given = {key_pair.key_name: key_pair for key_pair in key_pairs}
        new = [NewKeyPair(each.key_name, each.public_key, each.tags) for each in key_pairs]
        for batch in there.backend.import_key_pairs(new):
            present = _same_there(there, given, batch.refused) if batch.refused else frozenset()
            yield ImportedBatch(
                batch.done,
                tuple(each.name for each in batch.refused if each.name in present),
                tuple(each for each in batch.refused if each.name not in present),
                batch.left,
                there.backend.notice,
            )

    def give_up_waiting(self) -> None:
        """Have the import wait no more for another session there, nor for EC2."""
        if self._there is not None:
            self._there.give_up_waiting()


def _same_there(
    there: Session, given: Mapping[str, KeyPair], refused: Sequence[Refusal]
) -> frozenset[str]:
    """Return the names, of those refused, under which the same key stands there.

    Whose a name is, is for those who may look there.
    """
    try:
        there.access.authorize("DescribeKeyPairs")
    except UnauthorizedOperation:
        return frozenset()
    state = there.store.read()
    holders = {
        each.name: state.named(each.name)
        for each in refused
        if isinstance(each.error, InvalidKeyPairDuplicate | KeyPairLimitExceeded)
    }
    return frozenset(
        name
        for name, holder in holders.items()
        if holder is not None and holder.public_key == given[name].public_key
    )


def fingerprint_elsewhere(key_pair: KeyPair) -> str:
    """Return the fingerprint that a pair will have in the Regions it is imported to.

    It differs for RSA pairs created here: EC2 takes the SHA-1 of the private key for those,
    and the MD5 of the public key for imported ones.

    Raises:
        EC2Error: the public key in the record is damaged.
    """
    return imported_fingerprint(read_public_key_material(key_pair.public_key))
