"""Pages through DescribeTags as the AWS CLI does: all of it, or a part and a token for the rest."""

import argparse
import binascii
import json

from core.ec2.answer_shapes import Tokens
from tui.commands.ec2.values import ValueProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from core.client import Client
    from core.local.quick_answers import QuickAnswers

    Answer = dict[str, Any]

_TOKEN, _SKIPPED = "NextToken", "boto_truncate_amount"


def described_tags(
    client: "Client | QuickAnswers", request: "Answer", options: argparse.Namespace
) -> "Answer":
    """Return the tags of all pages, or those that `--max-items` and `--starting-token` ask for.

    Raises:
        ValueProblem: the options exclude each other, or the token is not one that was printed.
        ClientError: the service refused.
    """
    paging = {
        "--max-items": options.max_items,
        "--starting-token": options.starting_token,
        "--page-size": options.page_size,
    }
    given = [name for name, value in paging.items() if value is not None]
    if options.no_paginate or "MaxResults" in request or "NextToken" in request:
        if given:
            raise ValueProblem(f"{', '.join(given)}: these page, and --no-paginate does not")
        return _page(client, request)
    if options.page_size is not None:
        # Not in the caller's, who asks again where a quick look does not answer.
        request = request | {"MaxResults": options.page_size}
    return _collected(client, request, options.max_items, options.starting_token)


def as_text_parts(answer: "Answer") -> "list[Answer]":
    """Return what is printed apart as text: the token stands in a line of its own."""
    if _TOKEN not in answer:
        return [answer]
    return [{"Tags": answer["Tags"]}, {_TOKEN: {_TOKEN: answer[_TOKEN]}}]


def _collected(
    client: "Client | QuickAnswers", request: "Answer", most: int | None, starting_token: str | None
) -> "Answer":
    if most is not None and most < 0:
        raise ValueProblem("--max-items: a number below 0 cannot be printed")
    token, skipped = (None, 0) if starting_token is None else _read(starting_token)
    tags: list[Any] = []
    tokens = Tokens()
    while True:
        page = _page(client, request | ({"NextToken": token} if token else {}))
        rows = page["Tags"][skipped:]
        left = len(rows) if most is None else most - len(tags)
        tags += rows[:left]
        if left < len(rows):
            return {"Tags": tags, "NextToken": _written(token, skipped + left)}
        token, skipped = page.get("NextToken"), 0
        if token is None:
            return {"Tags": tags}
        tokens.followed(token)
        if most is not None and len(tags) == most:
            return {"Tags": tags, "NextToken": _written(token, 0)}


def _page(client: "Client | QuickAnswers", request: "Answer") -> "Answer":
    answer: Answer = client.describe_tags(**request)
    answer.pop("ResponseMetadata", None)  # which a quick look has not
    return answer


def _written(token: str | None, skipped: int) -> str:
    """Return a token as botocore writes it: where a page begins, and how much of it was printed."""
    parts = {_TOKEN: token} | ({_SKIPPED: skipped} if skipped else {})
    return binascii.b2a_base64(json.dumps(parts).encode(), newline=False).decode()


def _read(token: str) -> tuple[str | None, int]:
    try:
        parts = json.loads(binascii.a2b_base64(token, strict_mode=True))
        page, skipped = parts[_TOKEN], parts.get(_SKIPPED, 0)
        if isinstance(page, str | None) and isinstance(skipped, int) and skipped >= 0:
            return page, skipped
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    raise ValueProblem("--starting-token: it is no NextToken that was printed")
