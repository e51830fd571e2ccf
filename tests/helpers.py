"""What tests of every kind have in common."""

from collections.abc import Callable
from subprocess import CompletedProcess

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
