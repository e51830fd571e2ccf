"""Lists the types of keys that SSH has names for, and tells whether a wire blob is a whole key."""

from typing import NamedTuple

from core.keys.encoding.sshwire import Reader, WireError, string

CERTIFICATE = "-cert-v01@openssh.com"
"""How the name of the type of a certificate ends (PROTOCOL.certkeys)."""


class SSHType(NamedTuple):
    """A type of key: what people call it, how many fields its blob has, and who knows it.

    `fields` are those behind the name, without what only some versions write. `in_openssh` is
    whether OpenSSH 9.2, as distributions build it, knows the name.
    """

    usual: str
    fields: int
    in_openssh: bool = True


SSH_TYPES = {
    "ssh-rsa": SSHType("RSA", 2),
    "ssh-ed25519": SSHType("ED25519", 1),
    "ecdsa-sha2-nistp256": SSHType("ECDSA", 2),
    "ecdsa-sha2-nistp384": SSHType("ECDSA", 2),
    "ecdsa-sha2-nistp521": SSHType("ECDSA", 2),
    "ssh-dss": SSHType("DSA", 4),
    "sk-ssh-ed25519@openssh.com": SSHType("ED25519-SK", 2),
    "sk-ecdsa-sha2-nistp256@openssh.com": SSHType("ECDSA-SK", 3),
    "ssh-ed448": SSHType("ED448", 1, in_openssh=False),
    "ssh-xmss@openssh.com": SSHType("XMSS", 2, in_openssh=False),
    "sk-ssh-ed25519": SSHType("ED25519-SK", 2, in_openssh=False),
    "sk-ecdsa-sha2-nistp256": SSHType("ECDSA-SK", 3, in_openssh=False),
}
"""The types by their names in SSH (RFC 4253, 5656, 8709; OpenSSH's PROTOCOL.u2f)."""

RSA_SIGNATURES = frozenset({"rsa-sha2-256", "rsa-sha2-512"})
"""Names of RSA signatures (RFC 8332). OpenSSH takes them in front of an RSA key as well."""


def is_certificate(name: str) -> bool:
    """Return whether the SSH name of a type is one of certificates."""
    return name.endswith(CERTIFICATE)


def certified_type(name: str) -> str:
    """Return the SSH name of the type of the key itself, of a certificate or not."""
    stem = name.removesuffix(CERTIFICATE)
    if stem != name and f"{stem}@openssh.com" in SSH_TYPES:
        return f"{stem}@openssh.com"  # sk-ssh-ed25519-cert-v01@openssh.com
    return stem


def usual_name(name: str) -> str:
    """Return what people call the type of this SSH name, or nothing where it is unknown."""
    known = SSH_TYPES.get(certified_type(name))
    return known.usual if known else ""


def name_in(blob: bytes) -> str:
    """Return the SSH name of the type that stands in a wire blob, or nothing."""
    try:
        return Reader(blob).string().decode("ascii", "replace")
    except WireError:
        return ""


def is_whole(blob: bytes) -> bool:
    """Return whether a wire blob has all the fields of its type; nothing is computed of them."""
    reader = Reader(blob)
    try:
        name = reader.string().decode("ascii", "replace")
        if is_certificate(name):
            _read_certificate(reader, certified_type(name))
        elif name in SSH_TYPES:
            for _ in range(SSH_TYPES[name].fields):
                reader.string()
            if name.startswith("ssh-xmss"):
                return True  # what follows differs from version to version
        else:
            return False
        reader.end()
    except WireError:
        return False
    return True


def _read_certificate(reader: Reader, name: str) -> None:
    if name not in SSH_TYPES:
        raise WireError("a certificate of an unknown type")
    reader.string()  # the nonce
    for _ in range(SSH_TYPES[name].fields):
        reader.string()
    reader.skip(12)  # serial and type
    for _ in ("key id", "principals"):
        reader.string()
    reader.skip(16)  # valid after and before
    for _ in ("critical options", "extensions", "reserved", "signature key", "signature"):
        reader.string()


def certified(blob: bytes) -> bytes:
    """Return the wire blob of the key that a certificate is for, or nothing if it is not whole.

    Nothing here says that a certificate is valid.
    """
    name = certified_type(name_in(blob))
    if name not in SSH_TYPES or not is_whole(blob):
        return b""
    reader = Reader(blob)
    reader.string()
    reader.string()  # the nonce
    fields = [reader.string() for _ in range(SSH_TYPES[name].fields)]
    return b"".join(map(string, [name.encode(), *fields]))
