"""Tells what was launched with a key pair: instances, and launch templates that name it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core.aws.connection import Connection
from core.ec2.unanswered import NoAnswer, NotReached
from core.errors import EC2Error

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance that was launched with a key pair; `name` is that of its `Name` tag, or empty."""

    instance_id: str
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class LaunchTemplate:
    """A launch template whose default or latest version names a key pair."""

    template_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What uses a key pair; None where the caller may not know, or EC2 did not answer."""

    instances: tuple[Instance, ...] | None
    templates: tuple[LaunchTemplate, ...] | None

    @property
    def is_known(self) -> bool:
        """Whether both are known."""
        return self.instances is not None and self.templates is not None

    @property
    def count(self) -> int:
        """How many of both are known."""
        return len(self.instances or ()) + len(self.templates or ())


def usage(connection: Connection, region: str, key_name: str) -> Usage:
    """Ask EC2 what was launched with the pair of a name; blocks for two questions."""
    return Usage(
        _or_none(lambda: tuple(_instances(connection, region, key_name))),
        _or_none(lambda: tuple(_templates(connection, region, key_name))),
    )


def _or_none(ask: Any) -> Any:
    try:
        return ask()
    except (EC2Error, NoAnswer, NotReached):
        return None


def _instances(connection: Connection, region: str, key_name: str) -> Iterator[Instance]:
    wanted = [{"Name": "key-name", "Values": [_literally(key_name)]}]
    for page in _pages(connection, "DescribeInstances", region, Filters=wanted):
        for reservation in page.get("Reservations", ()):
            for instance in reservation.get("Instances", ()):
                if instance.get("KeyName") == key_name:
                    names = {t.get("Key"): t.get("Value", "") for t in instance.get("Tags", ())}
                    yield Instance(
                        str(instance["InstanceId"]),
                        str(names.get("Name", "")),
                        str(instance.get("State", {}).get("Name", "")),
                    )


def _templates(connection: Connection, region: str, key_name: str) -> Iterator[LaunchTemplate]:
    versions = ["$Default", "$Latest"]
    seen = set()
    for page in _pages(connection, "DescribeLaunchTemplateVersions", region, Versions=versions):
        for version in page.get("LaunchTemplateVersions", ()):
            template_id = str(version["LaunchTemplateId"])
            named = version.get("LaunchTemplateData", {}).get("KeyName")
            if named == key_name and template_id not in seen:
                seen.add(template_id)
                yield LaunchTemplate(template_id, str(version.get("LaunchTemplateName", "")))


def _pages(
    connection: Connection, operation: str, region: str, **request: Any
) -> Iterator[dict[str, Any]]:
    while True:
        answer = dict(connection.call(operation, region, **request))
        yield answer
        token = answer.get("NextToken")
        if not token:
            return
        request["NextToken"] = token


def _literally(text: str) -> str:
    """Return a text as the value of a filter, in which `*`, `?` and the backslash mean more."""
    return "".join(f"\\{character}" if character in "*?\\" else character for character in text)
