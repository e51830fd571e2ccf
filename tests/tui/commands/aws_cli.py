"""Asks the AWS CLI what it makes of command lines, and how it prints answers.

It runs under a Python that has `awscli` and nothing of ours. On standard input there is a list of
`{"arguments": [...], "answer": {...} or null}`, and an answer is printed as if EC2 had given it. On
standard output comes a list of `{"request": {...} or null, "status": n, "output": "..."}`, in which
a request is null where the command line was refused, and bytes are `{"bytes": "..."}`.
"""

import contextlib
import io
import json
import os
import sys
from typing import Any


def main() -> None:
    """Answer the questions on standard input."""
    os.environ.update(
        AWS_ACCESS_KEY_ID="none",
        AWS_SECRET_ACCESS_KEY="none",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )
    answers = [_asked(**question) for question in json.load(sys.stdin)]
    json.dump(answers, sys.stdout, default=lambda data: {"bytes": data.decode("latin-1")})


def _asked(arguments: list[str], answer: dict[str, Any] | None) -> dict[str, Any]:
    from awscli.clidriver import (  # type: ignore[import-not-found] # in another environment
        create_clidriver,
    )

    requests: list[dict[str, Any]] = []
    driver = create_clidriver()
    events = driver.session
    events.register("provide-client-params.ec2.*", lambda params, **_: requests.append({**params}))
    events.register("before-call.ec2.*", lambda **_: (_Response(), answer or {}))
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        try:
            status = driver.main(["ec2", *arguments])
        except SystemExit as end:
            status = end.code
    printed.flush()
    raw = printed.buffer
    assert isinstance(raw, io.BytesIO)
    accepted = requests and not status
    return {
        "request": requests[0] if accepted else None,
        "status": status or 0,
        "output": raw.getvalue().decode(),
    }


class _Response:
    """What botocore wants of an HTTP response that never was."""

    def __init__(self) -> None:
        self.status_code = 200
        self.headers: dict[str, str] = {}
        self.content = b""


if __name__ == "__main__":
    main()
