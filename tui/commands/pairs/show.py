"""Runs `keypairs show`: what the details screen says of a key pair, line by line."""

import argparse
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from core.custody.rotation import Rotation
from core.errors import EC2Error, StoreError
from core.model import KeptKeyPair
from core.session import Session
from core.store import documents
from core.store.records import to_record
from tui.commands.help import JSON
from tui.commands.wrapping import tell, tell_notice, tell_of
from tui.opening import open_and_ask
from tui.words import details
from tui.words.text import as_pasted, visible

HANDLES_KEYS = True
REFUSES: Mapping[str, str] = {}

SHOWN, NONE, UNUSABLE = 0, 1, 2

_EPILOG = """\
examples:
  keypairs show ci-deploy
  keypairs show key-0123456789abcdef0 --json

with --json, one document: what the JSON of `keypairs list --json` says of a pair, and
  Region    the name of the Region
  Sections  a list of {Heading, Facts}, where Facts are {Label, Value}: what is said without --json

exit status:
  0 shown; 1 there is no such pair in the Region; 2 unusable options, folder or Region"""

_KEY_PAIR_ID = re.compile("key-[0-9a-f]{17}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `show` takes."""
    parser.description = (
        "Say everything about a key pair: where its private key is and whether it still is what it"
        " was, every fingerprint, its history, and lines to paste."
    )
    parser.epilog = _EPILOG
    parser.add_argument("named", metavar="NAME|ID", help="the name of a key pair, or its id")
    parser.add_argument("--json", action="store_true", help=JSON)


def run(options: argparse.Namespace) -> int:
    """Print what is known of a key pair, and return the exit status."""
    try:
        session = open_and_ask(options, read_only=True)
        pairs = session.backend.describe_key_pairs()
        tell_notice(session.backend.notice)
    except (EC2Error, StoreError) as error:
        tell_of(error)
        return UNUSABLE
    found = _named(pairs, options.named)
    if found is None:
        elsewhere = _elsewhere(session, options.named)
        tell(visible(f"there is no key pair {options.named} in {session.region}.{elsewhere}"))
        return NONE
    sections = details.sections(session, found, Rotation(pairs))
    if options.json:
        print(documents.as_text(_document(session, found, sections)), end="")
        return SHOWN
    for number, section in enumerate(sections):
        if section.heading:
            print(f"\n{visible(section.heading)}" if number else visible(section.heading))
        for line in _lines(section):
            print(line)
    return SHOWN


def _named(pairs: tuple[KeptKeyPair, ...], text: str) -> KeptKeyPair | None:
    """Return the pair of that name; of that id, where nothing has such a name."""
    by_name = next((pair for pair in pairs if pair.key_name == text), None)
    return by_name or next((pair for pair in pairs if pair.key_pair_id == text), None)


def _elsewhere(session: Session, text: str) -> str:
    """Return in which other Region there is such a pair, in words."""
    for other in session.in_every_region():
        with suppress(EC2Error, StoreError):
            if other.region != session.region and _named(other.backend.describe_key_pairs(), text):
                return f" There is one in {other.region}: add --region {other.region}."
    return ""


def _lines(section: details.Section) -> Iterator[str]:
    spelled = as_pasted if section.pasteable else visible
    for label, value in section.facts:
        yield f"{label}: {spelled(value)}" if label else spelled(value)


def _document(session: Session, key_pair: KeptKeyPair, sections: list[details.Section]) -> Any:
    document = documents.document([to_record(key_pair)], session.region)
    said = [
        {
            "Heading": section.heading,
            "Facts": [{"Label": label, "Value": value} for label, value in section.facts],
        }
        for section in sections
    ]
    return {"Region": session.region, **document["KeyPairs"][0], "Sections": said}
