"""Bounds how much of an answer botocore reads, whoever gives it.

botocore reads whatever comes. The list of a full Region has some 4 MB; what is longer by far is no
answer, and would only fill the memory.
"""

from collections.abc import Iterator
from typing import Any

from botocore import awsrequest  # type: ignore[import-untyped]  # botocore has no types
from botocore.exceptions import HTTPClientError  # type: ignore[import-untyped]  # likewise

LARGEST = 64 * 1024 * 1024
"""The bytes of an answer that are read."""

TOO_LONG = f"sent more than {LARGEST // (1024 * 1024)} MiB, more than any answer has"
"""What one did whose answer was not read to its end, as the end of a sentence."""


class _AnswerTooLong(Exception):
    """More came than any answer has."""


class _BoundedResponse(awsrequest.AWSResponse):  # type: ignore[misc]  # botocore has no types
    """An answer that is read up to its bound, and not at all where it goes on behind that."""

    _content: bytes | None

    @property
    def content(self) -> bytes:
        """Content of the response as bytes."""
        if self._content is None:
            self._content = b"".join(_bounded(self.raw))
        return self._content


def _bounded(raw: Any) -> Iterator[bytes]:
    read = 0
    for piece in raw.stream():
        read += len(piece)
        if read > LARGEST:
            raw.close()
            raise _AnswerTooLong
        yield piece


def bound_answers() -> None:
    """Have botocore read no answer beyond its bound: EC2's, or whoever's that gives credentials."""
    # Everything that it asks goes through `URLLib3Session.send`, which looks for the class here.
    awsrequest.AWSResponse = _BoundedResponse


def is_too_long(error: HTTPClientError) -> bool:
    """Return whether what went wrong is that an answer was too long; botocore wraps the error."""
    return isinstance(error.kwargs.get("error"), _AnswerTooLong)
