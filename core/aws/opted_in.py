"""Tells which Regions an account may use: those that are not enabled are never called."""

from collections.abc import Mapping

from core.aws.connection import Connection


def regions(connection: Connection, region: str) -> Mapping[str, bool]:
    """Return every Region of the account's partition, and whether it is enabled there.

    A Region that is not enabled answers AuthFailure, as if the credentials were wrong.

    Raises:
        EC2Error, NoAnswer, NotReached, CredentialsError: see `core.aws.errors`.
    """
    answer = connection.call("DescribeRegions", region, AllRegions=True)
    found = {
        str(each["RegionName"]): each.get("OptInStatus") != "not-opted-in"
        for each in answer.get("Regions", ())
    }
    return dict(sorted(found.items()))
