import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core import destination, file_systems
from core.destination import Verdict
from core.errors import SaveAsks
from core.service import KeyPairService

Mounted = Callable[[str], None]


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mounted:
    """Return a function that makes the test's folder seem to be on another kind of file system."""

    def mount(kind: str) -> None:
        device = tmp_path.stat().st_dev
        mounts = tmp_path / "mountinfo"
        mounts.write_text(
            "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
            # The fields before the dash vary in number, and paths hold escaped spaces.
            f"99 27 {os.major(device)}:{os.minor(device)} / /mnt/a\\040b rw shared:1 master:2"
            f" - {kind} host:/export rw,vers=4.2\n"
            "100 27 0:99 / /mnt rw - nfs4 host:/other rw\n"
        )
        monkeypatch.setattr(file_systems, "MOUNTS", mounts)

    return mount


REMOTE = "nfs nfs4 cifs smb3 9p afs ceph virtiofs lustre vboxsf fuse fuse.sshfs fuse.rclone"
LOCAL = "ext4 xfs btrfs zfs tmpfs overlay fuseblk nfsd fusectl"


@pytest.mark.parametrize(
    ("kind", "is_remote"),
    [*((kind, True) for kind in REMOTE.split()), *((kind, False) for kind in LOCAL.split())],
)
def test_a_file_system_of_another_machine_is_known(
    kind: str, is_remote: bool, mounted: Mounted, tmp_path: Path
) -> None:
    mounted(kind)
    assert file_systems.remote_kind(tmp_path) == (kind if is_remote else None)


def test_where_nothing_says_what_is_mounted_nothing_is_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_systems, "MOUNTS", tmp_path / "nothing")
    assert file_systems.remote_kind(tmp_path) is None


def test_the_kernel_says_what_it_has_mounted() -> None:
    if not file_systems.MOUNTS.exists():
        pytest.skip("this system has no mountinfo")
    assert file_systems._kind(Path("/proc")) == "proc"
    assert file_systems.remote_kind(Path("/proc")) is None


@pytest.mark.parametrize("path", ["new", "missing/new"])
def test_saving_over_the_network_asks(
    path: str, mounted: Mounted, service: KeyPairService, tmp_path: Path
) -> None:
    mounted("nfs4")
    created = service.create_key_pair(key_name="web-1", key_type="ed25519")
    target = tmp_path / path
    with pytest.raises(SaveAsks, match="nfs4 may keep it on another machine") as asked:
        service.save_key_material(created, str(target))
    assert not target.exists()
    assert not (tmp_path / "missing").exists()
    # Once the place is another one, so is the question.
    mounted("fuse.sshfs")
    with pytest.raises(SaveAsks, match=r"fuse\.sshfs may keep it") as again:
        service.save_key_material(created, str(target), accepted=asked.value.destination)
    service.save_key_material(created, str(target), accepted=again.value.destination)
    assert target.exists()


def test_the_default_folder_never_asks(
    mounted: Mounted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted("ext4")
    monkeypatch.setenv("HOME", str(tmp_path))
    tmp_path.chmod(0o755)
    assert destination.examine("~/.ssh/web.pem").verdict is Verdict.FOLDER_MISSING
    (tmp_path / ".ssh").mkdir(mode=0o700)
    assert destination.examine("~/.ssh/web.pem").verdict is Verdict.FREE
    assert destination.examine("~/web.pem").verdict is Verdict.ASKS
