"""Describes where key pairs are kept, for those who show it: this machine, or EC2."""

from collections.abc import Callable
from typing import NamedTuple


class PlaceFacts(NamedTuple):
    """What EC2 said of itself and of the caller, or what is known from the last time.

    Attributes:
        account: the number of the account.
        user: the user, or the role and its session; empty until EC2 was asked.
        host: the host that is asked unless it is one of AWS's own.
        is_in_the_clear: answers cross a network unencrypted.
    """

    account: str
    user: str = ""
    host: str | None = None
    is_in_the_clear: bool = False


class Place(NamedTuple):
    """EC2 as a person chose it; this machine is None instead.

    Attributes:
        profile: the profile of the AWS files, empty where the environment names the credentials.
        ask: asks EC2 who the caller is; blocks, and raises what `core.aws.errors` has.
    """

    profile: str
    ask: Callable[[], PlaceFacts]
