"""Reads a path as a person types it: names what only a shell would understand, and completes it."""

import os
import re
from contextlib import suppress
from pathlib import Path

_SCHEME = re.compile(r"fileb?://(?=.)")
"""How the AWS CLI marks a parameter that is the path of a file."""

_BEGINS = re.compile(
    r"[\"']?(fileb?://|~|\.{0,2}/|\$\{?[A-Za-z_]\w*\}?(/|$)|[A-Za-z]:[\\/]|\\\\|%\w+%[\\/])"
)
"""How a path begins that is typed where it may be something else as well."""

_NOT_A_PATH = (
    (re.compile(r"[A-Za-z]:[\\/]|\\\\|%\w+%"), "that is a path of Windows; one here begins with /"),
    (
        # An apostrophe between letters quotes nothing.
        re.compile(r""".*("|'.*'|'(?!\w)|(?<!\w)')"""),
        "the quotes would be part of the name; type the path without them",
    ),
    (
        re.compile(r".*\$(\{\w+\}|[A-Za-z_])"),
        "$ and a name is a variable of the shell; type the path itself, ~ is your home",
    ),
    (
        re.compile(r".*\\[^\w.\\]"),
        r"\ would be part of the name; type the character behind it alone",
    ),
    (re.compile(r".*\\"), r"\ would be part of the name; type / between folders"),
)

NO_SUCH_USER = "there is no such user"

_MOST_IN_A_NAME, _MOST_IN_A_PATH = 255, 4095
"""Bytes of a name and of a path: NAME_MAX, and PATH_MAX without its NUL (limits.h(0p))."""

_MOST_ENTRIES = 10_000
"""Names of a folder that are looked at, so that a letter in a huge one does not take long."""


def without_scheme(text: str) -> str:
    """Return a path without the `file://` or `fileb://` of the AWS CLI."""
    return _SCHEME.sub("", text, count=1) if text.startswith("file") else text


def problem(text: str) -> str | None:
    """Return why a text is not one of our paths but a shell's or another system's, or None.

    Looks on the disk: what is there may be called as a shell would call another.
    """
    text = without_scheme(text)
    if _named(text) is None:
        return None if _is_of_a_user(text) else NO_SUCH_USER
    return _named(_without_what_is_there(text))


def _named(text: str) -> str | None:
    return next((words for pattern, words in _NOT_A_PATH if pattern.match(text)), None)


def _is_of_a_user(text: str) -> bool:
    with suppress(RuntimeError):
        Path(text).expanduser()
        return True
    return False


def _without_what_is_there(text: str) -> str:
    """Return a path without the folders at its beginning that are there, or all of it."""
    for end in range(len(text), 0, -1):
        if end == len(text) or text[end - 1] == "/":
            with suppress(RuntimeError):
                if os.path.lexists(Path(text[:end]).expanduser()):
                    return text[end:]
    return text


def too_long(text: str) -> str | None:
    """Return why no file can have such a path, for its length alone, or None; `~` is your home."""
    try:
        path = os.fsencode(Path(without_scheme(text.strip())).expanduser())
    except (RuntimeError, ValueError):  # no such user, or a letter that no name here can have
        return None
    longest = max(path.split(b"/"), key=len)
    if len(longest) > _MOST_IN_A_NAME:
        name = os.fsdecode(longest[:20])
        return f"the name {name}… is too long: {len(longest):,} bytes, at most {_MOST_IN_A_NAME}"
    if len(path) > _MOST_IN_A_PATH:
        return f"the path is too long: {len(path):,} bytes, at most {_MOST_IN_A_PATH:,}"
    return None


def begins_like_one(text: str) -> bool:
    """Return whether a text begins as a path does, of a shell or another system too."""
    return _BEGINS.match(text) is not None


def is_relative(text: str) -> bool:
    """Return whether a path begins at the folder that the program was started in."""
    return not without_scheme(text.strip()).startswith(("/", "~"))


def leads_to(text: str) -> str:
    """Return where a relative path leads; nothing for any other, or where its folder is gone."""
    with suppress(FileNotFoundError):
        if is_relative(text):
            return os.path.abspath(without_scheme(text.strip()))  # noqa: PTH100 - links stay
    return ""


def completed(text: str, ending: str = "", *, only_folders: bool = False) -> str | None:
    """Return a path with its last name completed, by a slash where that is a folder, or None.

    The first name by the alphabet is taken, of a file only one with that ending; hidden ones only
    where a dot was typed, and none that cannot be seen as it is. Where there is a file of the name
    that was typed, that one is meant, and of a folder its slash. Reads the folder. What makes a new
    file wants `only_folders`: none that is there can be meant.
    """
    path = without_scheme(text)
    scheme, text = text[: len(text) - len(path)], path
    folder, slash, start = text.rpartition("/")
    if text == "~":
        return f"{scheme}~/"
    if not text or not slash:
        folder = "."
    with suppress(OSError, RuntimeError, ValueError):
        place = Path(f"{folder}{slash}").expanduser() if slash else Path(folder)
        names = []
        if start and os.path.lexists(place / start):
            return f"{scheme}{text}/" if (place / start).is_dir() else None
        with os.scandir(place) as entries:
            for _, entry in zip(range(_MOST_ENTRIES), entries, strict=False):
                fits = entry.name.startswith(start) and entry.name.isprintable()
                if not fits or entry.name.startswith(".") is not start.startswith("."):
                    continue
                is_wanted = entry.name.endswith(ending) and not only_folders
                if entry.is_dir() or is_wanted:
                    names.append((entry.name, entry.is_dir()))
        if text and names:
            name, is_folder = min(names)
            return f"{scheme}{text[: len(text) - len(start)]}{name}{'/' * is_folder}"
    return None
