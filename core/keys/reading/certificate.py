"""The keys in OpenSSH certificates (PROTOCOL.certkeys); nothing here says that one is valid."""

from core.keys.encoding.sshwire import Reader, WireError, string

_SUFFIX = b"-cert-v01@openssh.com"
_NUMBERS = {b"ssh-rsa": 2, b"ssh-ed25519": 1}
"""How many fields the key itself has, of the types that are taken."""


def is_certificate(algorithm: bytes) -> bool:
    """Tell whether the SSH name of a type is one of certificates."""
    return algorithm.endswith(_SUFFIX)


def key_type(algorithm: bytes) -> bytes:
    """Return the SSH name of the type of the key that a certificate of this type is for."""
    return algorithm.removesuffix(_SUFFIX)


def certified(blob: bytes) -> bytes:
    """Return the wire blob of the key that a certificate is for, or nothing if it is not whole."""
    reader = Reader(blob)
    try:
        name = key_type(reader.string())
        reader.string()  # the nonce
        fields = [string(reader.string()) for _ in range(_NUMBERS.get(name, 0))]
        reader = Reader(reader.rest()[12:])  # serial and type
        for _ in ("key id", "principals"):
            reader.string()
        reader = Reader(reader.rest()[16:])  # valid after and before
        for _ in ("critical options", "extensions", "reserved", "signature key", "signature"):
            reader.string()
        reader.end()
    except WireError:
        return b""
    return b"".join([string(name), *fields])
