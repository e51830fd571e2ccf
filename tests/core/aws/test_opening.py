import json
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.session import Session as BotocoreSession  # type: ignore[import-untyped]  # no types

from core.aws.connection import Connection
from core.aws.opening import Ec2Account, chosen_region, known_places
from core.aws.profiles import profiles
from core.aws.profiles import region as profile_region
from core.checks.everywhere import everywhere
from core.choices import REGION_VARIABLES
from core.ec2.authorization import Authorizer
from core.ec2.backend import MadeBy
from core.ec2.place import PROFILE_VARIABLES, Ec2Choice
from core.ec2.unanswered import CredentialsError, NoAnswer
from core.errors import SettingsError
from core.local.opening import open_local
from core.settings import open_session
from tests.ec2_server import ACCOUNT, Ec2Server
from tests.helpers import PUBLIC_KEY


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


def test_a_note_of_the_accounts_that_is_none_is_written_anew(
    server: Ec2Server, tmp_path: Path
) -> None:
    note = tmp_path / "ec2" / "accounts.json"
    note.parent.mkdir(0o700)
    note.write_text("[]")
    asked = account(tmp_path)
    assert asked.remembered() is None
    asked.facts("us-east-1")
    known = account(tmp_path).remembered()
    assert known is not None
    assert known.account == ACCOUNT


def test_a_password_in_the_url_of_an_endpoint_is_not_kept(
    server: Ec2Server, tmp_path: Path
) -> None:
    url = server.url.replace("http://", "http://anna:se/c@ret@")
    # Whatever an earlier version kept goes, too.
    note = tmp_path / "ec2" / "accounts.json"
    note.parent.mkdir(0o700)
    note.write_text(json.dumps({f"me@home {url}": f"{ACCOUNT}@x"}))

    def asked(user: str) -> Ec2Account:
        url = server.url.replace("http://", f"http://{user}:secret@")
        choice = Ec2Choice(endpoint_url=url)
        return Ec2Account(choice, tmp_path, lambda region: Authorizer(region, "anna"))

    facts = asked("anna").facts("us-east-1")
    assert facts.host == server.url.removeprefix("http://")
    kept = note.read_text()
    assert not any(each in kept for each in ("anna", "secret", "ret@"))
    assert f"me@home {server.url}" in kept
    again = asked("bob").remembered()
    assert again is not None
    assert again.host == facts.host
    wrong = ("http://{}@127.0.0.1:0", "{}@127.0.0.1:80", "ftp://{}@x", "http://anna:se#cret@x")
    for text in wrong:
        with pytest.raises(CredentialsError, match="Invalid endpoint: ") as error:
            Connection(Ec2Choice(endpoint_url=text.format("anna:secret"))).host("us-east-1")
        assert not any(each in str(error.value) for each in ("anna", "se#", "'se'", "cret"))


def test_a_profile_is_read_as_botocore_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, credentials = tmp_path / "config", tmp_path / "credentials"
    config.write_text(
        '[profile "my prof"]\nregion=eu-west-1\n[default]\nregion=us-east-2\n'
        "[profile default]\nregion=eu-north-1\n[profile not quoted]\nregion=eu-west-3\n"
        "[profile both]\nregion=eu-west-1\n[profile 'open]\n[other]\n"
    )
    credentials.write_text("[both]\nregion=eu-west-2\n[only]\nregion=eu-south-1\n[none]\n")
    environment = {
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
    }
    for name in (*REGION_VARIABLES, *PROFILE_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    names = profiles(environment)
    assert [*names] == ["default", "both", "my prof", "none", "only"]
    assert {*names} == {*BotocoreSession().available_profiles}
    for name in names:
        theirs = BotocoreSession(profile=name).get_config_variable("region")
        assert profile_region(name, environment) == theirs
    # The variable that botocore heeds first counts here, too.
    monkeypatch.setenv("AWS_PROFILE", "only")
    monkeypatch.setenv("AWS_DEFAULT_PROFILE", "both")
    assert chosen_region(Ec2Choice(), None).name == "eu-west-2"
    assert BotocoreSession().profile == "both"


@pytest.mark.parametrize(
    ("variable", "config", "choices"),
    [
        (None, "", [None]),
        (None, "[profile a]\nregion = eu-west-1\n", ["a"]),
        ("AKIAEXAMPLE", "[profile a]\nregion = eu-west-1\n", [None, "a"]),
    ],
)
def test_ec2_can_be_chosen_by_the_environment_where_no_profile_is_chosen(
    variable: str | None, config: str, choices: list[str | None], tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(config)
    environment = {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }
    if variable:
        environment["AWS_ACCESS_KEY_ID"] = variable
    found = known_places(Ec2Choice(), tmp_path / "data", environment)
    assert [(place.choice.profile, place.region) for place in found] == [
        (profile, "eu-west-1" if profile else None) for profile in choices
    ]


@pytest.mark.parametrize(("made_by", "read_only"), [(MadeBy.EC2, False), (MadeBy.HERE, True)])
def test_no_key_is_made_ahead_for_who_needs_none(
    made_by: MadeBy, read_only: bool, tmp_path: Path
) -> None:
    account = Ec2Account(
        Ec2Choice(),
        tmp_path,
        lambda region: Authorizer(region, "anna", read_only=read_only),
        made_by,
    )
    session = account.session("us-east-1")
    session.spare_key.prepare()
    assert session.spare_key.take() is None


def test_what_this_machine_has_is_looked_at_from_ec2_too(server: Ec2Server, tmp_path: Path) -> None:
    here = open_local(tmp_path, "eu-west-1")
    here.backend.import_key_pair(key_name="web", public_key_material=PUBLIC_KEY)
    session = account(tmp_path).session("us-east-1")
    session.backend.create_key_pair(key_name="ci", key_type="ed25519")
    in_ec2, on_this_machine = everywhere(session)
    assert (in_ec2.name, in_ec2.account) == ("us-east-1", session.store.folder.name)
    assert (on_this_machine.name, on_this_machine.account) == ("eu-west-1 on this machine", "")
    assert on_this_machine.session.key_names() == {"web"}


def test_without_botocore_it_is_said_what_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "botocore", None)
    with pytest.raises(SettingsError, match=r"pip install 'keypairs\[ec2\]' brings it"):
        open_session("us-east-1", tmp_path, environment={}, ec2=Ec2Choice())
    assert [*tmp_path.iterdir()] == []
