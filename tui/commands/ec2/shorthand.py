"""Reads the AWS CLI's shorthand, such as `ResourceType=key-pair,Tags=[{Key=a,Value=b}]`.

The grammar is that of the AWS CLI: its user guide, "Using shorthand syntax", and version 1.46 where
the guide is silent. Values are texts, lists and dictionaries; what they are to be is for
`tui.commands.ec2.values`.
"""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_SPACE = " \t\n\r\x0b\x0c"
_KEY = re.compile(r"[A-Za-z0-9\-_.#/:]*")
_QUOTED = {
    "'": re.compile(r"'(?:\\'|[^'])*'"),
    '"': re.compile(r'"(?:\\"|[^"])*"'),
}
# A word begins with neither a space, a quote, a comma nor one of = [ {, and \, is a comma in it.
_START = r"(?:\\,|[^\s\"',=\[{])"
_FIRST_WORD = re.compile(rf"{_START}(?:\\,|[^\"',\]}}])*")
# The second and later words of a list end at =, because that one was the key of what follows.
_LATER_WORD = re.compile(rf"{_START}(?:\\,|[^\"',=])*")


class ShorthandError(Exception):
    """A text is not shorthand; says what was expected, and where."""


def parse(text: str, read_file: "Callable[[str], Any]" = lambda value: value) -> "dict[str, Any]":
    """Return what a shorthand text says: values are texts, lists and dictionaries.

    Behind `@=`, `read_file` gets each value, and returns what the file of that name holds.

    Raises:
        ShorthandError: it is not shorthand.
    """
    return _Reader(text, read_file).members()


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str, read_file: "Callable[[str], Any]") -> None:
        self._text = text
        self._at = 0
        self._read_file = read_file
        self._is_file = False

    def members(self) -> "dict[str, Any]":
        """Read `key=value,key=value` to the end."""
        found: dict[str, Any] = {}
        while True:
            start = self._at
            key = self._key()
            if key in found:
                self._at = start
                raise self._error(
                    f'"{key}" stands there twice. Put a space, not a comma, between two items'
                )
            found[key] = self._values()
            if self._at >= len(self._text):
                return found
            self._expect(",")

    def _key(self) -> str:
        match = _KEY.match(self._text, self._at)
        key = match[0] if match else ""
        self._at += len(key)
        self._skip_space()
        self._is_file = self._peek() == "@"
        if self._is_file:
            self._expect("@")
        self._expect("=")
        return key

    def _values(self) -> "Any":
        if self._peek() in ("[", "{"):
            return self._nested()
        return self._list_without_brackets()

    def _nested(self) -> "Any":
        match self._peek():
            case "[":
                return self._list()
            case "{":
                return self._dictionary()
        return self._first_word()

    def _list(self) -> "list[Any]":
        items = []
        for _ in self._items("[", "]"):
            items.append(self._nested())
        return items

    def _dictionary(self) -> "dict[str, Any]":
        found = {}
        for _ in self._items("{", "}"):
            key = self._key()
            found[key] = self._nested()
        return found

    def _items(self, opening: str, closing: str) -> "Any":
        """Yield at each item between brackets; the caller reads it."""
        self._expect(opening)
        while self._peek() != closing:
            yield
            self._skip_space()
            if self._peek() != closing:
                self._expect(",")
        self._at += 1

    def _list_without_brackets(self) -> "Any":
        """Read `a` as a text, and `a,b` as a list; `a,key=b` ends behind `a`."""
        words = [self._first_word()]
        while True:
            self._skip_space()
            if self._peek() is None:
                break
            self._expect(",")
            word = self._later_word()
            self._skip_space()
            if word is None or self._peek() not in (None, ","):
                if self._peek() is None:
                    raise self._error("expected a value")
                # It was no word, but the next key.
                self._at = self._text.rfind(",", 0, self._at + 1)
                break
            words.append(word)
        return words[0] if len(words) == 1 else words

    def _first_word(self) -> "Any":
        if self._peek() in _QUOTED:
            return self._quoted()
        match = _FIRST_WORD.match(self._text, self._at)
        if match is None:
            return ""
        return self._plain(match)

    def _later_word(self) -> "Any | None":
        if self._peek() in _QUOTED:
            return self._quoted()
        match = _LATER_WORD.match(self._text, self._at)
        return None if match is None else self._plain(match)

    def _plain(self, match: "re.Match[str]") -> "Any":
        self._at = match.end()
        return self._value(match[0].replace("\\,", ",").rstrip())

    def _quoted(self) -> "Any":
        quote = self._text[self._at]
        match = _QUOTED[quote].match(self._text, self._at)
        if match is None:
            raise self._error(f"expected {quote} at the end of the quoted text")
        self._at = match.end()
        return self._value(match[0][1:-1].replace(f"\\{quote}", quote).replace("\\\\", "\\"))

    def _value(self, text: str) -> "Any":
        return self._read_file(text) if self._is_file else text

    def _peek(self) -> str | None:
        return self._text[self._at] if self._at < len(self._text) else None

    def _skip_space(self) -> None:
        while self._at < len(self._text) and self._text[self._at] in _SPACE:
            self._at += 1

    def _expect(self, character: str) -> None:
        self._skip_space()
        if self._peek() != character:
            found = self._peek()
            received = "the end" if found is None else f"'{found}'"
            raise self._error(f"expected '{character}', not {received}")
        self._at += 1
        self._skip_space()

    def _error(self, problem: str) -> ShorthandError:
        return ShorthandError(f"{problem}, behind {self._text[: self._at]!r}")
