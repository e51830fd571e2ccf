"""Says where key pairs are kept, this machine or EC2, and whether a person chose EC2."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from core.errors import SettingsError

if TYPE_CHECKING:
    from datetime import timedelta

    from core.ec2.backend import Backend, MadeBy
    from core.ec2.usage import Usage


class Ec2Facts(NamedTuple):
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


class Ec2Place(NamedTuple):
    """EC2 as a person chose it; this machine is None instead.

    Attributes:
        choice: how it was chosen.
        profile: the profile of the AWS files that counts.
        ask: asks EC2 who the caller is; blocks, and raises what `core.ec2.unanswered` has.
        remembered: returns what `ask` found the last time, and None where it never did; reads a
            small file.
        forget_credentials: has the credentials looked for anew, as after a login.
        backend_by: returns the backend of the Region in which new keys are made by this or that.
        is_in_the_clear: returns whether answers cross a network unencrypted; asks nothing.
        give_up_waiting: ends the questions that are repeated until EC2 shows a new pair.
        usages: asks what was launched with the pairs of these names; blocks.
        regions: asks which Regions there are for the account, and which of them are enabled.
        find_credentials: finds the credentials, and returns where they come from, as botocore
            calls it.
        skew: how far EC2's clock was ahead of ours in its last answer, None before any.
    """

    choice: "Ec2Choice"
    profile: str
    ask: Callable[[], Ec2Facts]
    remembered: Callable[[], Ec2Facts | None]
    forget_credentials: Callable[[], None]
    backend_by: "Callable[[MadeBy], Backend]"
    is_in_the_clear: Callable[[], bool]
    give_up_waiting: Callable[[], None]
    usages: "Callable[[Sequence[str]], Mapping[str, Usage]]"
    regions: Callable[[], Mapping[str, bool]]
    find_credentials: Callable[[], str]
    skew: "Callable[[], timedelta | None]"


VARIABLE = "KEYPAIRS_BACKEND"
"""The environment variable that chooses between `local` and `ec2`."""

PROFILE_VARIABLES = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")
"""The variables that name a profile of the AWS files; the first that is set counts for botocore."""

PLACES = ("local", "ec2")

REGION_TO_ASK_IN = "us-east-1"
"""Where EC2 is asked which Regions an account has while none is chosen: all have this one."""


class Ec2Choice(NamedTuple):
    """How EC2 was chosen: what is None comes from the AWS variables and files.

    Times are seconds.
    """

    profile: str | None = None
    endpoint_url: str | None = None
    connect_timeout: float = 5.0
    read_timeout: float = 20.0


class KnownPlace(NamedTuple):
    """EC2 as it could be chosen, and what is known of it before it is asked.

    Attributes:
        choice: how to choose it.
        profile: the profile of the AWS files that counts then.
        region: the Region that a variable or the profile names, if one does.
        facts: what it said the last time, if it was asked.
    """

    choice: Ec2Choice
    profile: str
    region: str | None
    facts: Ec2Facts | None


def chosen(
    *,
    ec2: bool = False,
    profile: str | None = None,
    endpoint_url: str | None = None,
    connect_timeout: float | None = None,
    read_timeout: float | None = None,
    configured: tuple[str | None, str | None] = (None, None),
    environment: Mapping[str, str] = os.environ,
) -> Ec2Choice | None:
    """Return how EC2 was chosen, or None for this machine.

    An option chooses EC2, then the variable decides, then `configured`: the place and the profile
    of the configuration file. The variables of AWS say more once EC2 was chosen, never by
    themselves.

    Raises:
        SettingsError: the variable or the file names no such place.
    """
    place, configured_profile = configured
    for named, source in ((environment.get(VARIABLE), VARIABLE), (place, "place")):
        if named and named not in PLACES:
            raise SettingsError(f"{source} is {named}, but there are only local and ec2.")
    place = environment.get(VARIABLE) or place
    if not (ec2 or profile or endpoint_url or place == "ec2"):
        return None
    if not profile and environment.keys().isdisjoint(PROFILE_VARIABLES):
        profile = configured_profile
    usual = Ec2Choice()
    return Ec2Choice(
        profile or None,
        endpoint_url,
        usual.connect_timeout if connect_timeout is None else connect_timeout,
        usual.read_timeout if read_timeout is None else read_timeout,
    )
