"""From the command to the first frame and to the full list."""

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figures import Figure, Sample, Time, medians, timed_command
from tests.benchmarks.program import KEYPAIRS, Program

HELLO = """
from textual.app import App
from textual.widgets import Static

class Hello(App):
    def compose(self):
        yield Static("Hello, world")

Hello().run()
"""


def figures(command: list[str | Path], home: Path, shown: str, rounds: int) -> Iterator[Figure]:
    """Yield what a start takes; `shown` is on the screen when the whole list is."""
    list_times: list[Time] = []

    def painted(command: list[str | Path], text: str, then: str = "") -> Sample:
        def sample() -> Time:
            with Program(command, home) as program:
                wall, cpu = program.wait_for(text) - program.started, program.cpu()
                if then:
                    full = program.wait_for(then) - program.started - wall
                    list_times.append(Time(1000 * full, 1000 * (program.cpu() - cpu)))
            return Time(1000 * wall, 1000 * cpu)

        return sample

    python = [sys.executable, "-c"]
    times = medians(
        {
            "hello": painted([*python, HELLO], "Hello, world"),
            "first": painted(command, "c create", shown),
            "full": lambda: list_times[-1],
            "import": lambda: timed_command([*python, "import textual.app"]),
            "pass": lambda: timed_command([*python, "pass"]),
            "help": lambda: timed_command([KEYPAIRS, "--help"]),
        },
        rounds,
    )
    for name, key, yardstick, other, target in (
        ("start to first paint", "first", "Textual hello world", "hello", 1.25),
        ("first paint to full list", "full", "import textual.app", "import", 1.2),
        ("--help", "help", "python -c pass", "pass", 3.0),
    ):
        mine, theirs = times[key], times[other]
        yield Figure(name, mine.wall, "ms", target, yardstick, theirs.wall)
        yield Figure(name, mine.cpu, "ms CPU", None, yardstick, theirs.cpu)
