"""What an edit of tags would overwrite, and what it would take from another session."""

from collections.abc import Mapping

import pytest

from core.model import Tag
from tui.screens.pair.overwriting import lost_of_others, pairs_overwritten

SHOWN = {"Env": "prod", "Team": "web"}


def tags(values: Mapping[str, str]) -> list[Tag]:
    return [Tag(key, value) for key, value in values.items()]


@pytest.mark.parametrize(
    ("ours", "theirs", "lost"),
    [
        pytest.param(SHOWN, {**SHOWN, "Env": "test"}, {}, id="what-we-left-alone-stays-theirs"),
        pytest.param({**SHOWN, "Env": "dev"}, SHOWN, {}, id="nobody-else-changed-it"),
        pytest.param({**SHOWN, "Env": "test"}, {**SHOWN, "Env": "test"}, {}, id="both-the-same"),
        pytest.param(
            {**SHOWN, "Env": "dev"}, {**SHOWN, "Env": "test"}, {"Env": "test"}, id="both-changed-it"
        ),
        pytest.param(
            {"Team": "web"}, {**SHOWN, "Env": "test"}, {"Env": "test"}, id="removed-and-changed"
        ),
        pytest.param(
            {**SHOWN, "Env": "dev"}, {"Team": "web"}, {"Env": None}, id="changed-and-gone"
        ),
        pytest.param(
            {**SHOWN, "New": "a"}, {**SHOWN, "New": "b"}, {"New": "b"}, id="added-by-both"
        ),
        pytest.param({**SHOWN, "New": "a"}, {**SHOWN, "Other": "b"}, {}, id="added-beside-ours"),
    ],
)
def test_only_what_both_sessions_changed_is_lost(
    ours: Mapping[str, str], theirs: Mapping[str, str], lost: Mapping[str, str | None]
) -> None:
    assert lost_of_others(tags(ours), tags(SHOWN), tags(theirs)) == lost


def test_what_is_lost_is_named_in_the_order_of_the_keys() -> None:
    ours, theirs = (dict.fromkeys("cab", value) for value in ("x", "y"))
    assert list(lost_of_others(tags(ours), [], tags(theirs))) == ["a", "b", "c"]


def test_a_pair_that_loses_two_values_counts_once() -> None:
    values = {"Env": {"key-1": "prod", "key-2": "dev"}, "Team": {"key-1": "web"}}
    assert pairs_overwritten(tags({"Env": "dev", "Team": "db"}), values) == 1
    assert pairs_overwritten(tags({"Env": "dev"}), values) == 1
    assert pairs_overwritten(tags({"New": "dev"}), values) == 0
