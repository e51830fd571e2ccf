"""The command `keypairs doctor`: findings on stdout, the talk on stderr."""

import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from core.checks.check_up import check_up
from core.checks.finding import Finding
from core.errors import KeyPairsError
from core.settings import open_to_look
from core.store.data_dir import data_folder
from tui.commands.wrapping import say, tell
from tui.words.check_up import advice, summed_up
from tui.words.text import as_pasted, sentence, visible

if TYPE_CHECKING:
    from core.checks.check_up import Summary
    from core.session import Session

_INDENT = 9
FINE, FOUND, UNUSABLE = 0, 1, 2


def doctor(
    folder: str | None, policy: str | None, older_than: timedelta | None, *, as_json: bool
) -> int:
    """Look at the store, the pairs and their files, and print what is wrong.

    Returns the exit status.
    """
    try:
        session = open_to_look(folder, policy)
        findings, summary = _collected(session, older_than)
    except KeyPairsError as error:
        tell(sentence(error))
        return UNUSABLE
    if as_json:
        print(json.dumps(document(findings, summary), indent=2))
    for finding in () if as_json else findings:
        what = ", ".join(filter(None, (finding.kind, finding.region)))
        say(f"{finding.severity:<8} {visible(finding.problem)} [{what}]", indent=_INDENT)
        say(f"{'':<8} {as_pasted(advice(finding))}", indent=_INDENT)
    sys.stdout.flush()
    tell(summed_up(findings, summary))
    if not summary.regions and not summary.not_allowed:
        tell(f"no Region is in use in {visible(str(data_folder(folder)))}.")
    for region in summary.not_allowed:
        tell(f"left out {region}: you are not allowed to describe its key pairs.")
    if summary.not_allowed and not summary.regions:
        return UNUSABLE
    return FOUND if findings else FINE


def _collected(session: "Session", older_than: timedelta | None) -> "tuple[list[Finding], Summary]":
    *steps, last = check_up(session, older_than)
    findings = [step for step in steps if isinstance(step, Finding)]
    return sorted(findings, key=lambda finding: finding.rank), cast("Summary", last)


def document(findings: Sequence[Finding], summary: "Summary") -> dict[str, object]:
    """Return the JSON document, in the schema that `keypairs doctor --help` documents."""
    return {
        "version": 1,
        "regions": list(summary.regions),
        "regions_not_allowed": list(summary.not_allowed),
        "key_pairs": summary.key_pairs,
        "findings": [finding.as_record() for finding in findings],
    }
