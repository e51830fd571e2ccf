"""Asks what uses key pairs in EC2, and says it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from core.ec2.usage import Usage
from core.errors import KeyPairsError
from core.words.plural import n_of
from tui.words.verdict import Tone, Verdict
from tui.work.own_thread import in_own_thread

if TYPE_CHECKING:
    from core.ec2.place import Ec2Place

ASKING = "asking EC2…"
_MOST_NAMED = 5


async def ask(place: "Ec2Place", key_names: Sequence[str]) -> Mapping[str, Usage]:
    """Return what uses the pairs of these names, as far as EC2 tells it."""
    try:
        return await in_own_thread(lambda: place.usages(key_names))
    except KeyPairsError:
        return dict.fromkeys(key_names, Usage(None, None))


def lines(usage: Usage) -> Iterator[str]:
    """Yield what uses a pair: the count first, then each."""
    yield summary([usage])
    for instance in usage.instances or ():
        yield " ".join(filter(None, (instance.instance_id, instance.name, instance.state)))
    for template in usage.templates or ():
        yield " ".join(filter(None, ("launch template", template.template_id, template.name)))


def summary(usages: Sequence[Usage]) -> str:
    """Return how many instances and launch templates use pairs, in words."""
    instances = [each.instances for each in usages]
    templates = [each.templates for each in usages]
    words = []
    if None in instances:
        words.append("which instances use it is not known")
    else:
        words.append(n_of(sum(len(each or ()) for each in instances), "instance"))
    if None in templates:
        words.append("which launch templates name it is not known")
    else:
        words.append(n_of(sum(len(each or ()) for each in templates), "launch template"))
    return ", ".join(words)


def before_deleting(usages: Mapping[str, Usage]) -> Verdict:
    """Return what is to be known of what uses pairs before they are deleted."""
    used = [usage for usage in usages.values() if usage.count]
    if not used:
        if all(each.is_known for each in usages.values()):
            return Verdict(f"In use: {summary([*usages.values()])}.")
        return Verdict(f"Perhaps in use: {summary([*usages.values()])}.", Tone.CAUTION)
    named = [line for usage in used for line in [*lines(usage)][1:]]
    more = len(named) - _MOST_NAMED
    which = "; ".join(named[:_MOST_NAMED]) + (f"; and {more:,} more" if more > 0 else "")
    return Verdict(f"In use: {summary([*usages.values()])}: {which}.", Tone.CAUTION)
