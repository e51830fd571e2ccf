"""Lists the members of EC2's key-pair requests, as in the service model of 2016-11-15.

`check` refuses what boto3 refuses before it sends anything, with the same report. The service's
own rules are not here; enumerations, for one, are its business and not the model's.
"""

TYPE_CHECKING = False
"""What type checkers take for true; a command that only reads has no time for `typing`."""

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any


class _Shape:
    """What a value must be; two are equal if they ask for the same."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, vars(self).values()))})"


class Scalar(_Shape):
    """A value of one of these Python types; botocore's name for them is in its reports."""

    def __init__(self, types: tuple[type, ...]) -> None:
        self.types = types


class Blob(_Shape):
    """Bytes, text that stands for bytes, or a file to read them from."""


class ListOf(_Shape):
    """A list or tuple."""

    def __init__(self, item: "Shape") -> None:
        self.item = item


class Structure(_Shape):
    """A dictionary with these members, of which some must be there."""

    def __init__(self, members: "Mapping[str, Shape]", required: tuple[str, ...] = ()) -> None:
        self.members = members
        self.required = required


Shape = Scalar | Blob | ListOf | Structure

STRING = Scalar((str,))
BOOLEAN = Scalar((bool,))
INTEGER = Scalar((int,))
_BLOB_TYPES = (bytes, bytearray, "file-like object")

TAG = Structure({"Key": STRING, "Value": STRING})
TAG_SPECIFICATIONS = ListOf(Structure({"ResourceType": STRING, "Tags": ListOf(TAG)}))
FILTERS = ListOf(Structure({"Name": STRING, "Values": ListOf(STRING)}))

REQUESTS: "Mapping[str, Structure]" = {
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


def check(operation: str, request: "Mapping[str, Any]") -> list[str]:
    """Return what is wrong with a request, a line each in botocore's words; empty if nothing is."""
    return list(_problems(REQUESTS[operation], request, ""))


def _problems(shape: "Shape", value: "Any", path: str) -> "Iterator[str]":
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
    path: str, value: "Any", types: tuple[type | str, ...], shown: str | None = None
) -> str:
    valid = ", ".join(str(valid_type) for valid_type in types)
    return (
        f"Invalid type for parameter {path}, value: {value if shown is None else shown},"
        f" type: {type(value)}, valid types: {valid}"
    )
