"""Says what a check-up came to: the same in the command and on the screen."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.checks.finding import REPLACE, Finding
from tui.words.plural import n_of

if TYPE_CHECKING:
    from core.checks.finding import Summary


def advice(finding: Finding, replace: str = "n") -> str:
    """Return what to do about a finding, with the key that replaces a pair in the list.

    Commands know the one in the table.
    """
    how = REPLACE.replace("Replace it", f"Replace it ({replace} in the list)")
    return finding.advice.replace(REPLACE, how)


def summed_up(findings: Sequence[Finding], summary: "Summary") -> str:
    """Return in one sentence what was looked at and how much was found."""
    pairs, regions = summary.key_pairs, len(summary.regions)
    looked_at = f"{n_of(pairs, 'key pair')} in {n_of(regions, 'Region')}"
    count = len(findings)
    found = n_of(count, "finding") if count else "nothing found"
    return f"looked at {looked_at}: {found}."
