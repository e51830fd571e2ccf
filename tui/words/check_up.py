"""Says what a check-up came to: the same in the command and on the screen."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from core.checks.finding import KINDS, REPLACE, Finding, Severity
from core.words.plural import n_of

if TYPE_CHECKING:
    from core.checks.finding import Summary


THE_LIST = "the list of key pairs"
"""Where a key is pressed that advice names, which stands in lists of findings."""


def advice(finding: Finding, replace: str = "n") -> str:
    """Return what to do about a finding, with the key that replaces a pair in the list, if any.

    Commands know the one in the table.
    """
    key = f" ({replace} in {THE_LIST})" if replace else ""
    how = REPLACE.replace("Replace it", f"Replace it{key}")
    return finding.advice.replace(REPLACE, how)


def summed_up(findings: Sequence[Finding], summary: "Summary") -> str:
    """Return in one sentence what was looked at and how much was found."""
    found = ", ".join(text for _, text in counted(findings)) or "nothing found"
    return f"looked at {looked_at(summary)}: {found}."


def looked_at(summary: "Summary") -> str:
    """Return what was looked at."""
    regions = summary.holding or len(summary.regions)
    return f"{n_of(summary.key_pairs, 'key pair')} in {n_of(regions, 'Region')}"


def counted(findings: Iterable[Finding]) -> list[tuple[Severity, str]]:
    """Return how many findings there are of each severity that there is, the worst first."""
    counts = Counter(finding.severity for finding in findings)
    return [(each, n_of(counts[each], each.value)) for each in Severity if counts[each]]


def by_kind(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Return findings by their kinds, the worst kind first."""
    groups: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: finding.rank):
        groups.setdefault(finding.kind, []).append(finding)
    return groups


def title(kind: str) -> str:
    """Return what findings of a kind have in common, as a heading."""
    meaning = KINDS[kind].meaning
    return meaning[:1].upper() + meaning[1:]
