"""The bytes and the processor time of what a person does, one key at a time."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.benchmarks.figures import Figure
from tests.benchmarks.program import Program

DOWN, PAGE_DOWN, ESCAPE = b"\x1b[B", b"\x1b[6~", b"\x1b"

DIALOGS = {
    "create": b"c",
    "import": b"i",
    "details": b"\r",
    "tags": b"t",
    "delete": b"d",
    "copy": b"y",
    "Region": b"r",
    "journal": b"J",
    "export": b"e",
    "help": b"?",
}

KB = 1000


class Cost(NamedTuple):
    """Bytes, and milliseconds of the processor."""

    sent: float
    cpu: float


def figures(
    command: list[str | Path], home: Path, shown: str, rounds: int, idle: float
) -> Iterator[Figure]:
    """Yield the cost of keys in a list of thousands; `idle` is how many seconds to sit still."""
    with Program(command, home) as program:
        program.wait_for(shown)
        program.settle(1.0)
        yield Figure("start", len(program.output), "bytes")

        def costs(key: bytes, count: int = 1) -> Cost:
            taken = [program.cost(key) for _ in range(count)]
            return Cost(max(sent for sent, _ in taken), 1000 * median(cpu for _, cpu in taken))

        def still(where: str) -> Figure:
            return Figure(f"idle {idle:g} s, {where}", program.cost(b"", idle)[0], "bytes", 0)

        yield still("list")
        yield from _key("Down", costs(DOWN, rounds), 450)
        yield from _key("PageDown", costs(PAGE_DOWN, rounds), None)
        yield from _key("focus change, to the filter", costs(b"/"), 8 * KB)
        letters = [costs(letter) for letter in (b"p", b"a", b"i", b"r", b"-", b"1", b"2")]
        letters += [costs(b"\x7f") for _ in letters]
        worst = Cost(max(cost.sent for cost in letters), median(cost.cpu for cost in letters))
        yield Figure("filter letter", worst.sent, "bytes", 4.5 * KB)
        yield Figure("filter letter", worst.cpu, "ms CPU", 40)
        yield still("filter")
        yield from _key("focus change, from the filter", costs(ESCAPE), 8 * KB)
        for name, key in DIALOGS.items():
            yield from _key(f"{name}, opened", costs(key), 20 * KB)
            if name == "create":
                yield from _key("focus change in the form", costs(b"\t", rounds), 8 * KB)
            yield still(name)
            yield from _key(f"{name}, closed", costs(ESCAPE), 12 * KB)
        program.send(b"c")
        program.settle()
        program.send(b"measured")
        program.settle()
        yield from _key("private key, opened", costs(b"\r"), 20 * KB)
        yield still("private key")


def _key(name: str, cost: Cost, target: float | None) -> Iterator[Figure]:
    yield Figure(name, cost.sent, "bytes", target)
    yield Figure(name, cost.cpu, "ms CPU")
