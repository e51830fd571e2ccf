"""What a long session keeps: the memory before and after a great many of the same thing."""

from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.benchmarks.program import Program

ESCAPE, TAB = b"\x1b", b"\t"
GROWTH = 3.0
"""MB that may be added by what is repeated: what the allocator keeps, not what leaks."""

PEAK = 80.0


def figures(command: list[str | Path], home: Path, shown: str, scale: float) -> Iterator[Figure]:
    """Yield the memory of a session in which everything was loaded; `scale` shortens it."""
    with Program(command, home) as program:
        program.wait_for(shown)
        program.settle(1.0)
        yield Figure("memory with the list shown", program.memory(), "MB")
        # The allocator's threads have what they need after some ten changes of a file of 4 MB.
        for number in range(-12, 0):
            _create(program, number)
        for _ in range(20):
            _dialog(program)
        before = program.memory()

        def flat(what: str, count: int) -> Iterator[Figure]:
            nonlocal before
            after = program.memory()
            name = f"{count:,} {what}"
            yield Figure(f"memory before {name}", before, "MB")
            yield Figure(f"memory after {name}", after, "MB")
            yield Figure(f"growth in {name}", after - before, "MB", GROWTH)
            before = after

        _send(program, b"c", "Create a key pair")
        changes = int(2_000 * scale)
        for _ in range(changes):
            program.send(TAB)
            program.settle(0.01)
        _send(program, ESCAPE, "c create")
        yield from flat("focus changes", changes)
        dialogs = int(500 * scale)
        for _ in range(dialogs):
            _dialog(program)
        yield from flat("dialogs", dialogs)
        creates = int(200 * scale)
        for number in range(creates):
            _create(program, number)
        yield from flat("creates", creates)
        yield Figure("peak memory", program.memory("VmHWM"), "MB", PEAK)


def _send(program: Program, keys: bytes, text: str) -> None:
    # A key for the list counts only when what led back to it is over.
    program.settle(0.06)
    program.send(keys)
    program.wait_for(text)


def _dialog(program: Program) -> None:
    _send(program, b"?", "esc back")
    _send(program, ESCAPE, "c create")


def _create(program: Program, number: int) -> None:
    """Create a pair, and give its private key up."""
    # What became of the last one is read first, and may wait for the disk.
    program.settle(0.2)
    _send(program, b"c", "Create a key pair")
    name = f"flat-{number}".encode()
    program.send(name)
    program.settle(0.05)
    _send(program, b"\r", "asks before it leaves")
    _send(program, ESCAPE, "Leave without")
    program.send(name)
    program.settle(0.05)
    _send(program, b"\r", "c create")
