"""What is said where there are no credentials, and what is done about it; no network, no AWS."""

import json
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
from botocore.credentials import (  # type: ignore[import-untyped]  # botocore has no types
    AssumeRoleProvider,
    ProcessProvider,
    ProfileProviderBuilder,
)
from botocore.exceptions import LoginTokenLoadError  # type: ignore[import-untyped]  # likewise
from botocore.httpsession import URLLib3Session  # type: ignore[import-untyped]  # likewise
from botocore.session import Session  # type: ignore[import-untyped]  # likewise
from botocore.utils import (  # type: ignore[import-untyped]  # likewise
    ContainerMetadataFetcher,
)

from core.aws import credentials
from core.aws.bounds import program as bounds
from core.aws.connection import Connection
from core.aws.opening import chosen_region
from core.aws.profiles import profiles
from core.ec2.place import Ec2Choice
from core.ec2.unanswered import CredentialsError, NextStep, NotReached
from core.errors import SettingsError
from tests.ec2_server import Ec2Server, Fault

REGION = "us-east-1"


@pytest.fixture(autouse=True)
def nothing_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No AWS variables, empty files, no instance to ask."""
    import os

    for name in os.environ:
        if name.startswith(("AWS_", "KEYPAIRS_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def configure(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)


def refused(connection: Connection) -> CredentialsError:
    with pytest.raises(CredentialsError) as error:
        connection.find_credentials()
    return error.value


def program(tmp_path: Path, text: str) -> str:
    path = tmp_path / "credentials-program"
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_none_at_all() -> None:
    error = refused(Connection(Ec2Choice()))
    assert "not in the environment, not in profile default" in str(error)
    assert error.next_step is NextStep.CHOOSE
    assert error.command == ("aws", "configure", "--profile", "default")


def test_environment_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials").write_text(
        "[prod]\naws_access_key_id = AKIA\naws_secret_access_key = s\n"
    )
    assert Connection(Ec2Choice(profile="prod")).find_credentials() == "shared-credentials-file"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    assert "AWS_SECRET_ACCESS_KEY" in str(refused(Connection(Ec2Choice())))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    assert Connection(Ec2Choice()).find_credentials() == "env"


@pytest.mark.long
def test_an_unknown_profile_names_the_nearest(tmp_path: Path) -> None:
    configure(tmp_path, "[profile production]\nregion = eu-west-1\n[default]\n")
    error = refused(Connection(Ec2Choice(profile="prodction")))
    assert str(error) == (
        "There is no profile prodction in the AWS configuration; nearest: production."
    )
    assert error.next_step is NextStep.CHOOSE
    assert profiles() == ("default", "production")


def test_a_file_that_is_no_configuration(tmp_path: Path) -> None:
    configure(tmp_path, "no configuration\n")
    assert str(tmp_path / "config") in str(refused(Connection(Ec2Choice())))


def test_the_region_comes_from_variables_and_profile_and_is_never_guessed(
    tmp_path: Path,
) -> None:
    def region_of(variables: dict[str, str], chosen: str | None = None) -> str:
        files = {
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        }
        return chosen_region(Ec2Choice(profile="a"), chosen, files | variables).name

    with pytest.raises(SettingsError, match="No Region is chosen"):
        region_of({})
    configure(tmp_path, "[profile a]\nregion = eu-west-1\n")
    assert region_of({}) == "eu-west-1"
    variables = {"AWS_DEFAULT_REGION": "us-west-1"}
    assert region_of(variables) == "us-west-1"
    variables["AWS_REGION"] = "us-west-2"
    assert region_of(variables) == "us-west-2"
    variables["KEYPAIRS_REGION"] = "us-east-2"
    assert region_of(variables) == "us-east-2"
    assert region_of(variables, "af-south-1") == "af-south-1"


@pytest.mark.parametrize("until", [None, -1])
def test_sso_without_a_token_or_with_an_old_one(tmp_path: Path, until: int | None) -> None:
    import hashlib

    url = "https://example.awsapps.com/start"
    configure(
        tmp_path,
        f"[profile w]\nsso_start_url = {url}\nsso_region = us-east-1\n"
        "sso_account_id = 123456789012\nsso_role_name = r\n",
    )
    if until is not None:
        folder = tmp_path / ".aws" / "sso" / "cache"
        folder.mkdir(parents=True)
        expires = datetime.now(UTC) + timedelta(hours=until)
        name = hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()
        token = {"accessToken": "t", "expiresAt": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}
        (folder / f"{name}.json").write_text(json.dumps(token))
    error = refused(Connection(Ec2Choice(profile="w")))
    assert "SSO session of profile w has expired, or never began" in str(error)
    assert error.next_step is NextStep.LOG_IN
    assert error.command == ("aws", "sso", "login", "--profile", "w")


def test_an_aws_login_says_what_it_needs(tmp_path: Path) -> None:
    configure(tmp_path, "[profile l]\nlogin_session = arn:aws:iam::1:user/a\n")
    error = refused(Connection(Ec2Choice(profile="l")))
    assert "needs the package awscrt" in str(error)
    assert "aws configure export-credentials --profile l" in str(error)


def test_an_aws_login_that_has_expired_is_logged_in_again(tmp_path: Path) -> None:
    configure(tmp_path, "[profile l]\nregion = us-east-1\n")
    with pytest.raises(CredentialsError) as error, credentials.explained(Session(profile="l")):
        raise LoginTokenLoadError(error_msg="no token; please reauthenticate")
    assert error.value.next_step is NextStep.LOG_IN
    assert error.value.command == ("aws", "login", "--profile", "l")


ROLE = (
    "[profile base]\naws_access_key_id = AKIA\naws_secret_access_key = s\n"
    "[profile admin]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n"
    "mfa_serial = arn:aws:iam::1:mfa/anna\nregion = us-east-1\n"
)


def test_the_mfa_code_is_asked_by_us_once_and_shared_with_the_aws_cli(
    tmp_path: Path, server: Ec2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    configure(tmp_path, ROLE)
    asked: list[str] = []

    def ask(device: str) -> str:
        asked.append(device)
        return "123456"

    assert Connection(Ec2Choice(profile="admin"), ask).find_credentials() == "assume-role"
    assert asked == ["arn:aws:iam::1:mfa/anna"]
    assert Connection(Ec2Choice(profile="admin"), ask).find_credentials() == "assume-role"
    assert len(asked) == 1
    (cached,) = (tmp_path / ".aws" / "cli" / "cache").iterdir()
    assert json.loads(cached.read_text())["Credentials"]["AccessKeyId"] == "ASIA123456"


def test_no_mfa_code_is_no_credentials(tmp_path: Path) -> None:
    configure(tmp_path, ROLE)
    error = refused(Connection(Ec2Choice(profile="admin")))
    assert "needs an MFA code" in str(error)
    assert error.next_step is NextStep.ASK_AGAIN


@pytest.mark.parametrize("profile", ["p", "through-a-role"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import sys; sys.exit('token expired')", "token expired"),
        ("print('not json')", "is not the JSON"),
        ("print('{\"Version\": 2}')", "Unsupported version"),
        ("import time; time.sleep(60)", "did not answer within"),
        ("import sys; sys.exit(sys.stdin.read() and 'asked' or 'no input')", "no input"),
        ("while True: print('.' * 4096)", "printed more than 1 MiB, and was ended"),
        ("import sys\nwhile True: sys.stderr.write('.' * 4096)", "printed more than 1 MiB"),
        ("import os; os.write(2, b'r\\xfccken'); os._exit(1)", "r\N{REPLACEMENT CHARACTER}cken"),
    ],
)
def test_a_credential_process_that_fails_is_named_and_never_waited_for_for_ever(
    profile: str, text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "sleep" in text:
        monkeypatch.setattr(bounds, "TIMEOUT", 0.5)
    configure(
        tmp_path,
        f"[profile p]\ncredential_process = {program(tmp_path, text)}\n"
        "[profile through-a-role]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = p\n",
    )
    assert said in str(refused(Connection(Ec2Choice(profile=profile))))


@pytest.mark.parametrize("text", ["print('.' * 2**20)", "import time; time.sleep(60)"])
def test_a_program_that_is_ended_takes_along_what_it_started(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "TIMEOUT", 5.0 if "print" in text else 1.0)
    child = tmp_path / "child"
    start = "import subprocess; child = subprocess.Popen(['sleep', '600'])"
    note = f"open({str(child)!r}, 'w').write(str(child.pid))"
    path = program(tmp_path, f"{start}\n{note}\n{text}\n")
    configure(tmp_path, f"[profile p]\ncredential_process = {path}\n")
    assert "and was ended" in str(refused(Connection(Ec2Choice(profile="p"))))
    deadline = monotonic() + 10
    while is_running(int(child.read_text())):
        assert monotonic() < deadline, "it outlives the program"
        sleep(0.02)


def is_running(process: int) -> bool:
    """Return whether a process still runs; one that ended may wait for its parent to hear of it."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_of_the_errors_of_a_program_the_end_is_repeated(tmp_path: Path) -> None:
    path = program(tmp_path, "import sys; sys.exit('.' * 9000 + 'token expired')")
    configure(tmp_path, f"[profile p]\ncredential_process = {path}\n")
    said = str(refused(Connection(Ec2Choice(profile="p"))))
    assert said.endswith("token expired")
    assert len(said) < 600


