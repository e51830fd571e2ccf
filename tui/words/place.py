"""Says where key pairs are: on this machine or in EC2, in whose account, in which Regions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from core.ec2.regions import REGIONS
from core.store import last_look
from tui.widgets.pick_list import Item
from tui.words.plural import n_of

if TYPE_CHECKING:
    from core.ec2.place import Ec2Facts
    from core.model import KeptKeyPair
    from core.session import Session


def top_words(
    session: "Session",
    where: str = "",
    pairs: str = "",
    facts: "Ec2Facts | None" = None,
    last_answer: datetime | None = None,
) -> tuple[str, Sequence[str]]:
    """Return the title of the list, and remarks on it, the longest first.

    Args:
        where: the host on which the program runs, if that is not under the person's hands.
        pairs: how many there are, in words.
        facts: what EC2 said of itself.
        last_answer: when EC2 said what is shown, if it has not answered since.
    """
    marks = (*session.marks, where)
    if session.place is None:
        return _joined(session.region, pairs), [_joined(*marks)]
    host = facts.host if facts else ""
    account = facts.account if facts else ""
    user = facts.user if facts else ""
    since = as_of(last_answer) if last_answer else ""
    title = _joined(f"EC2 {session.place.profile}", session.region, pairs)
    identity = f"{account} {user}".strip()
    return title, [
        _joined(host, identity, since, *marks),
        _joined(host, identity, since),
        _joined(host, account, since),
        _joined(host, since),
        _joined(host),
    ]


def as_of(time: datetime) -> str:
    """Return since when what is shown is so, in the person's time zone."""
    local = time.astimezone()
    is_today = local.date() == datetime.now(local.tzinfo).date()
    return f"as of {local:%H:%M}" if is_today else f"as of {local:%Y-%m-%d %H:%M}"


def last_answer(session: "Session") -> "tuple[tuple[KeptKeyPair, ...], datetime] | None":
    """Return what EC2 said last of a Region, and when; None where it never did. Reads a file.

    Raises:
        StoreError: the file cannot be read.
    """
    if session.place is None or session.place.remembered() is None:
        return None
    time = last_look.time_of(session.store.folder, session.region)
    return None if time is None else (tuple(session.store.read().key_pairs.values()), time)


def region_items(counts: Mapping[str, int | None]) -> list[Item]:
    """Return the Regions: those in use first, the last changed at the top, each with its count."""
    others = [name for name in REGIONS if name not in counts]
    return [_item(name, counts) for name in (*counts, *others)]


def _item(name: str, counts: Mapping[str, int | None]) -> Item:
    region = REGIONS.get(name)
    description = region.description if region else ""
    if name not in counts:
        remark = ""
    elif counts[name] is None:
        remark = "cannot be read"
    else:
        count = counts[name] or 0
        remark = n_of(count, "pair")
    return Item(name, f"{name:<16} {description}", remark)


def _joined(*words: str | None) -> str:
    return " · ".join(filter(None, words))
