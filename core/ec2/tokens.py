"""Follows the tokens of an answer that comes in pages, as long as they lead on."""

from core.errors import NotConfirmed

_MOST = 10_000
"""More pages than there are: a Region has 5,000 key pairs, and 50 tags each."""


class Tokens:
    """The tokens of one answer; the same one again, or too many, would be followed for ever."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def followed(self, token: str) -> str:
        """Return a token that leads on.

        Raises:
            NotConfirmed: it came before, or too many did.
        """
        if token in self._seen or len(self._seen) == _MOST:
            raise NotConfirmed("EC2 gave no answer: what came back has no last page.")
        self._seen.add(token)
        return token
