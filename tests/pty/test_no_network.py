"""Where EC2 was not chosen botocore is not loaded, and no socket is opened but the agent's."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import Agent, Run
from tests.pty.terminal import KEYPAIRS, OpenApp

pytestmark = pytest.mark.long

AWS = {
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_PROFILE": "prod",
    "AWS_REGION": "us-east-1",
}


def opened(log: Path) -> tuple[list[str], list[str]]:
    """Return the calls of strace that make or connect a socket, and those that load botocore."""
    lines = log.read_text().splitlines()
    sockets = [line for line in lines if "socket(" in line or "connect(" in line]
    return sockets, [line for line in lines if "botocore" in line and "= -1" not in line]


def test_the_app_opens_no_socket_but_the_agents(
    open_app: OpenApp, tool: Callable[[str], str], ssh_agent: Agent, tmp_path: Path
) -> None:
    log = tmp_path / "strace"
    options: list[str | Path] = ["-f", "-o", log, "-e", "trace=socket,connect,openat"]
    command = [tool("strace"), *options, KEYPAIRS]
    env = {**AWS, "SSH_AUTH_SOCK": str(ssh_agent.path)}
    app = open_app(command=command, env=env)
    app.wait_for("c create")
    app.press("a")
    app.wait_for("holds")
    app.press("Escape")
    app.wait_for("c create")
    app.press("q")
    app.wait_for_end()
    sockets, loaded = opened(log)
    assert loaded == []
    assert sockets
    assert all("AF_UNIX" in line for line in sockets), sockets
    connected = [line for line in sockets if "connect(" in line and "nscd" not in line]
    assert connected
    # Its socket is held by a descriptor, so that nobody can put another in its place.
    assert all("/proc/self/fd/" in line for line in connected), connected


def test_the_commands_open_no_socket_and_load_no_botocore(
    run: Run, tool: Callable[[str], str], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    verbs = [
        ("create-key-pair", "--key-name", "web", "--save", str(tmp_path), "--yes"),
        ("describe-key-pairs",),
        ("create-tags", "--resources", "web", "--tags", "Key=a,Value=b"),
        ("list", "tag:a"),
        ("show", "web"),
        ("find", str(tmp_path)),
        ("doctor",),
        ("delete-key-pair", "--key-name", "web"),
    ]
    found = {}
    for number, (verb, *words) in enumerate(verbs):
        log = tmp_path / f"strace-{number}"
        trace = ("-f", "-o", str(log), "-e", "trace=socket,connect,openat")
        variables = [f"{name}={value}" for name, value in AWS.items()]
        command = ("env", *variables, KEYPAIRS, verb, *words)
        options = ["--data-dir", str(data)]
        if verb not in ("find", "doctor"):  # which look at all Regions
            options += ["--region", "us-east-1"]
        done = run("strace", *trace, *command, *options, status=None)
        assert done.returncode in (0, 1), (verb, done)
        sockets, loaded = opened(log)
        assert "openat(" in log.read_text()
        # The C library asks nscd for the account's name, on this machine.
        found[verb] = [line for line in sockets if "AF_UNIX" not in line or "sun_path" in line]
        found[verb] = [line for line in found[verb] if "nscd" not in line] + loaded
    assert {verb: lines for verb, lines in found.items() if lines} == {}
