"""Says what is wrong with a command line."""

from difflib import get_close_matches

from tui.words.text import shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

_MEANT = {
    "add": "create-key-pair",
    "cat": "show",
    "check": "doctor",
    "check-up": "doctor",
    "details": "show",
    "export": "list",
    "generate": "create-key-pair",
    "info": "show",
    "inventory": "list",
    "keygen": "create-key-pair",
    "look-up": "find",
    "lookup": "find",
    "ls": "list",
    "make": "create-key-pair",
    "new": "create-key-pair",
    "recover": "restore",
    "remove": "delete-key-pair",
    "rm": "delete-key-pair",
    "search": "find",
    "tag": "create-tags",
    "untag": "delete-tags",
    "whose": "find",
}
"""What people call commands that are called something else."""


def wrong(program: str, message: str) -> str:
    """Return what is said of a command line that cannot be meant so."""
    return f"{program}: error: {shortened(message)}\n"


def no_command(word: str, commands: "Collection[str]") -> str:
    """Return what is said of a word that stands where a command should."""
    nearest = _nearest(word, commands)
    if nearest:
        return f"there is no command {word}; did you mean {nearest}?"
    return f"there is no command {word}; there are {', '.join(commands)}"


def _nearest(word: str, commands: "Collection[str]") -> str | None:
    word = word.strip().lower().replace("_", "-")
    if word in _MEANT:
        return _MEANT[word]
    if len(word) > 1 and (longer := [name for name in commands if name.startswith(word)]):
        return longer[0]
    closest = get_close_matches(word, [*commands, *_MEANT], n=1)
    return _MEANT.get(closest[0], closest[0]) if closest else None
