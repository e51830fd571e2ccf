"""Says what the running program is made of, for `keypairs --version`."""

from core import about
from tui.words.text import visible


def lines() -> list[str]:
    """Return the version of the program, and a line about each of its parts."""
    parts = about.components().items()
    return [
        f"keypairs {about.program_version()}",
        *(f"  {name:<10} {visible(what)}" for name, what in parts),
    ]
