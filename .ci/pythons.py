"""Prints the path of every other Python 3.11 or later that is found, one of each version."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

OLDEST = (3, 11)
_ASK = "import sys, venv, ensurepip; print(*sys.version_info[:2], sys.implementation.name)"


def candidates() -> Iterator[Path]:
    """Yield what may be a Python: on PATH, and where pyenv, uv and images of wheels put theirs."""
    for folder in map(Path, os.environ.get("PATH", os.defpath).split(os.pathsep)):
        yield from sorted(folder.glob("python3.[0-9]*"))
    home = Path.home()
    for pattern in (
        f"{home}/.pyenv/versions/*/bin/python3",
        f"{home}/.local/share/uv/python/*/bin/python3",
        "/opt/python/*/bin/python3",
        "/usr/local/bin/python3.*",
    ):
        yield from sorted(Path("/").glob(pattern.lstrip("/")))


def main() -> None:
    """Ask each what it is, and print those that can be used."""
    seen = {sys.version_info[:2]}
    for path in candidates():
        if path.name.endswith("-config"):
            continue
        try:
            done = subprocess.run(
                [path, "-I", "-c", _ASK], capture_output=True, text=True, timeout=60, check=True
            )
            major, minor, implementation = done.stdout.split()
        except (OSError, ValueError, subprocess.SubprocessError):
            continue  # a shim of pyenv without a version, or a Python without venv
        version = (int(major), int(minor))
        if implementation == "cpython" and version >= OLDEST and version not in seen:
            seen.add(version)
            print(path)


if __name__ == "__main__":
    main()
