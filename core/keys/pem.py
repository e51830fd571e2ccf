"""Writes private keys as EC2 gives them in PEM: PKCS#1 for RSA, OpenSSH's container for ED25519."""

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from core.keys.keygen import PrivateKey


def encode(private_key: PrivateKey) -> bytes:
    """Return the key unencrypted, lines of 64 characters, LF, one final newline.

    RSA is PKCS#1 (RFC 8017 appendix A.1.2), ED25519 an OpenSSH container (PROTOCOL.key): the
    same as CreateKeyPair's `KeyMaterial`. ED25519 is never PKCS#8, which ssh-keygen and puttygen
    refuse. A missing final newline would make OpenSSH refuse the container.
    """
    is_rsa = isinstance(private_key, RSAPrivateKey)
    private_format = PrivateFormat.TraditionalOpenSSL if is_rsa else PrivateFormat.OpenSSH
    return private_key.private_bytes(Encoding.PEM, private_format, NoEncryption())


def pkcs8_der(private_key: PrivateKey) -> bytes:
    """Return the unencrypted PKCS#8 DER (RFC 5958), over which EC2 takes its SHA-1."""
    return private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
