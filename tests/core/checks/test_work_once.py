"""The check-up and the look-up read each file once, hash nothing twice, and ask the agent once."""

import hashlib
import os
import types
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core.checks.check_up import check_up
from core.checks.look_up import finder
from core.custody import agent_keys, saving
from core.disk import files
from core.keys import fingerprint
from core.model import KeyType
from core.session import Session


@pytest.fixture
def saved(session: Session, tmp_path: Path) -> Path:
    """Return the folder of the private keys of six pairs, two of them with a second file."""
    folder = tmp_path / "saved"
    folder.mkdir(mode=0o700)
    for number in range(6):
        key_type = KeyType.RSA if number == 0 else KeyType.ED25519
        created = session.backend.create_key_pair(key_name=f"pair-{number}", key_type=key_type)
        for copy in range(2 if number < 2 else 1):
            saving.save_key_material(session, created, str(folder / f"{number}-{copy}.pem"))
        line = created.key_pair.public_key
        (folder / f"{number}-0.pub").write_text(f"{line} comment\n")
    session.backend.create_key_pair(key_name="never-saved", key_type="ed25519")
    return folder


class Counted:
    """Counts what is read, hashed and asked for."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.read: Counter[str] = Counter()
        self.hashed: Counter[tuple[str, bytes]] = Counter()
        self.agent = 0
        read, keys_in_agent = files.read_regular_file, agent_keys.keys_in_agent

        def reading(path: Path, *given: Any, **named: Any) -> bytes:
            self.read[os.path.realpath(path)] += 1
            return read(path, *given, **named)

        def asking() -> frozenset[str] | None:
            self.agent += 1
            return keys_in_agent()

        def hashing(name: str) -> Any:
            def hashed(data: bytes = b"", **named: Any) -> Any:
                self.hashed[name, bytes(data)] += 1
                return getattr(hashlib, name)(data, **named)

            return hashed

        hashes = {name: hashing(name) for name in ("md5", "sha1", "sha256")}
        patch.setattr(files, "read_regular_file", reading)
        patch.setattr(agent_keys, "keys_in_agent", asking)
        patch.setattr(fingerprint, "hashlib", types.SimpleNamespace(**hashes))

    def twice(self) -> list[object]:
        counters: list[Counter[Any]] = [self.read, self.hashed]
        return [each for counter in counters for each, times in counter.items() if times > 1]


def test_a_check_up_reads_and_hashes_each_thing_once(
    session: Session, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of these the other file says whether anything is lost.
    (saved / "0-0.pem").unlink()
    (saved / "1-1.pem").write_text("no key\n")
    counted = Counted(monkeypatch)
    found = list(check_up(session, None))
    assert {"spare-gone", "file-changed", "never-saved"} <= {getattr(f, "kind", "") for f in found}
    assert counted.twice() == []
    assert counted.agent == 1
    assert len([path for path in counted.read if path.startswith(str(saved))]) == 7
    assert counted.hashed


def test_a_look_up_reads_each_file_and_hashes_each_key_once(
    session: Session, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.backend.delete_key_pair(key_name="pair-5")
    counted = Counted(monkeypatch)
    found = list(finder(session).in_path(saved))
    assert len(found) == len(list(saved.iterdir())) == 14
    assert Counter(each.standing.value for each in found) == {"known": 12, "deleted": 2}
    assert [path for path in counted.read if counted.read[path] > 1] == []
    # For pairs that were created here the SHA-1 of an RSA key is EC2's; no other is needed.
    assert all(name == "sha1" for name, _ in counted.hashed)
