"""Encodings of keys: SSH wire format, PEM, PPK, OpenSSH, and the public keys ImportKeyPair reads.

    EncodingError
    ├── WrongPassphrase     encrypted, and the passphrase is missing or does not open it
    ├── HalvesDisagree      the private and the public half are of different keys
    ├── UnsupportedKey      a private key of a type or size that is not taken
    └── NotRead             a private key in a form that is not read

Their texts are fragments without a full stop, and none quotes what was read.
"""


class EncodingError(ValueError):
    """Bytes that are not the encoding of a key that they claim to be; never quotes them."""


class WrongPassphrase(EncodingError):
    """A file is encrypted, and what was given does not open it.

    Most formats cannot tell a wrong passphrase from damage to what is encrypted.
    """

    def __init__(self, *, given: bool) -> None:
        super().__init__(
            "the passphrase is wrong, or the file is damaged"
            if given
            else "this file is encrypted, give its passphrase"
        )


class HalvesDisagree(EncodingError):
    """The private half of a file is not that of the public half in the same file."""

    def __init__(self) -> None:
        super().__init__(
            "its private and its public half are of different keys, so no login with it would work"
        )


class UnsupportedKey(EncodingError):
    """A whole private key, but one that no pair can have; `key_type` is the usual name of its type.

    `reason` says what is the matter, where it is not the type.
    """

    def __init__(self, key_type: str, reason: str = "") -> None:
        super().__init__(
            reason
            or f"this is a private key of type {key_type}, but only RSA and ED25519 are taken"
        )
        self.key_type = key_type


class NotRead(EncodingError):
    """A private key that may well be whole, but in a form that is not read; says what to do."""


MOST_BYTES_OF_A_KEY_FILE = 64 * 1024
"""More bytes than any file of one key has; a larger one is refused unread."""
