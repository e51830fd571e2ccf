"""Says in a line what is to be known of EC2 as it was chosen, and whether it can be used."""

from datetime import timedelta
from typing import TYPE_CHECKING

from core.errors import KeyPairsError

if TYPE_CHECKING:
    from core.ec2.place import Ec2Place

_CREDENTIALS = {
    "env": "the environment",
    "shared-credentials-file": "the credentials file",
    "config-file": "the configuration file",
    "custom-process": "a credential_process",
    "assume-role": "a role that is assumed",
    "assume-role-with-web-identity": "a role by a web identity",
    "container-role": "the role of the container",
    "iam-role": "the role of the instance",
    "sso": "SSO",
    "login": "aws login",
}
"""Where credentials come from, by botocore's word for it."""

_TOLERATED = timedelta(minutes=5)
"""How far the clocks may be apart before AWS refuses what is signed."""


def place_line(place: "Ec2Place", region: str) -> tuple[str, bool]:
    """Return what is to be known of EC2, as one line that is not yet visible, and if it is usable.

    Blocks: credentials are found, and EC2 is asked who the caller is and which Regions there are.
    """
    said = [f"profile {place.profile}, {region}"]
    is_fine = True
    try:
        found = place.find_credentials()
        said.append(f"credentials from {_CREDENTIALS.get(found, found)}")
        facts = place.ask()
        said.append(f"account {facts.account}, {facts.user}")
        said += [f"the host {facts.host}"] if facts.host else []
        clocks, is_fine = _clocks(place.skew())
        said.append(clocks)
        enabled = place.regions().get(region)
        if enabled is not None:
            said.append(f"{region} is {'' if enabled else 'not '}enabled")
            is_fine = is_fine and enabled
    except KeyPairsError as error:
        said.append(" ".join(filter(None, (str(error), getattr(error, "reason", "")))))
        is_fine = False
    return "; ".join(said), is_fine


def _clocks(skew: timedelta | None) -> tuple[str, bool]:
    if skew is None:
        return "the clock of EC2 is not known", True
    seconds = round(skew.total_seconds())
    if abs(seconds) <= 1:
        return "the clocks agree", True
    where = "ahead of" if seconds > 0 else "behind"
    apart = f"EC2's clock is {abs(seconds):,} seconds {where} this one"
    return apart, abs(skew) < _TOLERATED
