"""EC2's verbs beside the AWS CLI: the requests they make, and what they print of equal answers.

What the AWS CLI says was recorded by `tests.tui.commands.aws_cli_record`. Where AWS_CLI_PYTHON
names a Python that has it, as in `.ci/run`, it is asked again.
"""

import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from core.ec2.request_shapes import check
from core.keys import convert, keygen
from core.model import KeyType
from tests.ec2_server import ec2_server, environment
from tests.helpers import PUBLIC_KEY
from tests.tui.commands.aws_cli_questions import FILES, PRINTED, REQUESTS
from tests.tui.commands.aws_cli_record import RECORDED, VARIABLE, asked
from tests.tui.commands.calling import call
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


# Two equal stores -------------------------------------------------------------------------------

SCENE: Sequence[Sequence[str]] = [
    ["describe-key-pairs"],
    ["describe-key-pairs", "--output", "text"],
    ["import-key-pair", "--key-name", "web", "--public-key-material", "fileb://ed25519.pub"],
    [
        *["import-key-pair", "--key-name", "two words", "--output", "text"],
        *["--public-key-material", "fileb://rsa.pub", "--tag-specifications"],
        "ResourceType=key-pair,Tags=[{Key=Env,Value=prod},{Key=Odd,Value='a,b \"c\"'}]",
    ],
    ["import-key-pair", "--key-name", "bare", "--public-key-material", "fileb://rsa.pub"],
    [
        "create-tags",
        "--resources",
        "ID 1",
        "ID 3",
        "--tags",
        "Key=Team,Value=✓ web",
        "Key=Empty,Value=",
    ],
    ["describe-key-pairs"],
    ["describe-key-pairs", "--output", "text"],
    ["describe-key-pairs", "--include-public-key"],
    ["describe-key-pairs", "--include-public-key", "--output", "text"],
    ["describe-key-pairs", "--filters", "Name=tag:Team,Values=✓ web", "--output", "text"],
    ["describe-key-pairs", "--key-names", "two words"],
    ["describe-key-pairs", "--query", "KeyPairs[].[KeyName,KeyType,Tags[0].Key]"],
    [
        *["describe-key-pairs", "--output", "text"],
        *["--query", "KeyPairs[].[KeyName,KeyType,Tags[0].Key]"],
    ],
    ["describe-key-pairs", "--query", "KeyPairs[0].KeyFingerprint", "--output", "text"],
    ["describe-key-pairs", "--query", "KeyPairs[0].Nothing", "--output", "text"],
    ["describe-tags"],
    ["describe-tags", "--output", "text"],
    ["describe-tags", "--filters", "Name=key,Values=Env,Odd", "--max-items", "1"],
    ["delete-tags", "--resources", "ID 1", "--tags", "Key=Team", "--output", "text"],
    ["describe-tags", "--output", "text"],
    ["wait", "key-pair-exists", "--key-names", "web"],
    ["delete-key-pair", "--key-name", "bare"],
    ["delete-key-pair", "--key-pair-id", "ID 1", "--output", "text"],
    ["describe-key-pairs", "--output", "text"],
]
"""What is done to both, one after the other; `ID n` is the id of the pair imported as the nth."""

_ID = re.compile(r"key-[0-9a-f]{17}")
_TIME = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|\+00:00)")

Tool = Callable[[Sequence[str]], str]


def played(tool: Tool) -> list[str]:
    """Return what a tool prints in the scene, with its ids numbered and its times left out."""
    ids: list[str] = []
    printed = []
    for arguments in SCENE:
        given = [
            ids[int(each.removeprefix("ID ")) - 1] if each.startswith("ID ") else each
            for each in arguments
        ]
        text = tool(given)
        ids += [each for each in dict.fromkeys(_ID.findall(text)) if each not in ids]
        for number, each in enumerate(ids, start=1):
            text = text.replace(each, f"ID {number}")
        printed.append(_TIME.sub("TIME", text))
    return printed


@pytest.mark.long
def test_equal_stores_are_printed_as_the_aws_cli_prints_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    if VARIABLE not in os.environ:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{VARIABLE} is not set")
    (tmp_path / "ed25519.pub").write_text(PUBLIC_KEY)
    (tmp_path / "rsa.pub").write_text(convert.public_key(keygen.generate(KeyType.RSA)).line)
    monkeypatch.chdir(tmp_path)
    with ec2_server(tmp_path / "in-ec2") as server:
        variables = {
            **environment(server, tmp_path),
            "AWS_DEFAULT_REGION": "us-east-1",
            "PYTHONUTF8": "1",
        }

        def aws(arguments: Sequence[str]) -> str:
            command = [os.environ[VARIABLE], "-m", "awscli", "ec2", *arguments]
            done = subprocess.run(command, env=variables, capture_output=True, timeout=120)
            assert done.returncode == 0, done.stderr
            return done.stdout.decode()

        theirs = played(aws)

    def verb(arguments: Sequence[str]) -> str:
        assert call(*arguments, "--data-dir", tmp_path / "here") == 0
        return capfd.readouterr().out

    wrong = [each for each in zip(SCENE, played(verb), theirs, strict=True) if each[1] != each[2]]
    assert wrong == []
    assert sum(map(bool, theirs)) >= 20
