"""The program as people get it: from the archive, by each way in, with the network off."""

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.helpers import Run
from tests.installed.conftest import MINUTES, ROOT, Offline, Place
from tests.pty.terminal import Terminal

pytestmark = pytest.mark.installed

README = (ROOT / "README.md").read_text()


@pytest.fixture
def env(place: Place, foreign_path: Path) -> Mapping[str, str]:
    """Return the environment of a shell that is set up for another project."""
    return {"HOME": str(place.home), "PYTHONPATH": str(foreign_path)}


def test_the_version_says_what_the_program_is_made_of(
    place: Place, offline: Offline, env: Mapping[str, str], wheel: Path
) -> None:
    first, *lines = offline([place.program, "--version"], env).stdout.splitlines()
    assert first == f"keypairs {wheel.name.split('-')[1]}"
    said = {name: what.strip() for name, _, what in (line.strip().partition(" ") for line in lines)}
    version = ".".join(map(str, sys.version_info[:3]))
    assert said["Python"] == f"{version} (CPython)"
    assert said["Textual"] == "8.2.8"
    assert said["OpenSSL"].split(".")[0].isdigit()
    folder = place.python.parents[1].resolve()
    assert Path(said["installed"].split(", from")[0]).resolve().is_relative_to(folder)


def test_nothing_of_ours_can_be_imported_as_core_or_tui(place: Place, offline: Offline) -> None:
    code = (
        "import importlib, pkgutil, sys, keypairs\n"
        "names = [m.name for m in pkgutil.walk_packages(keypairs.__path__, 'keypairs.')]\n"
        "for name in names:\n"
        "    try: name.endswith('__main__') or importlib.import_module(name)\n"
        "    except ModuleNotFoundError as error:\n"
        "        if error.name.partition('.')[0] != 'botocore': raise\n"
        "assert len(names) > 150 and not {'core', 'tui'} & sys.modules.keys()\n"
        "for name in ('core', 'tui'):\n"
        "    try: found = importlib.import_module(name)\n"
        "    except (ModuleNotFoundError, RuntimeError): continue\n"
        "    raise SystemExit(f'{name} is {found}')\n"
    )
    # Isolated: neither the current folder nor PYTHONPATH has a say.
    offline([place.python, "-I", "-c", code], {"HOME": str(place.home)})


def test_a_pair_is_created_saved_found_and_checked(
    place: Place, offline: Offline, env: Mapping[str, str], run: Run, tmp_path: Path
) -> None:
    key = tmp_path / "web.pem"
    tmp_path.chmod(0o700)
    create = [place.program, "create-key-pair", "--key-name", "web", "--key-type", "ed25519"]
    made = json.loads(offline([*create, "--save", key], env).stdout)
    assert key.stat().st_mode & 0o777 == 0o600
    public = run("ssh-keygen", "-y", "-f", key).stdout.decode()
    described = [place.program, "describe-key-pairs", "--include-public-key"]
    [pair] = json.loads(offline(described, env).stdout)["KeyPairs"]
    assert pair["KeyPairId"] == made["KeyPairId"]
    assert pair["PublicKey"].split()[:2] == public.split()[:2]
    assert "web in us-east-1" in offline([place.program, "find", key], env).stdout
    assert offline([place.program, "doctor"], env).returncode == 0
    code = (
        "from keypairs.core.client import Client\n"
        "print(Client('us-east-1').describe_key_pairs()['KeyPairs'][0]['KeyName'])"
    )
    assert offline([place.python, "-c", code], env).stdout == "web\n"


def test_the_python_of_the_readme_runs(
    place: Place, offline: Offline, env: Mapping[str, str]
) -> None:
    [code] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    code += "print(key_pair['KeyName'], key_pair['KeyMaterial'].splitlines()[0])"
    said = offline([place.python, "-c", code], env).stdout
    assert said == "ci-deploy -----BEGIN OPENSSH PRIVATE KEY-----\n"


FOR_A_CLONE = [line for line in README.splitlines() if line.startswith("python3 -m venv")][:2]


