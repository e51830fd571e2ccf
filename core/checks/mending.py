"""Puts right what a check-up found, and has the journal say so."""

from collections.abc import Sequence
from pathlib import Path

from core.checks.everywhere import everywhere
from core.checks.finding import MADE_PRIVATE, PairReference
from core.disk import files
from core.process import changing
from core.session import Session


@changing()
def close_to_others(session: Session, path: Path, key_pairs: Sequence[PairReference]) -> str | None:
    """Give a file of key pairs in any place the mode 0600.

    Returns what went wrong with the journal, if anything did: the file is closed all the same.

    Raises:
        OSError: it was not done, as in `files.close_to_others`.
    """
    files.close_to_others(path)
    sessions = {each.name: each.session for each in everywhere(session)}
    known = [pair for pair in key_pairs if pair.region in sessions]
    problems = [sessions[pair.region].record(MADE_PRIVATE, pair, str(path)) for pair in known]
    return next(filter(None, problems), None)
