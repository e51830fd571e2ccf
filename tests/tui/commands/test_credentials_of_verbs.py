"""What a verb says, and how it ends, in each situation of credentials that needs no AWS."""

import hashlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from core.aws.bounds import program
from tests.each_row import each_row
from tests.ec2_server import Ec2Server
from tests.tui.commands.calling import call
from tests.tui.commands.test_over_ec2 import server

__all__ = ["server"]

_URL = "https://example.awsapps.com/start"
_SSO = (
    f"[profile p]\nsso_start_url = {_URL}\nsso_region = us-east-1\n"
    "sso_account_id = 123456789012\nsso_role_name = r\n"
)
_ROLE = (
    "[profile base]\naws_access_key_id = AKIA\naws_secret_access_key = s\n"
    "[profile p]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n"
)


@pytest.fixture
def nothing_around(
    server: Ec2Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Path], None]:
    """Return what leaves no credentials around, and EC2 and STS on loopback, for a home folder."""
    import os

    for name in os.environ:
        if name.startswith(("AWS_", "KEYPAIRS_")):
            monkeypatch.delenv(name)

    def at(home: Path) -> None:
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        (home / ".aws").mkdir()

    return at


class _Metadata(BaseHTTPRequestHandler):
    """The metadata of an instance with a role, in its second version."""

    def do_PUT(self) -> None:
        self._answer("token")

    def do_GET(self) -> None:
        until = (datetime.now(UTC) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
        found = {
            "Code": "Success",
            "AccessKeyId": "ASIA",
            "SecretAccessKey": "s",
            "Token": "t",
            "Expiration": until,
        }
        self._answer("role" if self.path.endswith("/") else json.dumps(found))

    def _answer(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def instance() -> Iterator[str]:
    metadata = HTTPServer(("127.0.0.1", 0), _Metadata)
    thread = threading.Thread(target=metadata.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{metadata.server_address[1]}/"
    metadata.shutdown()
    metadata.server_close()
    thread.join()


def _token(home: Path) -> None:
    folder = home / ".aws" / "sso" / "cache"
    folder.mkdir(parents=True)
    name = hashlib.sha1(_URL.encode(), usedforsecurity=False).hexdigest()
    token = {"accessToken": "t", "expiresAt": "2020-01-01T00:00:00Z"}
    (folder / f"{name}.json").write_text(json.dumps(token))


def _program(text: str) -> Callable[[Path], None]:
    def write(home: Path) -> None:
        path = home / "program"
        path.write_text(f"#!{sys.executable}\n{text}\n")
        path.chmod(0o700)
        (home / ".aws" / "config").write_text(f"[profile p]\ncredential_process = {path}\n")

    return write


def _nothing(home: Path) -> None:
    pass


_GIVES = 'print(\'{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s"}\')'

SITUATIONS: list[tuple[str, str, Callable[[Path], None], dict[str, str], int, str]] = [
    ("environment", "", _nothing, {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"}, 0, ""),
    ("half a key", "", _nothing, {"AWS_ACCESS_KEY_ID": "A"}, 253, "AWS_SECRET_ACCESS_KEY"),
    (
        "files",
        "[profile p]\naws_access_key_id = A\naws_secret_access_key = s\n",
        _nothing,
        {"AWS_PROFILE": "p"},
        0,
        "",
    ),
    ("no such profile", "[profile prod]\n", _nothing, {"AWS_PROFILE": "prot"}, 253, "prod"),
    ("no file", "rubbish\n", _nothing, {}, 253, "config"),
    ("SSO, never logged in", _SSO, _nothing, {"AWS_PROFILE": "p"}, 253, "aws sso login"),
    ("SSO, expired", _SSO, _token, {"AWS_PROFILE": "p"}, 253, "aws sso login --profile p"),
    ("role", _ROLE, _nothing, {"AWS_PROFILE": "p"}, 0, ""),
    (
        "role with MFA and no terminal",
        f"{_ROLE}mfa_serial = arn:aws:iam::1:mfa/anna\n",
        _nothing,
        {"AWS_PROFILE": "p"},
        253,
        "needs an MFA code",
    ),
    ("program", "", _program(_GIVES), {"AWS_PROFILE": "p"}, 0, ""),
    (
        "program that fails",
        "",
        _program("import sys; sys.exit('\\x1b]0;x\\x07token expired')"),
        {"AWS_PROFILE": "p"},
        253,
        "token expired",
    ),
    (
        "program that hangs",
        "",
        _program("import time; time.sleep(60)"),
        {"AWS_PROFILE": "p"},
        253,
        "did not answer within",
    ),
    (
        "program that prints for ever",
        "[profile p]\ncredential_process = yes\n",
        _nothing,
        {"AWS_PROFILE": "p"},
        253,
        "printed more than 1 MiB, and was ended",
    ),
    ("rubbish", "", _program("print('rubbish')"), {"AWS_PROFILE": "p"}, 253, "is not the JSON"),
    ("none at all", "", _nothing, {}, 253, "aws configure"),
]


@pytest.mark.long
@each_row("situation, config, prepare, variables, status, said", SITUATIONS)
def test_each_situation_has_its_sentence_and_its_status(
    situation: str,
    config: str,
    prepare: Callable[[Path], None],
    variables: dict[str, str],
    status: int,
    said: str,
    nothing_around: Callable[[Path], None],
    server: Ec2Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    nothing_around(tmp_path)
    monkeypatch.setattr(program, "TIMEOUT", 5.0 if status == 0 else 0.5)
    if config:
        (tmp_path / ".aws" / "config").write_text(config)
    prepare(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    before = server.calls["DescribeKeyPairs"]
    capsys.readouterr()
    assert call("describe-key-pairs", "--ec2", "--data-dir", tmp_path / "data") == status
    output = capsys.readouterr()
    assert (json.loads(output.out) if output.out else None) == (
        {"KeyPairs": []} if status == 0 else None
    )
    assert said in output.err
    assert len(output.err.splitlines()) == (0 if status == 0 else 1)
    assert all(line.isprintable() for line in output.err.splitlines())
    assert server.calls["DescribeKeyPairs"] == before + (status == 0)


def test_an_instance_gives_the_credentials_of_its_role(
    nothing_around: Callable[[Path], None],
    instance: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    nothing_around(tmp_path)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", instance)
    assert call("describe-key-pairs", "--ec2", "--data-dir", tmp_path / "data") == 0
    assert capsys.readouterr().err == ""
    assert call("doctor", "--ec2", "--data-dir", tmp_path / "data") == 0
    assert "credentials from the role of the instance" in capsys.readouterr().out
