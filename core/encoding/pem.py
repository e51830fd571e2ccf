"""Private keys as PEM: PKCS#1 for RSA, the OpenSSH container for ED25519, as EC2 gives them."""

from typing import assert_never

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from core.encoding import EncodingError
from core.keygen import PrivateKey

OPENSSH_MARKER = b"-----BEGIN OPENSSH PRIVATE KEY-----"


def encode(private_key: PrivateKey) -> bytes:
    """Return the key unencrypted, lines of 64 characters, LF, one final newline.

    RSA is PKCS#1 (RFC 8017 appendix A.1.2), ED25519 an OpenSSH container (PROTOCOL.key): the
    same as CreateKeyPair's `KeyMaterial`. ED25519 is never PKCS#8, which ssh-keygen and puttygen
    refuse. A missing final newline would make OpenSSH refuse the container.
    """
    match private_key:
        case RSAPrivateKey():
            private_format = PrivateFormat.TraditionalOpenSSL
        case Ed25519PrivateKey():
            private_format = PrivateFormat.OpenSSH
        case _:
            assert_never(private_key)
    return private_key.private_bytes(Encoding.PEM, private_format, NoEncryption())


def decode(data: bytes) -> PrivateKey:
    """Return the private key in what `encode` wrote.

    Raises:
        EncodingError: it is not such a file.
    """
    # The validation that is skipped takes 50 ms with the interpreter lock held. Callers compare
    # the fingerprint over every private number, which proves more.
    load = load_ssh_private_key if data.startswith(OPENSSH_MARKER) else load_pem_private_key
    try:
        private_key = load(data, password=None, unsafe_skip_rsa_key_validation=True)
    except ValueError:
        # The cause is cut off: it may quote what it could not read.
        raise EncodingError("this is not an unencrypted PEM private key") from None
    if not isinstance(private_key, PrivateKey):
        raise EncodingError("this is neither an RSA nor an ED25519 key")
    return private_key


def pkcs8_der(private_key: PrivateKey) -> bytes:
    """Return the unencrypted PKCS#8 DER (RFC 5958), over which EC2 takes its SHA-1."""
    return private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
