"""Runs the command `keypairs doctor`: findings on stdout, talk on stderr."""

import argparse
import json
import sys
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, cast

from core.checks.check_up import check_up
from core.checks.finding import KINDS, OLD, Finding, Severity
from core.errors import KeyPairsError, SettingsError
from core.query import age
from core.settings import open_to_look
from core.store.data_dir import data_folder
from tui.commands.ec2.chosen_place import place_line
from tui.commands.help import JSON
from tui.commands.places import ec2_of
from tui.commands.wrapping import say, tell, tell_of
from tui.opening import open_place
from tui.words.check_up import advice, by_kind, summed_up, title
from tui.words.text import as_pasted, visible

if TYPE_CHECKING:
    from core.checks.finding import Summary
    from core.session import Session

HANDLES_KEYS = True
REFUSES: Mapping[str, str] = {}

_NEVER = "never"
_INDENT = 9
FINE, FOUND, UNUSABLE = 0, 1, 2

_DOCTOR = """\
Look for what is wrong, in all Regions in use: saved private keys that are gone, changed, open to \
others or unencrypted on a shared file system; pairs that were never saved, are weak, old or there \
twice; the health of the store itself. Nothing is changed, and no passphrase is asked for."""

_DOCTOR_EPILOG = """\
Findings stand together by their kinds, the worst first, each kind with its count. Advice that is \
the same for several findings stands once, below them.

exit status:
  0 nothing found; 1 something found; 2 unusable options or folder, or nothing may be looked at.
  With --kind or --errors-only only what they leave is something found.

With --ec2, --profile or --endpoint-url a line on EC2 as it is chosen comes first: where the \
credentials were found, who AWS says that the caller is, how far the clocks are apart, and whether \
the Region is enabled. Else EC2 is not asked, and its pairs are looked at as they were seen last.

with --json, one document:
  version              1; another number would mean another schema
  regions              names of the Regions that were looked at
  regions_not_allowed  names of those that the policy does not let you describe
  key_pairs            how many pairs were looked at
  findings             a list, the worst first, of what --kind and --errors-only leave:
    kind                 one of those below
    severity             "error", "warning" or "notice"
    problem, advice      sentences: what it is, and what to do
    region               its name, or null where it is about several or none
    key_pairs            a list of {region, key_pair_id, key_name}, empty for the store itself
    path                 the file or folder, or null

kinds of findings:
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `doctor` takes."""
    parser.description = _DOCTOR
    parser.epilog = _DOCTOR_EPILOG + "\n".join(
        f"  {kind:<17} {k.severity}: {k.meaning}" for kind, k in KINDS.items()
    )
    parser.add_argument(
        "--older-than",
        metavar="AGE",
        type=_age,
        default=OLD,
        help=f"report pairs from this age on: a number and h, d, w, m or y, or never ({OLD.days}d)",
    )
    parser.add_argument(
        "--kind",
        dest="kinds",
        metavar="KIND",
        action="append",
        choices=tuple(KINDS),
        help="report findings of this kind alone; may be given several times",
    )
    parser.add_argument("--errors-only", action="store_true", help="report errors alone")
    parser.add_argument("--json", action="store_true", help=JSON)


def _age(text: str) -> timedelta | None:
    found = age(text)
    if found is None and text != _NEVER:
        raise argparse.ArgumentTypeError(
            f"{text[:20]!a} is no age; write a number and h, d, w, m or y, or never"
        )
    return found


def run(options: argparse.Namespace) -> int:
    """Do as the options say, and return the exit status."""
    kinds = frozenset(
        kind
        for kind in options.kinds or KINDS
        if not options.errors_only or KINDS[kind].severity is Severity.ERROR
    )
    if not kinds:
        raise SettingsError("--errors-only leaves none of these kinds. Leave it out, or --kind.")
    is_fine = _chosen_place(options)
    status = doctor(
        options.data_dir, options.policy, options.older_than, kinds, as_json=options.json
    )
    return status if is_fine or status != FINE else FOUND


def _chosen_place(options: argparse.Namespace) -> bool:
    """Say what is to be known of EC2 where it was chosen, and return whether all is well there.

    Raises:
        SettingsError: no Region is chosen in EC2, or one of this machine, where all are looked at.
    """
    if ec2_of(options) is None:
        if options.region is not None:
            raise SettingsError("doctor looks at all Regions. Leave out --region.")
        return True
    session = open_place(options, read_only=True)
    if session.place is None:
        return True
    line, is_fine = place_line(session.place, session.region)
    if options.json:
        tell(visible(line))
    else:
        say(f"{'ec2':<8} {visible(line)}", indent=_INDENT)
    return is_fine


def doctor(
    folder: str | None,
    policy: str | None,
    older_than: timedelta | None,
    kinds: Collection[str],
    *,
    as_json: bool,
) -> int:
    """Look at the store, the pairs and their files, and print what of some kinds is wrong.

    Returns the exit status.
    """
    try:
        session = open_to_look(folder, policy)
        everything, summary = _collected(session, older_than)
    except KeyPairsError as error:
        tell_of(error)
        return UNUSABLE
    findings = [finding for finding in everything if finding.kind in kinds]
    if as_json:
        print(json.dumps(document(findings, summary), indent=2))
    else:
        for group in by_kind(findings).values():
            _print_group(group)
    sys.stdout.flush()
    tell(summed_up(findings, summary))
    if not summary.regions and not summary.not_allowed:
        tell(f"no Region is in use in {visible(str(data_folder(folder)))}.")
    for region in summary.not_allowed:
        tell(f"left out {region}: you are not allowed to describe its key pairs.")
    if summary.not_allowed and not summary.regions:
        return UNUSABLE
    return FOUND if findings else FINE


def _print_group(findings: Sequence[Finding]) -> None:
    """Print the findings of one kind; advice that several in a row have stands once."""
    kind, severity = findings[0].kind, findings[0].severity
    say(f"{severity:<8} {title(kind)}: {len(findings):,} [{kind}]", indent=_INDENT)
    for said, same in groupby(findings, key=advice):
        for finding in same:
            where = f" [{finding.region}]" if finding.region else ""
            say(f"{'':<8} {visible(finding.problem)}{where}", indent=_INDENT)
        say(f"{'':<8} {as_pasted(said)}", indent=_INDENT)


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
