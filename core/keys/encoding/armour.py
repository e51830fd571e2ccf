"""Reads PEM armour as leniently as the programs that read key files, and writes it.

What openssl, ssh-keygen or puttygen put up with is put up with here: every kind of line end, none
at the end, text or a byte-order mark in front, indented lines and lines of any width.
"""

import re
from base64 import b64encode
from dataclasses import dataclass, field

from core.keys import EncodingError, NotRead
from core.keys.encoding import strict_base64

_BLOCK = re.compile(
    rb"-----BEGIN ([A-Z0-9 ]{0,40}PRIVATE KEY)-----\s(.*?)-----END \1-----", re.DOTALL
)
_HEADER = re.compile(rb"([A-Za-z0-9-]{1,40}):[ \t]*(.*)")


@dataclass(frozen=True, slots=True)
class Armour:
    """A PEM block: its label, its headers (RFC 1421 section 4.6), and the bytes in it."""

    label: str
    headers: dict[str, str]
    body: bytes = field(repr=False)

    def render(self, width: int = 64) -> bytes:
        """Return the block in LF lines of this width, with one final newline."""
        head = [f"{name}: {value}".encode() for name, value in self.headers.items()]
        return b"".join(
            line + b"\n"
            for line in (
                f"-----BEGIN {self.label}-----".encode(),
                *([*head, b""] if head else []),
                *lines(self.body, width),
                f"-----END {self.label}-----".encode(),
            )
        )


def lines(data: bytes, width: int) -> list[bytes]:
    """Return bytes as base64 (RFC 4648 section 4) in lines of this width."""
    text = b64encode(data)
    return [text[start : start + width] for start in range(0, len(text), width)]


def unbase64(text: bytes) -> bytes:
    """Return what base64 stands for, if it is exactly as it would be encoded.

    Raises:
        EncodingError: it is not.
    """
    try:
        return strict_base64.decode(text)
    except ValueError:
        raise EncodingError("its base64 is damaged, or some of it is missing") from None


def parse(data: bytes) -> Armour:
    """Return the one PEM private key in a file.

    Raises:
        NotRead: there is more than one, or it is no ASCII.
        EncodingError: there is none, or it is damaged.
    """
    if b"\0" in data:
        raise NotRead("there are NUL characters in it, so save it as plain ASCII")
    if data.count(b"PRIVATE KEY-----") > 2:
        raise NotRead("there is more than one private key in it, give them one at a time")
    block = _BLOCK.search(data)
    if block is None:
        raise EncodingError("there is no whole private key in it, a BEGIN or END line is missing")
    label, content = block.groups()
    headers: dict[str, str] = {}
    body = b""
    for line in map(bytes.strip, content.splitlines()):
        header = _HEADER.fullmatch(line) if not body else None
        if header:
            headers[header[1].decode()] = header[2].decode("latin-1")
        else:
            body += line
    return Armour(label.decode(), headers, unbase64(body))
