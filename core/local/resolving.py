"""Finds a key pair by its name or id, and room for another, or refuses in EC2's words."""

from typing import TYPE_CHECKING

from core.ec2 import validation
from core.errors import (
    InvalidKeyPairDuplicate,
    InvalidKeyPairNotFound,
    InvalidParameterValue,
    KeyPairLimitExceeded,
)
from core.model import KeptKeyPair

if TYPE_CHECKING:
    from core.store.region_file import RegionState


def check_room(state: "RegionState", key_name: str, replaces: str | None = None) -> None:
    """Raise unless a key pair of that name can be added, in place of one that is there.

    Raises:
        KeyPairLimitExceeded, InvalidKeyPairDuplicate: there is no room, or the name is taken.
        InvalidParameterValue: there is no pair of the id `replaces`.
    """
    if len(state.key_pairs) >= validation.MAX_KEY_PAIRS:
        raise KeyPairLimitExceeded(validation.MAX_KEY_PAIRS)
    if key_name in state.names:
        raise InvalidKeyPairDuplicate
    if replaces is not None and replaces not in state.key_pairs:
        raise InvalidParameterValue(
            f"Invalid value '{replaces}' for replaces. There is no such key pair any more.",
            parameter="replaces",
        )


def named(state: "RegionState", key_name: str) -> KeptKeyPair:
    """Return the key pair of that name.

    Raises:
        InvalidParameterValue: the name is blank.
        InvalidKeyPairNotFound: there is none.
    """
    if not key_name:
        raise InvalidParameterValue(
            "Invalid value '' for keyPairNames. It should not be blank", parameter="key_names"
        )
    found = state.named(key_name)
    if found is None:
        raise InvalidKeyPairNotFound(key_name)
    return found


def identified(state: "RegionState", key_pair_id: str) -> KeptKeyPair:
    """Return the key pair of that id.

    Raises:
        InvalidKeyPairNotFound: it was deleted.
        InvalidParameterValue: it never existed.
    """
    found = state.key_pairs.get(key_pair_id)
    if found is None:
        if key_pair_id in state.deleted:
            raise InvalidKeyPairNotFound(key_pair_id)
        raise invalid_id(key_pair_id)
    return found


def check_id_once_existed(state: "RegionState", key_pair_id: str) -> None:
    """Raise InvalidParameterValue unless there is, or was, a key pair of that id."""
    if not validation.is_key_pair_id(key_pair_id):
        raise InvalidParameterValue(
            "Value for parameter keyPairId is invalid.", parameter="key_pair_id"
        )
    if not state.knew(key_pair_id):
        raise invalid_id(key_pair_id)


def invalid_id(key_pair_id: str) -> InvalidParameterValue:
    """Return EC2's refusal of an id that names nothing."""
    return InvalidParameterValue(
        f"Invalid value '{key_pair_id}' for keyPairId.", parameter="key_pair_id"
    )
