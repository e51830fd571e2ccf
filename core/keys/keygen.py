"""Generates private keys."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from core.model import KeyType

PrivateKey = RSAPrivateKey | Ed25519PrivateKey

RSA_BITS = 2048
RSA_EXPONENT = 65537


def generate(key_type: KeyType) -> PrivateKey:
    """Return a new private key of the size EC2 makes: RSA with 2048 bits and e = 65537, or ED25519.

    An RSA key takes about 50 ms in the median and a few hundred at worst; the interpreter lock is
    released meanwhile, so a thread keeps the screen alive.
    """
    match key_type:
        case KeyType.RSA:
            return generate_private_key(public_exponent=RSA_EXPONENT, key_size=RSA_BITS)
        case KeyType.ED25519:
            return Ed25519PrivateKey.generate()
