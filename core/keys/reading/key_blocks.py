"""Finds the blocks in a text: PEM, RFC 4716, PPK and age; reads what is in each.

A block that is only spoken of, as in a comment that names a BEGIN line, is not one.
"""

import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from core.keys.encoding import strict_base64
from core.keys.reading import other_kinds, text_shapes
from core.keys.reading.key_in_file import (
    CUT,
    KeyInFile,
    of_blob,
    of_numbers,
    of_other_kind,
    public_numbers,
)
from core.keys.reading.private_labels import label_of
from core.keys.reading.rfc4716 import read_block

NOT_READ_BY_SSH = "ssh does not read the file like this"


class Block(NamedTuple):
    """A block of a text: where it begins and ends, its label, and what is between.

    `odd` says what is wrong with its first or last line, or nothing.
    """

    start: int
    end: int
    label: str
    inside: str
    is_ended: bool
    odd: str = ""


_DASHES = "[-\u2010-\u2015\u2212]{2,12}[ \u00a0]?"
_LABEL = "[A-Za-z0-9 \u00a0]{0,40}[Kk][Ee][Yy]"
_BEGIN = re.compile(
    r"-----BEGIN (?P<pem>[A-Z0-9][A-Z0-9 .-]{1,60}?)-----"
    r"|---- BEGIN (?P<ssh2>SSH2 [A-Z ]{1,40}) ----"
    r"|(?P<ppk>PuTTY-User-Key-File-[0-9]{1,3}): "
    r"|(?P<age>AGE-SECRET-KEY-1[A-Z0-9]{4})"
    r"|(?<![A-Za-z0-9+/])(?P<base64>(?:LS0tLS1CRUdJTi|UHVUVFktVXNlci1LZXktRmlsZS)[A-Za-z0-9+/]{20,})"
    rf"|(?i:{_DASHES}BEGIN)[ \u00a0](?P<odd>{_LABEL})[ \u00a0]?{_DASHES}"
    r"|-----END (?P<last>[A-Z0-9 ]{0,40}PRIVATE KEY)-----"
)
_END = re.compile(rf"(?i:{_DASHES}END)[ \u00a0]{_LABEL}[ \u00a0]?{_DASHES}")
_ODD_LINES = "its BEGIN and END lines are not written with five hyphens and in capitals"
_NO_BEGIN = "its BEGIN line is missing"
_NO_END = "its END line is missing"
_IN_BASE64 = "it stands in base64, as secrets and variables do"
_BODY = re.compile(r"[A-Za-z0-9+/]{24}")
_BODY_LINE = re.compile(r"[A-Za-z0-9+/=]{1,200}|[A-Za-z0-9-]{1,40}: .{0,200}")
_NAMED = re.compile(r"(?<![\w.-])[\w.-]{1,60}+[\"']?[ \t]*+[:=]")
_MOST_HEAD = 4096
_FRAME = " \t>|│┃\"'`,;*{}[]"
"""What mail, tables and lists put around a line."""


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of PEM, RFC 4716, PPK and age in a text, and none that is only spoken of."""
    begins = list(_BEGIN.finditer(text))
    done = 0
    for begin, limit in zip(begins, _limits(begins, len(text)), strict=True):
        if begin.start() < done:
            continue
        block = _without_begin(text, begin, done) if begin["last"] else _block(text, begin, limit)
        if _is_meant(text, block, begin):
            done = block.end
            yield block


def _limits(begins: Sequence[re.Match[str]], length: int) -> list[int]:
    """Return for each first line where the next one stands, which may be the end of the text."""
    limits, limit = [], length
    for begin in reversed(begins):
        limits.append(limit)
        limit = limit if begin["last"] else begin.start()
    return limits[::-1]


def _without_begin(text: str, last: re.Match[str], done: int) -> Block:
    """Return the block that ends with this line, and whose first line is missing."""
    start = last.start()
    while start > done:
        stop = text.rfind("\n", done, start - 1) + 1 or done
        bare = text[stop:start].strip(_FRAME + "#\r\n\\")
        if bare and not _BODY_LINE.fullmatch(bare):
            break
        start = stop
    inside = text[start : last.start()]
    return Block(start, last.end(), last["last"], inside, True, _NO_BEGIN)


def _in_base64(text: str, begin: re.Match[str], limit: int) -> Block:
    """Return the base64 of a key file, which may go on in the next lines."""
    body, end = begin["base64"], begin.end()
    rest = re.compile(r"={0,2}(?:(?:\r\n|\n|\\n)[ \t]*[A-Za-z0-9+/]{1,200}={0,2}(?=\s|\\n|$))*")
    if found := rest.match(text, end, limit):
        body, end = body + found[0], found.end()
    return Block(begin.start(), end, "BASE64", body, True, _IN_BASE64)


def _block(text: str, begin: re.Match[str], limit: int) -> Block:
    after = begin.end()
    if begin["age"]:
        return Block(begin.start(), after, "AGE", begin[0], True)
    if begin["ppk"]:
        found = text.find("Private-MAC:", after, limit)
        if found < 0:
            return Block(begin.start(), limit, begin["ppk"], text[after:limit], False)
        mac = re.compile(r"Private-MAC: ?[0-9a-fA-F]*").match(text, found)
        end = mac.end() if mac else limit
        return Block(begin.start(), end, begin["ppk"], text[after:end], True)
    if begin["base64"]:
        return _in_base64(text, begin, limit)
    if label := begin["pem"]:
        last = f"-----END {label}-----"
    else:
        label = begin["ssh2"] or " ".join(begin["odd"].upper().split())
        last = f"---- END {label} ----"
    found = text.find(last, after, limit)
    if found >= 0:
        odd = _ODD_LINES if begin["odd"] else ""
        return Block(begin.start(), found + len(last), label, text[after:found], True, odd)
    if end_line := _END.search(text, after, limit):
        inside = text[after : end_line.start()]
        return Block(begin.start(), end_line.end(), label, inside, True, _ODD_LINES)
    # Its last line is missing: it goes on as long as there are lines that can be its own.
    end = after
    while end < limit:
        stop = text.find("\n", end, limit)
        stop = limit if stop < 0 else stop + 1
        bare = text[end:stop].strip(_FRAME + "#\r\n\\")
        if bare and not _BODY_LINE.fullmatch(bare):
            break
        end = stop
    return Block(begin.start(), end, label, text[after:end], False)


def _is_meant(text: str, block: Block, begin: re.Match[str]) -> bool:
    """Return whether it is a block, or what is left of one, and not only spoken of."""
    if block.odd:
        return bool(_BODY.search(block.inside))
    start = text.rfind("\n", 0, block.start) + 1
    before = text[max(start, block.start - 200) : block.start]
    if not _NAMED.sub("", before.strip(_FRAME), count=1).strip(_FRAME + "-"):
        return True
    head = block.inside[:_MOST_HEAD]
    return "Encryption:" in head if begin["ppk"] else bool(_BODY.search(head))


def in_block(block: Block, line: int) -> Iterator[KeyInFile]:
    """Yield the keys in a block that begins in this line; those of base64 may be several."""
    remarks = (f"{block.odd}, so {NOT_READ_BY_SSH}",) if block.odd else ()
    for key in _keys_in(block, line):
        yield key.remarked(*remarks)


def _keys_in(block: Block, line: int) -> Iterator[KeyInFile]:
    label = block.label
    if label == "BASE64":
        yield from _of_base64(block, line)
    elif label == "AGE":
        yield of_other_kind(other_kinds.AGE, line)
    elif label.startswith("PuTTY-User-Key-File-"):
        yield _ppk(block, line)
    elif label == "SSH2 PUBLIC KEY":
        yield _rfc4716(block, line)
    elif (kind := other_kinds.OF_LABELS.get(label)) is not None:
        yield of_other_kind(kind, line)
    elif label.endswith("PRIVATE KEY"):
        yield _pem_private(block, line)
    elif label in ("PUBLIC KEY", "RSA PUBLIC KEY"):
        yield _pem_public(block, line)


def _of_base64(block: Block, line: int) -> Iterator[KeyInFile]:
    body = re.sub(r"\\n|[\s=]", "", block.inside)
    whole = body[: len(body) // 4 * 4] if len(body) % 4 == 1 else body  # it may be cut anywhere
    data = b64decode(whole + "=" * (-len(whole) % 4))
    for inner in blocks(data.decode("utf-8", "replace")):
        if inner.label != "BASE64":
            yield from in_block(inner, line)


def _ppk(block: Block, line: int) -> KeyInFile:
    rows, remarks = _ppk_rows(block.inside)
    data = f"{block.label}: " + "\n".join([*rows, ""])
    return KeyInFile(
        "private key",
        line,
        is_private=True,
        private=data.encode("utf-8", "replace"),
        remarks=_as_remarks(remarks),
    )


_PPK_FIELDS = re.compile(
    r" (?=(?:Encryption|Comment|Public-Lines|Key-Derivation|Argon2-[A-Za-z]+|Private-Lines"
    r"|Private-MAC): )"
)


def _ppk_rows(inside: str) -> tuple[list[str], tuple[str, ...]]:
    """Return the lines of a PPK, in which spaces and empty lines may mean something."""
    if not any(line_break in inside for line_break in ("\n", "\r", "\\n")):
        rows = []
        for row in _PPK_FIELDS.split(inside):
            name, _, value = row.partition(": ")
            is_body = name.endswith("-Lines")
            count, *body = value.split(" ") if is_body else (value,)
            rows += [f"{name}: {count}", *body] if is_body else [row]
        return rows, (text_shapes.SPACED,)
    if "\\n" in inside:
        text = inside.replace("\\r\\n", "\n").replace("\\n", "\n")
        return text.split("\n"), (text_shapes.ESCAPED,)
    rows = re.split(r"\r\n|\r|\n", inside)
    bare = [row.strip(_FRAME) for row in rows]
    framed = [row for row, inner in zip(rows, bare, strict=True) if row.strip() != inner]
    if all(row.lstrip().startswith("Comment: ") for row in framed):
        return [rows[0], *(row.lstrip(" \t") for row in rows[1:])], ()
    return bare, (text_shapes.QUOTED,)


def _as_remarks(shapes: Sequence[str]) -> tuple[str, ...]:
    """Return what was undone as one remark, with what it means and how it is mended."""
    if not shapes:
        return ()
    mend = ""
    if text_shapes.ESCAPED in shapes:
        mend = """; mend it with (umask 077 && printf '%b\\n' "$(cat FILE)" > NEW)"""
    elif text_shapes.SPACED in shapes or text_shapes.GONE in shapes:
        mend = "; copy it again with its line breaks"
    return (f"{' and '.join(shapes)}, so {NOT_READ_BY_SSH}{mend}",)


def _pem_private(block: Block, line: int) -> KeyInFile:
    rows, shapes = text_shapes.lines_of(block.inside)
    remarks = _as_remarks(shapes)
    if not block.is_ended and _is_whole("".join(rows)):
        remarks += (f"{_NO_END}, so {NOT_READ_BY_SSH}",)
    elif not block.is_ended:
        data = f"-----BEGIN {block.label}-----\n" + "\n".join([*rows, ""])
        return KeyInFile(
            "private key",
            line,
            is_private=True,
            private=data.encode("ascii", "replace"),
            remarks=remarks,
        )
    headers = [row for row in rows if ": " in row or row.startswith(("Proc-Type", "DEK-Info"))]
    body = [row for row in rows if row not in headers]
    label, mislabelled = _true_label(block.label, "".join(body))
    lines = [*headers, *([""] if headers else []), *body]
    text = "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])
    return KeyInFile(
        "private key",
        line,
        is_private=True,
        private=text.encode("ascii", "replace"),
        remarks=(*remarks, *mislabelled),
    )


def _is_whole(body: str) -> bool:
    """Return whether base64 is a whole private key in DER."""
    try:
        return label_of(strict_base64.decode(body)) is not None
    except ValueError:
        return False


def _true_label(label: str, body: str) -> tuple[str, tuple[str, ...]]:
    """Return the label that belongs to a body, and a remark if it stands under another."""
    try:
        data = strict_base64.decode(body)
    except ValueError:
        return label, ()
    true = label_of(data)
    if true is None or true == label:
        return label, ()
    return true, (
        f"its BEGIN line says {label}, but what follows is {true}, so not every program reads it",
    )


def _pem_public(block: Block, line: int) -> KeyInFile:
    kind = "PEM public key"
    rows, shapes = text_shapes.lines_of(block.inside)
    remarks = _as_remarks(shapes)
    try:
        data = strict_base64.decode("".join(rows))
    except ValueError:
        return KeyInFile(kind, line, problem=CUT, is_damaged=True, remarks=remarks)
    if label_of(data) is not None:
        return _pem_private(block, line)
    if (other := other_kinds.of_der(data)) is not None:
        return replace(of_other_kind(other, line), kind=kind, remarks=remarks)
    numbers = public_numbers(data) if block.is_ended else None
    if numbers is None:
        return KeyInFile(kind, line, problem=CUT, is_damaged=True, remarks=remarks)
    return replace(of_numbers(numbers, kind, line), remarks=remarks)


def _rfc4716(block: Block, line: int) -> KeyInFile:
    kind = "RFC 4716 public key"
    inside = block.inside
    remarks: tuple[str, ...] = ()
    if "\n" not in inside.strip() and "\\n" in inside:
        inside, remarks = inside.replace("\\n", "\n"), _as_remarks([text_shapes.ESCAPED])
    found = read_block(re.split(r"\r\n|\r|\n", inside))
    if found is None or not block.is_ended:
        return KeyInFile(kind, line, problem=CUT, is_damaged=True, remarks=remarks)
    return replace(of_blob(kind, line, found.blob, found.comment), remarks=remarks)
