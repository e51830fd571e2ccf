"""The JSON documents of `find` and `doctor`, with all that they can say, against their help."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from core.checks.answers import Standing
from core.checks.finding import KINDS, Severity
from core.session import Session
from tests.core.checks.test_doctor import FAULTS, World, world
from tests.core.checks.test_find import everywhere, zoo
from tests.each_row import each_row
from tests.helpers import PUBLIC_KEY
from tests.key_zoo import Zoo
from tui import __main__ as command

__all__ = ["everywhere", "world", "zoo"]

Output = pytest.CaptureFixture[str]
Schema = Mapping[str, Any]

NULL = type(None)

PAIR: Schema = {"region": str, "key_pair_id": str, "key_name": str}

DOCTOR: Schema = {
    "version": int,
    "regions": [str],
    "regions_not_allowed": [str],
    "key_pairs": int,
    "findings": [
        {
            "kind": str,
            "severity": str,
            "problem": str,
            "advice": str,
            "region": (str, NULL),
            "key_pairs": [PAIR],
            "path": (str, NULL),
        }
    ],
}

FIND: Schema = {
    "version": int,
    "found": [
        {
            "source": str,
            "line": (int, NULL),
            "standing": str,
            "kind": str,
            "key_type": (str, NULL),
            "bits": (int, NULL),
            "fingerprint": (str, NULL),
            "public_key": (str, NULL),
            "comment": str,
            "note": str,
            "key_pairs": [
                {
                    **PAIR,
                    "tags": [{"key": str, "value": str}],
                    "key_fingerprint": str,
                    "matched": str,
                }
            ],
            "deleted_key_pairs": [PAIR],
        }
    ],
}


def check(value: object, schema: Any, where: str = "") -> None:
    """Insist that a document has just the fields of a schema, in its order, and of its types."""
    match schema:
        case [element]:
            assert isinstance(value, list), where
            for number, each in enumerate(value):
                check(each, element, f"{where}[{number}]")
        case Mapping():
            assert isinstance(value, dict), where
            assert list(value) == list(schema), where
            for name, kind in schema.items():
                check(value[name], kind, f"{where}.{name}")
        case _:
            assert type(value) in (schema if isinstance(schema, tuple) else (schema,)), where


def names(schema: Any) -> Iterator[str]:
    match schema:
        case [element]:
            yield from names(element)
        case Mapping():
            for name, kind in schema.items():
                yield name
                yield from names(kind)


def documented(capsys: Output, name: str) -> str:
    """Return what the help of a command says of its document."""
    with pytest.raises(SystemExit):
        command.main([name, "--help"])
    return capsys.readouterr().out.partition("with --json, one document:\n")[2]


def fields(text: str) -> set[str]:
    """Return the names that the help gives: at the beginnings of lines, and in braces."""
    head = text.partition("\n\n")[0]
    at_left = re.findall(r"^ {2,4}([a-z_]+(?:, [a-z_]+)*)(?: |$)", head, re.MULTILINE)
    in_braces = re.findall(r"\{([a-z_, ]+)\}", re.sub(r"\s+", " ", text))
    return {name for each in [*at_left, *in_braces] for name in each.split(", ")}


def document(capsys: Output, *arguments: str | Path) -> Any:
    command.main([str(argument) for argument in arguments])
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_each_finding_is_as_the_help_of_doctor_says(
    world: World, fault: Callable[[World], None], capsys: Output
) -> None:
    fault(world)
    found = document(capsys, "doctor", "--json", "--data-dir", world.store.folder)
    check(found, DOCTOR)
    assert [each["kind"] for each in found["findings"]] == sorted(FAULTS[fault], key=[*KINDS].index)
    for each in found["findings"]:
        assert each["severity"] == KINDS[each["kind"]].severity


def test_the_help_of_doctor_names_all_there_is_and_nothing_else(capsys: Output) -> None:
    text = documented(capsys, "doctor")
    assert fields(text) == set(names(DOCTOR))
    said = re.findall(r"^  ([a-z-]+) +(error|warning|notice): ", text, re.MULTILINE)
    assert said == [(kind, KINDS[kind].severity.value) for kind in KINDS]
    assert {severity.value for severity in Severity} == {severity for _, severity in said}


@pytest.mark.long
def test_all_that_is_found_is_as_the_help_of_find_says(
    zoo: Zoo, everywhere: Session, capsys: Output
) -> None:
    folder = everywhere.store.folder
    gone = PUBLIC_KEY
    everywhere.backend.import_key_pair(key_name="gone", public_key_material=gone)
    everywhere.backend.delete_key_pair(key_name="gone")
    things = [
        str(zoo.folder),
        gone,
        "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
        "nothing",
    ]
    found = document(capsys, "find", *things, "--all", "--no-ask", "--json", "--data-dir", folder)
    check(found, FIND)
    standings = {each["standing"] for each in found["found"]}
    assert standings | {"unreadable"} == {standing.value for standing in Standing}


def test_the_help_of_find_names_all_there_is_and_nothing_else(capsys: Output) -> None:
    text = documented(capsys, "find")
    # Of tags it says in words that they are {key, value}.
    assert fields(text) == set(names(FIND))
    said = re.search(r"standing +(.*?)\n    kind", text, re.DOTALL)
    assert said
    assert re.findall(r'"([a-z-]+)"', said[1]) == [standing.value for standing in Standing]


@each_row(
    "spoiled",
    [
        {"version": 1},
        {"version": "1", "found": []},
        {"version": 1, "found": [], "more": 1},
        {"version": 1, "found": {}},
        {"version": True, "found": []},
    ],
)
def test_the_check_itself_can_fail(spoiled: object) -> None:
    with pytest.raises(AssertionError):
        check(spoiled, FIND)
