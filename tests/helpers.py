"""What tests of every kind have in common."""

import os
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from subprocess import CompletedProcess, run
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from core import clock
from core.ec2.authorization import Authorizer
from core.ec2.regions import region
from core.local.backend import new_key_pair_id
from core.local.opening import session_of
from core.model import KeptKeyPair
from core.session import Session
from core.store.access import RegionAccess
from core.store.region_store import RegionStore

Run = Callable[..., CompletedProcess[bytes]]
"""What the fixture `run` returns."""

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIIRGSddLuiVl/GOw0Dp5qWTswtUtUBJNpzS8zyLNhoY"
"""A key that no store holds until it is imported."""

AT_80 = pytest.param((80, 24), id="80x24")
AT_60 = pytest.param((60, 15), id="60x15")

SIZES = pytest.mark.parametrize(
    "size", [AT_80, pytest.param((60, 15), id="60x15", marks=pytest.mark.long)]
)


def quickly(all_of_them: Iterable[Any], *quick: object) -> list[ParameterSet]:
    """Return parameters of a test, of which all but some are left to the long run.

    They are such as differ in what they give, and not in the code that they lead through.
    """
    return [
        pytest.param(each, marks=() if each in quick else pytest.mark.long) for each in all_of_them
    ]


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


def session_over(
    store: RegionStore,
    authorizer: Authorizer | None = None,
    *,
    now: Callable[[], datetime] = clock.now,
    new_key_pair_id: Callable[[], str] = new_key_pair_id,
) -> Session:
    """Return a session over a store, with a policy, a clock or ids of the test's own."""
    authorizer = authorizer or Authorizer(region(store.region), "nobody")
    return session_of(RegionAccess(lambda: store, authorizer, now), new_key_pair_id)


def kept(key_pair: KeptKeyPair, **custody: Any) -> KeptKeyPair:
    """Return a key pair of whose custody something else is known."""
    return replace(key_pair, custody=key_pair.custody._replace(**custody))


def printed_on(ours: int) -> bytes:
    """Return all that was printed on a pseudo-terminal, once nobody holds its other end.

    One read may return a part of it: the kernel hands on what was printed piece by piece.
    """
    printed = b""
    with suppress(OSError):  # the end: where the other side is closed, reading fails
        while piece := os.read(ours, 65_536):
            printed += piece
    return printed


def listens(path: Path) -> bool:
    """Return whether a socket takes connections; it has its name a moment before."""
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(str(path)) == 0
