r"""Finds every key in a file or a text, private and public, and says what is odd about each.

A file is read to its end, and one mark does not speak for all of it: public keys beside a private
one are found, and so is a private key among public ones. What sshd or ssh would not read as it
stands is read here where it is unambiguous, with a remark that says so.

The keys of servers in a known_hosts are not looked at: they are nobody's pair.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import replace

from core.keys.encoding import strict_base64
from core.keys.encoding.armour import Armour
from core.keys.reading import other_kinds, text_shapes
from core.keys.reading.key_blocks import NOT_READ_BY_SSH, blocks, in_block
from core.keys.reading.key_in_file import KeyInFile, of_blob, of_der, of_other_kind
from core.keys.reading.key_lines import AUTHORIZED_KEYS, TYPE_MISSING, TYPED, in_plain_lines
from core.keys.reading.private_labels import label_of
from core.words.plural import n_of

_KNOWN_HOSTS = ("known_hosts", "ssh_known_hosts")


def read(data: bytes, name: str = "") -> list[KeyInFile]:
    """Return the keys in a file, in order; none is no error. `name` is that of the file."""
    if (kind := other_kinds.of_binary(data)) is not None:
        return [of_other_kind(kind, 1)]
    if data.startswith(b"\x30") and (found := of_der(data, "DER")) is not None:
        return [found]
    text, encoding = text_shapes.decoded(data)
    if name.startswith(AUTHORIZED_KEYS) and data.startswith(BOM_UTF8):
        text = f"\ufeff{text}"  # sshd reads it as a part of the first line
    keys = _in_text(text, name)
    if encoding:
        return [each.remarked(f"{encoding}, which sshd does not read") for each in keys]
    return list(keys)


def _in_text(text: str, name: str) -> Iterator[KeyInFile]:
    if name.startswith(_KNOWN_HOSTS):
        yield from _in_known_hosts(text)
    elif (inner := text_shapes.texts_in_json(text)) is not None:
        yield from _of_other_text("\n".join(inner), f"{text_shapes.IN_JSON}, so {NOT_READ_BY_SSH}")
    elif (plain := text_shapes.text_of_rtf(text)) is not None:
        remark = f"{text_shapes.IN_RTF}, so {NOT_READ_BY_SSH}: save it as plain text"
        yield from _of_other_text(plain, remark)
    elif (unquoted := text_shapes.text_of_url(text)) is not None:
        yield from _of_other_text(unquoted, f"{text_shapes.IN_A_URL}, so {NOT_READ_BY_SSH}")
    elif (bare := _without_armour(text)) is not None:
        yield bare
    else:
        yield from _in_lines(text, name)


def _of_other_text(text: str, remark: str) -> Iterator[KeyInFile]:
    """Yield the keys in a text that stands in another, whose lines are not those of the file."""
    for each in _in_lines(text, ""):
        yield replace(each, line=1).remarked(remark)


def _in_lines(text: str, name: str) -> Iterator[KeyInFile]:
    """Yield the keys in a text of lines and blocks, in order."""
    position, line = 0, 1
    for block in blocks(text):
        yield from in_plain_lines(text[position : block.start], line, name)
        line += _breaks(text[position : block.start])
        yield from in_block(block, line)
        line += _breaks(text[block.start : block.end])
        position = block.end
    yield from in_plain_lines(text[position:], line, name)


def _breaks(text: str) -> int:
    return len(re.findall(r"\r\n|\r|\n", text))


def _in_known_hosts(text: str) -> Iterator[KeyInFile]:
    count = sum(1 for line in text.splitlines() if TYPED.search(line))
    if count:
        problem = f"{n_of(count, 'key')} of servers, which are no pairs"
        yield KeyInFile("known_hosts", 1, problem=problem, is_no_key=True)


# Base64 alone ---------------------------------------------------------------------------------


def _without_armour(text: str) -> KeyInFile | None:
    """Read a text that is one base64 and nothing else, such as what EC2 calls base64-encoded DER.

    The BEGIN and END lines of a private key are sometimes left out, on purpose or not.
    """
    if not text.lstrip().startswith(_BEGINNINGS):
        return None
    body = "".join(text.split())
    try:
        data = strict_base64.decode(body)
    except ValueError:
        return None
    if label := label_of(data):
        block = Armour(label, {}, data).render()
        remark = f"its BEGIN and END lines are missing, which name {label}"
        return KeyInFile("private key", 1, private=block, is_private=True, remarks=(remark,))
    if data.startswith(_BLOB):
        return of_blob("public key", 1, data, "").remarked(TYPE_MISSING)
    if data.startswith((b"ssh-", b"ecdsa-", b"sk-")):
        line = next(iter(read(data)), None)
        return line and line.remarked("this is the base64 of its line")
    return of_der(data, "base64 DER")


_BLOB = b"\0\0\0"
_BEGINNINGS = ("M", "b3BlbnNzaC1rZXktdjE", "AAAA", "c3NoL", "ZWNkc2Et")
"""How base64 begins of a DER SEQUENCE, a container of OpenSSH, a blob, and a line."""
