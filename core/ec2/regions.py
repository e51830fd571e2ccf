"""Lists the Regions in which EC2 answers, and the partitions they belong to.

The tables are those of botocore (`endpoints.json`: the endpoints of ec2; `partitions.json`: the
expressions); a test compares them with the installed one.
"""

import re
from collections import namedtuple
from types import MappingProxyType

from core.errors import NoSuchRegion

TYPE_CHECKING = False
"""What type checkers take for true; a command that only reads has no time for `typing`."""

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NamedTuple

_DESCRIPTIONS: "Mapping[str, Mapping[str, str]]" = {
    "aws": {
        "af-south-1": "Africa (Cape Town)",
        "ap-east-1": "Asia Pacific (Hong Kong)",
        "ap-east-2": "Asia Pacific (Taipei)",
        "ap-northeast-1": "Asia Pacific (Tokyo)",
        "ap-northeast-2": "Asia Pacific (Seoul)",
        "ap-northeast-3": "Asia Pacific (Osaka)",
        "ap-south-1": "Asia Pacific (Mumbai)",
        "ap-south-2": "Asia Pacific (Hyderabad)",
        "ap-southeast-1": "Asia Pacific (Singapore)",
        "ap-southeast-2": "Asia Pacific (Sydney)",
        "ap-southeast-3": "Asia Pacific (Jakarta)",
        "ap-southeast-4": "Asia Pacific (Melbourne)",
        "ap-southeast-5": "Asia Pacific (Malaysia)",
        "ap-southeast-6": "Asia Pacific (New Zealand)",
        "ap-southeast-7": "Asia Pacific (Thailand)",
        "ca-central-1": "Canada (Central)",
        "ca-west-1": "Canada West (Calgary)",
        "eu-central-1": "Europe (Frankfurt)",
        "eu-central-2": "Europe (Zurich)",
        "eu-north-1": "Europe (Stockholm)",
        "eu-south-1": "Europe (Milan)",
        "eu-south-2": "Europe (Spain)",
        "eu-west-1": "Europe (Ireland)",
        "eu-west-2": "Europe (London)",
        "eu-west-3": "Europe (Paris)",
        "il-central-1": "Israel (Tel Aviv)",
        "me-central-1": "Middle East (UAE)",
        "me-south-1": "Middle East (Bahrain)",
        "mx-central-1": "Mexico (Central)",
        "sa-east-1": "South America (Sao Paulo)",
        "us-east-1": "US East (N. Virginia)",
        "us-east-2": "US East (Ohio)",
        "us-west-1": "US West (N. California)",
        "us-west-2": "US West (Oregon)",
    },
    "aws-cn": {
        "cn-north-1": "China (Beijing)",
        "cn-northwest-1": "China (Ningxia)",
    },
    "aws-us-gov": {
        "us-gov-east-1": "AWS GovCloud (US-East)",
        "us-gov-west-1": "AWS GovCloud (US-West)",
    },
    "aws-iso": {
        "us-iso-east-1": "US ISO East",
        "us-iso-west-1": "US ISO WEST",
    },
    "aws-iso-b": {
        "us-isob-east-1": "US ISOB East (Ohio)",
        "us-isob-west-1": "US ISOB West",
    },
    "aws-iso-e": {
        "eu-isoe-west-1": "EU ISOE West",
    },
    "aws-iso-f": {
        "us-isof-east-1": "US ISOF EAST",
        "us-isof-south-1": "US ISOF SOUTH",
    },
    "aws-eusc": {
        "eusc-de-east-1": "AWS European Sovereign Cloud (Germany)",
    },
}

# Verbatim, so that they can be compared; no name fits two of them.
_PARTITION_PATTERNS: "Mapping[str, str]" = {
    "aws": r"^(us|eu|ap|sa|ca|me|af|il|mx)\-\w+\-\d+$",
    "aws-cn": r"^cn\-\w+\-\d+$",
    "aws-us-gov": r"^us\-gov\-\w+\-\d+$",
    "aws-iso": r"^us\-iso\-\w+\-\d+$",
    "aws-iso-b": r"^us\-isob\-\w+\-\d+$",
    "aws-iso-e": r"^eu\-isoe\-\w+\-\d+$",
    "aws-iso-f": r"^us\-isof\-\w+\-\d+$",
    "aws-eusc": r"^eusc\-(de)\-\w+\-\d+$",
}

# Explicit ASCII classes: a Region names a file, and \w and \d take letters of every alphabet.
_WELL_FORMED = r"[a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2}"
_LONGEST = 30
_SHOWN = 40


if TYPE_CHECKING:

    class Region(NamedTuple):
        """A Region; `description` is empty where the table does not know it."""

        name: str
        partition: str
        description: str

else:
    Region = namedtuple("Region", ("name", "partition", "description"))

REGIONS: "Mapping[str, Region]" = MappingProxyType(
    {
        name: Region(name, partition, description)
        for partition, descriptions in _DESCRIPTIONS.items()
        for name, description in descriptions.items()
    }
)
"""Every Region with EC2 by name, in the order to show them: by partition, then by name."""


def is_region(name: str) -> bool:
    """Return whether `region` takes this name."""
    return name in REGIONS or (len(name) <= _LONGEST and bool(re.fullmatch(_WELL_FORMED, name)))


def region(name: str) -> Region:
    """The Region of this name, also one that is newer than the table.

    A name that is only well-formed gets its partition as botocore finds it: by the partitions'
    expressions, and `aws` where none fits. Anything else raises `NoSuchRegion`: the name becomes
    part of a path, so no other character is let through.
    """
    known = REGIONS.get(name)
    if known is not None:
        return known
    if not is_region(name):
        raise NoSuchRegion(_refusal(name))
    for partition, pattern in _PARTITION_PATTERNS.items():
        if re.match(pattern, name):
            return Region(name, partition, description="")
    return Region(name, "aws", description="")


def key_pair_arn(region: Region, account: str, key_name: str) -> str:
    """The ARN of a key pair; it holds the name, not the id (service authorization reference)."""
    return f"arn:{region.partition}:ec2:{region.name}:{account}:key-pair/{key_name}"


def _refusal(name: str) -> str:
    start = name[:_SHOWN]
    # ascii() leaves nothing that a terminal would obey, even where the cut splits an escape.
    escaped = ascii(start)[1:-1]
    if len(name) > _SHOWN or len(escaped) > _SHOWN:
        escaped = escaped[: _SHOWN - 3] + "..."
    sentence = f"'{escaped}' is not a Region, which looks like us-east-1 or us-gov-west-1"
    # Imported here: hardly anybody misspells one, and a command that reads has no time for it.
    from difflib import get_close_matches

    closest = get_close_matches(start.strip().lower(), REGIONS, n=1)
    return f"{sentence}; did you mean {closest[0]}?" if closest else f"{sentence}."
