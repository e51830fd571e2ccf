"""Asks EC2 about one Region, and looks single key pairs up."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from core.aws import opted_in
from core.aws.connection import Connection
from core.aws.mirror import Mirror
from core.ec2.unanswered import CredentialsError, NoAnswer, NotReached
from core.errors import EC2Error, InvalidKeyPairNotFound, InvalidParameterValue, ServiceError
from core.model import KeptKeyPair


class Ec2Region:
    """One Region of EC2, as it answers now.

    Args:
        connection: the account and the host that are asked.
        name: the Region's name.
        mirror: the file on this machine, which knows what EC2 does not say of a pair.
    """

    def __init__(self, connection: Connection, name: str, mirror: Mirror) -> None:
        self.connection = connection
        self.name = name
        self._mirror = mirror

    def call(self, operation: str, **request: Any) -> Mapping[str, Any]:
        """Call an operation, and again where EC2 was busy; a refusal gets its reason."""
        try:
            return self.connection.call(operation, self.name, **request)
        except ServiceError as error:
            error.reason = opted_in.why_refused(self.connection, self.name, error)
            raise

    def call_once(self, operation: str, **request: Any) -> Mapping[str, Any]:
        """Call an operation one time, so that a refusal means that nothing was done."""
        return self.connection.call_once(operation, self.name, **request)

    def described(self, key_name: str) -> Mapping[str, Any] | None:
        """Return what EC2 says of the pair of a name, None where there is none."""
        request = {"KeyNames": [key_name], "IncludePublicKey": True}
        try:
            found: Sequence[Mapping[str, Any]] = self.call("DescribeKeyPairs", **request)[
                "KeyPairs"
            ]
        except InvalidKeyPairNotFound:
            return None
        # Some who stand in for EC2 answer with more than was asked for.
        return next((each for each in found if each["KeyName"] == key_name), None)

    def named(self, key_name: str) -> KeptKeyPair | None:
        """Return the pair of a name, None where there is none."""
        described = self.described(key_name)
        return None if described is None else self._mirror.seen([described])[0]

    def held(self, key_name: str) -> Mapping[str, Any] | None:
        """Return what EC2 says of the pair of a name, None also where it cannot be asked."""
        with suppress(EC2Error, NoAnswer, NotReached, CredentialsError):
            return self.described(key_name)
        return None

    def identified(self, key_pair_id: str) -> KeptKeyPair | None:
        """Return the pair of an id, None where there is none."""
        request = {"KeyPairIds": [key_pair_id], "IncludePublicKey": True}
        try:
            found = self.call("DescribeKeyPairs", **request)["KeyPairs"]
        except (InvalidKeyPairNotFound, InvalidParameterValue):
            return None  # the deletion says what is wrong with the id, if anything is
        # Some who stand in for EC2 answer with more than was asked for.
        found = [each for each in found if each.get("KeyPairId") == key_pair_id]
        return self._mirror.seen(found)[0] if found else None
