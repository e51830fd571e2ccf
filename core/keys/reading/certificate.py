"""Finds the keys in OpenSSH certificates (PROTOCOL.certkeys); says of none that it is valid."""

from core.keys import ssh_types
from core.keys.encoding.sshwire import Reader, string


def certified(blob: bytes) -> bytes:
    """Return the wire blob of the key that a certificate is for, or nothing if it is not whole."""
    name = ssh_types.certified_type(ssh_types.name_in(blob))
    if name not in ssh_types.SSH_TYPES or not ssh_types.is_whole(blob):
        return b""
    reader = Reader(blob)
    reader.string()
    reader.string()  # the nonce
    fields = [reader.string() for _ in range(ssh_types.SSH_TYPES[name].fields)]
    return b"".join(map(string, [name.encode(), *fields]))
