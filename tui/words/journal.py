"""Says what stands in the journal, with what was done to many pairs at once as one act."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from core.checks.agent_stays import ADDED, limit_in
from core.words.plural import n_of
from tui.words.pairs import moment
from tui.words.text import short_paths, shortened
from tui.words.verdict import Tone

if TYPE_CHECKING:
    from core.store.journal import JournalEntry

_TOGETHER = timedelta(seconds=0.5)
"""What one process does to pairs in this time, one after the other, is one act.

What is done to many pairs over EC2 is written pair by pair; nobody answers two questions so fast.
Here many are written batch by batch, and the journal says which goes on with another.
"""

_ACTIONS: Mapping[str, tuple[str, str]] = {
    "CreateKeyPair": ("create", "primary"),
    "ImportKeyPair": ("import", "secondary"),
    "DeleteKeyPair": ("delete", "caution"),
    "RestoreKeyPair": ("bring back", "primary"),
    "RestoreRegion": ("restore", "caution"),
    "CreateTags": ("tag", "secondary"),
    "DeleteTags": ("untag", "secondary"),
    "SetTags": ("tag", "secondary"),
    "RestoreTags": ("tags back", "primary"),
    "SaveKeyMaterial": ("save", "secondary"),
    "AddToAgent": ("to agent", "secondary"),
    "RemoveFromAgent": ("from agent", "secondary"),
    "MakeFilePrivate": ("mode 0600", "secondary"),
    "AddSshHost": ("ssh config", "secondary"),
    "InstallPublicKey": ("install", "secondary"),
}
"""The word for each operation, and how it is drawn."""


class Act(NamedTuple):
    """Lines of the journal that are one act: of one operation by one process, the oldest first."""

    entries: "tuple[JournalEntry, ...]"

    @property
    def time(self) -> datetime:
        """When the last of them was done."""
        return self.entries[-1].time

    @property
    def operation(self) -> str:
        """What was done, as EC2 or the journal calls it."""
        return self.entries[0].operation

    @property
    def user(self) -> str:
        """Who did it."""
        return self.entries[0].user

    @property
    def where_from(self) -> str:
        """The address of the SSH client, or the host where there was none."""
        return self.entries[0].client or self.entries[0].host

    @property
    def key_pair_id(self) -> str:
        """The pair that it is about, empty where there are several or none."""
        return (self.entries[0].key_pair_id or "") if len(self.entries) == 1 else ""


def acts(entries: "Iterable[JournalEntry]") -> list[Act]:
    """Return the acts of a journal, the last first; `entries` has the oldest first."""
    found: list[list[JournalEntry]] = []
    for entry in entries:
        if found and _is_one_act(found[-1][-1], entry):
            found[-1].append(entry)
        else:
            found.append([entry])
    return [Act(tuple(act)) for act in reversed(found)]


def _is_one_act(before: "JournalEntry", entry: "JournalEntry") -> bool:
    return (
        before.process == entry.process
        and before.host == entry.host
        and before.user == entry.user
        and before.operation == entry.operation
        and before.key_pair_id != entry.key_pair_id
        and (entry.continues or abs(entry.time - before.time) <= _TOGETHER)
    )


def action(operation: str) -> tuple[str, str]:
    """Return the word for an operation, made visible, and how it is drawn."""
    return _ACTIONS.get(operation) or (shortened(operation), "secondary")


def outcome(act: Act) -> tuple[str, Tone]:
    """Return how an act ended, with a mark where it did not end well, and its tone."""
    counts = Counter(entry.outcome for entry in act.entries)
    total = len(act.entries)
    if counts["done"] == total:
        return "done", Tone.PLAIN
    part = "" if total == 1 else f" of {total:,}"
    if counts["failed"]:
        return f"✗ {counts['failed']:,}{part} failed" if part else "✗ failed", Tone.BAD
    begun = total - counts["done"]
    if counts["begun"] == begun:
        return f"! {begun:,}{part} not confirmed" if part else "! not confirmed", Tone.CAUTION
    return shortened(f"! {act.entries[0].outcome}"), Tone.CAUTION


def meaning(act: Act) -> list[str]:
    """Return what an outcome means that does not say so by itself."""
    if any(entry.outcome == "begun" for entry in act.entries):
        return ["It was begun, and may have been done or not: the session or the disk gave out."]
    if any(entry.outcome == "failed" for entry in act.entries):
        return ["What failed changed nothing."]
    return []


def day(time: datetime, now: datetime) -> str:
    """Return the day of a time in the zone of `now`, as a heading."""
    date, today = time.astimezone(now.tzinfo).date(), now.date()
    if date == today:
        return "Today"
    return "Yesterday" if date == today - timedelta(days=1) else date.isoformat()


def when(act: Act) -> str:
    """Return when an act was done, in the person's zone; of one that took a while, from when on."""
    first, last = act.entries[0].time.astimezone(), act.time.astimezone()
    if last - first < timedelta(seconds=1):
        return f"{last:%Y-%m-%d %H:%M:%S %Z}"
    return f"{first:%Y-%m-%d %H:%M:%S} to {last:%H:%M:%S %Z}"


def who(act: Act) -> str:
    """Return who did it and from where; not yet made visible."""
    entry = act.entries[0]
    return f"{entry.user} on {entry.host}" + (f", from {entry.client}" if entry.client else "")


def details(act: Act) -> list[str]:
    """Return which files and which tags an act was about, each once; not yet made visible."""
    return list(dict.fromkeys(_detail(each) for each in act.entries if each.detail))


def _detail(entry: "JournalEntry") -> str:
    """Return it with the home folder as `~`, and a time in the person's zone."""
    detail = entry.detail or ""
    limit = limit_in(detail, moment) if entry.operation == ADDED else ""
    return limit or short_paths(detail)


def remarks(act: Act) -> list[str]:
    """Return all of an act as one visible line, and then shorter ones."""
    ended, _ = outcome(act)
    word, _ = action(act.operation)
    first = act.entries[0]
    count = len(act.entries)
    about = first.key_pair_id or "" if count == 1 else n_of(count, "pair")
    [detail] = details(act) if len(details(act)) == 1 else [""]
    wholes = (
        [about, detail, when(act), who(act), f"{word}: {ended}"],
        [detail, about, first.user, ended],
        [detail, first.user, ended],
        [about, when(act), who(act), f"{word}: {ended}"],
        [about, when(act), who(act), ended],
        [about, who(act), ended],
        [about, first.user, ended],
        [about or ended],
    )
    return [shortened(" · ".join(filter(None, whole))) for whole in wholes]
