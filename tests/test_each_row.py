"""The table of a test: nothing of a row that fails may be lost."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.each_row import each_row


def failure_of(test: Callable[..., None], **fixtures: object) -> BaseExceptionGroup[BaseException]:
    with pytest.raises(BaseExceptionGroup) as caught:
        test(**fixtures)
    return caught.value


def test_every_row_that_fails_is_reported_and_every_row_is_run() -> None:
    seen = []

    @each_row("number, is_even", [(1, True), (2, True), pytest.param(3, True, id="three")])
    def test(number: int, is_even: bool) -> None:
        seen.append(number)
        assert (number % 2 == 0) == is_even

    group = failure_of(test)
    assert seen == [1, 2, 3]
    assert group.message == "2 of 3 rows fail: 1-True, three"
    assert [error.__notes__ for error in group.exceptions] == [
        ["in the row 1-True"],
        ["in the row three"],
    ]


def test_an_exception_that_does_not_come_is_a_failure_too() -> None:
    @each_row("text", ["1", "x"])
    def test(text: str) -> None:
        with pytest.raises(ValueError, match="invalid literal"):
            int(text)

    assert failure_of(test).message == "1 of 2 rows fail: '1'"


def test_tables_above_each_other_give_every_combination(tmp_path: Path) -> None:
    seen = []

    @each_row("a", [1, 2], ids=["one", "two"])
    @each_row("b", ["x", "y"], ids=str.upper)
    def test(a: int, b: str, tmp_path: Path) -> None:
        seen.append((a, b, tmp_path.name))
        raise AssertionError

    assert failure_of(test, tmp_path=tmp_path).message.endswith("X-one, X-two, Y-one, Y-two")
    assert len({folder for *_, folder in seen}) == 4


@each_row("number", range(3))
def test_each_row_has_a_folder_and_a_patch_of_its_own(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    assert not hasattr(each_row, "patched")
    monkeypatch.setattr(each_row, "patched", number, raising=False)


def test_a_table_without_rows_is_an_error() -> None:
    with pytest.raises(AssertionError, match="tests nothing"):
        each_row("a", [])(lambda a: None)
