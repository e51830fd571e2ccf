"""DER: the few rules of X.690 that keys need."""

INTEGER, BIT_STRING, OCTET_STRING, OBJECT, SEQUENCE = 0x02, 0x03, 0x04, 0x06, 0x30

RSA_ENCRYPTION = bytes.fromhex("0609 2a864886f70d010101 0500")
"""The AlgorithmIdentifier of an RSA key, with its NULL (RFC 8017 appendix A.1)."""

ID_ED25519 = bytes.fromhex("0603 2b6570")
"""The AlgorithmIdentifier of an ED25519 key (RFC 8410 section 3)."""


def encode(tag: int, content: bytes) -> bytes:
    """Return one element of a tag and its content."""
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def integer(value: int) -> bytes:
    """Return a non-negative INTEGER."""
    return encode(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def fields(data: bytes) -> list[tuple[int, bytes]]:
    """Split bytes into (tag, content); empty if they are not whole fields."""
    found = []
    position = 0
    while position < len(data):
        start = position + 2
        if start > len(data):
            return []
        length = data[position + 1]
        if length >= 0x80:
            octets = length & 0x7F
            length = int.from_bytes(data[start : start + octets], "big")
            start += octets
        end = start + length
        if end > len(data):
            return []
        found.append((data[position], data[start:end]))
        position = end
    return found