@pytest.mark.parametrize("command", FOR_A_CLONE, ids=["plain", "locked"])
def test_the_commands_of_the_readme_open_the_app_in_a_clone(command: str, tmp_path: Path) -> None:
    assert command.endswith(".venv/bin/keypairs")
    clone = tmp_path / "clone"
    not_cloned = shutil.ignore_patterns(".venv", ".git", "venv*", "__pycache__", ".*_cache", "dist")
    shutil.copytree(ROOT, clone, ignore=not_cloned)
    settings = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    shell = ["bash", "-c", f"cd '{clone}' && {command}"]
    with Terminal(shell, home=tmp_path / "home", env=settings) as terminal:
        terminal.wait_for("Collecting", timeout=MINUTES)  # pip says what it does
        terminal.wait_for("c create", timeout=MINUTES)


def test_byte_code_is_there_before_the_first_start(place: Place) -> None:
    assert place.not_compiled == set()


# install.sh ---------------------------------------------------------------------------------------


def test_install_sh_leaves_nothing_behind_when_it_is_uninstalled(
    archive: Path, offline: Offline, run: Run, tmp_path: Path
) -> None:
    prefix = tmp_path / "a prefix"
    env = {"HOME": str(tmp_path)}
    install = ["sh", archive / "install.sh", "--prefix", prefix]
    offline([*install, "--python", sys.executable], env)
    program = prefix / "bin" / "keypairs"
    first = program.resolve()
    assert run("man", "-l", prefix / "share/man/man1/keypairs.1").stdout.startswith(b"KEYPAIRS(1)")
    linked = {path.relative_to(prefix) for path in prefix.rglob("*") if path.is_symlink()}
    assert {str(path) for path in linked if not str(path).startswith("share/keypairs-")} == {
        "bin/keypairs",
        "share/man/man1/keypairs.1",
        "share/bash-completion/completions/keypairs",
        "share/zsh/site-functions/_keypairs",
        "share/fish/vendor_completions.d/keypairs.fish",
    }
    said = offline([*install, "--python", sys.executable], env).stdout
    assert f"Installed: {program}" in said
    # What runs goes on with the files of the version before.
    assert program.resolve() != first
    assert first.exists()
    data = tmp_path / ".local" / "share" / "keypairs"
    offline([program, "create-key-pair", "--key-name", "web", "--save", tmp_path / "web.pem"], env)
    assert data.is_dir()
    assert "left where they are" in offline([*install, "--uninstall"], env).stdout
    assert [path for path in prefix.rglob("*") if not path.is_dir()] == []
    assert (tmp_path / "web.pem").exists()
    assert list(data.glob("*.json"))


@pytest.mark.parametrize(
    ("arguments", "says", "status"),
    [
        (["--prefix"], "needs a value", 2),
        (["--what"], "--what is not understood", 2),
        (["--python", "/bin/false"], "/bin/false does not run", 1),
        (["--python", "no-such-python"], "no-such-python was not found", 1),
        (["--prefix", "/proc/keypairs"], "cannot be made. Choose a folder", 1),
        (["--uninstall", "--prefix", "/nowhere"], "is not installed below /nowhere", 1),
    ],
)
def test_install_sh_refuses_in_a_sentence_what_it_cannot_use(
    arguments: list[str], says: str, status: int, archive: Path, offline: Offline, tmp_path: Path
) -> None:
    command = ["sh", archive / "install.sh", *arguments]
    done = offline(command, {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}, status=status)
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("keypairs"))


def test_install_sh_replaces_no_command_of_anybody_else(
    archive: Path, offline: Offline, tmp_path: Path
) -> None:
    theirs = tmp_path / ".local" / "bin" / "keypairs"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine")
    command = ["sh", archive / "install.sh", "--python", sys.executable]
    said = offline(command, {"HOME": str(tmp_path)}, status=1).stderr
    assert f"{theirs} is there and is not of this script" in said
    assert theirs.read_text() == "mine"


def test_install_sh_refuses_a_wheel_that_was_changed(
    archive: Path, offline: Offline, tmp_path: Path
) -> None:
    copy = tmp_path / "archive"
    shutil.copytree(archive, copy)
    [wheel] = (copy / "wheels").glob("tinydb-*")
    wheel.write_bytes(wheel.read_bytes() + b"x")
    home = tmp_path / "home"
    command = ["sh", copy / "install.sh", "--python", sys.executable]
    said = offline(command, {"HOME": str(home)}, status=1).stderr
    assert "pip could not install" in said
    assert not list(home.rglob("bin/keypairs"))
