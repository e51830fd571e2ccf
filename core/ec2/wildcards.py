"""What stands between wildcards, as one regular expression: for filters and for policies."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def expression(pieces: "Sequence[str]") -> str:
    """Return the expression of pieces, each one of fixed length, with anything between them.

    The time to match is at most the length of the expression times the length of the text.
    """
    if len(pieces) == 1:
        return pieces[0]
    first, *middle, last = pieces
    # The first place where a piece fits is always good enough, because the next piece is looked
    # for after it. The atomic groups hold on to it: without them the time would grow with the
    # power of the number of stars.
    return first + "".join(f"(?>.*?{piece})" for piece in middle) + ".*" + last
