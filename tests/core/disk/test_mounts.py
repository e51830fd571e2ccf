from pathlib import Path

import pytest

from core.custody import saving
from core.custody.saving import SaveAsks
from core.disk import destination, mounts
from core.disk.destination import PathVerdict
from core.session import Session


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder in which some things are mounted, by what the system is made to say."""
    lines = [
        "1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
        rf"2 1 0:40 / {tmp_path}/two\040words rw master:2 shared:3 - nfs4 host:/home rw,vers=4.2",
        f"3 2 8:2 / {tmp_path}/two\\040words/local rw - xfs /dev/sdb1 rw",
        f"4 1 0:41 / {tmp_path}/over rw - tmpfs tmpfs rw",
        f"5 4 0:42 / {tmp_path}/over rw - fuse.sshfs host: rw",
        f"6 1 0:43 / {tmp_path}/appimage rw - fuse.appimage app rw",
        "nonsense",
    ]
    file = tmp_path / "mountinfo"
    file.write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(mounts, "MOUNTINFO", file)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("here", None),
        ("two words", "nfs4"),
        ("two words/a/b.pem", "nfs4"),
        ("two words/local/b.pem", None),
        ("two words2/b.pem", None),
        ("over/b.pem", "fuse.sshfs"),
        ("appimage/b.pem", None),
    ],
)
def test_the_innermost_mount_decides(mounted: Path, path: str, expected: str | None) -> None:
    assert mounts.network_file_system(mounted / path) == expected


def test_links_are_followed(mounted: Path) -> None:
    (mounted / "link").symlink_to(mounted / "over")
    (mounted / "loop").symlink_to(mounted / "loop")
    assert mounts.network_file_system(mounted / "link" / "b.pem") == "fuse.sshfs"
    assert mounts.network_file_system(mounted / "loop") is None


def test_nothing_is_said_where_the_system_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounts, "MOUNTINFO", tmp_path / "none")
    assert mounts.network_file_system(tmp_path) is None


@pytest.mark.parametrize("path", ["over/new", "over/missing/new"])
def test_saving_over_the_network_asks(mounted: Path, session: Session, path: str) -> None:
    (mounted / "over").mkdir(mode=0o700)
    (mounted / "two words").mkdir(mode=0o700)
    created = session.backend.create_key_pair(key_name="web-1", key_type="ed25519")
    target = mounted / path
    with pytest.raises(SaveAsks, match=r"fuse\.sshfs may keep it on another machine") as asked:
        saving.save_key_material(session, created, str(target))
    assert not target.exists()
    assert not (mounted / "over/missing").exists()
    # Who said yes to one place has not said yes to another.
    other = mounted / "two words/new"
    with pytest.raises(SaveAsks, match="nfs4 may keep it"):
        saving.save_key_material(session, created, str(other), accepted=asked.value.destination)
    saving.save_key_material(session, created, str(target), accepted=asked.value.destination)
    assert target.exists()


def test_the_default_folder_never_asks(mounted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(mounted))
    mounted.chmod(0o755)
    assert destination.examine("~/.ssh/web.pem").verdict is PathVerdict.FOLDER_MISSING
    (mounted / ".ssh").mkdir(mode=0o700)
    assert destination.examine("~/.ssh/web.pem").verdict is PathVerdict.FREE
    assert destination.examine("~/web.pem").verdict is PathVerdict.ASKS
