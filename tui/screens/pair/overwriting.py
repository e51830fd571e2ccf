"""Counts what new tags would overwrite, and finds what another session changed meanwhile."""

from collections.abc import Mapping, Sequence

from core.model import KeptKeyPair, Tag

Values = Mapping[str, Mapping[str, str]]
"""By each tag's key its value in each pair that has it, by the pair's id."""


def values_of(key_pairs: Sequence[KeptKeyPair]) -> Values:
    """Return the values that some pairs have."""
    values: dict[str, dict[str, str]] = {}
    for key_pair in key_pairs:
        for tag in key_pair.tags:
            values.setdefault(tag.key, {})[key_pair.key_pair_id] = tag.value
    return values


def pairs_overwritten(tags: Sequence[Tag], values: Values) -> int:
    """Return in how many pairs one of the tags would overwrite another value."""
    return len(
        {
            pair
            for tag in tags
            for pair, value in values.get(tag.key, {}).items()
            if value != tag.value
        }
    )


def lost_of_others(
    ours: Sequence[Tag], shown: Sequence[Tag], theirs: Sequence[Tag]
) -> Mapping[str, str | None]:
    """Return by their keys the values that another session set, and saving ours would take away.

    Args:
        ours: what would be saved.
        shown: what the pair had when our form was opened.
        theirs: what it has now; a tag that they removed is None in what is returned.
    """
    saved, before, now = ({tag.key: tag.value for tag in each} for each in (ours, shown, theirs))
    return {
        key: now.get(key)
        for key in sorted({*before, *now})
        if now.get(key) not in (before.get(key), saved.get(key))
        and saved.get(key) != before.get(key)
    }
