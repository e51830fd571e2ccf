"""The IAM policy of the README allows each verb what it calls, and nothing else."""

import json
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from core.aws import opted_in
from core.aws.connection import Connection
from core.aws.usage import usage
from core.ec2.place import Ec2Choice
from tests.ec2_server import Ec2Server
from tests.helpers import PUBLIC_KEY
from tests.tui.commands.calling import call

README = (Path(__file__).parents[3] / "README.md").read_text()

_NEW = ["create-key-pair", "--key-name", "x", "--key-type", "ed25519"]
_TAG = ["--resources", "live", "--tags", "Key=Env,Value=prod"]
_VERBS: dict[str, list[list[str]]] = {
    "DescribeKeyPairs": [
        ["describe-key-pairs"],
        ["wait", "key-pair-exists", "--key-names", "live"],
        ["list"],
        ["show", "live"],
    ],
    "DescribeTags": [["describe-tags"]],
    "CreateHere": [[*_NEW, "--save", "x.pem", "--yes"]],
    "CreateByEC2": [_NEW],
    "ImportKeyPair": [["import-key-pair", "--key-name", "y", "--public-key-material", PUBLIC_KEY]],
    "CreateTags": [["create-tags", *_TAG]],
    "DeleteTags": [["delete-tags", *_TAG]],
    "DeleteKeyPair": [["delete-key-pair", "--key-name", "live"]],
}


def statements() -> dict[str, set[str]]:
    """Return the actions of each statement, by its Sid."""
    (text,) = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
    found = json.loads(text)["Statement"]
    assert all(each["Effect"] == "Allow" and each["Resource"] == "*" for each in found)
    return {each["Sid"]: set(each["Action"]) for each in found}


def called(server: Ec2Server, work: Callable[[], object]) -> set[str]:
    before = Counter(server.calls)
    assert work() in (0, None)
    # GetCallerIdentity needs no permission, and none that is denied keeps anybody from it.
    return {f"ec2:{name}" for name in server.calls - before if name != "GetCallerIdentity"}


def ask_what_the_app_asks(connection: Connection) -> None:
    assert opted_in.regions(connection, "us-east-1")
    assert usage(connection, "us-east-1", "live").is_known


@pytest.mark.long
def test_each_statement_has_the_actions_that_its_verb_calls(
    server: Ec2Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYPAIRS_BACKEND", "ec2")
    monkeypatch.setenv("KEYPAIRS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    client = server.client_of("us-east-1")
    client.create_key_pair(KeyName="live", KeyType="ed25519")
    found: dict[str, set[str]] = {}
    for sid, verbs in _VERBS.items():
        for verb in verbs:
            found[sid] = found.get(sid, set()) | called(server, partial(call, *verb))
        client.delete_key_pair(KeyName="x")
    found["App"] = called(
        server,
        lambda: ask_what_the_app_asks(Connection(Ec2Choice())),
    )
    assert found == statements()
