"""Has botocore read no answer that is longer than any; by itself it has no bound.

Only what is handed to `bound` is changed: another client in the same process reads as it likes.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from botocore import exceptions  # type: ignore[import-untyped]  # botocore has no types
from botocore.awsrequest import (  # type: ignore[import-untyped]  # likewise
    AWSPreparedRequest,
    AWSResponse,
)
from botocore.httpsession import URLLib3Session  # type: ignore[import-untyped]  # likewise
from botocore.session import Session  # type: ignore[import-untyped]  # likewise
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from core.ec2.unanswered import AnswerTooLong

LARGEST = 64 * 1024 * 1024
"""The bytes of an answer that are read; the list of a full Region has some 4 MB."""


class BoundedSession(Session):  # type: ignore[misc]  # botocore has no types
    """A session whose clients are bound, those among them that it makes to get credentials."""

    def create_client(self, *arguments: Any, **named: Any) -> Any:
        """Create a client."""
        client = super().create_client(*arguments, **named)
        bound(client._endpoint.http_session)
        return client


def bound(http: URLLib3Session) -> None:
    """Have what sends requests for botocore stop reading where an answer is too long.

    What it is sent with then raises AnswerTooLong, which botocore passes on and does not repeat.
    """
    send = http.send

    def send_bounded(request: AWSPreparedRequest) -> AWSResponse:
        request.stream_output = True  # have it unread
        answer = send(request)
        try:
            content = b"".join(_pieces(answer.raw))
            if answer.raw.length_remaining:
                raise ProtocolError("closed before the end")  # botocore would take it for whole
        except ReadTimeoutError as error:
            raise exceptions.ReadTimeoutError(endpoint_url=request.url, error=error) from None
        except ProtocolError as error:
            raise exceptions.ConnectionClosedError(
                error=error, request=request, endpoint_url=request.url
            ) from None
        return AWSResponse(answer.url, answer.status_code, answer.headers, _Read(content))

    http.send = send_bounded


class _Read(BytesIO):
    """The content of an answer, as botocore reads it."""

    def stream(self) -> Iterator[bytes]:
        """Yield it in one piece."""
        yield self.getvalue()


def _pieces(raw: Any) -> Iterator[bytes]:
    read = 0
    for piece in raw.stream():
        read += len(piece)
        if read > LARGEST:
            raw.close()
            raise AnswerTooLong(LARGEST // (1024 * 1024))
        yield piece
