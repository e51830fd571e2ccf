"""Prints answers as the AWS CLI prints them: JSON, text between tabs, or a table.

What goes to a file or a pipe is exact. What goes to a terminal has everything invisible spelled
out, and JSON always has, because its own escapes mean the same.
"""

import io
import json
import os
import re
import stat
import sys

from tui.commands.ec2.values import TOO_DEEP, ValueProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

FORMATS = ("json", "text", "table")

_INVISIBLE = re.compile(r"[^\n -~]")
_KEY_FILES = ("-----BEGIN ", "PuTTY-User-Key-File-")


def compiled(query: str | None) -> "Callable[[Any], Any]":
    """Return what a `--query` makes of an answer; without one the answer stays as it is.

    Raises:
        ValueProblem: it is no JMESPath; what is returned raises it for an answer that it cannot
            be asked of.
    """
    if query is None:
        return lambda answer: answer
    # Imported here: it takes as long as a command that reads may take.
    import jmespath

    try:
        expression = jmespath.compile(query)
    except jmespath.exceptions.JMESPathError as error:
        raise ValueProblem(f"--query: {error}") from None
    except RecursionError:
        raise ValueProblem(f"--query: {TOO_DEEP}") from None

    def search(answer: "Any") -> "Any":
        try:
            found = expression.search(answer)
        except (
            jmespath.exceptions.JMESPathError,
            TypeError,
            ValueError,
            ArithmeticError,
        ) as error:
            raise ValueProblem(f"--query: {error}") from None
        except RecursionError:
            raise ValueProblem(f"--query: {TOO_DEEP}") from None
        if _holds_expression(found):
            raise ValueProblem("--query: what stands behind & is no value, and cannot be printed")
        return found

    return search


def _holds_expression(found: "Any") -> bool:
    """Return whether `&` is in what a query makes of an answer, and not in a function alone."""
    try:
        json.dumps(found)
    except TypeError:
        return True
    except RecursionError:
        pass  # which `rendered` says
    return False


def rendered(answer: "Any", output: str, title: str) -> str:
    """Return an answer as the text to print; `title` stands above a table.

    Raises:
        ValueProblem: what a query made of it cannot be printed.
    """
    try:
        return _rendered(answer, output, title)
    except RecursionError:
        raise ValueProblem(f"--query: {TOO_DEEP}") from None


def _rendered(answer: "Any", output: str, title: str) -> str:
    if output == "table":
        # Imported here: hardly anybody asks for one.
        from tui.commands.ec2.table import table

        return table(title, _shown(answer))
    if output == "text":
        return "".join(_text(_shown(answer), None, None))
    if answer == {}:
        return ""
    text = json.dumps(answer, indent=4, ensure_ascii=not _is_utf8())
    return _INVISIBLE.sub(_escaped, text) + "\n"


def write(text: str, *, synced: bool = False) -> None:
    """Write a text to standard output, and have the disk confirm it if it is to be `synced`.

    Raises:
        OSError: standard output did not take all of it.
    """
    stream = sys.stdout
    encoding = "utf-8" if not stream.isatty() else stream.encoding
    stream.flush()
    stream.buffer.write(text.encode(encoding, "backslashreplace"))
    stream.buffer.flush()
    if synced:
        _sync(stream.buffer)


def _sync(stream: "Any") -> None:
    try:
        descriptor = stream.fileno()
    except io.UnsupportedOperation:  # it is in memory
        return
    # Pipes and terminals cannot be synced.
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fsync(descriptor)


def _is_utf8() -> bool:
    return not sys.stdout.isatty() or sys.stdout.encoding.lower() in ("utf-8", "utf8")


def _escaped(match: "re.Match[str]") -> str:
    character = match[0]
    return character if character.isprintable() else json.dumps(character)[1:-1]


def _shown(value: "Any") -> "Any":
    """Return an answer whose texts can be printed where standard output goes."""
    if not sys.stdout.isatty():
        return value
    if isinstance(value, dict):
        return {_shown(key): _shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return _spelled_out(value) if isinstance(value, str) else value


def _spelled_out(text: str) -> str:
    # Imported here: what is printed into a pipe does without it.
    from tui.words.text import visible

    if text.startswith(_KEY_FILES):
        return "\n".join(map(visible, text.split("\n")))
    return visible(text.removesuffix("\n"))


# Text -----------------------------------------------------------------------------------------


def _text(item: "Any", name: str | None, columns: "list[str] | None") -> "Iterator[str]":
    """Yield an item as lines: scalars between tabs, then what is nested, under its name."""
    if isinstance(item, dict):
        yield from _text_of_members(item, name, columns)
    elif isinstance(item, list):
        yield from _text_of_items(item, name)
    else:
        yield f"{item}\n"


def _text_of_items(items: "list[Any]", name: str | None) -> "Iterator[str]":
    nested = [item for item in items if isinstance(item, dict | list)]
    if any(isinstance(item, dict) for item in items):
        columns = sorted(
            {key for item in items if isinstance(item, dict) for key, _ in _scalars(item)}
        )
        for item in items:
            yield from _text(item, name, columns)
        return
    scalars = [str(item) for item in items if not isinstance(item, list)]
    if scalars and name is None:
        yield "\t".join(scalars) + "\n"
    elif name is not None:
        yield from (f"{name.upper()}\t{scalar}\n" for scalar in scalars)
    for item in nested:
        yield from _text(item, name, None)


def _text_of_members(
    members: "dict[str, Any]", name: str | None, columns: "list[str] | None"
) -> "Iterator[str]":
    if columns is None:
        columns = sorted(key for key, _ in _scalars(members))
    cells = [str(members.get(column, "")) for column in columns]
    if cells:
        yield "\t".join(cells if name is None else [name.upper(), *cells]) + "\n"
    for key in sorted(members.keys() - set(columns)):
        yield from _text(members[key], key, None)


def _scalars(members: "dict[str, Any]") -> "Iterator[tuple[str, Any]]":
    return ((k, value) for k, value in members.items() if not isinstance(value, dict | list))
