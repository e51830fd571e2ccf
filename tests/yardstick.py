"""Measures what work costs against other work in the same run, so that no machine is too slow."""

import re
import time
from collections.abc import Callable
from functools import cache


def yardsticks(work: Callable[[], object], at_most: float) -> float:
    """Return what some work costs, in units of about 0.1 s of an idle machine.

    What runs beside this may slow the work or the yardstick. So what costs more than `at_most` is
    done again up to five times, with a yardstick of its own each time, and the least counts.
    """
    cost = _seconds(work) / _first_yardstick()
    for _ in range(5):
        if cost <= at_most:
            break
        cost = min(cost, _seconds(work) / _seconds(_yardstick))
    return cost


def _seconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def _yardstick() -> object:
    """Do what readers of text do: calls, short texts and expressions."""
    return [re.match("[a-z]+ ", f"word {number}") for number in range(130_000)]


@cache
def _first_yardstick() -> float:
    return _seconds(_yardstick)