def test_a_credential_process_that_is_not_there(tmp_path: Path) -> None:
    configure(tmp_path, f"[profile p]\ncredential_process = {tmp_path / 'nowhere'}\n")
    error = refused(Connection(Ec2Choice(profile="p")))
    assert f"{tmp_path / 'nowhere'}, which is missing" in str(error)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("AWS_STS_REGIONAL_ENDPOINTS", "foo", "A setting for AWS cannot be used: STS regional"),
        ("AWS_ACCOUNT_ID_ENDPOINT_MODE", "foo", "A setting for AWS cannot be used: The configured"),
        ("AWS_REQUEST_CHECKSUM_CALCULATION", "foo", "A setting for AWS cannot be used: Unsupport"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "foo", "A setting for AWS cannot be used: Invalid"),
        ("AWS_METADATA_SERVICE_TIMEOUT", "foo", "where a number or a time is expected"),
        ("AWS_CREDENTIAL_EXPIRATION", "foo", "where a number or a time is expected"),
        ("AWS_ENDPOINT_URL", "ftp://127.0.0.1", "An endpoint begins with http"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:99999", "Port out of range"),
    ],
)
def test_a_setting_that_cannot_be_used_is_said_before_anything_is_sent(
    variable: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "example")
    monkeypatch.setenv(variable, value)
    with pytest.raises(CredentialsError, match=said) as error:
        Connection(Ec2Choice()).identity(REGION)
    assert error.value.next_step is NextStep.MEND


