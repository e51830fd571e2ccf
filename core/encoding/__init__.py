"""Encodings of keys: the SSH wire format, PEM, PPK, and the public keys ImportKeyPair reads."""


class EncodingError(ValueError):
    """Bytes that are not the encoding of a key that they claim to be; never quotes them."""
