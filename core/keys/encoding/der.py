"""Reads and writes DER by the few rules of X.690 that keys need."""

INTEGER, BIT_STRING, OCTET_STRING, OBJECT, SEQUENCE = 0x02, 0x03, 0x04, 0x06, 0x30

NULL = b"\x05\0"

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


def octet_string(content: bytes) -> bytes:
    """Return an OCTET STRING."""
    return encode(OCTET_STRING, content)


def sequence(*elements: bytes) -> bytes:
    """Return a SEQUENCE of elements that are encoded."""
    return encode(SEQUENCE, b"".join(elements))


def object_identifier(dotted_text: str) -> bytes:
    """Return the OBJECT IDENTIFIER that is written with dots, as `dotted` gives it."""
    first, second, *others = map(int, dotted_text.split("."))
    content = b""
    for part in (40 * first + second, *others):
        octets = [part & 0x7F]
        while part := part >> 7:
            octets.append(0x80 | part & 0x7F)
        content += bytes(reversed(octets))
    return encode(OBJECT, content)


def fields(data: bytes) -> list[tuple[int, bytes]]:
    """Split bytes into (tag, content); empty if they are not whole fields."""
    found = []
    start = 0
    while start < len(data):
        head = start + 2
        length = data[start + 1] if start + 1 < len(data) else len(data)
        if length >= 0x80:
            head += length & 0x7F
            length = int.from_bytes(data[start + 2 : head], "big")
        if head + length > len(data):
            return []
        found.append((data[start], data[head : head + length]))
        start = head + length
    return found


def inside(data: bytes) -> list[tuple[int, bytes]]:
    """Return the fields of the one SEQUENCE that bytes are, or none."""
    match fields(data):
        case [(tag, content)] if tag == SEQUENCE:
            return fields(content)
    return []


def number(content: bytes) -> int | None:
    """Return what the content of an INTEGER stands for, or None where it is negative or empty."""
    if not content or content[0] & 0x80:
        return None
    return int.from_bytes(content, "big")


def dotted(content: bytes) -> str:
    """Return the content of an OBJECT IDENTIFIER with dots, such as 1.2.840.113549.1.1.1.

    One that is damaged, or longer than any that is used, gives an empty text.
    """
    if not content or len(content) > 64 or content[-1] & 0x80:
        return ""
    parts: list[int] = []
    value = 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            parts.append(value)
            value = 0
    first = min(parts[0] // 40, 2)
    return ".".join(map(str, (first, parts[0] - 40 * first, *parts[1:])))
