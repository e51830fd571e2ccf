import pytest

from core.operations import creating
from core.secret import KeyMaterial


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[KeyMaterial]:
    """Return the list of the private keys that are handed over from here on."""
    made: list[KeyMaterial] = []

    def observed(material: bytes) -> KeyMaterial:
        made.append(KeyMaterial(material))
        return made[-1]

    monkeypatch.setattr(creating, "KeyMaterial", observed)
    return made
