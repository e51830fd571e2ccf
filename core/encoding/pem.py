"""Private keys as PEM: PKCS#1 for RSA, the OpenSSH container for ED25519, as EC2 gives them."""

from base64 import b64decode, b64encode
from typing import assert_never

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from core.encoding import EncodingError, rsa
from core.keygen import PrivateKey

OPENSSH_MARKER = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_OPENSSH_END = b"-----END OPENSSH PRIVATE KEY-----"
_LINE = 64
_CHECK_NUMBERS = slice(98, 106)
"""Where the container of an ED25519 key has the same random number twice (PROTOCOL.key)."""


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
    """Return the private key in what `encode` wrote, byte for byte.

    Nothing else will do, be it harmless elsewhere: without its final newline, or with CRLF, a
    container is refused by OpenSSH.

    Raises:
        EncodingError: it is not such a file, it is damaged, or its halves disagree.
    """
    # The validation that is skipped takes 50 ms with the interpreter lock held.
    load = load_ssh_private_key if data.startswith(OPENSSH_MARKER) else load_pem_private_key
    try:
        private_key = load(data, password=None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # A TypeError says that it is encrypted. The causes are cut off: they quote what they read.
        raise EncodingError("this is not an unencrypted PEM private key") from None
    if not isinstance(private_key, PrivateKey):
        raise EncodingError("this is neither an RSA nor an ED25519 key")
    if not _is_intact(private_key, data):
        raise EncodingError("this PEM private key is damaged, or was written by another program")
    return private_key


def _is_intact(private_key: PrivateKey, data: bytes) -> bool:
    written = encode(private_key)
    match private_key:
        case RSAPrivateKey():
            return data == written and rsa.is_one_key(private_key.private_numbers())
        case Ed25519PrivateKey():
            if not data.startswith(OPENSSH_MARKER):
                return False
            # Loading does not compare the public halves in the file with the private one.
            container = _container(written)
            container[_CHECK_NUMBERS] = _container(data)[_CHECK_NUMBERS]
            return data == _armoured(container)
        case _:
            assert_never(private_key)


def _container(text: bytes) -> bytearray:
    body = text.removeprefix(OPENSSH_MARKER).partition(_OPENSSH_END)[0]
    return bytearray(b64decode(body))


def _armoured(container: bytes | bytearray) -> bytes:
    text = b64encode(container)
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    return b"".join(line + b"\n" for line in (OPENSSH_MARKER, *lines, _OPENSSH_END))


def pkcs8_der(private_key: PrivateKey) -> bytes:
    """Return the unencrypted PKCS#8 DER (RFC 5958), over which EC2 takes its SHA-1."""
    return private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
