"""Replaces signs that a console or an old locale cannot show by others of one cell.

A Linux console has a font of 256 signs, of which those of the code page 437 are sure to be there; a
terminal whose locale is not UTF-8 shows ASCII alone. What is drawn stays as wide as it was.
"""

from collections.abc import Mapping

Signs = Mapping[int, int]

CONSOLE: Signs = str.maketrans("✓✗●○…›–╭╮╰╯┏┓┗┛━┃", "√x*o~>-┌┐└┘╔╗╚╝═║")
"""For the font of a Linux console."""

ASCII: Signs = str.maketrans(
    "✓✗●○…›–╭╮╰╯┏┓┗┛━┃┌┐└┘─│╔╗╚╝═║▌▐▲▼►•·↑↓→←█░▁▂▃▄▅▆▇√",
    "+x*o~>-++++++++=|++++-|++++=|||^v>*-^v><#.__--=##+",
)
"""For what is not UTF-8."""


def for_terminal(environment: Mapping[str, str]) -> Signs:
    """Return what to replace in a terminal, by the variables of the environment.

    Where no locale names a character set, it is taken for UTF-8: so are the terminals that hosts
    without any locale are reached from.
    """
    names = (environment.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    locale = next(filter(None, names), "")
    charset = locale.partition("@")[0].partition(".")[2].replace("-", "").lower()
    if charset not in ("", "utf8"):
        return ASCII
    return CONSOLE if is_console(environment) else {}


def is_console(environment: Mapping[str, str]) -> bool:
    """Return whether a terminal is a Linux console."""
    return environment.get("TERM") == "linux"
