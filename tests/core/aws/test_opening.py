import subprocess
import sys
from pathlib import Path

import pytest

from core.aws.opening import Ec2Account
from core.ec2.authorization import Authorizer
from core.ec2.place import Ec2Choice
from core.ec2.unanswered import NoAnswer
from tests.ec2_server import ACCOUNT, Ec2Server


def account(folder: Path) -> Ec2Account:
    return Ec2Account(Ec2Choice(), folder, lambda region: Authorizer(region, "anna"))


def test_what_ec2_said_is_kept_by_account_and_host(server: Ec2Server, tmp_path: Path) -> None:
    session = account(tmp_path).session("us-east-1")
    created = session.backend.create_key_pair(key_name="ci", key_type="ed25519")
    host = server.url.removeprefix("http://")
    assert session.store.path == tmp_path / "ec2" / f"{ACCOUNT}@{host}" / "us-east-1.json"
    assert session.place is not None
    facts = session.place.ask()
    assert (facts.account, facts.user, facts.host) == (ACCOUNT, "anna", host)
    assert session.key_pair_named("ci") == created.key_pair
    assert session.for_region("eu-west-1").backend.describe_key_pairs() == ()


def test_the_last_list_is_there_before_any_answer(server: Ec2Server, tmp_path: Path) -> None:
    account(tmp_path).session("us-east-1").backend.create_key_pair(key_name="ci")
    asked = server.calls.total()
    again = account(tmp_path).session("us-east-1")
    assert [pair.key_name for pair in again.store.read().key_pairs.values()] == ["ci"]
    assert server.calls.total() == asked


def test_an_endpoint_that_names_a_path_as_its_account_is_refused(
    server: Ec2Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.ec2_server.ACCOUNT", "../../x")
    with pytest.raises(NoAnswer, match="it named no account"):
        account(tmp_path).session("us-east-1").store.read()
    assert not (tmp_path / "ec2").exists()


def test_a_session_is_made_without_botocore_and_without_a_question(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom core.ec2.place import Ec2Choice\n"
        "from core.aws.opening import Ec2Account\nfrom core.ec2.authorization import Authorizer\n"
        "account = Ec2Account(Ec2Choice(), Path(sys.argv[1]),"
        " lambda region: Authorizer(region, 'anna'))\n"
        "print(account.session('eu-west-1').region)\n"
        "print([name for name in sys.modules if name.startswith('botocore')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "eu-west-1\n[]\n", done.stderr
