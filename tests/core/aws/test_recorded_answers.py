"""The recorded answers of EC2, as boto3 and the AWS CLI get them.

EC2 is our own core behind HTTP. The peers run where AWS_CLI_PYTHON names a Python that has them, as
in `.ci/run`.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.client import Client
from tests.core.local.test_answers import ROWS, world
from tests.ec2_server import Ec2Server, environment
from tests.tui.commands.aws_cli_record import VARIABLE

__all__ = ["world"]

_SENT = [row for row in ROWS if row.evidence in "ABC"]


@pytest.fixture
def over_http(server: Ec2Server, world: Client) -> Ec2Server:
    """Return a server whose pairs are those of the recorded rows."""
    server.client_of = lambda region: world
    return server


def as_sent() -> Iterator[dict[str, Any]]:
    for row in _SENT:
        request = {
            name: {"bytes": value.decode("latin-1")} if isinstance(value, bytes) else value
            for name, value in row.request.items()
        }
        yield {"operation": row.operation, "request": request}


_BY_BOTO3 = """
import boto3, botocore, json, sys
client = boto3.client("ec2")
def of(value):
    is_bytes = isinstance(value, dict) and "bytes" in value
    return value["bytes"].encode("latin-1") if is_bytes else value
said = []
for each in json.load(sys.stdin):
    method = getattr(client, botocore.xform_name(each["operation"]))
    try:
        method(**{name: of(value) for name, value in each["request"].items()})
        said.append(None)
    except botocore.exceptions.ClientError as error:
        found = error.response["Error"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        said.append([found["Code"], found["Message"], status])
json.dump(said, sys.stdout)
"""

_BY_THE_AWS_CLI = """
import contextlib, io, json, sys, tempfile
from awscli.clidriver import create_clidriver
said = []
for each in json.load(sys.stdin):
    verb = "".join("-" + c.lower() if c.isupper() else c for c in each["operation"]).strip("-")
    arguments = ["ec2", verb]
    for name, value in each["request"].items():
        option = "--" + "".join("-" + c.lower() if c.isupper() else c for c in name).strip("-")
        if isinstance(value, dict) and "bytes" in value:
            with tempfile.NamedTemporaryFile(delete=False) as file:
                file.write(value["bytes"].encode("latin-1"))
            value = f"fileb://{file.name}"
        elif name == "PublicKeyMaterial":
            with tempfile.NamedTemporaryFile(delete=False) as file:
                file.write(value.encode())
            value = f"fileb://{file.name}"
        elif isinstance(value, bool):
            arguments.append(option if value else "--no-" + option[2:])
            continue
        elif not isinstance(value, str):
            value = json.dumps(value)
        arguments += [option, value]
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        status = create_clidriver().main(arguments)
    said.append([status, errors.getvalue().strip()])
json.dump(said, sys.stdout)
"""


def answers_of(program: str, server: Ec2Server, home: Path) -> list[Any]:
    """Return what a peer says to every row."""
    if VARIABLE not in os.environ:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{VARIABLE} is not set")
    variables = environment(server, home) | {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        [os.environ[VARIABLE], "-W", "ignore", "-c", program],
        input=json.dumps([*as_sent()]),
        env=variables | {"AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)
    assert len(found) == len(_SENT)
    return found


@pytest.mark.long
def test_boto3_gets_the_same_codes_texts_and_statuses(over_http: Ec2Server, tmp_path: Path) -> None:
    wrong = []
    for row, said in zip(_SENT, answers_of(_BY_BOTO3, over_http, tmp_path), strict=True):
        expected = [row.code, said[1] if row.message is None else row.message, row.status]
        if said != expected:
            wrong.append((str(row), said))
    assert wrong == []


@pytest.mark.long
def test_the_aws_cli_gets_the_same_codes_and_texts(over_http: Ec2Server, tmp_path: Path) -> None:
    wrong = []
    for row, (status, said) in zip(
        _SENT, answers_of(_BY_THE_AWS_CLI, over_http, tmp_path), strict=True
    ):
        start = f"An error occurred ({row.code}) when calling the {row.operation} operation: "
        if status != 255 or start + (row.message or "") not in said:
            wrong.append((str(row), status, said))
    assert wrong == []
