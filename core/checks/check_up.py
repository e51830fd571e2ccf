"""Checks up on the store, the key pairs in it and the files they were saved to.

It only looks, except that it removes what killed saves left of private keys. It says what it is
about to look at, so that whoever waits for a slow file system knows what for, and can stop.
"""

import os
import shlex
import stat
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from core.checks.finding import REPLACE, Finding, PairReference, Progress, Summary
from core.checks.saved_files import SavedFileChecks
from core.custody import agent_keys, authorized_keys
from core.disk import files
from core.disk.unfinished import UnfinishedSaves
from core.errors import KeyPairsError, StoreDamaged, StoreError, UnauthorizedOperation
from core.keys.fingerprint import ec2_fingerprint, fingerprints
from core.keys.public_key import PublicKey
from core.model import Fingerprints, KeptKeyPair, KeyType, PrivateKeyState
from core.session import Session
from core.store import data_dir, region_file
from core.store.region_store import RegionStore

_FEWEST_BITS = 2048
_OTHERS_READ = stat.S_IRGRP | stat.S_IROTH
_OTHERS_ENTER = stat.S_IXGRP | stat.S_IXOTH


Regions = Sequence[tuple[RegionStore, Callable[[], Sequence[KeptKeyPair]]]]
"""The Regions in use: the store of each, and how to ask for its key pairs as far as allowed."""


def check_up(
    session: Session, older_than: timedelta | None
) -> Iterator[Progress | Finding | Summary]:
    """Look at every Region, and yield what is looked at and what is found; the summary is the last.

    Each step blocks no longer than the reading of a pair's files or an agent's answer, and
    nothing is changed but for what killed saves left. The Regions are listed before the first step.

    Args:
        session: a session in any Region.
        older_than: the age from which a pair is reported, or None to report none for its age.
    """
    everywhere = session.in_every_region()
    regions = [(each.store, each.backend.describe_key_pairs) for each in everywhere]
    return _check_up(session.store.folder, regions, older_than, session.now())


def _check_up(
    folder: Path, regions: Regions, older_than: timedelta | None, now: datetime
) -> Iterator[Progress | Finding | Summary]:
    yield from _folder(folder, regions)
    yield from _left_by_installing()
    pairs: list[tuple[PairReference, KeptKeyPair]] = []
    not_allowed = []
    for number, (store, describe) in enumerate(regions):
        yield Progress(f"the file of {store.region}", number, len(regions))
        # Before the Region is read: both at once would be the most memory of all this.
        of_its_files = list(_region_files(store))
        try:
            found = describe()
        except UnauthorizedOperation:
            not_allowed.append(store.region)
            continue
        except StoreError as error:
            yield _unreadable(store, error)
        else:
            yield from of_its_files
            pairs += [(_reference(store.region, pair), pair) for pair in found]
    checks = SavedFileChecks()
    in_agent = None
    if any(pair.custody.private_key is PrivateKeyState.UNSAVED for _, pair in pairs):
        yield Progress("the ssh-agent", 0, len(pairs))
        in_agent = agent_keys.keys_in_agent()
    for number, (reference, pair) in enumerate(pairs):
        yield Progress(f"{reference.key_name} in {reference.region}", number, len(pairs))
        yield from _pair(reference, pair, in_agent, older_than, now)
        yield from checks.check(reference, pair)
    yield from _left_by_saving(folder, pairs)
    yield from _same_names(pairs)
    yield from _same_keys(pairs)
    names = tuple(store.region for store, _ in regions if store.region not in not_allowed)
    yield Summary(names, len(pairs), tuple(not_allowed))


def _reference(region: str, pair: KeptKeyPair) -> PairReference:
    return PairReference(region, pair.key_pair_id, pair.key_name)


# The store --------------------------------------------------------------------------------------


