"""A read-only disk is opened read-only by itself, whoever opens it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.client import Client, ClientError
from core.errors import StoreError
from core.local.opening import open_local
from core.settings import open_session
from core.store.data_dir import check_is_there
from tests.helpers import PUBLIC_KEY

ROOT = Path(__file__).parents[2]
SECONDS = 30

LOOK = """
import json, sys
from core.client import Client, ClientError
from core.settings import open_session
folder = sys.argv[1]
client = Client("us-east-1", folder)
names = [pair["KeyName"] for pair in client.describe_key_pairs()["KeyPairs"]]
try:
    client.create_key_pair(KeyName="new", KeyType="ed25519")
except ClientError as error:
    refusal = error.response["Error"]
marks = open_session("us-east-1", folder).marks
missing = open_session("us-east-1", folder + "/none").backend.describe_key_pairs()
print(json.dumps([names, refusal, marks, missing]))
"""


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    folder = tmp_path / "disk" / "data"
    (tmp_path / "disk").mkdir()
    session = open_local(folder, "us-east-1")
    session.backend.import_key_pair(key_name="web", public_key_material=PUBLIC_KEY)
    return folder


def test_a_disk_that_is_mounted_read_only(filled: Path, tool: Callable[[str], str]) -> None:
    disk = filled.parent
    mount = f"mount --bind {disk} {disk} && mount -o remount,bind,ro {disk}"
    namespace = [tool("unshare"), *([] if os.geteuid() == 0 else ["-r"]), "-m", "sh", "-c"]
    tried = subprocess.run([*namespace, mount], capture_output=True, check=False, timeout=SECONDS)
    if tried.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {tried.stderr.decode(errors='replace')}")
    done = subprocess.run(
        [*namespace, f'{mount} && exec "$@"', "sh", sys.executable, "-c", LOOK, filled],
        capture_output=True,
        cwd=ROOT,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done
    names, refusal, marks, missing = json.loads(done.stdout)
    assert names == ["web"]
    assert refusal["Code"] == "UnauthorizedOperation"
    assert refusal["Message"].endswith("because this session only reads")
    assert (marks, missing) == (["read-only"], [])


def test_what_the_system_says_of_the_disk_decides(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def statvfs(path: Path) -> SimpleNamespace:
        asked.append(path)
        return SimpleNamespace(f_flag=os.ST_RDONLY | os.ST_NOSUID)

    monkeypatch.setattr(os, "statvfs", statvfs)
    client = Client("us-east-1", filled)
    assert [pair["KeyName"] for pair in client.describe_key_pairs()["KeyPairs"]] == ["web"]
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        client.delete_key_pair(KeyName="web")
    assert open_session("us-east-1", filled / "not" / "there").read_only
    assert asked == [filled, filled]
    check_is_there(filled)
    with pytest.raises(StoreError, match=f"There is no folder {filled / 'not'}, and none can be"):
        check_is_there(filled / "not")


def test_a_folder_that_only_this_account_may_not_write_in_is_refused_as_before(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.chmod(0o777)
    with pytest.raises(StoreError, match="Others can write in"):
        open_session("us-east-1", filled)
    filled.chmod(0o700)
    assert not open_session("us-east-1", filled).read_only
