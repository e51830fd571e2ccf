"""Has the server of `forking` start a program, and lives and dies as that program does.

It imports only what is built into Python, so that it costs less than what it saves.
"""

import _signal as signal  # type: ignore[import-not-found] # `signal` takes as long as the rest
import _socket as socket
import array
import os
import sys

_UTF_8 = {"", "C", "POSIX", "C.UTF-8", "C.utf8"}
_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def main(path: str, arguments: list[str]) -> None:
    if not _can_be_forked():
        os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - none is meant
    # What is ignored here is ignored there, and what comes meanwhile waits.
    ignored = [int(each) for each in _PASSED_ON if signal.getsignal(each) is signal.SIG_IGN]
    signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)
    here = os.open(".", os.O_RDONLY)
    umask = os.umask(0)
    variables = [part for pair in os.environb.items() for part in pair]
    numbers = [umask, len(ignored), *ignored, len(arguments)]
    parts = [b"%d" % number for number in numbers]
    request = b"\0".join([*parts, *map(os.fsencode, arguments), *variables])
    server = socket.socket(socket.AF_UNIX)
    server.connect(path)
    streams = array.array("i", [0, 1, 2, here])
    size = len(request).to_bytes(8, "big")
    server.sendmsg([size], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
    server.sendall(request)
    # The program holds them now, and who reads what it writes waits for its end alone.
    for number in (0, 1, 2, here):
        os.close(number)
    process = int.from_bytes(server.recv(8), "big")
    for each in _PASSED_ON:
        if each not in ignored:
            signal.signal(each, lambda number, _: os.kill(process, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
    status = int.from_bytes(server.recv(8), "big", signed=True)
    if status < 0:
        signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)
        if -status not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-status, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
        os.kill(os.getpid(), -status)
    os._exit(status)


def _can_be_forked() -> bool:
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            return False
    locales = {os.environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")}
    python = {name for name in os.environ if name.startswith("PYTHON")}
    return locales <= _UTF_8 and python <= {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}


main(sys.argv[1], sys.argv[2:])
