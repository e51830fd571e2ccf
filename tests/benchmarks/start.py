"""From the command to the first frame and to the full list."""

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figures import Figure, Sample, Time, medians, timed_command
from tests.benchmarks.program import KEYPAIRS, Program
from tests.core.store_records import write_region

HELLO = """
from textual.app import App
from textual.widgets import Static

class Hello(App):
    def compose(self):
        yield Static("Hello, world")

Hello().run()
"""


READING = """
import argparse, json, hashlib, datetime, sys
data = open(sys.argv[1], "rb").read()
hashlib.sha256(data)
for pair in json.loads(data)["key_pairs"].values():
    datetime.datetime.fromisoformat(pair["CreateTime"])
"""
"""What a verb that reads is measured against: argparse and json, and the reading of the store."""


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
    few = home / "few"
    write_region(few, 100)
    described: list[str | Path] = [KEYPAIRS, "describe-key-pairs", "--data-dir", few]
    times = medians(
        {
            "hello": painted([*python, HELLO], "Hello, world"),
            "first": painted(command, "c create", shown),
            "full": lambda: list_times[-1],
            "import": lambda: timed_command([*python, "import textual.app"]),
            "pass": lambda: timed_command([*python, "pass"]),
            "modules": lambda: timed_command([*python, "import argparse, json"]),
            "reading": lambda: timed_command([*python, READING, few / "us-east-1.json"]),
            "empty": lambda: timed_command([*described[:-1], home / "none"]),
            "describe": lambda: timed_command(described),
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
    # On an empty store there is nothing to read, so that it may take no more than that.
    yield Figure(
        "describe-key-pairs, empty store",
        times["empty"].cpu,
        "ms CPU",
        1.5,
        "import argparse, json",
        times["modules"].cpu,
    )
    # A verb that reads may take one and a half times what its modules take, and the reading.
    for unit, part in (("ms", 0), ("ms CPU", 1)):
        modules, reading, described_in = (
            times[key][part] for key in ("modules", "reading", "describe")
        )
        yield Figure(
            "describe-key-pairs, less the reading",
            described_in - (reading - modules),
            unit,
            1.5 if part else None,
            "import argparse, json",
            modules,
        )
