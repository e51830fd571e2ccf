"""What a private key on the screen needs is in memory before there is one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import Agent

ROOT = Path(__file__).parents[3]


@pytest.mark.long
def test_all_that_a_key_can_lead_to_works_without_the_files_of_the_program(
    tmp_path: Path, home: Path, ssh_agent: Agent
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.tui.without_program", tmp_path / "data"],
        env={**os.environ, "HOME": str(home), "SSH_AUTH_SOCK": str(ssh_agent.path)},
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    # Too large to be loaded for what is typed seldom; the file is encrypted without its word.
    assert set(told["missed"]) == {"zxcvbn"}
    names = [Path(path).name for path in told["saved"]]
    assert names == ["web.pem", "pem", "ppk2", "ppk3", "openssh", "pkcs8"]
    assert b" web (RSA)" in ssh_agent.ssh_add("-l").stdout
