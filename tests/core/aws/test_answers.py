"""The recorded answers of EC2, asked of our own core over HTTP: they come through unchanged."""

from collections.abc import Callable

import pytest

from core.aws import answers
from core.aws.backend import Ec2Backend
from core.aws.errors import translated
from core.client import Client
from core.ec2.backend import MadeBy
from core.ec2.unanswered import NoAnswer
from core.session import Session
from tests.core.local.test_answers import ROWS, refusal, world
from tests.ec2_server import Ec2Server

__all__ = ["world"]  # a fixture


@pytest.mark.long
@pytest.mark.parametrize("made_by", MadeBy)
def test_every_recorded_refusal_comes_through_with_its_code_text_and_status(
    made_by: MadeBy,
    world: Client,
    make_session: Callable[..., Session],
    server: Ec2Server,
    open_backend: Callable[..., Ec2Backend],
) -> None:
    server.client_of = lambda region: world
    client = Client(backend=open_backend(made_by))
    wrong = []
    for row in ROWS:
        code, message, status = refusal(client, row.operation, row.request)
        if (code, status) != (row.code, row.status) or row.message not in (None, message):
            wrong.append((str(row), code, message, status))
    assert wrong == []
    assert server.calls.total() > len(ROWS) / 2


def test_what_is_no_pair_is_no_answer() -> None:
    with pytest.raises(NoAnswer):
        answers.key_pair({"KeyPairId": "key-0", "KeyName": "a", "KeyType": "dsa"})


@pytest.mark.parametrize(
    ("unforeseen", "said"),
    [
        (KeyError("-----BEGIN"), "what came back is no answer of EC2"),
        (TypeError("-----BEGIN"), "botocore stopped with TypeError"),
    ],
)
def test_what_botocore_did_not_foresee_is_a_lost_answer_and_not_quoted(
    unforeseen: Exception, said: str
) -> None:
    with pytest.raises(NoAnswer) as lost, translated("host", "profile"):
        raise unforeseen
    assert str(lost.value) == f"EC2 gave no answer: {said}."
    assert lost.value.__cause__ is None
