"""The bytes and the processor time of what a person does, one key at a time."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.benchmarks.figures import Figure
from tests.benchmarks.program import Program

DOWN, PAGE_DOWN, HOME, ESCAPE = b"\x1b[B", b"\x1b[6~", b"\x1b[H", b"\x1b"

_HELD_ROWS, _REPEAT = 10, 0.033
"""Rows over which a key is held, and seconds after which a keyboard repeats it."""

_WITH_A_PANE = (120, 36)

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
        yield from _key("Down", costs(DOWN, rounds), 420)
        yield Figure("held Down, a row", _held(program), "bytes", 430)
        yield from _key("PageDown", costs(PAGE_DOWN, rounds), None)
        yield from _key("filter opened", costs(b"/"), 3.2 * KB)
        letters = [costs(letter) for letter in (b"p", b"a", b"i", b"r", b"-", b"1", b"2")]
        letters += [costs(b"\x7f") for _ in letters]
        worst = Cost(max(cost.sent for cost in letters), median(cost.cpu for cost in letters))
        yield Figure("filter letter", worst.sent, "bytes", 1.5 * KB)
        yield Figure("filter letter", worst.cpu, "ms CPU", 40)
        yield still("filter")
        yield from _key("filter closed", costs(ESCAPE), 5 * KB)
        for name, key in DIALOGS.items():
            yield from _key(f"{name}, opened", costs(key), 4.2 * KB)
            if name == "create":
                yield from _key("Tab in the form", costs(b"\t", rounds), 400)
            yield still(name)
            yield from _key(f"{name}, closed", costs(ESCAPE), 5 * KB)
        program.send(b"c")
        program.settle()
        program.send(b"measured")
        program.settle()
        yield from _key("private key, opened", costs(b"\r"), 4.2 * KB)
        yield still("private key")


def figures_beside_a_pane(
    command: list[str | Path], home: Path, shown: str, rounds: int
) -> Iterator[Figure]:
    """Yield the bytes of keys in a window in which a pane stands beside the list."""
    columns, rows = _WITH_A_PANE
    with Program(command, home, size=_WITH_A_PANE) as program:
        program.wait_for(shown)
        program.settle(1.0)

        def sent(key: bytes, count: int = 1) -> float:
            # The pane follows once the cursor rests.
            return max(program.cost(key, 0.5)[0] for _ in range(count))

        where = f"{columns}x{rows}, pane open"
        yield Figure(f"Down, {where}", sent(DOWN, rounds), "bytes", 1.2 * KB)
        yield Figure(f"held Down, a row, {where}", _held(program), "bytes", 480)
        yield Figure(f"create, opened, {where}", sent(b"c"), "bytes", 10 * KB)
        yield Figure(f"create, closed, {where}", sent(ESCAPE), "bytes")


def _held(program: Program) -> float:
    """Hold Down for some rows within the page, and return the bytes of each."""
    program.send(HOME)
    program.settle()
    before = len(program.output)
    for _ in range(_HELD_ROWS):
        program.send(DOWN)
        program.read(_REPEAT)
        program.settle(_REPEAT)
    program.settle()
    sent = len(program.output) - before
    program.send(HOME)
    program.settle()
    return sent / _HELD_ROWS


def _key(name: str, cost: Cost, target: float | None) -> Iterator[Figure]:
    yield Figure(name, cost.sent, "bytes", target)
    yield Figure(name, cost.cpu, "ms CPU")
