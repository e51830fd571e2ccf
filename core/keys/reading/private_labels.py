"""Tells under which label a private key stands in PEM, from its bytes."""

from core.keys.encoding import der, encryption

OPENSSH_LABEL = "OPENSSH PRIVATE KEY"
OPENSSH_MAGIC = b"openssh-key-v1\0"
PKCS1_LABEL = "RSA PRIVATE KEY"
PKCS8_LABEL = "PRIVATE KEY"
PKCS8_ENCRYPTED_LABEL = "ENCRYPTED PRIVATE KEY"
PKCS_LABELS = PKCS1_LABEL, PKCS8_LABEL, PKCS8_ENCRYPTED_LABEL


def label_of_der(data: bytes) -> str | None:
    """Return the label that a private key in DER would have in PEM, or None if it is not one."""
    if not data.startswith(bytes([der.SEQUENCE])):  # nearly every file
        return None
    match der.inside(data):
        case [(der.INTEGER, b"\0" | b"\1"), *numbers] if 8 <= len(numbers) <= 9 and all(
            tag == der.INTEGER for tag, _ in numbers[:8]
        ):
            return PKCS1_LABEL
        case [(der.INTEGER, b"\0" | b"\1"), (der.SEQUENCE, _), (der.OCTET_STRING, _), *_]:
            return PKCS8_LABEL
        case [(der.SEQUENCE, algorithm), (der.OCTET_STRING, _)] if encryption.is_scheme(algorithm):
            return PKCS8_ENCRYPTED_LABEL
    return None


def label_of(data: bytes) -> str | None:
    """Return the label that a private key would have in PEM, or None if it is not one."""
    return OPENSSH_LABEL if data.startswith(OPENSSH_MAGIC) else label_of_der(data)
