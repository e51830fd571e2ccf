"""Tells which files lie on a file system that other machines see as well."""

import os
import re

MOUNTINFO = "/proc/self/mountinfo"

_NETWORK = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "glusterfs", "gpfs", "lustre"}
    | {"ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "panfs", "pvfs2", "smb3", "smbfs"}
    | {"vboxsf", "virtiofs", "vmhgfs"}
)
_FUSE_NETWORK = frozenset(
    {"ceph", "ceph-fuse", "curlftpfs", "gcsfuse", "glusterfs", "goofys", "gvfsd-fuse", "rclone"}
    | {"s3fs", "smbnetfs", "sshfs", "vmhgfs-fuse"}
)
_OCTAL = re.compile(rb"\\([0-7]{3})")


def network_file_system(path: "str | os.PathLike[str]") -> str | None:
    """Return the type of the network file system that a path lies on (`nfs4`), or None.

    Links are followed; what does not exist yet lies where it would be made. Folders that a virtual
    machine shares with its host count. Where the system does not tell what is mounted, in
    `/proc/self/mountinfo` (proc(5)), the answer is None.
    """
    try:
        with open(MOUNTINFO, "rb") as file:  # noqa: PTH123 - a verb has no time for pathlib
            lines = file.read().splitlines()
    except OSError:
        return None
    folder = os.fsencode(os.path.realpath(path))
    folders = {folder}
    while folder != os.path.dirname(folder):  # noqa: PTH120 - likewise
        folder = os.path.dirname(folder)  # noqa: PTH120 - likewise
        folders.add(folder)
    longest, found = b"", ""
    for line in lines:
        before, separator, after = line.partition(b" - ")
        fields = before.split(b" ")
        if not separator or len(fields) < 5:
            continue
        mount_point = _OCTAL.sub(lambda code: bytes([int(code[1], 8) & 0xFF]), fields[4])
        # Of two mounts on one folder the later one is seen.
        if mount_point in folders and len(mount_point) >= len(longest):
            longest, found = mount_point, after.split(b" ")[0].decode("ascii", "replace")
    kind, _, subtype = found.partition(".")
    is_network = subtype in _FUSE_NETWORK if kind == "fuse" else found in _NETWORK
    return found if is_network else None


def network_note(data_dir: "str | os.PathLike[str]") -> str | None:
    """Return what to say at the start of a data folder on a network file system, or None."""
    kind = network_file_system(data_dir)
    if kind is None:
        return None
    return (
        f"The data folder is on a network file system ({kind}): what other machines change may"
        " show late, and where it keeps no locks, a change may be refused and has to be repeated."
    )
