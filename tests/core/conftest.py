from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.local import new_pairs
from core.secret import KeyMaterial
from tests.core.sshd import Server, serving
from tests.helpers import Run


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[KeyMaterial]:
    """Return the list of the private keys that are handed over from here on."""
    made: list[KeyMaterial] = []

    def observed(material: bytes) -> KeyMaterial:
        made.append(KeyMaterial(material))
        return made[-1]

    monkeypatch.setattr(new_pairs, "KeyMaterial", observed)
    return made


@pytest.fixture
def server(tool: Callable[[str], str], run: Run, tmp_path: Path) -> Iterator[Server]:
    with serving(run, tool, tmp_path) as server:
        yield server
