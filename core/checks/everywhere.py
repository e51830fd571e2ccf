"""Finds every place that was ever opened from here: this machine's Regions, and those of EC2."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from core.ec2 import regions
from core.ec2.authorization import Authorizer
from core.errors import SettingsError
from core.local.opening import open_local
from core.session import Session
from core.store.region_store import RegionStore

_IN_EC2 = "ec2"


class LookedAt(NamedTuple):
    """A Region that is looked at as its file has it; EC2 is not asked.

    Attributes:
        name: what it is called: in the place of the session the Region alone, else with
            `EC2 ACCOUNT[@HOST]` before it, or ` on this machine` behind it.
        session: answers what is known of it here.
        account: whose it is in EC2, with the host where that is not AWS's; empty of this machine.
    """

    name: str
    session: Session
    account: str = ""


def everywhere(session: Session) -> list[LookedAt]:
    """Return the Regions of the place of a session that are in use, and then those of all others.

    Of EC2 these are the accounts and Regions that it was asked for from here.
    """
    folder = session.store.folder
    in_ec2 = session.place is not None
    account = folder.name if in_ec2 else ""
    data_dir = folder.parent.parent if in_ec2 else folder
    found = [LookedAt(each.region, each, account) for each in session.in_every_region()]
    authorizer = session.access.authorizer
    if in_ec2:
        for name, other in _regions(data_dir, authorizer):
            found.append(LookedAt(f"{name} on this machine", other))
    for each in _accounts(data_dir / _IN_EC2):
        if each != folder:
            for name, other in _regions(each, authorizer):
                found.append(LookedAt(f"EC2 {each.name} {name}", other, each.name))
    return found


def _regions(folder: Path, authorizer: Authorizer) -> Iterator[tuple[str, Session]]:
    store = RegionStore(folder, authorizer.region.name)
    for name in sorted({*store.regions_in_use(), *store.regions_once_in_use()}):
        with suppress(SettingsError):  # a file that only looks like that of a Region
            chosen = authorizer.for_region(regions.region(name))
            yield name, open_local(folder, name, chosen)


def _accounts(above: Path) -> list[Path]:
    with suppress(OSError):  # EC2 was never asked
        return sorted(path for path in above.iterdir() if path.is_dir() and not path.is_symlink())
    return []
