"""All figures, with what they are measured against: `python -m tests.benchmarks`.

    --quick        fewer rounds, for a look
    --json         the same as JSON
    --only PART    keys, store, many, start, ec2, wire or life; may be given several times

The exit status is 1 if a target is missed. Run it on a machine that does nothing else, or believe
only ratios, bytes and processor time. It writes to a folder of its own, on the disk of the current
one, and removes it.
"""

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from itertools import chain
from multiprocessing.connection import Connection
from pathlib import Path

from tests.benchmarks import ec2, keys, life, many, start, store, wire
from tests.benchmarks.figures import Figure
from tests.benchmarks.program import KEYPAIRS
from tests.core.store_records import write_region

COUNT = 4_790
"""Pairs stored for the program: 5,000 is what a Region takes, and 201 are created."""


def parts(folder: Path, *, quick: bool) -> dict[str, Callable[[], Iterator[Figure]]]:
    """Return what can be measured, by name."""
    home = folder / "home"
    home.mkdir(mode=0o700)

    def program_of(part: str) -> list[str | Path]:
        """Return the command over a Region of its own, because some parts create key pairs."""
        write_region(folder / part, COUNT)
        return [KEYPAIRS, "--data-dir", folder / part]

    shown = f"{COUNT:,} pairs"
    keys_folder = folder / "keys"
    keys_folder.mkdir()
    many_folder = folder / "many"
    many_folder.mkdir()
    ec2_folder = folder / "ec2"
    ec2_folder.mkdir()
    return {
        "keys": lambda: keys.figures(keys_folder, 8 if quick else 40),
        "store": store.figures,
        "many": lambda: many.figures(many_folder, 1 if quick else 5),
        "start": lambda: start.figures(program_of("start"), home, shown, 4 if quick else 15),
        "ec2": lambda: ec2.figures(ec2_folder, 2 if quick else 9),
        "wire": lambda: chain(
            wire.figures(program_of("wire"), home, shown, 3 if quick else 12, 1 if quick else 10),
            wire.figures_beside_a_pane(program_of("pane"), home, shown, 3 if quick else 12),
        ),
        "life": lambda: life.figures(program_of("life"), home, shown, 0.05 if quick else 1),
    }


def apart(measured: Callable[[], Iterator[Figure]]) -> Iterator[Figure]:
    """Yield what a part measures in a process of its own.

    What another part leaves scatters the memory in which thousands of records lie, and to walk
    through them takes twice as long then: a create among 5,000 took 18 ms instead of 14.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(measured, sender))
    process.start()
    sender.close()
    with suppress(EOFError):
        while True:
            yield receiver.recv()
    process.join()
    if process.exitcode:
        sys.exit(f"the measuring process ended with {process.exitcode}")


def _send(measured: Callable[[], Iterator[Figure]], sender: Connection) -> None:
    for figure in measured():
        sender.send(figure)


HEADING = ("figure", "value", "unit", "yardstick", "its value", "ratio", "target", "")
WIDTHS = (42, 9, 7, 27, 10, 7, 8, 6)


def cells(figure: Figure) -> tuple[str, ...]:
    """Return a line of the table."""

    def number(value: float | None) -> str:
        return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.2f}"

    verdict = "" if figure.target is None else "met" if figure.met else "MISSED"
    unit = "x" if figure.measure is not None else ""
    target = "" if figure.target is None else f"{figure.target:,g} {unit}".strip()
    return (
        figure.name,
        number(figure.value),
        figure.unit,
        figure.yardstick,
        number(figure.measure),
        number(figure.ratio),
        target,
        verdict,
    )


def line(texts: tuple[str, ...]) -> str:
    """Return a line of the table, numbers at the right."""
    at_right = {1, 4, 5, 6}
    padded = (
        text.rjust(width) if index in at_right else text.ljust(width)
        for index, (text, width) in enumerate(zip(texts, WIDTHS, strict=True))
    )
    return " ".join(padded).rstrip()


def main() -> int:
    """Print the figures as they come; the exit status says whether every target is met."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", action="store_true", help="print JSON")
    names = ("keys", "store", "many", "start", "ec2", "wire", "life")
    parser.add_argument("--only", action="append", choices=names, metavar="PART")
    options = parser.parse_args()
    # What is installed is compiled, and a program that compiles itself at each start is another.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    found: list[Figure] = []
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".benchmarks-") as folder:
        measured = parts(Path(folder), quick=options.quick)
        if not options.json:
            print(line(HEADING))
        for name in options.only or names:
            for figure in apart(measured[name]):
                found.append(figure)
                if not options.json:
                    print(line(cells(figure)), flush=True)
    if options.json:
        json.dump(
            [{**asdict(f), "ratio": f.ratio, "met": f.met} for f in found], sys.stdout, indent=1
        )
        print()
    return 0 if all(figure.met for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
