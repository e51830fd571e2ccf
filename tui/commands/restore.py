"""Runs the command `keypairs restore REGION`: what would change on stdout, talk on stderr."""

import argparse
import sys
from collections.abc import Mapping, Sequence

from core.ec2 import regions
from core.errors import KeyPairsError, StoreError
from core.store import data_dir
from core.store.data_dir import data_folder
from core.store.restore import Restoration, examine
from core.store.restore import restore as put_back
from tui.commands.places import not_of_ec2
from tui.commands.wrapping import tell, tell_of
from tui.typed_line import typed_line
from tui.words.text import visible

HANDLES_KEYS = True
REFUSES: Mapping[str, str] = {
    "region": "restore takes no --region. Name the Region behind it: keypairs restore REGION.",
    "policy": "restore asks no policy. Leave out --policy.",
    **not_of_ec2("restore"),
}

RESTORED, REFUSED, UNUSABLE = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `restore` takes."""
    parser.description = (
        "Show what is wrong with a Region's file and what the backup from before its last change"
        " would bring back, and put that in its place when you agree. The damaged file is kept"
        " under another name."
    )
    parser.epilog = (
        "Exit status: 0 restored; 1 nothing to restore, or refused; 2 unusable options, folder or"
        " terminal."
    )
    parser.add_argument("named_region", metavar="REGION", help="the Region to restore")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(options: argparse.Namespace) -> int:
    """Do as the options say, and return the exit status."""
    return restore(
        options.named_region, options.data_dir, agreed=options.yes, read_only=options.read_only
    )


def restore(region: str, folder: str | None, *, agreed: bool, read_only: bool) -> int:
    """Show what restoring a Region would change, ask unless `agreed`, and do it.

    A session that is `read_only` refuses. Returns the exit status.
    """
    if read_only:
        tell("Not restored: this session is read-only.")
        return REFUSED
    try:
        name = regions.region(region).name
        path = data_folder(folder)
        data_dir.check(path)
    except KeyPairsError as error:
        tell_of(error)
        return UNUSABLE
    try:
        found = examine(path, name)
        if found.refusal is not None:
            raise StoreError(f"Not restored: {found.refusal}.")
        for line in _described(found):
            print(visible(line))
        sys.stdout.flush()
        if not agreed and not sys.stdin.isatty():
            tell("Standard input is not a terminal, so you cannot be asked. Add --yes to restore.")
            return UNUSABLE
        if not (agreed or _asked(name, found)):
            tell("Nothing was changed.")
            return REFUSED
        aside = put_back(path, name, found)
    except StoreError as error:
        tell_of(error)
        return REFUSED
    kept = f" The damaged file is now {aside}." if aside else ""
    tell(visible(f"Restored {found.path}.{kept}"))
    return RESTORED


def _described(found: Restoration) -> Sequence[str]:
    lines = [
        f"File: {found.path}",
        f"Damage: {found.problem}",
        f"Backup: {found.backup}",
        f"Backup's generation: {found.generation}",
        f"Backup's time: {_time(found)}",
        f"Backup's key pairs: {found.key_pairs}",
        f"In short: {_counts(found)}",
    ]
    lines += [f"Comes back: {name}" for name in found.returning]
    lines += [f"Stays: {name}" for name in found.staying]
    lines += [f"Done since: {what}" for what in found.since]
    lines += [f"Lost: {name}" for name in found.lost]
    lines += [f"Lost: what {what} changed" for what in found.undone]
    # A name that is cut off or garbled in the damaged file is not known.
    lost = found.lost or found.undone
    return lines if lost else [*lines, "Lost: none whose name can still be read"]


def _time(found: Restoration) -> str:
    if found.time is None:
        return "not known, nor what was done since"
    return f"{found.time:%Y-%m-%dT%H:%M:%SZ}"


def _asked(region: str, found: Restoration) -> bool:
    """Ask, with the counts of what stands above: of many pairs only the end is still in sight."""
    question = f"Restore {visible(region)} from the backup ({_counts(found)})? [y/N] "
    print(question, end="", file=sys.stderr, flush=True)
    return typed_line().lower() in {"y", "yes"}


def _counts(found: Restoration) -> str:
    lost = len(found.lost) + len(found.undone)
    stay, back = f"stay: {len(found.staying):,}", f"come back: {len(found.returning):,}"
    return f"{stay}, {back}, known to be lost: {lost:,}"
