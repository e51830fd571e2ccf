"""Encodings of keys: the SSH wire format, PEM, PPK, and the public keys ImportKeyPair reads."""
