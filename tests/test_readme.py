"""The README: short enough to be read, and every command of the program in it is one."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.each_row import each_row
from tests.helpers import PUBLIC_KEY
from tests.pty.terminal import KEYPAIRS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
MOST_LINES = 250

_STANDS_FOR = {
    "PATH...": "web.pub",
    "REGION": "us-east-1",
    "NAME": "web",
    "FOLDER": "folder",
    "FILE": "policy.json",
    "SHELL": "bash",
}
_SPANS = re.compile(r"`(keypairs(?: [^`]*)?)`")
_NOT_OURS = {"keypairs", "keypairs[ec2]"}


def commands() -> list[str]:
    """Return every command of the program that stands in the text or in a block for a shell."""
    found = [span.replace("\n", " ") for span in _SPANS.findall(README)]
    for block in re.findall(r"```(?:sh)?\n(.*?)```", README, re.DOTALL):
        joined = block.replace("\\\n", " ")
        found += [line for line in joined.splitlines() if line.startswith("keypairs ")]
    return sorted({command for command in found if command not in _NOT_OURS})


def test_it_is_short_enough_to_be_read() -> None:
    assert len(README.splitlines()) <= MOST_LINES


@pytest.mark.long
@each_row("command", commands())
def test_each_command_in_it_is_understood(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "web.pub").write_text(f"{PUBLIC_KEY} web\n")
    (tmp_path / ".ssh").mkdir(mode=0o700)
    words = [_STANDS_FOR.get(word, word) for word in shlex.split(command, comments=True)]
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    done = subprocess.run(
        [KEYPAIRS, *words[1:]],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode in {0, 1, 254} or "restore" in words, done
    assert "usage:" not in done.stderr
    assert "Traceback" not in done.stderr


def test_its_commands_for_a_clone_say_what_they_do_and_ask_for_hashes() -> None:
    blocks = re.findall(r"```\n(python3 -m venv .*?)```", README, re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        assert "-q" not in shlex.split(block)
        for lock in re.findall(r"-r (\S+)", block):
            assert (ROOT / lock).is_file()
            assert "--require-hashes" in block
