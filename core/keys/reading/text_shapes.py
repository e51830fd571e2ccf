r"""Undoes what programs do to the text of a key, where it can be undone without a guess.

Line breaks written as `\n`, turned into spaces or gone; UTF-16 and UTF-32; the quoting of mail,
tables, HTML, JSON, YAML, RTF and URLs; the marks of a diff and the numbers of lines. Whatever was
undone is said: a program of SSH does not read the file as it is.
"""

import json
import re
from codecs import BOM_UTF8
from typing import Any
from urllib.parse import unquote

ESCAPED = r"its line breaks are written as \n"
SPACED = "spaces stand where its line breaks were"
GONE = "its line breaks are gone"
QUOTED = "other characters stand around its lines"
UNSEEN = "characters that cannot be seen stand in it"
UTF_16 = "the file is in UTF-16"
UTF_32 = "the file is in UTF-32"
IN_JSON = "it stands in JSON"
IN_RTF = "it stands in RTF, as a word processor writes it"
IN_A_URL = "it is written as in a URL"

_UNSEEN = re.compile("[\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_FRAME = " \t>|│┃\"'`,;*-\\"
"""What mail, tables, lists and quotes put around a line; never part of base64 or a header."""

_MOST_TEXTS = 2000
_DEEPEST = 40


def decoded(data: bytes) -> tuple[str, str]:
    """Return the text of a file, and what is to be said of how it is encoded, or nothing.

    What is no text in its encoding is replaced, so that the keys beside it are still found.
    """
    for mark, name, remark in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace"), remark
    # UTF-16 of ASCII without its mark: every second byte is zero.
    head = data[:_HEAD]
    for zeros, name in ((head[1::2], "utf-16-le"), (head[::2], "utf-16-be")):
        if len(head) > 20 and not any(zeros) and head.count(0) == len(zeros):
            return data.decode(name, "replace"), UTF_16
    # Not the codec that leaves the mark out: a file is read back while a key is unsaved, and what
    # was not loaded by then may be gone.
    return data.removeprefix(BOM_UTF8).decode("utf-8", "replace"), ""


_HEAD = 400
_MARKS = (  # that of UTF-32 begins like that of UTF-16
    (b"\xff\xfe\0\0", "utf-32-le", UTF_32),
    (b"\0\0\xfe\xff", "utf-32-be", UTF_32),
    (b"\xff\xfe", "utf-16-le", UTF_16),
    (b"\xfe\xff", "utf-16-be", UTF_16),
)


def texts_in_json(text: str) -> list[str] | None:
    """Return the strings in a JSON document, or None if the text is not one; names are left out."""
    if not text.lstrip().startswith(("{", "[")) or _is_deep(text):
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    texts: list[str] = []
    pending: list[Any] = [document]
    while pending and len(texts) < _MOST_TEXTS:
        value = pending.pop()
        if isinstance(value, dict):
            pending += reversed(value.values())
        elif isinstance(value, list):
            pending += reversed(value)
        elif isinstance(value, str):
            texts.append(value)
    return texts


def _is_deep(text: str) -> bool:
    """Return whether brackets stand deeper than in any answer that holds a key."""
    depth = 0
    for bracket in re.findall(r"[\[\]{}]", text):
        depth += 1 if bracket in "[{" else -1
        if depth > _DEEPEST:
            return True
    return False


def text_of_rtf(text: str) -> str | None:
    r"""Return the text in a document of RTF, or None if it is not one.

    `\par` and `\line` are line breaks, `\'hh` is a character, every other word is left out.
    """
    if not text.lstrip().startswith("{\\rtf"):
        return None

    def put(found: re.Match[str]) -> str:
        word, digits = found["word"], found["hex"]
        if digits:
            return bytes.fromhex(digits).decode("cp1252", "replace")
        if word in ("par", "line"):
            return "\n"
        return found["escaped"] or ""

    return re.sub(
        r"\\'(?P<hex>[0-9a-fA-F]{2})|\\(?P<word>[a-z]+)-?[0-9]* ?|\\(?P<escaped>[\\{}])"
        r"|\\\n|\\.|[{}\r\n]",
        lambda found: "\n" if found[0] == "\\\n" else put(found),
        text,
    )


_IN_A_URL = re.compile(r"BEGIN%20[A-Z0-9%]{0,60}KEY|(?:ssh-rsa|ssh-ed25519)%20AAAA")


def text_of_url(text: str) -> str | None:
    """Return the text that a key written as in a URL stands for, or None if there is none."""
    return unquote(text, errors="replace") if _IN_A_URL.search(text) else None


def lines_of(inside: str) -> tuple[list[str], tuple[str, ...]]:
    r"""Return the lines between the first and the last line of a block, and what was undone.

    `inside` may hold its line breaks as they should be, as `\n`, as spaces, or not at all.
    """
    remarks = []
    if _UNSEEN.search(inside):
        inside = _UNSEEN.sub(lambda found: " " if found[0] == "\u00a0" else "", inside)
        remarks.append(UNSEEN)
    if "\\n" in inside:
        inside = inside.replace("\\r\\n", "\n").replace("\\n", "\n")
        remarks.append(ESCAPED)
    lines = re.split(r"\r\n|\r|\n", _MARKUP.sub("\n", inside))
    stripped = _unmarked([line.strip(_FRAME) for line in lines])
    if (
        "<" in inside
        or "&" in inside
        or any(line.strip() != bare for line, bare in zip(lines, stripped, strict=True))
    ):
        remarks.append(QUOTED)
    whole = [line for line in stripped if line]
    if len(whole) == 1 and not _is_short_body(lines):
        remarks.append(SPACED if " " in whole[0] else GONE)
        whole = _parted(whole[0])
    return whole, tuple(remarks)


def _is_short_body(lines: list[str]) -> bool:
    """Return whether one line between two line breaks is a whole body, as that of ED25519 is."""
    match lines:
        case ["", line, ""]:
            return re.fullmatch("[A-Za-z0-9+/=]{1,64}", line) is not None
    return False


_MARKUP = re.compile(r"<[^<>]{1,80}>|&#(?:10|13|x0?[AaDd]);")
_NUMBER = re.compile(r"\d{1,6}(?:[ \t.:)|]+|$)")


def _unmarked(lines: list[str]) -> list[str]:
    """Return lines without what a diff, a listing or mail puts in each of them.

    A `+` may begin one line of base64, not each of them; a number, a space and base64 is no base64.
    """
    whole = [line for line in lines if line]
    if len(whole) > 1 and all(line.startswith("+") for line in whole):
        return [line[1:].strip(_FRAME) for line in lines]
    if len(whole) > 1 and all(_NUMBER.match(line) for line in whole):
        return [_NUMBER.sub("", line, count=1).strip(_FRAME) for line in lines]
    if whole and whole[-1].endswith("=3D"):  # quoted-printable, whose lines end with a `=`
        parts = [line.removesuffix("=") for line in lines[:-1]]
        return [line.replace("=3D", "=") for line in [*parts, *lines[-1:]]]
    return lines


_HEADERS = re.compile(
    r"(?P<first>Proc-Type: ?4, ?ENCRYPTED)\s*(?P<second>DEK-Info: ?[A-Z0-9-]+,[0-9A-Fa-f]{16,32})"
    r"(?P<rest>\s.*|)"
)


def _parted(line: str) -> list[str]:
    """Return the headers and the body of a block that became one line."""
    found = _HEADERS.fullmatch(line)
    if found is None:
        return line.split(" ")
    return [found["first"], found["second"], "", *found["rest"].split()]
