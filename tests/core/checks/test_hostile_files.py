"""What the worst files cost: no time in a library that is deaf, and little of our own."""

import re
import time
import tracemalloc
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import pytest

from core.checks.look_up import Finder
from core.keys.reading import import_material
from tests.hostile_keys import hostile_files

MOST_YARDSTICKS = 5.0
"""Half a second on an idle machine, which is what the worst file may cost."""
MOST_BYTES = 64 * 1024 * 1024


def _seconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def _seconds_of_yardstick() -> float:
    """Return what about 0.1 s of the same kind of work costs: calls, short texts, expressions."""
    return _seconds(lambda: [re.match("[a-z]+ ", f"word {number}") for number in range(130_000)])


@cache
def _first_yardstick() -> float:
    return _seconds_of_yardstick()


def yardsticks(work: Callable[[], object]) -> float:
    """Return what some work costs in units of about 0.1 s, however fast this machine is.

    What runs beside this may slow either of the two, so what seems too much is measured again, with
    a yardstick of its own each time.
    """
    cost = _seconds(work) / _first_yardstick()
    for _ in range(5):
        if cost <= MOST_YARDSTICKS:
            break
        cost = min(cost, _seconds(work) / _seconds_of_yardstick())
    return cost


@pytest.mark.long
def test_no_file_of_64_kib_costs_more_than_a_moment(tmp_path: Path) -> None:
    finder = Finder([])
    too_much = []
    for name, data in hostile_files().items():
        for file in ("file", "authorized_keys"):
            path = tmp_path / file
            path.write_bytes(data)
            cost = yardsticks(partial(_looked_up, finder, str(path)))
            if cost > MOST_YARDSTICKS:
                too_much.append((name, file, round(cost, 1)))
    assert too_much == []


@pytest.mark.long
def test_no_file_of_64_kib_takes_much_memory(tmp_path: Path) -> None:
    finder = Finder([])
    too_much = []
    for number, (name, data) in enumerate(hostile_files().items()):
        path = tmp_path / f"{number}"
        path.write_bytes(data)
        tracemalloc.start()
        list(finder.look(str(path)))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        if peak > MOST_BYTES:
            too_much.append((name, peak))
    assert too_much == []


@pytest.mark.long
def test_no_text_that_is_typed_costs_more_than_a_moment() -> None:
    too_much = []
    for name, data in hostile_files().items():
        text = data.decode("latin-1")
        cost = yardsticks(partial(import_material.private_key_refusal, text))
        cost = max(cost, yardsticks(partial(_typed, Finder([]), text)))
        if cost > MOST_YARDSTICKS:
            too_much.append((name, round(cost, 1)))
    assert too_much == []


def _looked_up(finder: Finder, path: str) -> None:
    list(finder.look(path))


def _typed(finder: Finder, text: str) -> None:
    list(finder.in_text(text))
