"""The list of key pairs: marks and what is said below it."""

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.demo import DemoService
from tests.tui.driving import drawn, play

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIIRGSddLuiVl/GOw0Dp5qWTswtUtUBJNpzS8zyLNhoY"


def fill(service: DemoService, home: Path) -> None:
    """Make one pair of each kind: saved, not saved, imported."""
    saved = service.create_key_pair(key_name="a-saved", key_type="ed25519")
    service.save_key_material(saved, str(home / ".ssh" / "a.pem"))
    service.create_key_pair(key_name="b-unsaved", key_type="ed25519")
    service.import_key_pair(key_name="c-imported", public_key_material=PUBLIC_KEY)


def rows(pilot: Pilot[None]) -> list[str]:
    """Return the rows of the list up to the end of the names."""
    lines = drawn(pilot).split("\n")
    return [line.partition(" ed25519")[0].rstrip() for line in lines if " ed25519" in line]


@pytest.mark.parametrize("size", [(80, 24), (60, 15), (36, 10), (140, 40)])
def test_choosing_hides_no_mark(
    empty_service: DemoService, home: Path, size: tuple[int, int]
) -> None:
    fill(empty_service, home)

    async def scene(pilot: Pilot[None]) -> None:
        assert rows(pilot) == ["   a-saved", " ! b-unsaved", " ↓ c-imported"]
        await pilot.press("space", "space", "space")
        assert rows(pilot) == ["*  a-saved", "*! b-unsaved", "*↓ c-imported"]
        await pilot.press("g", "space")
        assert rows(pilot) == ["   a-saved", "*! b-unsaved", "*↓ c-imported"]

    play(empty_service, scene, size)
