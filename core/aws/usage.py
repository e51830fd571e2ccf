"""Asks what was launched with key pairs: instances, and launch templates that name them."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from core.aws.connection import Connection
from core.ec2.answer_shapes import Tokens
from core.ec2.unanswered import NotReached
from core.ec2.usage import Instance, LaunchTemplate, Usage
from core.errors import EC2Error, NotConfirmed

_MOST_VALUES = 200
"""Values of a filter in one call, which is EC2's limit."""

_Found = TypeVar("_Found")


def usage(connection: Connection, region: str, key_name: str) -> Usage:
    """Ask EC2 what was launched with the pair of a name; blocks for two questions."""
    return usages(connection, region, [key_name])[key_name]


def usages(connection: Connection, region: str, key_names: Sequence[str]) -> Mapping[str, Usage]:
    """Ask EC2 what was launched with the pairs of these names; blocks.

    Raises:
        CredentialsError: there is nothing to ask with.
    """
    instances = _by_name(lambda: _instances(connection, region, key_names))
    templates = _by_name(lambda: _templates(connection, region, frozenset(key_names)))
    return {
        name: Usage(
            None if instances is None else tuple(instances.get(name, ())),
            None if templates is None else tuple(templates.get(name, ())),
        )
        for name in key_names
    }


def _by_name(
    ask: Callable[[], Iterator[tuple[str, _Found]]],
) -> Mapping[str, Sequence[_Found]] | None:
    """Return what was found by the name of the pair; None where it may not be asked."""
    found: dict[str, list[_Found]] = defaultdict(list)
    try:
        for name, each in ask():
            found[name].append(each)
    except (EC2Error, NotConfirmed, NotReached):
        return None
    return found


def _instances(
    connection: Connection, region: str, key_names: Sequence[str]
) -> Iterator[tuple[str, Instance]]:
    for start in range(0, len(key_names), _MOST_VALUES):
        names = key_names[start : start + _MOST_VALUES]
        wanted = [{"Name": "key-name", "Values": [*map(_literally, names)]}]
        for page in _pages(connection, "DescribeInstances", region, Filters=wanted):
            for reservation in page.get("Reservations", ()):
                for instance in reservation.get("Instances", ()):
                    if instance.get("KeyName") in names:
                        yield str(instance["KeyName"]), _instance(instance)


def _instance(described: Mapping[str, Any]) -> Instance:
    names = {tag.get("Key"): tag.get("Value", "") for tag in described.get("Tags", ())}
    return Instance(
        str(described.get("InstanceId", "")),
        str(names.get("Name", "")),
        str(described.get("State", {}).get("Name", "")),
    )


def _templates(
    connection: Connection, region: str, key_names: frozenset[str]
) -> Iterator[tuple[str, LaunchTemplate]]:
    versions = ["$Default", "$Latest"]
    seen = set()
    for page in _pages(connection, "DescribeLaunchTemplateVersions", region, Versions=versions):
        for version in page.get("LaunchTemplateVersions", ()):
            template_id = str(version.get("LaunchTemplateId", ""))
            named = version.get("LaunchTemplateData", {}).get("KeyName")
            if named in key_names and (template_id, named) not in seen:
                seen.add((template_id, named))
                yield (
                    str(named),
                    LaunchTemplate(template_id, str(version.get("LaunchTemplateName", ""))),
                )


def _pages(
    connection: Connection, operation: str, region: str, **request: Any
) -> Iterator[dict[str, Any]]:
    tokens = Tokens()
    while True:
        answer = dict(connection.call(operation, region, **request))
        yield answer
        token = answer.get("NextToken")
        if not token:
            return
        request["NextToken"] = tokens.followed(token)


def _literally(text: str) -> str:
    """Return a text as the value of a filter, in which `*`, `?` and the backslash mean more."""
    return "".join(f"\\{character}" if character in "*?\\" else character for character in text)
