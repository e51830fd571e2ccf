"""Reads the line that answers a question of a command."""

import sys
import termios


def typed_line() -> str:
    """Return the line that a person types, without the blanks around it.

    A program that was killed leaves the terminal as it needed it: Enter is no end of a line then,
    nothing is shown, and Ctrl+C is a letter. It is made one to type on again, as by `stty sane`.
    """
    try:
        terminal = sys.stdin.fileno()
        attributes = termios.tcgetattr(terminal)
        if not attributes[3] & termios.ICANON:
            attributes[0] |= termios.ICRNL | termios.IXON
            attributes[1] |= termios.OPOST
            attributes[3] |= termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN
            termios.tcsetattr(terminal, termios.TCSANOW, attributes)
    except (termios.error, ValueError, OSError):  # no terminal
        pass
    return sys.stdin.readline().strip()
