"""Runs a test over the rows of a table as one test, and reports every row that fails."""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

Test = Callable[..., None]

_FAILURES = (Exception, pytest.fail.Exception)  # pytest's own is none of Exception
_MOST_OF_A_NAME = 60


def each_row(
    names: str | Sequence[str],
    table: Iterable[Any],
    ids: Iterable[str] | Callable[[Any], object] | None = None,
) -> Callable[[Test], Test]:
    """Do what `pytest.mark.parametrize` does, without the cost of a test for every row.

    Several may stand above each other; then every combination is a row. A test that asks for
    `tmp_path` or `monkeypatch` gets those of its row; every other fixture is shared by all rows.

    Args:
        names: the names of the arguments, in a sequence or in a text with commas between them.
        table: a value for each row, a sequence of values if there are several names, or a
            `pytest.param`, which may have an id but no marks.
        ids: what to call the rows where one fails, or a function of each value.
    """
    arguments = [name.strip() for name in names.split(",")] if isinstance(names, str) else names

    def decorate(test: Test) -> Test:
        found = [*_rows(arguments, table, ids)]
        assert found, "a table without rows tests nothing"
        under = getattr(test, "_table", None)
        inner: Test = test if under is None else under[0]
        combined = found
        if under is not None:
            combined = [
                (f"{name}-{other}", {**values, **more})
                for name, values in under[1]
                for other, more in found
            ]

        @functools.wraps(inner)
        def run(**fixtures: Any) -> None:
            failures: list[BaseException] = []
            failed: list[str] = []
            for number, (name, values) in enumerate(combined):
                try:
                    with ExitStack() as stack:
                        inner(**values, **_of_row(fixtures, number, stack))
                except _FAILURES as error:
                    error.add_note(f"in the row {name}")
                    failures.append(error)
                    failed.append(name)
            if failures:
                what = f"{len(failures)} of {len(combined)} rows fail: {', '.join(failed)}"
                raise BaseExceptionGroup(what, failures)

        signature = inspect.signature(test)
        left = [p for name, p in signature.parameters.items() if name not in arguments]
        assert len(left) + len(arguments) == len(signature.parameters), f"not all of {arguments}"
        run.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
        run._table = (inner, combined)  # type: ignore[attr-defined]
        return run

    return decorate


def _of_row(fixtures: dict[str, Any], number: int, stack: ExitStack) -> dict[str, Any]:
    own = dict(fixtures)
    folder, patch = fixtures.get("tmp_path"), fixtures.get("monkeypatch")
    if isinstance(folder, Path):
        own["tmp_path"] = folder / str(number)
        own["tmp_path"].mkdir()
    if isinstance(patch, pytest.MonkeyPatch):
        own["monkeypatch"] = stack.enter_context(patch.context())
    return own


def _rows(
    names: Sequence[str],
    table: Iterable[Any],
    ids: Iterable[str] | Callable[[Any], object] | None,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every row: what it is called, and its arguments by their names."""
    named = None if ids is None or callable(ids) else [*ids]
    for number, row in enumerate(table):
        name: object = None if named is None else named[number]
        if isinstance(row, type(pytest.param())):
            assert not row.marks, "a row has no marks of its own"
            name = name or row.id
            values = row.values
        else:
            values = (row,) if len(names) == 1 else tuple(row)
        if not isinstance(name, str):
            called = [ids(value) if callable(ids) else None for value in values]
            parts = [str(own or repr(value)) for own, value in zip(called, values, strict=True)]
            name = "-".join(part[:_MOST_OF_A_NAME] for part in parts)
        yield name, dict(zip(names, values, strict=True))
