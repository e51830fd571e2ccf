"""What the worst files cost: no time in a library that is deaf, and little of our own."""

import tracemalloc
from functools import partial
from pathlib import Path

import pytest

from core.checks.look_up import Finder
from core.keys.reading import import_material
from tests.hostile_keys import hostile_files
from tests.yardstick import yardsticks

MOST_YARDSTICKS = 5.0
"""Half a second on an idle machine, which is what the worst file may cost."""
MOST_BYTES = 64 * 1024 * 1024


@pytest.mark.long
def test_no_file_of_64_kib_costs_more_than_a_moment(tmp_path: Path) -> None:
    finder = Finder([])
    too_much = []
    for name, data in hostile_files().items():
        for file in ("file", "authorized_keys"):
            path = tmp_path / file
            path.write_bytes(data)
            cost = yardsticks(partial(_looked_up, finder, str(path)), MOST_YARDSTICKS)
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
        cost = yardsticks(partial(import_material.private_key_refusal, text), MOST_YARDSTICKS)
        cost = max(cost, yardsticks(partial(_typed, Finder([]), text), MOST_YARDSTICKS))
        if cost > MOST_YARDSTICKS:
            too_much.append((name, round(cost, 1)))
    assert too_much == []


def _looked_up(finder: Finder, path: str) -> None:
    list(finder.look(path))


def _typed(finder: Finder, text: str) -> None:
    list(finder.in_text(text))