def _folder(folder: Path, regions: Regions) -> Iterator[Finding]:
    try:
        problem = data_dir.problem(folder)
    except StoreError as error:
        problem = str(error).removesuffix(".")
    if problem is not None:
        yield Finding(
            "store-folder",
            f"The data folder {folder} cannot be used: {problem}.",
            "Until then nothing can be changed. Give the folder to yourself alone, with mode 700.",
            path=str(folder),
        )
    for store, _ in regions[:1]:
        try:
            store.journal.read()
        except StoreError as error:
            yield Finding(
                "store-journal",
                str(error),
                "Give it back to yourself with mode 600, or move it away; a new one is begun.",
                path=str(store.journal.path),
            )


def _left_by_installing() -> Iterator[Finding]:
    try:
        account = authorized_keys.own_account()
    except KeyPairsError:  # without an account nothing was installed
        return
    for path in authorized_keys.leftovers_of_installing(account):
        yield Finding(
            "install-leftover",
            f"A session that was killed while it installed a public key left {path}.",
            "It holds public keys only. The next install removes it, and so does:"
            f" rm {shlex.quote(str(path))}",
            path=str(path),
        )


def _left_by_saving(
    folder: Path, pairs: Iterable[tuple[PairReference, KeptKeyPair]]
) -> Iterator[Finding]:
    """Remove what sessions left that were killed while they saved a private key."""
    folders = {Path(path).parent: None for _, pair in pairs for path in pair.custody.saved_to}
    # Where `destination.suggest` has keys saved, also the first one.
    folders[Path.home() / ".ssh"] = None
    for path in UnfinishedSaves(folder).sweep(folders):
        left = os.path.lexists(path)
        yield Finding(
            "save-leftover",
            f"A session that was killed while it saved a private key left {path}.",
            f"Remove it: rm {shlex.quote(str(path))}"
            if left
            else "It was removed just now. The key that it was for counts as never saved.",
            path=str(path),
        )


def _unreadable(store: RegionStore, error: StoreError) -> Finding:
    kind = "store-damaged" if isinstance(error, StoreDamaged) else "store-unreadable"
    if isinstance(error, StoreDamaged) and store.previous_path.exists():
        how = data_dir.restore_command(store.folder, store.region)
        advice = f"See what the copy would bring back: {how}"
    elif isinstance(error, StoreDamaged):
        advice = "Bring the file back from a backup."
    else:
        advice = "Put right what the system complains of, and look again."
    return Finding(kind, str(error), advice, store.region, path=str(store.path))


def _region_files(store: RegionStore) -> Iterator[Finding]:
    """Check the files of a Region but for what stands in the present one."""
    path, copy = store.path, store.previous_path
    try:
        if path.lstat().st_mode & _OTHERS_READ and path.parent.stat().st_mode & _OTHERS_ENTER:
            yield Finding(
                "store-exposed",
                f"Others can read {path}: the names, tags and public keys of {store.region}.",
                f"Make the folder yours alone: chmod 700 {shlex.quote(str(path.parent))}",
                store.region,
                path=str(path),
            )
        region_file.read(files.read_regular_file(copy, region_file.LARGEST), store.region)
    except FileNotFoundError:
        pass  # a Region that was never changed twice has no copy
    except (OSError, ValueError, StoreError) as error:
        reason = (error.strerror if isinstance(error, OSError) else str(error)) or "it is no file"
        yield Finding(
            "store-copy",
            f"The copy before the last change, {copy}, is no good: {reason}.",
            f"The next change in {store.region} writes a new one. Until then there is no way"
            f" back from damage to {path.name}.",
            store.region,
            path=str(copy),
        )


# A pair -----------------------------------------------------------------------------------------


