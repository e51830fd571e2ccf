"""Encrypts PKCS#8 by a passphrase: PBES2 (RFC 8018 section 6.2) with PBKDF2 and AES-256 in CBC.

Written here because cryptography takes 2,048 rounds and no other number. Not scrypt, which neither
Java nor LibreSSL reads.
"""

import hashlib
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from core.keys.encoding import der
from core.keys.encoding.encryption import AES_256_CBC, HMAC_SHA256, PBES2, PBKDF2

_ROUNDS = 600_000
"""As OWASP's Password Storage Cheat Sheet has it for HMAC-SHA-256; 0.1 to 0.3 s."""

_SALT = 16
_KEY = 32
_BLOCK = 16


def encrypted(clear: bytes, passphrase: bytes) -> bytes:
    """Return an EncryptedPrivateKeyInfo (RFC 5958 section 3) in DER.

    It is what `openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 600000` writes.
    """
    salt, iv = secrets.token_bytes(_SALT), secrets.token_bytes(_BLOCK)
    function = der.sequence(der.object_identifier(HMAC_SHA256), der.NULL)
    numbers = der.sequence(der.octet_string(salt), der.integer(_ROUNDS), function)
    parameters = der.sequence(
        der.sequence(der.object_identifier(PBKDF2), numbers),
        der.sequence(der.object_identifier(AES_256_CBC), der.octet_string(iv)),
    )
    algorithm = der.sequence(der.object_identifier(PBES2), parameters)
    key = hashlib.pbkdf2_hmac("sha256", passphrase, salt, _ROUNDS, _KEY)
    count = _BLOCK - len(clear) % _BLOCK
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    sealed = encryptor.update(clear + bytes([count]) * count) + encryptor.finalize()
    return der.sequence(algorithm, der.octet_string(sealed))
