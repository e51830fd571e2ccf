"""The plumbing against moto's server, which is no oracle for answers, but not ours either.

It runs where AWS_CLI_PYTHON names a Python that has moto, as in `.ci/run`.
"""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from core.aws import opted_in
from core.aws.backend import Ec2Backend
from core.aws.connection import Connection
from core.aws.usage import usage
from core.ec2.authorization import Authorizer
from core.ec2.backend import MadeBy
from core.ec2.place import Ec2Choice
from core.ec2.regions import region
from core.errors import InvalidKeyPairDuplicate, InvalidKeyPairNotFound
from core.model import Tag, TagSelector, TagSpecification
from core.store.access import open_region
from tests.helpers import PUBLIC_KEY, SECONDS
from tests.tui.commands.aws_cli_record import VARIABLE

pytestmark = pytest.mark.long

REGION = "eu-west-1"

_LAUNCHED = """
import boto3
ec2 = boto3.client("ec2")
image = ec2.describe_images()["Images"][0]["ImageId"]
print(ec2.run_instances(ImageId=image, KeyName="ci", MinCount=2, MaxCount=2,
    TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web"}]}]
)["Instances"][0]["InstanceId"])
ec2.create_launch_template(LaunchTemplateName="fleet", LaunchTemplateData={"KeyName": "ci"})
ec2.create_launch_template(LaunchTemplateName="other", LaunchTemplateData={"KeyName": "c*"})
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if VARIABLE not in os.environ:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{VARIABLE} is not set")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("moto") / "log"
    with log.open("wb") as output:
        program = "from moto.server import main; import sys; main(sys.argv[1:])"
        server = subprocess.Popen(
            [os.environ[VARIABLE], "-c", program, "-H", "127.0.0.1", "-p", str(port)],
            stdout=output,
            stderr=output,
            env={"PATH": os.environ["PATH"]},
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/moto-api/data.json", server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(SECONDS)


def wait_for(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text()
        try:
            urlopen(url, timeout=5).close()  # noqa: S310 - it is loopback
            return
        except (URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"moto did not begin: {log.read_text()}")


@pytest.fixture
def connection(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connection:
    variables = {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    urlopen(f"{url}/moto-api/reset", data=b"", timeout=SECONDS).close()  # noqa: S310 - loopback
    return Connection(Ec2Choice(endpoint_url=url))


def backend_over(connection: Connection, folder: Path, made_by: MadeBy) -> Ec2Backend:
    access = open_region(lambda: folder / "here", REGION, Authorizer(region(REGION), "anna"))
    return Ec2Backend(connection, access, made_by)


@pytest.mark.parametrize("made_by", MadeBy)
def test_pairs_are_created_described_tagged_and_deleted(
    made_by: MadeBy, connection: Connection, tmp_path: Path
) -> None:
    backend = backend_over(connection, tmp_path, made_by)
    tags = [TagSpecification("key-pair", [Tag("Env", "prod")])]
    created = backend.create_key_pair(key_name="ci", key_type="rsa", tag_specifications=tags)
    assert "PRIVATE KEY" in created.key_material.reveal()
    backend.import_key_pair(key_name="me", public_key_material=PUBLIC_KEY)
    with pytest.raises(InvalidKeyPairDuplicate):
        backend.create_key_pair(key_name="ci")
    found = {pair.key_name: pair for pair in backend.describe_key_pairs()}
    assert found.keys() == {"ci", "me"}
    assert found["ci"].public_key == created.key_pair.public_key
    ids = [pair.key_pair_id for pair in found.values()]
    backend.create_tags(resources=ids, tags=[Tag("Team", "web")])
    backend.delete_tags(resources=ids[:1], tags=[TagSelector("Env")])
    assert {pair.tags for pair in backend.describe_key_pairs()} == {(Tag("Team", "web"),)}
    rows, _ = backend.describe_tags()
    assert {row.resource_id for row in rows} == set(ids)
    assert backend.delete_key_pair(key_name="ci") == found["ci"].key_pair_id
    assert [pair.key_name for pair in backend.describe_key_pairs()] == ["me"]
    with pytest.raises(InvalidKeyPairNotFound):
        backend.describe_key_pairs(key_names=["ci"])


def test_regions_and_the_caller_are_told(connection: Connection) -> None:
    found = opted_in.regions(connection, REGION)
    assert found[REGION]
    assert not all(found.values())
    assert connection.identity(REGION).account == "123456789012"


def test_what_was_launched_with_a_pair_is_told(
    connection: Connection, url: str, tmp_path: Path
) -> None:
    backend_over(connection, tmp_path, MadeBy.EC2).create_key_pair(key_name="ci")
    done = subprocess.run(
        [os.environ[VARIABLE], "-W", "ignore", "-c", _LAUNCHED],
        env={**os.environ, "AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": REGION},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    found = usage(connection, REGION, "ci")
    assert [(each.name, each.state) for each in found.instances or ()] == [("web", "running")] * 2
    assert done.stdout.strip() in {each.instance_id for each in found.instances or ()}
    assert [each.name for each in found.templates or ()] == ["fleet"]
    assert usage(connection, REGION, "unused").count == 0
