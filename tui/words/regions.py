"""Makes the lines of the Region picker."""

from collections.abc import Mapping

from core.ec2.regions import REGIONS
from tui.widgets.pick_list import Item
from tui.words.plural import n_of


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
