"""Decrypts, and derives keys of passphrases, with cryptography.

It is the door to those parts of the library that only encrypted keys need: it is imported when one
is there.
"""

from cryptography.exceptions import UnsupportedAlgorithm as UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf import argon2 as argon2


def decrypted(data: bytes, key: bytes, iv: bytes, *, triple_des: bool) -> bytes:
    """Return what was encrypted with AES or Triple-DES in CBC, with its padding."""
    algorithm = TripleDES(key) if triple_des else algorithms.AES(key)
    decryptor = Cipher(algorithm, modes.CBC(iv)).decryptor()
    return decryptor.update(data) + decryptor.finalize()
