"""What a benchmark found: a figure, what it is measured against, and the most that it may be."""

import resource
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    With a yardstick, `target` is the most that the ratio to it may be; without, the most that the
    value may be. Without a target, the figure is there to be looked at.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    yardstick: str = ""
    measure: float | None = None

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of the yardstick's."""
        return None if self.measure is None else self.value / self.measure

    @property
    def met(self) -> bool:
        """Whether the target is met; true where there is none."""
        judged = self.value if self.ratio is None else self.ratio
        return self.target is None or judged <= self.target


class Time(NamedTuple):
    """Milliseconds: on the wall, and of the processor."""

    wall: float
    cpu: float


Sample = Callable[[], Time]


def timed(operation: Callable[[], object]) -> Time:
    """Do something in this process, and return what it took, all threads counted."""
    wall, cpu = perf_counter(), process_time()
    operation()
    return Time(1000 * (perf_counter() - wall), 1000 * (process_time() - cpu))


def timed_command(command: Sequence[str | Path]) -> Time:
    """Run a command to its end, and return what it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = perf_counter()
    subprocess.run(command, capture_output=True, check=True, stdin=subprocess.DEVNULL)
    wall = perf_counter() - wall
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Time(1000 * wall, 1000 * cpu)


def medians(samples: Mapping[str, Sample], rounds: int) -> dict[str, Time]:
    """Take every sample once a round, so that all meet the same load, and return the medians."""
    taken: dict[str, list[Time]] = {name: [] for name in samples}
    for _ in range(rounds):
        for name, sample in samples.items():
            taken[name].append(sample())
    return {
        name: Time(median(time.wall for time in times), median(time.cpu for time in times))
        for name, times in taken.items()
    }