def _pair(
    reference: PairReference,
    pair: KeptKeyPair,
    in_agent: frozenset[str] | None,
    older_than: timedelta | None,
    now: datetime,
) -> Iterator[Finding]:
    def finding(kind: str, problem: str, advice: str) -> Finding:
        return Finding(kind, problem, advice, reference.region, (reference,))

    name = pair.key_name
    try:
        public_key = PublicKey.from_line(pair.public_key)
    except ValueError:
        public_key = None
    if public_key is None or not _agrees(pair, public_key):
        yield finding(
            "record-damaged",
            f"The record of {name} does not agree with its public key.",
            "Delete the pair and import its public key again.",
        )
    elif public_key.key_type is KeyType.RSA and public_key.bits < _FEWEST_BITS:
        yield finding(
            "rsa-short",
            f"{name} is an RSA key of {public_key.bits:,} bits, which is too few today.",
            REPLACE,
        )
    if pair.custody.private_key is PrivateKeyState.UNSAVED:
        yield finding("never-saved", *_never_saved(pair, in_agent))
    age = now - pair.create_time
    if older_than is not None and age > older_than:
        yield finding(
            "old",
            f"{name} is {age.days:,} days old, created on {pair.create_time:%Y-%m-%d}.",
            REPLACE,
        )


def _never_saved(pair: KeptKeyPair, in_agent: frozenset[str] | None) -> tuple[str, str]:
    """Return the problem and the advice for a pair whose private key may be in an agent alone.

    That this session's agent does not show the key, as a locked one does not, says nothing about
    the agents of others.
    """
    problem = f"The private key of {pair.key_name} was never saved"
    if in_agent and pair.public_key in in_agent:
        return (
            f"{problem}; the ssh-agent of this session holds it, and nothing else may.",
            f"No agent hands a key out: while it holds this one, log in with it. {REPLACE}",
        )
    here = "" if in_agent is None else ", and the ssh-agent of this session does not show it"
    return (
        f"{problem}{here}: unless an agent holds it, nobody can log in with this pair.",
        "Look where it may have been added: keypairs find --agent. If no agent holds it, delete"
        " the pair, and create it again if it is needed.",
    )


def _agrees(pair: KeptKeyPair, public_key: PublicKey) -> bool:
    """Return whether the fingerprints of a record are of its public key, as far as that shows."""
    kinds = fingerprints(public_key)
    sha1 = pair.custody.fingerprints.pkcs8_sha1
    expected = Fingerprints(sha1, kinds.spki_md5, kinds.ssh_sha256, kinds.ssh_md5)
    return (
        pair.key_type is public_key.key_type
        and pair.custody.fingerprints == expected
        and pair.key_fingerprint == ec2_fingerprint(public_key, expected)
    )


# Pairs beside each other ------------------------------------------------------------------------


def _same_names(pairs: Iterable[tuple[PairReference, KeptKeyPair]]) -> Iterator[Finding]:
    by_name: dict[str, list[tuple[PairReference, KeptKeyPair]]] = defaultdict(list)
    for reference, pair in pairs:
        by_name[pair.key_name].append((reference, pair))
    for name, namesakes in by_name.items():
        if len({pair.public_key for _, pair in namesakes}) > 1:
            references = tuple(reference for reference, _ in namesakes)
            regions = _listed([reference.region for reference in references])
            yield Finding(
                "same-name",
                f"The name {name} stands for different keys in {regions}.",
                "Whoever goes by the name takes one for the other. Give each key a name of its"
                " own: import it under a new one, and delete the old.",
                key_pairs=references,
            )


def _same_keys(pairs: Iterable[tuple[PairReference, KeptKeyPair]]) -> Iterator[Finding]:
    by_key: dict[str, list[PairReference]] = defaultdict(list)
    for reference, pair in pairs:
        by_key[pair.public_key].append(reference)
    for references in by_key.values():
        if len(references) > 1:
            places = _listed([f"{each.key_name} in {each.region}" for each in references])
            yield Finding(
                "same-key",
                f"One public key stands under several names or Regions: {places}.",
                "Whoever gets its private key gets into all of these. If that is not meant,"
                " create a pair for each.",
                key_pairs=tuple(references),
            )


_MOST_LISTED = 4


def _listed(things: Sequence[str]) -> str:
    more = len(things) - _MOST_LISTED
    return ", ".join(things[:_MOST_LISTED]) + (f" and {more:,} more" if more > 0 else "")
