"""Cuts botocore's model of EC2, and its table of endpoints, down to what is used here.

The whole model is 4.3 MB of JSON and costs a client twice the CPU time of the cut one. The cut
keeps names and types only, so that nothing in it can go out of date but by a change of the API;
a test compares it, member by member, with the model of the botocore that is installed.

    python -m core.aws.service_model     writes the file anew from the installed botocore
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import (  # type: ignore[import-untyped]  # botocore has no types
    DataNotFoundError,
)
from botocore.loaders import Loader  # type: ignore[import-untyped]  # likewise

DATA_PATH = Path(__file__).parent / "data"
"""A folder in the layout of botocore's `data_path`."""

MODEL_FILE = DATA_PATH / "ec2" / "2016-11-15" / "service-2.json"

ENDPOINTS_FILE = DATA_PATH / "endpoints.json"

_SERVICES = ("ec2", "oidc", "portal.sso", "signin", "sts")
"""The services that are asked: EC2, and who gives credentials."""

_MODELS = ("ec2", "signin", "sso", "sso-oidc", "sts")
"""The same, by the names of their models."""

OPERATIONS = (
    "CreateKeyPair",
    "ImportKeyPair",
    "DescribeKeyPairs",
    "DeleteKeyPair",
    "CreateTags",
    "DeleteTags",
    "DescribeTags",
    "DescribeRegions",
    "DescribeInstances",
    "DescribeLaunchTemplateVersions",
)

_WANTED: Mapping[str, tuple[str, ...]] = {
    "Reservation": ("Instances",),
    "Instance": ("InstanceId", "State", "KeyName", "Tags"),
    "LaunchTemplateVersion": (
        "LaunchTemplateId",
        "LaunchTemplateName",
        "VersionNumber",
        "DefaultVersion",
        "LaunchTemplateData",
    ),
    "ResponseLaunchTemplateData": ("KeyName",),
}
"""The members that are read of the large answers; the parser passes over all others."""

_OF_A_SHAPE = ("type", "required", "sensitive", "timestampFormat", "flattened", "box")
_OF_A_REFERENCE = ("shape", "locationName", "queryName", "timestampFormat", "box")


def cut(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a service model that `OPERATIONS` need: names and types, no texts."""
    operations = {name: _operation(model["operations"][name]) for name in OPERATIONS}
    shapes: dict[str, Any] = {}
    waiting = [
        operation[side]["shape"]
        for operation in operations.values()
        for side in ("input", "output")
        if side in operation
    ]
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = _shape(name, model["shapes"][name])
            waiting.extend(_references(shapes[name]))
    metadata = {k: v for k, v in model["metadata"].items() if k != "serviceAbbreviation"}
    return {
        "version": model.get("version", "2.0"),
        "metadata": metadata,
        "operations": operations,
        "shapes": dict(sorted(shapes.items())),
    }


def _operation(operation: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: operation[key] for key in ("name", "http")}
    for side in ("input", "output"):
        if side in operation:
            kept[side] = _reference(operation[side])
    return kept


def _shape(name: str, shape: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {key: shape[key] for key in _OF_A_SHAPE if key in shape}
    if "members" in shape:
        wanted = _WANTED.get(name, tuple(shape["members"]))
        kept["members"] = {member: _reference(shape["members"][member]) for member in wanted}
    if "member" in shape:
        kept["member"] = _reference(shape["member"])
    return kept


def _reference(reference: Mapping[str, Any]) -> dict[str, Any]:
    return {key: reference[key] for key in _OF_A_REFERENCE if key in reference}


def _references(shape: Mapping[str, Any]) -> Iterator[str]:
    for member in shape.get("members", {}).values():
        yield member["shape"]
    if "member" in shape:
        yield shape["member"]["shape"]


def installed_model() -> Mapping[str, Any]:
    """Return the whole model of EC2 of the botocore that is installed."""
    model: Mapping[str, Any] = Loader().load_service_model("ec2", "service-2", "2016-11-15")
    return model


def cut_endpoints(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of the table of endpoints that is about the services that are asked.

    The whole table is 1.2 MB of JSON, which every client has read.
    """
    partitions = [
        {
            **partition,
            "services": {
                name: partition["services"][name]
                for name in _SERVICES
                if name in partition["services"]
            },
        }
        for partition in table["partitions"]
    ]
    return {**table, "partitions": partitions}


def installed_endpoints() -> Mapping[str, Any]:
    """Return the whole table of endpoints of the botocore that is installed."""
    table: Mapping[str, Any] = Loader().load_data("endpoints")
    return table


class ModelLoader(Loader):  # type: ignore[misc]  # botocore has no types
    """Loads the models of the services that are asked.

    botocore's own looks, twice for each client, through the folders of all four hundred services.
    """

    def list_available_services(self, type_name: str) -> list[str]:
        """List the services of which there is a model of a type."""
        found = []
        for service in _MODELS:
            with suppress(DataNotFoundError):
                self.list_api_versions(service, type_name)
                found.append(service)
        return found


if __name__ == "__main__":
    MODEL_FILE.parent.mkdir(parents=True, exist_ok=True)
    MODEL_FILE.write_text(json.dumps(cut(installed_model()), separators=(",", ":")) + "\n")
    ENDPOINTS_FILE.write_text(
        json.dumps(cut_endpoints(installed_endpoints()), separators=(",", ":")) + "\n"
    )
