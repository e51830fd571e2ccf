"""Copies the public half of key pairs to other Regions."""

from core.errors import InvalidKeyPairDuplicate, KeyPairLimitExceeded, UnauthorizedOperation
from core.keys.fingerprint import imported_fingerprint
from core.keys.reading.import_material import read_public_key_material
from core.model import KeptKeyPair, KeyPair, TagSpecification
from core.session import Session


class RegionCopying:
    """Copies key pairs of one session to other Regions; it can be told to wait no more."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._there: Session | None = None

    def copy(self, key_pair: KeyPair, name: str) -> KeptKeyPair | None:
        """Import the public half of a pair into another Region, with its name and its tags.

        The answer is None where that very key stands there under that name already.

        Raises:
            SettingsError: there is no such Region.
            InvalidKeyPairDuplicate: the name belongs to another key there.
            EC2Error, StoreError: see `Backend.import_key_pair`.
        """
        self._there = there = self._session.for_region(name)
        tags = [TagSpecification("key-pair", key_pair.tags)] if key_pair.tags else []
        try:
            return there.backend.import_key_pair(
                key_name=key_pair.key_name,
                public_key_material=key_pair.public_key,
                tag_specifications=tags,
            )
        except (InvalidKeyPairDuplicate, KeyPairLimitExceeded) as refusal:
            try:
                holder = there.key_pair_named(key_pair.key_name)
            except UnauthorizedOperation:
                raise refusal from None  # whose name it is, is for those who may look there
            if holder is None or holder.public_key != key_pair.public_key:
                raise
            return None

    def give_up_waiting(self) -> None:
        """Refuse the copy that waits for another session there, with StoreLocked."""
        if self._there is not None:
            self._there.store.give_up_waiting()


def fingerprint_elsewhere(key_pair: KeyPair) -> str:
    """Return the fingerprint that a pair will have in the Regions it is copied to.

    It differs for RSA pairs created here: EC2 takes the SHA-1 of the private key for those,
    and the MD5 of the public key for imported ones.

    Raises:
        EC2Error: the public key in the record is damaged.
    """
    return imported_fingerprint(read_public_key_material(key_pair.public_key))
