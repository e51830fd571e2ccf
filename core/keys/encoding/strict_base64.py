"""Reads base64 only where it is exactly as it would be written."""

from base64 import b64decode, b64encode


def decode(text: str | bytes) -> bytes:
    """Return the bytes that base64 stands for (RFC 4648 section 4), never none at all.

    Padding, the bits behind the last byte and the absence of any other character are insisted on,
    as OpenSSH's own decoder does.

    Raises:
        ValueError: the text is anything else; the error does not quote it.
    """
    given = text.encode("ascii", "replace") if isinstance(text, str) else text
    try:
        data = b64decode(given, validate=True)
    except ValueError:  # binascii.Error is one
        data = b""
    if not data or b64encode(data) != given:
        raise ValueError("it is not valid base64")
    return data
