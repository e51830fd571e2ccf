"""Says where key pairs are: on this machine or in EC2, in whose account, in which Regions."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from core.ec2.regions import REGIONS
from core.store import last_look
from tui.widgets.pick_list import Item
from tui.words.plural import n_of

if TYPE_CHECKING:
    from core.ec2.place import Ec2Facts
    from core.model import KeptKeyPair
    from core.session import Session


class Whereabouts(NamedTuple):
    """Where one is, as the bar at the top of every screen says it; no text is visible yet.

    Attributes:
        region: the Region that is looked at.
        place: `EC2 prod`, or empty for this machine.
        profile: the profile in it, empty where there is none.
        city: where the Region is, empty where that is not known.
        host: the host that answers for EC2, if it is not AWS's own.
        caller: whose account EC2 says that it is, empty on this machine.
        user: who works on which host, or that it is this machine.
        limits: what limits the session: `policy`, `read-only`.
        since: since when what is shown is so, where EC2 has not answered since.
    """

    region: str = ""
    place: str = ""
    profile: str = ""
    city: str = ""
    host: str = ""
    caller: str = ""
    user: str = ""
    limits: tuple[str, ...] = ()
    since: str = ""


HERE = "this machine"


def whereabouts(
    session: "Session",
    where: str = "",
    facts: "Ec2Facts | None" = None,
    last_answer: datetime | None = None,
) -> Whereabouts:
    """Return where a session is.

    Args:
        where: user and host, if the program does not run under the person's hands.
        facts: what EC2 said of itself.
        last_answer: when EC2 said what is shown, if it has not answered since.
    """
    is_ec2 = session.place is not None
    return Whereabouts(
        session.region,
        place="EC2" if is_ec2 else "",
        profile=session.place.profile if session.place else "",
        city=city(session.region),
        host=(facts.host or "") if facts else "",
        caller=f"{facts.account} {facts.user}".strip() if facts else "",
        user=where or HERE,
        limits=session.marks,
        since=as_of(last_answer) if last_answer else "",
    )


def city(region: str) -> str:
    """Return the city or the part of the country in which a Region is, empty if not known."""
    known = REGIONS.get(region)
    if known is None:
        return ""
    _, opened, rest = known.description.partition("(")
    return rest.rstrip(")") if opened else known.description


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
