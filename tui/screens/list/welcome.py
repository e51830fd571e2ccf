"""Says what a list has to say that shows no pairs, and which private keys the last session lost."""

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from textual.content import Content

from core.disk import keys_in_hand
from core.ec2.regions import REGIONS
from core.errors import KeyPairsError, StoreDamaged
from core.model import PrivateKeyState
from core.words.plural import n_of
from tui.actions.keymap import key_in, key_of
from tui.actions.table import Place
from tui.words.text import named, sentence, short_path, short_paths, shortened, visible

if TYPE_CHECKING:
    from core.disk.keys_in_hand import LostKey
    from core.query import Unfinished
    from core.session import Session

_WHAT = "keypairs creates and keeps SSH key pairs as Amazon EC2 does."
_MOST_NAMES = 3


def waiting(session: "Session") -> tuple[int, int]:
    """Return how many public key files are in ~/.ssh, and how many deleted pairs can come back.

    As far as one may know it; blocks.
    """
    public_keys = deleted = 0
    with suppress(OSError):
        names = os.listdir(Path.home() / ".ssh")  # noqa: PTH208 - only names are wanted
        public_keys = sum(name.endswith(".pub") for name in names)
    with suppress(KeyPairsError):
        deleted = len(session.backend.deleted_key_pairs())
    return public_keys, deleted


def no_pairs(session: "Session", waiting: int, deleted: int, undone: int = 0) -> Content:
    """Return what an empty Region says: what the program is, where data live, the next keys.

    `waiting` are the public keys that could be imported, `deleted` the pairs that can come back,
    and `undone` those of them that come back by undoing what this session did last.
    """
    region = session.region
    if region in REGIONS:
        first = f"No key pairs in {region}{'' if session.read_only or deleted else ' yet'}."
    else:
        first = f"No key pairs in {region}, which is not a Region that is known here."
    changes = [
        (key_of("key-pair.create"), "create a key pair"),
        (key_of("key-pair.import"), _import(waiting)),
    ]
    gone = (key_of("list.deleted"), f"bring {n_of(deleted, 'deleted pair')} back")
    if session.read_only:
        gone = (gone[0], f"see {n_of(deleted, 'deleted pair')}")
    elif undone == deleted > 1:
        gone = (key_of("key-pair.undo"), f"{gone[1]}; {gone[0]} only some of them")
    elif undone == deleted:
        gone = (key_of("key-pair.undo"), gone[1])
    keys = [
        *([] if session.read_only else changes),
        *([gone] if deleted else []),
        (key_of("list.region"), "look at another Region"),
        (key_of("app.quit"), "leave"),
    ]
    lines = [Content.styled(key, "bold $text-accent").append(f"  {word}") for key, word in keys]
    about = Content(f"{_WHAT} {_where(session)}")
    return Content("\n").join([Content(first), Content(), *lines, Content(), about])


def cannot_be_read(error: KeyPairsError) -> str:
    """Return why a Region's file cannot be read; a command that helps has a line of its own."""
    said = sentence(error)
    if not (isinstance(error, StoreDamaged) and error.command):
        return said
    # Within quotes, where a shell knows no ~, a path stays as it is.
    command = visible(short_paths(error.command))
    what = sentence(StoreDamaged(str(error).removesuffix(error.command).rstrip()))
    leave = key_of("app.quit")
    return f"{what}\n$ {command}\nA shell is another terminal, or this one after {leave}."


def nothing_matches(further: str, not_in_use: "Unfinished | None", *, is_typing: bool) -> str:
    """Return what is said where no pair passes the filter, and where else a key is looked for.

    Args:
        further: what was typed that can be looked for elsewhere, in words, or nothing.
        not_in_use: what was typed that no pair has, though some have what begins so.
        is_typing: the cursor is in the filter, where a key of the list types a letter.
    """
    why = "."
    if not_in_use is not None:
        why = f": {shortened(f'{not_in_use.why}; {not_in_use.pattern} finds what begins so')}."
    said = f"Nothing matches{why}\n\nPress {key_in(Place.LIST, 'show_all')} to show all pairs again"
    if not further:
        return f"{said}."
    first = f"{key_in(Place.FILTER, 'filter_done')}, then " * is_typing
    find = f"{first}{key_of('list.find')}"
    return f"{said}; {find} looks for {further} in all Regions and among the deleted pairs."


def _import(waiting: int) -> str:
    if not waiting:
        return "import a public key"
    many = n_of(waiting, "public key waits", "public keys wait")
    return f"import a public key; {many} in ~/.ssh"


def _where(session: "Session") -> str:
    folder = short_path(str(session.store.folder))
    if session.place is not None:
        return f"The pairs are in EC2; what EC2 does not keep is in {folder}, on this machine."
    return f"They are kept in {folder}, on this machine: nothing is sent anywhere."


class Lost(NamedTuple):
    """What is said of private keys that were lost, and the pair to go to, if it is in this Region.

    `key_pair_id` is empty where none is.
    """

    text: str
    key_pair_id: str = ""


def lost_keys(session: "Session") -> Lost | None:
    """Return what is to be said once of the private keys that ended sessions took along; blocks.

    A pair that was deleted since, or whose key a file or an agent got after all, is left out.
    """
    unsaved = (
        (_name_if_unsaved(session, each), each) for each in keys_in_hand.lost(session.store.folder)
    )
    found = sorted((name, lost) for name, lost in unsaved if name)
    if not found:
        return None
    names = [
        named(name) if lost.region == session.region else f"{named(name)} in {lost.region}"
        for name, lost in found
    ]
    here = [lost.key_pair_id for _, lost in found if lost.region == session.region]
    more = len(names) - _MOST_NAMES
    if more > 0:
        names[_MOST_NAMES:] = [f"{more:,} more"]
    *others, last = names
    whose = f"{', '.join(others)} and {last}" if others else last
    delete, turn = key_of("key-pair.delete"), key_of("list.region")
    if len(found) == 1:
        # Where the pair is in another Region, the key would delete what is under the cursor here.
        there = f"{turn} turns to {found[0][1].region}, where {delete} deletes the pair."
        text = (
            f"The last session ended before the private key of {whose} was saved: it is gone,"
            f" unless you copied it. {f'{delete} deletes the pair.' if here else there}"
        )
    else:
        there = f"{turn} turns to their Region, where {delete} deletes such a pair."
        text = (
            f"Sessions ended before the private keys of {whose} were saved: they are gone, unless"
            f" you copied them. {f'{delete} deletes such a pair.' if here else there}"
        )
    return Lost(text, here[0] if here else "")


def _name_if_unsaved(session: "Session", lost: "LostKey") -> str:
    """Return the name of the pair if it is there and its private key was never delivered."""
    try:
        pairs = session.store.for_region(lost.region).read().key_pairs
        key_pair = pairs.get(lost.key_pair_id)
        if key_pair is None or key_pair.custody.private_key is not PrivateKeyState.UNSAVED:
            return ""
        journal = session.store.journal.read()
    except KeyPairsError:  # what is wrong with the file is said where it is shown
        return ""
    added = (e.key_pair_id for e in journal if e.operation == "AddToAgent")
    return "" if lost.key_pair_id in added else key_pair.key_name
