"""Says where key pairs are: on this machine or in EC2, in whose account, in which Regions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from core.ec2.regions import REGIONS
from core.store import last_look
from tui.widgets.pick_list import Item
from tui.words.cells import cell_len
from tui.words.pairs import moment
from tui.words.text import fit, shortened, visible
from tui.work.slow_changes import DISK

if TYPE_CHECKING:
    from core.ec2.place import Ec2Choice, Ec2Facts, Ec2Place, KnownPlace
    from core.model import KeptKeyPair
    from core.session import Session


READING = "read-only"
"""How the limit is called that refuses every change."""


class Whereabouts(NamedTuple):
    """Where one is, as the bar at the top of every screen says it; no text is visible yet.

    Attributes:
        region: the Region that is looked at.
        place: `EC2 prod`, or empty for this machine.
        profile: the profile in it, empty where there is none.
        city: where the Region is, empty where that is not known.
        host: the host that answers for EC2, if it is not AWS's own.
        caller: whose account EC2 says that it is, empty on this machine.
        user: who works on which host; where that is not known, that the pairs are on this machine,
            if they are.
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

    @property
    def reads_only(self) -> bool:
        """Whether every change is refused."""
        return READING in self.limits


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
        user=where or ("" if is_ec2 else HERE),
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


NOT_ENABLED = "not enabled for this account"
"""What is said of a Region that an account has to opt into, and has not."""

_NAME_AT_MOST = 40

THIS_MACHINE = "local"
"""What stands for this machine among the places."""


def place_table(known: "Sequence[KnownPlace]", present: "Session") -> tuple[str, list[Item]]:
    """Return the places to choose from in columns, and what stands above these.

    The present one is marked. The value of a line is THIS_MACHINE, or the number of a place of EC2
    in `known`.
    """
    place = present.place
    marked = _present(known, place)
    rows = [
        ("Place", "Region", "Account"),
        ("This machine", "kept here; nothing is sent to AWS", ""),
    ]
    for choice, profile, region, facts in known:
        # Beside a profile's own keys those of the environment lead elsewhere, perhaps.
        by_variables = " (environment)" if choice.profile is None and len(known) > 1 else ""
        name = f"EC2 {profile}{by_variables}"
        account = f"{facts.account}  {facts.host or ''}".rstrip() if facts else "not known yet"
        rows.append((shortened(name), region or "to be chosen", shortened(account)))
    names, regions = (max(cell_len(row[column]) for row in rows if row[2]) for column in (0, 1))
    names = min(max(names, cell_len(rows[1][0])), _NAME_AT_MOST)
    lines = [
        f"{fit(name, names)}  {fit(region, regions) if account else region}  {account}".rstrip()
        for name, region, account in rows
    ]
    marks = [place is None, *(each.choice is marked for each in known)]
    values = [THIS_MACHINE, *map(str, range(len(known)))]
    items = [
        Item(value, f"{_mark(is_present)} {line}")
        for value, is_present, line in zip(values, marks, lines[1:], strict=True)
    ]
    return f"  {lines[0]}", items


def _present(known: "Sequence[KnownPlace]", place: "Ec2Place | None") -> "Ec2Choice | None":
    """Return the choice that led to a place, or that would lead there too, if it is known."""
    if place is None:
        return None
    choices = [each.choice for each in known]
    same = [choice for choice in choices if choice == place.choice]
    return next(iter(same or [each for each in choices if each.profile == place.profile]), None)


NO_PAIRS = "–"
"""Stands for no pairs in a column of numbers; where nobody counted, nothing stands there."""


def _mark(is_present: bool) -> str:
    return "•" if is_present else " "


def waited_for(session: "Session") -> str:
    """Return what a change may have to wait for, in words."""
    return DISK if session.place is None else "EC2"


def as_of(time: datetime) -> str:
    """Return since when what is shown is so, in the person's time zone."""
    return f"as of {moment(time)}"


def last_answer(session: "Session") -> "tuple[tuple[KeptKeyPair, ...], datetime] | None":
    """Return what EC2 said last of a Region, and when; None where it never did. Reads a file.

    Raises:
        StoreError: the file cannot be read.
    """
    if session.place is None or session.place.remembered() is None:
        return None
    time = last_look.time_of(session.store.folder, session.region)
    return None if time is None else (tuple(session.store.read().key_pairs.values()), time)


def region_heading(*, has_counts: bool) -> str:
    """Return what stands above the Regions."""
    return f"  {'Region':<16}{'City':<14}{'Pairs' if has_counts else '':>6}".rstrip()


def region_items(
    counts: Mapping[str, int | None],
    enabled: Mapping[str, bool] | None = None,
    present: str | None = None,
    *,
    is_counted: bool = True,
) -> list[Item]:
    """Return the Regions: those in use first, the last changed at the top, each with its count.

    Where EC2 said which Regions the account has, and which of them are enabled, the others of the
    tables are left out, and those that are not enabled come last and say so. The `present` one is
    marked. `is_counted` says that Regions without a count have no pairs.
    """
    known = REGIONS if enabled is None else sorted(enabled, key=lambda name: not enabled[name])
    others = [name for name in known if name not in counts]
    return [
        _item(
            name,
            counts if name in counts or not is_counted else {name: 0},
            enabled or {},
            is_present=name == present,
        )
        for name in (*counts, *others)
    ]


def _item(
    name: str,
    counts: Mapping[str, int | None],
    enabled: Mapping[str, bool],
    *,
    is_present: bool,
) -> Item:
    region, count, remark = REGIONS.get(name), counts.get(name), ""
    if not enabled.get(name, True):
        remark = NOT_ENABLED
    elif name in counts and count is None:
        remark = "cannot be read"
    pairs = "" if count is None else f"{count:,}" if count else NO_PAIRS
    text = f"{_mark(is_present)} {visible(name):<16}{city(name):<14}{pairs:>6}".rstrip()
    return Item(name, text, remark, region.description if region else "")
