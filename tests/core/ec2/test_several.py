"""Calls that EC2 turns away are made again, and not for ever."""

import pytest

from core.ec2.several import a_few_at_a_time
from core.errors import ServiceError


@pytest.mark.parametrize(("turned_away", "refused"), [(5, []), (6, ["a"])])
def test_what_ec2_turns_away_again_and_again_is_refused_in_the_end(
    turned_away: int, refused: list[str]
) -> None:
    made: list[str] = []
    waited: list[float] = []

    def call(item: str) -> None:
        made.append(item)
        if len(made) <= turned_away:
            raise ServiceError("RequestLimitExceeded", "Request limit exceeded.", 503)

    (batch,) = a_few_at_a_time(["a"], str, call, waited.append)
    assert [(each.name, str(each.error)) for each in batch.refused] == [
        (name, "Request limit exceeded.") for name in refused
    ]
    assert made == ["a"] * 6
    assert waited == [1.0, 2.0, 4.0, 8.0, 16.0]