def test_a_role_is_refused_for_a_setting_that_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(tmp_path, ROLE.replace("mfa_serial", "#"))
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "foo")
    assert "A setting for AWS cannot be used" in str(refused(Connection(Ec2Choice("admin"))))


def test_no_mode_of_defaults_has_an_instance_asked_for_its_region(
    server: Ec2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULTS_MODE", "auto")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url)
    fetch = "botocore.utils.IMDSFetcher._fetch_metadata_token"
    monkeypatch.setattr(fetch, lambda fetcher: pytest.fail("it was asked"))
    assert Connection(Ec2Choice()).call("DescribeKeyPairs", REGION)["KeyPairs"] == []


def test_a_password_in_an_endpoint_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "example")
    connection = Connection(Ec2Choice(endpoint_url="http://anna:secret@127.0.0.1:9"))
    assert connection.foreign_host(REGION) == "127.0.0.1:9"
    with pytest.raises(NotReached) as error:
        connection.call("DescribeKeyPairs", REGION)
    assert "secret" not in str(error.value)


def test_a_host_that_nobody_answers_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    connection = Connection(Ec2Choice(endpoint_url="http://127.0.0.1:9"))
    with pytest.raises(NotReached, match=r"^127\.0\.0\.1:9 cannot be reached"):
        connection.call("DescribeKeyPairs", REGION)


