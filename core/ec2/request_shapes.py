"""The requests of EC2's key-pair API: members and types, as in the service model of 2016-11-15.

`check` refuses what boto3 refuses before it sends anything, with the same report. The service's
own rules are not here; enumerations, for one, are its business and not the model's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value of one of these Python types; botocore's name for them is in its reports."""

    types: tuple[type, ...]


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes, text that stands for bytes, or a file to read them from."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list or tuple."""

    item: "Shape"


@dataclass(frozen=True, slots=True)
class Structure:
    """A dictionary with these members, of which some must be there."""

    members: Mapping[str, "Shape"]
    required: tuple[str, ...] = ()


Shape: TypeAlias = Scalar | Blob | ListOf | Structure

STRING = Scalar((str,))
BOOLEAN = Scalar((bool,))
INTEGER = Scalar((int,))
_BLOB_TYPES = (bytes, bytearray, "file-like object")

TAG = Structure({"Key": STRING, "Value": STRING})
TAG_SPECIFICATIONS = ListOf(Structure({"ResourceType": STRING, "Tags": ListOf(TAG)}))
FILTERS = ListOf(Structure({"Name": STRING, "Values": ListOf(STRING)}))

REQUESTS: Mapping[str, Structure] = {
    "CreateKeyPair": Structure(
        {
            "KeyName": STRING,
            "KeyType": STRING,
            "TagSpecifications": TAG_SPECIFICATIONS,
            "KeyFormat": STRING,
            "DryRun": BOOLEAN,
        },
        required=("KeyName",),
    ),
    "ImportKeyPair": Structure(
        {
            "TagSpecifications": TAG_SPECIFICATIONS,
            "DryRun": BOOLEAN,
            "KeyName": STRING,
            "PublicKeyMaterial": Blob(),
        },
        required=("KeyName", "PublicKeyMaterial"),
    ),
    "DescribeKeyPairs": Structure(
        {
            "KeyNames": ListOf(STRING),
            "KeyPairIds": ListOf(STRING),
            "IncludePublicKey": BOOLEAN,
            "DryRun": BOOLEAN,
            "Filters": FILTERS,
        }
    ),
    "DeleteKeyPair": Structure({"KeyName": STRING, "KeyPairId": STRING, "DryRun": BOOLEAN}),
    "CreateTags": Structure(
        {"DryRun": BOOLEAN, "Resources": ListOf(STRING), "Tags": ListOf(TAG)},
        required=("Resources", "Tags"),
    ),
    "DeleteTags": Structure(
        {"DryRun": BOOLEAN, "Resources": ListOf(STRING), "Tags": ListOf(TAG)},
        required=("Resources",),
    ),
    "DescribeTags": Structure(
        {"DryRun": BOOLEAN, "Filters": FILTERS, "MaxResults": INTEGER, "NextToken": STRING}
    ),
}


def check(operation: str, request: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a request, a line each in botocore's words; empty if nothing is."""
    return list(_problems(REQUESTS[operation], request, ""))


def _problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    match shape:
        case Structure():
            if not isinstance(value, dict):
                yield _wrong_type(path, value, (dict,))
                return
            place = path or "input"
            for name in shape.required:
                if name not in value:
                    yield f'Missing required parameter in {place}: "{name}"'
            known = ", ".join(shape.members)
            for name in value:
                if name not in shape.members:
                    yield f'Unknown parameter in {place}: "{name}", must be one of: {known}'
            for name, item in value.items():
                if name in shape.members:
                    inner = f"{path}.{name}" if path else name
                    yield from _problems(shape.members[name], item, inner)
        case ListOf():
            if not isinstance(value, list | tuple):
                yield _wrong_type(path, value, (list, tuple))
                return
            for index, item in enumerate(value):
                yield from _problems(shape.item, item, f"{path}[{index}]")
        case Scalar():
            if not isinstance(value, shape.types):
                yield _wrong_type(path, value, shape.types)
        case Blob():
            if not isinstance(value, bytes | bytearray | str) and not hasattr(value, "read"):
                # Not the value, as botocore has it: it could be a private key, given by mistake.
                yield _wrong_type(path, value, _BLOB_TYPES, shown="(not shown)")


def _wrong_type(
    path: str, value: Any, types: tuple[type | str, ...], shown: str | None = None
) -> str:
    valid = ", ".join(str(valid_type) for valid_type in types)
    return (
        f"Invalid type for parameter {path}, value: {value if shown is None else shown},"
        f" type: {type(value)}, valid types: {valid}"
    )
