"""Lines for a terminal, broken between words; what goes into a file or a pipe stays one line."""

import re
import sys
from contextlib import suppress

from core.errors import EC2Error, NoCredentials
from tui.commands.streams import terminal_width
from tui.words.cells import cell_len
from tui.words.text import as_pasted, sentence, shortened

TYPE_CHECKING = False
"""What type checkers take for true; a command that only reads has no time for `typing`."""

if TYPE_CHECKING:
    from typing import TextIO

_COMMAND = re.compile(
    r"(?<![^ ])(?:chmod|chown|keypairs|ssh-add|ssh-keygen) .+?(?:\.(?= [A-Z])|(?= \()|$)"
)
_GLUE = "\0"  # no visible text holds it


def say(text: str, stream: "TextIO | None" = None, *, indent: int = 0) -> None:
    """Print visible text; on a terminal as lines that fit it, the later ones indented."""
    stream = stream or sys.stdout
    lines = wrapped(text, terminal_width(), indent) if stream.isatty() else [text]
    print("\n".join(lines), file=stream)


def tell(text: str) -> None:
    """Say visible text on stderr in the program's own name.

    Where that cannot be written, nobody is told, and nothing else is different: the data are on
    stdout, and the exit status says the rest.
    """
    with suppress(OSError):
        say(f"keypairs: {text}", sys.stderr)


def tell_notice(notice: str) -> None:
    """Say what a backend has to say of where answers are kept, if it has; see `tell`."""
    if notice:
        tell(shortened(notice))


def tell_of(error: Exception) -> None:
    """Say what an error says on stderr in the program's own name; see `tell`."""
    tell(in_words(error))


def in_words(error: Exception) -> str:
    """Return what an error says, fit to be shown, and what more is known: why, how to log in."""
    said = sentence(error)
    if isinstance(error, EC2Error) and error.reason not in str(error):
        # EC2's own texts often end without a full stop.
        return f"{said}{'' if said.endswith('.') else '.'} {shortened(error.reason)}"
    login = error.login if isinstance(error, NoCredentials) else ""
    return f"{said} Log in: {as_pasted(login)}" if login else said


def wrapped(text: str, width: int, indent: int = 0) -> list[str]:
    """Return visible text as lines of at most `width` cells; only the first is not indented.

    A word that is longer than a line stays whole, and so does a command, to be copied: the
    terminal itself breaks them.
    """
    glued = _COMMAND.sub(lambda command: command[0].replace(" ", _GLUE), text)
    first, *words = glued.split(" ")
    lines = [first]
    for word in words:
        joined = f"{lines[-1]} {word}"
        if cell_len(joined.replace(_GLUE, " ")) > width and lines[-1].strip():
            lines.append(" " * indent + word)
        else:
            lines[-1] = joined
    return [line.replace(_GLUE, " ") for line in lines]
