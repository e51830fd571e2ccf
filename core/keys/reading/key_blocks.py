"""Finds the blocks in a text: PEM, RFC 4716, PPK and age; reads what is in each.

A block that is only spoken of, as in a comment that names a BEGIN line, is none.
"""

import re
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
    """A block of a text: where it begins and ends, its label, and what is between."""

    start: int
    end: int
    label: str
    inside: str
    is_ended: bool


_BEGIN = re.compile(
    r"-----BEGIN (?P<pem>[A-Z0-9][A-Z0-9 .-]{1,60}?)-----"
    r"|---- BEGIN (?P<ssh2>SSH2 [A-Z ]{1,40}) ----"
    r"|(?P<ppk>PuTTY-User-Key-File-[0-9]{1,3}): "
    r"|(?P<age>AGE-SECRET-KEY-1[A-Z0-9]{4})"
)
_BODY = re.compile(r"[A-Za-z0-9+/]{24}")
_BODY_LINE = re.compile(r"[A-Za-z0-9+/=]{1,200}|[A-Za-z0-9-]{1,40}: .{0,200}")
_NAMED = re.compile(r"[\w.-]{1,60}[\"']?[ \t]*[:=]")
_MOST_HEAD = 4096
_FRAME = " \t>|│┃\"'`,;*{}[]"
"""What mail, tables and lists put around a line."""


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of PEM, RFC 4716, PPK and age in a text, and none that is only spoken of."""
    begins = list(_BEGIN.finditer(text))
    done = 0
    for number, begin in enumerate(begins):
        if begin.start() < done:
            continue
        limit = begins[number + 1].start() if number + 1 < len(begins) else len(text)
        block = _block(text, begin, limit)
        if _is_meant(text, block, begin):
            done = block.end
            yield block


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
    if label := begin["pem"]:
        last = f"-----END {label}-----"
    else:
        label = begin["ssh2"]
        last = f"---- END {label} ----"
    found = text.find(last, after, limit)
    if found >= 0:
        return Block(begin.start(), found + len(last), label, text[after:found], True)
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
    start = text.rfind("\n", 0, block.start) + 1
    before = text[max(start, block.start - 200) : block.start]
    if not _NAMED.sub("", before.strip(_FRAME), count=1).strip(_FRAME + "-"):
        return True
    head = block.inside[:_MOST_HEAD]
    return "Encryption:" in head if begin["ppk"] else bool(_BODY.search(head))


def in_block(block: Block, line: int) -> Iterator[KeyInFile]:
    """Yield the key in a block that begins in this line, if there is one."""
    label = block.label
    if label == "AGE":
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
    if not block.is_ended:
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
