"""Reads the inside of a public key block of RFC 4716."""

from collections.abc import Iterable
from typing import NamedTuple

from core.keys.encoding import strict_base64

BEGIN = "---- BEGIN SSH2 PUBLIC KEY ----"
END = "---- END SSH2 PUBLIC KEY ----"


class PublicKeyBlock(NamedTuple):
    """What a block holds: the wire blob of the key, and its Comment header without quotes."""

    blob: bytes
    comment: str


def read_block(lines: Iterable[str]) -> PublicKeyBlock | None:
    r"""Return what stands between the BEGIN and the END line, or None where it is no base64.

    A header may go on in the next line behind a `\` (section 3.3); the body has none.
    """
    comment = body = ""
    rest = iter(lines)
    for line in rest:
        if ":" in line and not body:
            parts = [line]
            while parts[-1].endswith("\\"):
                parts[-1] = parts[-1][:-1]
                parts.append(next(rest, ""))
            header, _, value = "".join(parts).partition(":")
            if header.strip().casefold() == "comment":
                comment = value.strip().strip('"')
        else:
            body += line.strip(" \t")
    try:
        return PublicKeyBlock(strict_base64.decode(body), comment)
    except ValueError:
        return None
