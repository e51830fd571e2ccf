"""Tells which Regions an account may use: those that are not enabled are never called."""

from collections.abc import Mapping

from core.aws.connection import Connection
from core.ec2.place import REGION_TO_ASK_IN
from core.ec2.regions import region as region_named
from core.ec2.unanswered import NoAnswer, NotReached
from core.errors import EC2Error

_AS_IF_UNKNOWN = (
    "AuthFailure",
    "InvalidClientTokenId",
    "OptInRequired",
    "UnrecognizedClientException",
)
"""What a Region answers that is not enabled, and any Region where the credentials are wrong."""

_OF_THE_CLOCK = (
    "AuthFailure",
    "InvalidSignatureException",
    "RequestExpired",
    "SignatureDoesNotMatch",
)
"""What is answered to a request that was signed at a wrong time, among other causes."""

_OVER = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
"""What is answered to temporary credentials after their time."""

_TOLERATED = 5
"""Minutes by which a signature may be off."""


def regions(connection: Connection, region: str) -> Mapping[str, bool]:
    """Return every Region of the account's partition, and whether it is enabled there.

    A Region that is not enabled answers AuthFailure, as if the credentials were wrong, so that
    another one is asked where this one refuses.

    Raises:
        EC2Error, NoAnswer, NotReached, CredentialsError: see `core.aws.errors`.
    """
    try:
        return _asked_in(connection, region)
    except (EC2Error, NotReached):
        if region == _other(region):
            raise
    return _asked_in(connection, _other(region))


def _asked_in(connection: Connection, region: str) -> Mapping[str, bool]:
    answer = connection.call("DescribeRegions", region, AllRegions=True)
    found = {
        str(each["RegionName"]): each.get("OptInStatus") != "not-opted-in"
        for each in answer.get("Regions", ())
    }
    return dict(sorted(found.items()))


def _other(region: str) -> str:
    # In the other partitions all Regions are enabled.
    return REGION_TO_ASK_IN if region_named(region).partition == "aws" else region


def why_refused(connection: Connection, region: str, error: EC2Error) -> str:
    """Return why a Region refuses credentials, in a sentence, as far as that can be told; or "".

    A clock that is wrong shows in the answer. Whether the credentials are wrong or the Region is
    not enabled, only another Region can tell. Blocks for a question.
    """
    if error.code in _OF_THE_CLOCK and connection.skew is not None:
        ahead = round(connection.skew.total_seconds() / 60)
        if abs(ahead) >= _TOLERATED:
            where = "behind" if ahead > 0 else "ahead of"
            return f"This machine's clock is {abs(ahead):,} minutes {where} EC2's: set it right."
    if error.code in _OVER:
        return "The credentials are those of a session that is over: get new ones."
    if error.code not in _AS_IF_UNKNOWN:
        return ""
    other = _other(region)
    if other == region:
        return ""
    try:
        enabled = _asked_in(connection, other)
    except EC2Error as refused:
        if refused.code in _AS_IF_UNKNOWN:
            return ""  # these credentials are good for no Region
        enabled = {}  # it is not allowed, say; but there they know who asks
    except (NoAnswer, NotReached):
        return ""
    if region not in enabled:
        return (
            f"The same credentials work in {other}, so most likely {region} is not enabled for"
            " this account."
        )
    if enabled[region]:
        return ""
    return f"{region} is not enabled for this account; the credentials are good."
