"""Says what the requests of this machine can hold, so that a rule about anything else is noticed.

A statement that forbids, but by a resource or a condition key that no request here ever has, would
be skipped without a word. Such a document is refused.
"""

import re

from core.ec2.policy.patterns import KindError, places, quoted, segments_of
from core.ec2.regions import REGIONS, is_region
from core.ec2.wildcards import Wildcard, WildcardPattern

ACTIONS = (
    "ec2:CreateKeyPair",
    "ec2:ImportKeyPair",
    "ec2:DescribeKeyPairs",
    "ec2:DeleteKeyPair",
    "ec2:CreateTags",
    "ec2:DeleteTags",
    "ec2:DescribeTags",
)
"""What can be asked for here."""

# "Global condition keys", and the Service Authorization Reference of EC2 for these actions. AWS
# puts more into a request; whether the caller's network, session, organization, tags or unique id
# are as a policy says cannot be known here.
_KEYS = frozenset(
    {
        "aws:currenttime",
        "aws:epochtime",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:resourceaccount",
        "aws:securetransport",
        "aws:tagkeys",
        "aws:useragent",
        "aws:username",
        "aws:viaawsservice",
        "ec2:createaction",
        "ec2:keypairname",
        "ec2:keypairtype",
        "ec2:region",
    }
)
_KEYS_OF_TAGS = ("aws:requesttag/", "aws:resourcetag/", "ec2:resourcetag/")

_PARTITIONS = frozenset(region.partition for region in REGIONS.values())
_ACCOUNT, _NAME = 4, 5


def is_known(key: str) -> bool:
    """Return whether requests here carry a condition key, where AWS's carry it; without case."""
    return key.lower() in _KEYS or key.lower().startswith(_KEYS_OF_TAGS)


def check_can_be_key_pair(text: str, *, forbids: bool, account: str | None) -> None:
    """Raise unless a resource pattern can match the ARN of a key pair, if it is an ARN of EC2.

    `account` is the one that has the key pairs; None stands for any.

    Raises:
        KindError: it can match none, so that its statement would be skipped.
    """
    if text == "*":
        return
    segments = segments_of(text, expanding=forbids, cut_short=True)
    if segments[2] != "ec2":
        return

    def fits(segment: int, part: int) -> bool:
        return _can_be(part, segments[segment], account)

    open_ended = [forbids and segment.endswith("*") for segment in segments]
    starts = places(open_ended, _NAME + 1, fits)
    if _region_is_elsewhere(segments) or not any(
        _can_begin(segments[-1], part, account) for part in starts
    ):
        of = account or "ACCOUNT"
        form = f"arn:PARTITION:ec2:REGION:{of}:key-pair/NAME"
        raise KindError(f"{quoted(text)} can match no key pair, which is {form}")


def _can_be(part: int, segment: str, account: str | None) -> bool:
    """Return whether a segment without variables can match this part of a key pair's ARN."""
    matches = WildcardPattern(_tokens(segment)).matches
    match part:
        case 1:
            return any(matches(partition) for partition in _PARTITIONS)
        case 3:
            return bool(segment) if set("*?") & set(segment) else is_region(segment)
        case 4 if account is None:
            fixed = len(segment.replace("*", ""))
            right_length = fixed <= 12 if "*" in segment else fixed == 12
            return right_length and re.fullmatch("[0-9*?]+", segment) is not None
        case 4:
            return account is not None and matches(account)
    return True  # `arn` and the service were looked at


def _can_begin(segment: str, part: int, account: str | None) -> bool:
    """Return whether the last segment can match an ARN from this part on."""
    before, run, _ = segment.partition("*")
    if part < _NAME:
        # Only a `*` gets over the colons; behind it, anything can be the name's.
        return bool(run) and (not before or _can_be(part, before + "*", account))
    for character, wanted in zip(before, "key-pair/", strict=False):
        if character == "$":
            return True  # a variable
        if character not in (wanted, "?"):
            return False
    return bool(run) or len(before) > len("key-pair/") or "$" in before


def _region_is_elsewhere(segments: list[str]) -> bool:
    region = REGIONS.get(segments[3]) if len(segments) > 3 else None
    partition = WildcardPattern(_tokens(segments[1]))
    return region is not None and not partition.matches(region.partition)


def _tokens(segment: str) -> list[str | Wildcard]:
    wildcards = {"*": Wildcard.RUN, "?": Wildcard.ONE}
    return [wildcards.get(character, character) for character in segment]
