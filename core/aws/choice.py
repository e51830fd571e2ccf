"""Says whether, and how, a person chose EC2 instead of this machine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import SettingsError

VARIABLE = "KEYPAIRS_BACKEND"
"""The environment variable that chooses between `local` and `ec2`."""

PLACES = ("local", "ec2")


@dataclass(frozen=True, slots=True)
class Choice:
    """How EC2 was chosen: what is None comes from the AWS variables and files.

    Times are seconds.
    """

    profile: str | None = None
    endpoint_url: str | None = None
    connect_timeout: float = 5.0
    read_timeout: float = 20.0


def chosen(
    *,
    ec2: bool = False,
    profile: str | None = None,
    endpoint_url: str | None = None,
    connect_timeout: float | None = None,
    read_timeout: float | None = None,
    configured: tuple[str | None, str | None] = (None, None),
    environment: Mapping[str, str] = os.environ,
) -> Choice | None:
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
    if not profile and "AWS_PROFILE" not in environment:
        profile = configured_profile
    usual = Choice()
    return Choice(
        profile or None,
        endpoint_url,
        usual.connect_timeout if connect_timeout is None else connect_timeout,
        usual.read_timeout if read_timeout is None else read_timeout,
    )
