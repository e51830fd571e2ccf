"""Imports what the commands do, and becomes each program that `forking_client` asks for."""

import array
import contextlib
import gc
import importlib
import io
import os
import pkgutil
import runpy
import signal
import socket
import sys
import time
import types
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple


class _Request(NamedTuple):
    """What the client wants to be."""

    umask: int
    ignored: list[int]
    arguments: list[str]
    environment: dict[bytes, bytes]

    @classmethod
    def of(cls, data: bytes) -> "_Request":
        parts = iter(data.split(b"\0"))
        umask = int(next(parts))
        ignored = [int(next(parts)) for _ in range(int(next(parts)))]
        arguments = [os.fsdecode(each) for each in islice(parts, int(next(parts)))]
        return cls(umask, ignored, arguments, dict(zip(parts, parts, strict=True)))


def serve(listening: socket.socket) -> Callable[[], object]:
    """Fork for each who asks; return, in what is to be a program, what that does."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        client, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            program = _fork_program(client)
            if program is not None:
                return program
            os._exit(0)
        client.close()


def _fork_program(client: socket.socket) -> Callable[[], object] | None:
    """Return what the program does in the program; and None once it has ended and that was told."""
    descriptors = array.array("i")
    size, more, _, _ = client.recvmsg(8, socket.CMSG_LEN(4 * descriptors.itemsize))
    descriptors.frombytes(more[0][2])
    with client.makefile("rb") as file:
        request = _Request.of(file.read(int.from_bytes(size, "big")))
    process = os.fork()
    if process == 0:
        client.close()
        return _become(request, list(descriptors))
    for each in descriptors:
        os.close(each)
    client.sendall(process.to_bytes(8, "big"))
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    with contextlib.suppress(OSError):
        client.sendall(status.to_bytes(8, "big", signed=True))
    return None


def _become(request: _Request, descriptors: list[int]) -> Callable[[], object]:
    *streams, folder = descriptors
    os.fchdir(folder)
    for number, each in enumerate(streams):
        os.dup2(each, number)
    for each in descriptors:
        os.close(each)
    os.umask(request.umask)
    os.environ.clear()
    os.environb.update(request.environment)
    time.tzset()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in request.ignored:
        signal.signal(number, signal.SIG_IGN)
    # As Python opens them where the locale is C's or UTF-8's own.
    sys.stdin = sys.__stdin__ = _stream(0, "r", "surrogateescape")  # type: ignore[misc] # as a start
    sys.stdout = sys.__stdout__ = _stream(1, "w", "surrogateescape")  # type: ignore[misc] # as a start
    sys.stderr = sys.__stderr__ = _stream(2, "w", "backslashreplace")  # type: ignore[misc] # as a start
    way, what, *arguments = request.arguments
    sys.argv = ["-c" if way == "-c" else what, *arguments]
    sys.path[0] = ""
    sys.modules["__main__"] = types.ModuleType("__main__")
    return _program(way, what)


def _stream(number: int, mode: str, errors: str) -> io.TextIOWrapper:
    raw = io.FileIO(number, mode, closefd=False)
    buffered = io.BufferedReader(raw) if mode == "r" else io.BufferedWriter(raw)
    by_lines = number == 2 or raw.isatty()
    stream = io.TextIOWrapper(buffered, "utf-8", errors, line_buffering=by_lines)
    stream.mode = mode  # type: ignore[misc] # Python sets it, too
    return stream


def _program(way: str, what: str) -> Callable[[], object]:
    if way == "-c":
        return lambda: exec(compile(what, "<string>", "exec"), vars(sys.modules["__main__"]))  # noqa: S102 - the code of a test
    return lambda: runpy.run_module(what, run_name="__main__", alter_sys=True)


def _import_what_commands_do() -> None:
    import core
    import tui.commands

    for package in (core, tui.commands):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    for name in ("session", "client", "parsers", "endpoint", "credentials", "httpsession", "args"):
        importlib.import_module(f"botocore.{name}")


if __name__ == "__main__":
    _import_what_commands_do()
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as listening:
        program = serve(listening)
    program()
