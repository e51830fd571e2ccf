"""Nothing that botocore logs or raises is seen, and no private key is where nobody asked for it."""

import socket
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.ec2_server import Ec2Server, Fault
from tests.tui.commands.test_create_over_ec2 import start
from tests.tui.commands.test_over_ec2 import server

__all__ = ["server"]

_LOGGED = """
import logging, warnings
warnings.simplefilter("always")
logging.basicConfig(level=1, filename={log!r})
for name in ("botocore", "botocore.parsers", "botocore.endpoint", "urllib3.connectionpool"):
    logging.getLogger(name).setLevel(1)
"""

_FAULTS = [None, Fault.CUT, Fault.RUBBISH, Fault.PAGE]


@pytest.mark.parametrize("fault", _FAULTS)
def test_with_every_log_and_variable_on_the_key_is_in_its_file_alone(
    fault: Fault | None, server: Ec2Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    answer = server.answer

    def noting(region: str, operation: str, fields: dict[str, str]) -> tuple[int, str]:
        status, body = answer(region, operation, fields)
        if operation == "CreateKeyPair":
            sent.append(body)
        return status, body

    monkeypatch.setattr(server, "answer", noting)
    server.faults["CreateKeyPair"] = [fault] if fault else []
    log = tmp_path / "log"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as monitor:
        monitor.bind(("127.0.0.1", 0))
        monitor.setblocking(False)
        (tmp_path / "config").write_text(
            "[default]\ncli_history = enabled\ncsm_enabled = true\n"
            f"csm_port = {monitor.getsockname()[1]}\n"
        )
        monkeypatch.setenv("AWS_CSM_ENABLED", "true")
        path = tmp_path / "ci.pem"
        options = ["--made-by", "ec2", "--save", str(path), "--yes"]
        with start(server, tmp_path, *options, patch=_LOGGED.format(log=str(log))) as running:
            output, errors = running.communicate(timeout=60)
        with pytest.raises(BlockingIOError):
            monitor.recv(1)
    assert running.returncode == (255 if fault else 0), errors
    lines = [line for line in sent[0].splitlines() if len(line) == 64]
    assert len(lines) > 3
    for text in (output, errors, log.read_text()):
        assert "PRIVATE KEY" not in text
        assert not any(line in text for line in lines)
    assert "Traceback" not in errors
    assert "botocore" not in log.read_text()
    holding = [each for each in tmp_path.rglob("*") if _holds(each, lines)]
    assert holding == ([] if fault else [path])


def _holds(path: Path, lines: list[str]) -> bool:
    data = path.read_bytes() if path.is_file() else b""
    return any(line.encode() in data for line in lines)


_RENEWED_ONCE = """#!{python}
import json, pathlib, sys
ran = pathlib.Path(__file__).with_name("ran")
if ran.exists():
    sys.exit("a secret of the program")
ran.touch()
print(json.dumps({{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s", "SessionToken": "t",
                  "Expiration": "{until}"}}))
"""


def test_a_warning_of_botocore_and_its_traceback_are_not_on_standard_error(
    server: Ec2Server, tmp_path: Path
) -> None:
    program = tmp_path / "credentials-program"
    # They are good for less time than botocore wants, which tries to renew them and warns.
    until = (datetime.now(UTC) + timedelta(minutes=12)).isoformat()
    program.write_text(_RENEWED_ONCE.format(python=sys.executable, until=until))
    program.chmod(0o700)
    (tmp_path / "config").write_text(f"[profile p]\ncredential_process = {program}\n")
    patch = "import logging\nlogging.basicConfig()"
    path = tmp_path / "ci.pem"
    with start(server, tmp_path, "--profile", "p", "--save", str(path), "--yes", patch=patch) as it:
        errors = it.communicate(timeout=60)[1]
    assert (it.returncode, errors) == (0, "")
    assert (tmp_path / "ran").exists()
