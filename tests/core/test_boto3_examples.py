import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from core import choices
from core.client import Client
from tests.core.keys.test_public import KNOWN

SCRIPT = Path(__file__).with_name("boto3_script.py")
METHODS = {
    "CreateKeyPair": "create_key_pair",
    "DescribeKeyPairs": "describe_key_pairs",
    "DeleteKeyPair": "delete_key_pair",
    "CreateTags": "create_tags",
    "DeleteTags": "delete_tags",
    "DescribeTags": "describe_tags",
}


def documented() -> list[Any]:
    """Return the examples of boto3's reference, which are made of this file of botocore."""
    data = files("botocore") / "data" / "ec2" / "2016-11-15" / "examples-1.json"
    examples = json.loads(data.read_bytes())["examples"]
    return [
        pytest.param(operation, example, id=example["id"])
        for operation in METHODS
        for example in examples[operation]
    ]


def test_a_script_of_boto3s_examples_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable in (*choices.REGION_VARIABLES, "KEYPAIRS_POLICY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(choices, "SYSTEM_POLICY", tmp_path / "none")
    monkeypatch.setenv("KEYPAIRS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    ran = runpy.run_path(str(SCRIPT))
    assert len(ran["fingerprint"]) == 59
    assert ran["created"].endswith("+00:00")
    assert ran["duplicate"] == "InvalidKeyPair.Duplicate"
    assert ran["allowed"] == 412
    assert ran["tags"] == {"Stack": "production"}
    assert [(tag["ResourceId"], tag["Value"]) for tag in ran["left"]] == [
        (ran["key_pair_id"], "production")
    ]
    assert ran["deleted"] is True
    assert ran["names"] == ["my-imported-key-pair"]
    assert ran["gone"] == (
        "An error occurred (InvalidKeyPair.NotFound) when calling the DescribeKeyPairs operation:"
        " The key pair 'my-key-pair' does not exist"
    )
    assert (tmp_path / "data" / "us-east-1.json").is_file()
    assert "'my-key-pair'" in capsys.readouterr().out


@pytest.mark.long
def test_the_private_key_that_the_script_wrote_is_the_one_of_the_pair(
    tmp_path: Path, run: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    # In an interpreter of its own, as a person runs it.
    mine = ("KEYPAIRS_", "AWS_")
    environment = {name: v for name, v in os.environ.items() if not name.startswith(mine)}
    environment |= {
        "KEYPAIRS_DATA_DIR": str(tmp_path / "data"),
        "PYTHONPATH": str(SCRIPT.parents[2]),
    }
    policy = tmp_path / "policy.json"
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": statement}))
    environment["KEYPAIRS_POLICY"] = str(policy)
    done = subprocess.run(
        [sys.executable, SCRIPT],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    line = run("ssh-keygen", "-y", "-f", tmp_path / "my-key-pair.pem").stdout.decode()
    client = Client(region_name="us-east-1", data_dir=tmp_path / "data")
    (pair,) = client.describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
    assert pair["PublicKey"].split()[:2] == line.split()[:2]


@pytest.mark.parametrize(("operation", "example"), documented())
def test_a_documented_example_runs(operation: str, example: Any, client: Client) -> None:
    if operation != "CreateKeyPair":
        client.import_key_pair(KeyName="my-key-pair", PublicKeyMaterial=KNOWN["ed_a"].line)
    pairs = client.describe_key_pairs()["KeyPairs"]
    request = example["input"]
    # An image and an instance stand in the examples of the tagging calls.
    if "Resources" in request:
        request = request | {"Resources": [pairs[0]["KeyPairId"]]}
    answer = getattr(client, METHODS[operation])(**request)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert set(example.get("output", {})) <= set(answer)
    if operation == "DescribeKeyPairs":
        ((shown,), (got,)) = example["output"]["KeyPairs"], answer["KeyPairs"]
        assert set(shown) <= set(got)
        assert shown["KeyName"] == got["KeyName"]