def test_the_private_parts_of_botocore_that_are_used_are_there() -> None:
    session = Session()
    chain = session.get_component("credential_provider")
    roles, process = chain.get_provider("assume-role"), chain.get_provider("custom-process")
    assert isinstance(roles, AssumeRoleProvider), "the provider of roles has another name"
    assert isinstance(process, ProcessProvider), "the provider of programs has another name"
    assert callable(roles._prompter), "botocore asks for MFA codes by another attribute"
    assert hasattr(roles, "cache"), "botocore keeps the credentials of roles elsewhere"
    assert isinstance(roles._profile_provider_builder, ProfileProviderBuilder)
    assert callable(process._popen), "botocore starts programs by another attribute"
    assert callable(ProfileProviderBuilder(session)._create_process_provider)
    container, instance = chain.get_provider("container-role"), chain.get_provider("iam-role")
    for http in (container._fetcher._session, instance._role_fetcher._session):
        assert isinstance(http, URLLib3Session), "botocore asks who gives credentials otherwise"


def test_credentials_that_cannot_be_renewed_later_are_no_lost_answer(
    server: Ec2Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    # So near to their end that they are renewed for each call.
    until = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    printed = {"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s", "Expiration": until}
    path = program(tmp_path, f"print('''{json.dumps(printed)}''')")
    configure(tmp_path, f"[default]\ncredential_process = {path}\n")
    connection = Connection(Ec2Choice())
    assert connection.call("DescribeKeyPairs", REGION)["KeyPairs"] == []
    asked = server.calls.total()
    Path(path).unlink()
    with pytest.raises(CredentialsError, match="credentials-program, which is missing"):
        connection.call("DescribeKeyPairs", REGION)
    assert server.calls.total() == asked


def as_a_role(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Connection:
    """Return a connection with the credentials of a role, which no code is needed for."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    configure(tmp_path, ROLE.replace("mfa_serial", "#"))
    return Connection(Ec2Choice(profile="admin"))


def test_a_role_that_aws_refuses_is_refused_in_its_words(
    server: Ec2Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.refusals["AssumeRole"] = ("AccessDenied", "anna may not assume r", 403)
    error = refused(as_a_role(monkeypatch, tmp_path))
    said = "AWS refused the credentials of profile admin: AccessDenied: anna may not assume r"
    assert (str(error), error.next_step) == (said, NextStep.ASK_AGAIN)


@pytest.mark.parametrize("how", ["nobody answers", "it breaks off"])
def test_who_gives_a_role_and_cannot_be_reached_is_said_to_be_so(
    how: str, server: Ec2Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    server.faults["AssumeRole"] = [Fault.RESET]
    if how == "nobody answers":
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    error = refused(as_a_role(monkeypatch, tmp_path))
    said = "Who gives credentials to profile admin cannot be reached."
    assert (str(error), error.next_step) == (said, NextStep.ASK_AGAIN)


def test_a_container_that_gives_no_credentials_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ContainerMetadataFetcher, "SLEEP_TIME", 0)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/")
    error = refused(Connection(Ec2Choice()))
    assert str(error).startswith("No credentials from container-role: Error retrieving metadata")
    assert error.next_step is NextStep.ASK_AGAIN


def test_what_has_no_words_of_its_own_is_named_by_its_kind(tmp_path: Path) -> None:
    path = Path(program(tmp_path, ""))
    path.chmod(0o600)
    configure(tmp_path, f"[profile p]\ncredential_process = {path}\n")
    error = refused(Connection(Ec2Choice(profile="p")))
    assert str(error) == "The credentials of profile p cannot be had (PermissionError)."
    assert error.next_step is NextStep.MEND


def test_a_section_of_the_aws_files_that_is_no_profile_is_not_offered(tmp_path: Path) -> None:
    configure(tmp_path, "[sso-session corp]\nsso_region = us-east-1\n[services x]\n[profile a]\n")
    (tmp_path / "credentials").write_text("[b]\naws_access_key_id = A\n")
    assert profiles() == ("a", "b")
