"""EC2's verbs beside the AWS CLI: the requests they make, and what they print of equal answers.

What the AWS CLI says was recorded by `tests.tui.commands.aws_cli_record`. Where AWS_CLI_PYTHON
names a Python that has it, as in `.ci/run`, it is asked again.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from core.ec2.request_shapes import check
from tests.tui.commands.aws_cli_questions import FILES, PRINTED, REQUESTS
from tests.tui.commands.aws_cli_record import RECORDED, VARIABLE, asked
from tui.commands import parser
from tui.commands.ec2 import output, paging, values, verbs
from tui.commands.ec2.values import ValueProblem

Said = Mapping[str, Any]


@pytest.fixture(scope="module")
def recorded() -> Mapping[str, Sequence[Said]]:
    found: Mapping[str, Sequence[Said]] = json.loads(RECORDED.read_text())
    return found


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)


def request_of(arguments: Sequence[str]) -> dict[str, Any] | None:
    """Return the request that our verbs make of a command line, or None if they refuse it."""
    try:
        options = parser.parse(arguments)
        operation = verbs.OPERATIONS[options.command]
        output.compiled(options.query)
        request = values.request(operation, options)
    except (SystemExit, ValueProblem):
        return None
    if values.missing(operation, request) or check(operation, request):
        return None
    return request


def in_json(request: dict[str, Any] | None) -> Any:
    """Return a request as the recorded ones are written."""
    return json.loads(json.dumps(request, default=lambda data: {"bytes": data.decode("latin-1")}))


def test_command_lines_make_the_requests_that_the_aws_cli_makes_of_them(
    recorded: Mapping[str, Sequence[Said]], files: None, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = [
        (arguments, ours, said["request"])
        for arguments, said in zip(REQUESTS, recorded["requests"], strict=True)
        if (ours := in_json(request_of(arguments))) != said["request"]
    ]
    assert wrong == []
    assert sum(said["request"] is not None for said in recorded["requests"]) >= 60


def test_answers_are_printed_as_the_aws_cli_prints_them(
    recorded: Mapping[str, Sequence[Said]],
) -> None:
    wrong = []
    for (arguments, answer), said in zip(PRINTED, recorded["printed"], strict=True):
        options = parser.parse(arguments)
        search = output.compiled(options.query)
        parts = [answer]
        if options.command == "describe-tags":
            found = paging.described_tags(Answering(answer), {}, options)  # type: ignore[arg-type] # it answers one operation
            parts = paging.as_text_parts(found) if options.output == "text" else [found]
        if options.output == "table" and not isinstance(search(answer), dict | list):
            continue  # the AWS CLI prints the title alone
        if said["status"] != 0:
            continue  # a table that the AWS CLI ends in an error
        operation = verbs.OPERATIONS[options.command]
        ours = "".join(output.rendered(search(p), options.output, operation) for p in parts)
        if ours != said["output"]:
            wrong.append((arguments, answer, ours, said["output"]))
    assert wrong == []


class Answering:
    """Gives one answer of DescribeTags, whatever it is asked."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self._answer = answer

    def describe_tags(self, **_: object) -> dict[str, Any]:
        return {**self._answer}


@pytest.mark.long
def test_what_was_recorded_is_what_the_aws_cli_says(
    recorded: Mapping[str, Sequence[Said]],
) -> None:
    if VARIABLE not in os.environ:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{VARIABLE} is not set")
    assert asked(os.environ[VARIABLE]) == recorded
