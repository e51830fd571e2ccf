"""Selects, for `keypairs list`, the key pairs of sessions that a filter matches."""

import argparse
from collections.abc import Sequence

from core import query
from core.errors import EC2Error, SettingsError, StoreError
from core.model import KeptKeyPair
from core.session import Session
from core.settings import open_to_look
from core.store.records import Record, to_record
from tui.commands.places import ec2_of
from tui.commands.wrapping import tell_notice, tell_of
from tui.opening import open_and_ask


def selected(options: argparse.Namespace) -> tuple[list[tuple[str, list[Record]]], bool]:
    """Return the records that match, of each Region, and whether all could be looked at.

    Raises:
        SettingsError: the filter or another option cannot be understood.
        StoreError: the folder is unusable.
    """
    wanted = query.parse(" ".join(options.filters))
    if wanted.problems:
        raise SettingsError(" ".join(wanted.problems))
    found = []
    is_whole = True
    for session in _sessions(options):
        try:
            pairs = _matching(session, wanted)
        except (EC2Error, StoreError) as error:
            tell_of(error)
            is_whole = False
            continue
        in_order = sorted(pairs, key=lambda pair: pair.key_name)
        found.append((session.region, [to_record(pair) for pair in in_order]))
    return found, is_whole


def _sessions(options: argparse.Namespace) -> list[Session]:
    if not options.all_regions:
        return [open_and_ask(options, read_only=True)]
    if options.region is not None:
        raise SettingsError("--all-regions lists every Region. Leave out --region.")
    if ec2_of(options) is not None:
        raise SettingsError("--all-regions lists those of this machine. For EC2, name a --region.")
    return open_to_look(options.data_dir, options.policy).in_every_region()


def _matching(session: Session, wanted: query.Query) -> Sequence[KeptKeyPair]:
    pairs = session.backend.describe_key_pairs()
    tell_notice(session.backend.notice)
    if not wanted.narrows:
        return pairs
    items = wanted.select([query.searchable(pair) for pair in pairs], session.now())
    return [item.key_pair for item in items]
