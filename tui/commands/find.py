"""The command `keypairs find`: whose keys these are on stdout, the talk on stderr."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from core.checks import look_up
from core.checks.answers import IS_NO_KEY, Found, Standing
from core.errors import KeyPairsError
from core.secret import Passphrase
from core.settings import open_to_look
from core.store.data_dir import data_folder
from tui.commands.wrapping import say, tell
from tui.words.look_up import line, summed_up
from tui.words.text import sentence, visible

if TYPE_CHECKING:
    from core.checks.look_up import Ask, Finder

_INDENT = 4
ALL_KNOWN, NOT_ALL, UNUSABLE = 0, 1, 2


def find(
    things: Sequence[str],
    folder: str | None,
    policy: str | None,
    *,
    agent: bool,
    ask: bool,
    everything: bool,
    as_json: bool,
) -> int:
    """Look up paths, keys and fingerprints, and print whose they are.

    Returns the exit status.
    """
    where = data_folder(folder)
    if where.exists() and not where.is_dir():
        tell(f"{visible(str(where))} is a file, not a data folder.")
        return UNUSABLE
    try:
        session = open_to_look(folder, policy)
        finder = look_up.finder(session, _asker() if ask else None)
    except KeyPairsError as error:
        tell(sentence(error))
        return UNUSABLE
    for problem in finder.problems:
        tell(visible(problem))
    if finder.not_allowed and not finder.known:
        return UNUSABLE  # nothing may be said to be unknown
    if not finder.pairs and not finder.problems:
        tell(f"there are no key pairs in {visible(str(where))} to compare with.")
    found: list[Found] = []
    count = links = 0
    try:
        for each in _looked_up(finder, things, agent=agent):
            count += 1
            links += each.is_link
            if everything or not each.minor:
                found.append(each)
                if not as_json:
                    say(line(each), indent=_INDENT)
    except KeyPairsError as error:  # the agent's
        tell(sentence(error))
        return UNUSABLE
    if as_json:
        print(json.dumps({"version": 1, "found": [each.as_record() for each in found]}, indent=2))
    sys.stdout.flush()
    tell(summed_up(found, count, links, "" if everything else "--all"))
    keys = [each for each in found if each.standing not in IS_NO_KEY]
    fine = keys and all(each.standing is Standing.KNOWN for each in keys)
    return ALL_KNOWN if fine and len(keys) == len(found) else NOT_ALL


def _looked_up(finder: "Finder", things: Iterable[str], *, agent: bool) -> Iterator[Found]:
    for thing in things:
        yield from finder.look(thing)
    if agent:
        yield from finder.in_agent()


def _asker() -> "Ask | None":
    """Return what asks on the terminal, or None where there is none to ask on."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty()):
        return None
    from getpass import getpass

    def ask(path: str) -> Passphrase | None:
        # A ValueError: what was typed, nothing say, can be no passphrase.
        with suppress(EOFError, ValueError):
            return Passphrase(getpass(f"Passphrase of {visible(path)} (empty leaves it locked): "))
        return None

    return ask
