import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.custody import pub_files, saving
from core.custody.pub_files import PublicFileError
from core.custody.saving import SaveAsks
from core.disk import destination
from core.disk.destination import PathVerdict
from core.errors import SaveError
from core.model import CreatedKeyPair, FileFormat
from core.session import Session
from tests.each_row import each_row
from tests.vectors.hostile_paths import NAMES, OTHER, PATHS, Expected, HostilePath, build

VERDICTS = {
    Expected.SAVES: {PathVerdict.FREE},
    Expected.ASKS: {PathVerdict.ASKS, PathVerdict.FOLDER_MISSING},
    Expected.REFUSED: {PathVerdict.REFUSED},
    Expected.FAILS: {PathVerdict.FREE, PathVerdict.ASKS, PathVerdict.REFUSED},
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    root = tmp_path / "root"
    build(root)
    monkeypatch.setenv("HOME", str(root))
    monkeypatch.chdir(root)
    yield root
    (root / "locked").chmod(0o600)


@pytest.fixture
def created(session: Session) -> CreatedKeyPair:
    return session.backend.create_key_pair(key_name="web-1", key_type="ed25519")


def everything(root: Path) -> dict[Path, object]:
    """Return all there is below a folder, with what would change if somebody wrote to it."""
    found: dict[Path, object] = {}
    for path in root.rglob("*"):
        status = path.lstat()
        content = (
            path.read_bytes() if stat.S_ISREG(status.st_mode) and status.st_mode & 0o400 else b""
        )
        found[path] = (status.st_mode, status.st_ino, status.st_uid, content)
    return found


def test_there_are_enough_of_them() -> None:
    assert len(PATHS) >= 70
    assert len({path.name for path in PATHS}) == len(PATHS)
    assert len(NAMES) >= 30


@pytest.mark.parametrize("hostile", PATHS, ids=lambda hostile: hostile.name)
def test_what_comes_of_a_hostile_path(
    hostile: HostilePath, root: Path, created: CreatedKeyPair, session: Session
) -> None:
    if hostile.needs_root and (os.geteuid() != 0 or OTHER is None):
        pytest.skip("only root can give a folder to somebody else")
    # replace(), because a path may hold braces of its own.
    text = hostile.text.replace("{root}", str(root)).replace("{base}", root.name)
    says = hostile.says.replace("{other}", OTHER.pw_name if OTHER else "")
    before = everything(root)

    found = destination.examine(text)
    assert found.verdict in VERDICTS[hostile.expected], found
    assert found.explanation.isprintable()
    assert everything(root) == before, "examining only looks"

    accepted = found if hostile.expected is Expected.FAILS else None
    if hostile.expected is not Expected.SAVES:
        with pytest.raises(SaveError) as refused:
            saving.save_key_material(session, created, text, accepted=accepted)
        assert re.search(says, str(refused.value), re.IGNORECASE), refused.value
        assert everything(root) == before
        assert session.backend.describe_key_pairs() == (created.key_pair,)
        assert isinstance(refused.value, SaveAsks) == (hostile.expected is Expected.ASKS)
        if not isinstance(refused.value, SaveAsks):
            return
        accepted = refused.value.destination

    saved = saving.save_key_material(session, created, text, accepted=accepted)
    assert hostile.lands is not None
    path = root / hostile.lands
    assert saved.path.samefile(path)
    assert path.read_bytes() == created.key_material.encode()
    assert stat.S_IMODE(path.lstat().st_mode) == 0o600
    after = everything(root)
    new = after.keys() - before.keys()
    assert {key: after[key] for key in before} == before, "what was there is as it was"
    assert new == {path, *(folder for folder in path.parents if folder in new)}
    assert all(stat.S_IMODE(folder.lstat().st_mode) == 0o700 for folder in new - {path})


@each_row("hostile", PATHS, ids=lambda hostile: hostile.name)
def test_no_public_key_goes_where_no_private_one_may(
    hostile: HostilePath, root: Path, created: CreatedKeyPair, session: Session
) -> None:
    if hostile.expected not in {Expected.REFUSED, Expected.FAILS}:
        return
    text = hostile.text.replace("{root}", str(root)).replace("{base}", root.name)
    before = everything(root)
    with pytest.raises(SaveError):
        saving.save_public_key(created.key_pair, text)
    assert everything(root) == before


@each_row("file_format", FileFormat)
@each_row("key_name", NAMES, ids=ascii)
def test_a_hostile_name_gives_a_safe_default(
    key_name: str, file_format: FileFormat, root: Path
) -> None:
    (root / ".ssh").mkdir(mode=0o700, exist_ok=True)
    text = destination.suggest(key_name, file_format)
    assert re.fullmatch(r"~/\.ssh/[A-Za-z0-9_][A-Za-z0-9._-]*\.[a-z0-9]+", text)
    assert text.startswith(f"~/.ssh/{NAMES[key_name]}.")
    found = destination.examine(text)
    assert found.verdict is PathVerdict.FREE
    assert found.path is not None
    assert found.path.parent == root / ".ssh"
    public = destination.examine(destination.public_path(text))
    assert public.verdict is PathVerdict.FREE
    assert public.path == root / ".ssh" / f"{NAMES[key_name]}.pub"


@each_row("text", ["~/.ssh/we\tb.pub", "/keys/we\x1b[2Jb.pub", "/keys/bup.\u202eb.pub"])
def test_a_public_key_file_is_not_sought_by_control_characters(text: str) -> None:
    with pytest.raises(PublicFileError, match=r"^control characters cannot be part of the path$"):
        pub_files.read(text)
