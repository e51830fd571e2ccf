"""Counts things in words."""


def n_of(count: int, thing: str, things: str = "") -> str:
    """Return a count and the thing that is counted: `1 pair`, `2 pairs`, `5,000 pairs`.

    Args:
        count: how many there are.
        thing: the word for one of them.
        things: the word for several; by default the other with an s.
    """
    return f"{count:,} {thing if count == 1 else things or f'{thing}s'}"
