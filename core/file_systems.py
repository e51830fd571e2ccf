"""What kind of file system a folder is on, so that a person can be told before a key goes there."""

import os
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
"""Where Linux says what is mounted; elsewhere there is no such file, and no kind is known."""

_REMOTE = {
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "gfs2",
    "gpfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "orangefs",
    "prl_fs",
    "smb3",
    "smbfs",
    "vboxsf",
    "virtiofs",
}


def remote_kind(folder: Path) -> str | None:
    """Return the kind of a file system that other machines or programs hold, or None.

    That is network file systems, folders of a virtual machine's host, and everything that a
    program serves by FUSE, because sshfs cannot be told from others that may be as far away.

    Raises:
        OSError: the folder cannot be looked at.
    """
    kind = _kind(folder)
    # Not fuseblk: that is a disk of this machine.
    return kind if kind in _REMOTE or kind == "fuse" or kind.startswith("fuse.") else None


def _kind(folder: Path) -> str:
    """Return the type of the file system as mountinfo has it (proc(5)), or nothing."""
    device = folder.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = MOUNTS.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        mount, _, source = line.partition(" - ")
        if mount.split(" ")[2:3] == [number]:
            return source.partition(" ")[0]
    return ""
