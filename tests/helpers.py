"""What tests of every kind have in common."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess, run

import pytest

Run = Callable[..., CompletedProcess[bytes]]
"""What the fixture `run` returns."""

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIIRGSddLuiVl/GOw0Dp5qWTswtUtUBJNpzS8zyLNhoY"
"""A key that no store holds until it is imported."""

AT_80 = pytest.param((80, 24), id="80x24")
AT_60 = pytest.param((60, 15), id="60x15")

SIZES = pytest.mark.parametrize(
    "size", [AT_80, pytest.param((60, 15), id="60x15", marks=pytest.mark.long)]
)
BOTH_SIZES = pytest.mark.parametrize("size", [AT_80, AT_60])
"""Where each of the two is something of its own, as a picture is."""

SECONDS = 60
"""The most that a real program may take to do something."""


@dataclass
class Agent:
    """A real ssh-agent; `answer` is what its question for confirmation gets."""

    path: Path
    answer: Path
    tool: Callable[[str], str]

    def ssh_add(self, *arguments: str, stdin: bytes = b"") -> CompletedProcess[bytes]:
        """Run ssh-add, which is never asked for a passphrase on a terminal."""
        return run(
            [self.tool("ssh-add"), *arguments],
            input=stdin,
            capture_output=True,
            timeout=SECONDS,
            env=self.environment,
            check=False,
        )

    @property
    def environment(self) -> dict[str, str]:
        return {
            "SSH_AUTH_SOCK": str(self.path),
            "SSH_ASKPASS": str(self.answer),
            "SSH_ASKPASS_REQUIRE": "force",
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C",
        }
