"""Checks up on the store, the key pairs in it and the files they were saved to.

It only looks, except that it removes what killed saves left of private keys. It says what it is
about to look at, so that whoever waits for a slow file system knows what for, and can stop.
"""

import os
import shlex
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from core.checks.everywhere import LookedAt, everywhere
from core.checks.finding import REPLACE, Finding, PairReference, Progress, Summary
from core.checks.saved_files import SavedFileChecks
from core.custody import agent_keys, authorized_keys
from core.disk import files
from core.disk.unfinished import UnfinishedSaves
from core.errors import KeyPairsError, StoreDamaged, StoreError, UnauthorizedOperation
from core.keys.fingerprint import ec2_fingerprint, fingerprints
from core.keys.public_key import PublicKey
from core.model import DeletedKeyPair, Fingerprints, KeptKeyPair, KeyType, PrivateKeyState
from core.session import Session
from core.store import data_dir, region_file
from core.store.region_store import RegionStore

_FEWEST_BITS = 2048
_OTHERS_READ = stat.S_IRGRP | stat.S_IROTH
_OTHERS_ENTER = stat.S_IXGRP | stat.S_IXOTH


def check_up(
    session: Session, older_than: timedelta | None
) -> Iterator[Progress | Finding | Summary]:
    """Look at every Region of every place, and yield what is looked at and what is found.

    The summary is the last. Each step blocks no longer than the reading of a pair's files or an
    agent's answer, and nothing is changed but for what killed saves left. The Regions are listed
    before the first step.

    Args:
        session: a session in any Region.
        older_than: the age from which a pair is reported, or None to report none for its age.
    """
    regions = everywhere(session)
    return _check_up(session.store.folder, regions, older_than, session.now())


def _check_up(
    folder: Path, regions: Sequence[LookedAt], older_than: timedelta | None, now: datetime
) -> Iterator[Progress | Finding | Summary]:
    yield from _folder(folder, regions)
    yield from _left_by_installing()
    pairs: list[tuple[PairReference, KeptKeyPair]] = []
    not_allowed = []
    for number, (name, session, account) in enumerate(regions):
        yield Progress(f"the file of {name}", number, len(regions))
        # Before the Region is read: both at once would be the most memory of all this.
        of_its_files = list(_region_files(session.store, name))
        try:
            found = session.backend.describe_key_pairs()
        except UnauthorizedOperation:
            not_allowed.append(name)
            continue
        except StoreError as error:
            yield _unreadable(session.store, name, error)
        else:
            yield from of_its_files
            pairs += [(_reference(name, pair), pair) for pair in found]
            if account:
                deleted = session.store.read().deleted.values()
                yield from _without_pair(name, found, deleted)
    checks = SavedFileChecks()
    in_agent = None
    if any(pair.custody.private_key is PrivateKeyState.UNSAVED for _, pair in pairs):
        yield Progress("the ssh-agent", 0, len(pairs))
        in_agent = agent_keys.keys_in_agent()
    places = {each.name: each.account for each in regions}
    for number, (reference, pair) in enumerate(pairs):
        yield Progress(f"{reference.key_name} in {reference.region}", number, len(pairs))
        # EC2 shows no public key of a pair that is old enough.
        if pair.public_key or not places[reference.region]:
            yield from _record(reference, pair)
        yield from _pair(reference, pair, in_agent, older_than, now)
        yield from checks.check(reference, pair)
    yield from _left_by_saving(folder, pairs)
    yield from _same_names(pairs, places)
    yield from _same_keys(pairs)
    names = tuple(each.name for each in regions if each.name not in not_allowed)
    holding = len({reference.region for reference, _ in pairs})
    yield Summary(names, len(pairs), tuple(not_allowed), holding)


def _reference(region: str, pair: KeptKeyPair) -> PairReference:
    return PairReference(region, pair.key_pair_id, pair.key_name)


# The store --------------------------------------------------------------------------------------


def _folder(folder: Path, regions: Sequence[LookedAt]) -> Iterator[Finding]:
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
    # A folder has one journal for all its Regions.
    for store in {each.session.store.folder: each.session.store for each in regions}.values():
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
        command = f"rm {shlex.quote(str(path))}"
        yield Finding(
            "install-leftover",
            f"A session that was killed while it installed a public key left {path}.",
            f"It holds public keys only. The next install removes it, and so does: {command}",
            path=str(path),
            command=command,
        )


def _left_by_saving(
    folder: Path, pairs: Iterable[tuple[PairReference, KeptKeyPair]]
) -> Iterator[Finding]:
    """Remove what sessions left that were killed while they saved a private key."""
    folders = {Path(path).parent: None for _, pair in pairs for path in pair.custody.saved_to}
    # Where `destination.suggest` has keys saved, also the first one.
    folders[Path.home() / ".ssh"] = None
    for path in UnfinishedSaves(folder).sweep(folders):
        command = f"rm {shlex.quote(str(path))}" if os.path.lexists(path) else ""
        yield Finding(
            "save-leftover",
            f"A session that was killed while it saved a private key left {path}.",
            f"Remove it: {command}"
            if command
            else "It was removed just now. The key that it was for counts as never saved.",
            path=str(path),
            detail="" if command else "removed",
            command=command,
        )


def _unreadable(store: RegionStore, name: str, error: StoreError) -> Finding:
    kind = "store-damaged" if isinstance(error, StoreDamaged) else "store-unreadable"
    command = ""
    if isinstance(error, StoreDamaged) and store.previous_path.exists():
        command = data_dir.restore_command(store.folder, store.region)
        advice = f"See what the backup would bring back: {command}"
    elif isinstance(error, StoreDamaged):
        advice = "Bring the file back from a backup."
    else:
        advice = "Put right what the system complains of, and look again."
    return Finding(kind, str(error), advice, name, path=str(store.path), command=command)


def _region_files(store: RegionStore, name: str) -> Iterator[Finding]:
    """Check the files of a Region but for what stands in the present one."""
    path, backup = store.path, store.previous_path
    try:
        if path.lstat().st_mode & _OTHERS_READ and path.parent.stat().st_mode & _OTHERS_ENTER:
            command = f"chmod 700 {shlex.quote(str(path.parent))}"
            yield Finding(
                "store-exposed",
                f"Others can read {path}: the names, tags and public keys of {name}.",
                f"Make the folder yours alone: {command}",
                name,
                path=str(path),
                command=command,
            )
        region_file.read(files.read_regular_file(backup, region_file.LARGEST), store.region)
    except FileNotFoundError:
        pass  # a Region that was never changed twice has no backup
    except (OSError, ValueError, StoreError) as error:
        reason = (error.strerror if isinstance(error, OSError) else str(error)) or "it is no file"
        yield Finding(
            "store-backup",
            f"The backup from before the last change, {backup}, is no good: {reason}.",
            f"The next change in {name} writes a new one. Until then there is no way"
            f" back from damage to {path.name}.",
            name,
            path=str(backup),
        )


def _without_pair(
    region: str, key_pairs: Iterable[KeptKeyPair], deleted: Iterable[DeletedKeyPair]
) -> Iterator[Finding]:
    """Name the saved private keys whose pair EC2 does not show any more, under any name."""
    shown = {pair.public_key for pair in key_pairs}
    for gone in deleted:
        pair = gone.key_pair
        if pair is None or pair.public_key in shown:
            continue
        for path in pair.custody.saved_to:
            if os.path.lexists(path):
                yield Finding(
                    "pair-gone",
                    f"{path} holds the private key of {pair.key_name}, which EC2 has not shown"
                    f" since {gone.delete_time:%Y-%m-%d}: nothing new can be launched with it.",
                    "Import its public half again where it is still needed, or remove the file"
                    " once no instance lets it in.",
                    region,
                    (_reference(region, pair),),
                    path,
                )


# A pair -----------------------------------------------------------------------------------------


def _finding(
    reference: PairReference, kind: str, problem: str, advice: str, detail: str = ""
) -> Finding:
    return Finding(kind, problem, advice, reference.region, (reference,), detail=detail)


def _record(reference: PairReference, pair: KeptKeyPair) -> Iterator[Finding]:
    name = pair.key_name
    try:
        public_key = PublicKey.from_line(pair.public_key)
    except ValueError:
        public_key = None
    if public_key is None or not _agrees(pair, public_key):
        yield _finding(
            reference,
            "record-damaged",
            f"The record of {name} does not agree with its public key.",
            "Delete the pair and import its public key again.",
        )
    elif public_key.key_type is KeyType.RSA and public_key.bits < _FEWEST_BITS:
        yield _finding(
            reference,
            "rsa-short",
            f"{name} is an RSA key of {public_key.bits:,} bits, which is too few today.",
            REPLACE,
            f"{public_key.bits:,} bits",
        )


def _pair(
    reference: PairReference,
    pair: KeptKeyPair,
    in_agent: frozenset[str] | None,
    older_than: timedelta | None,
    now: datetime,
) -> Iterator[Finding]:
    if pair.custody.private_key is PrivateKeyState.UNSAVED:
        created = f"created {pair.create_time.astimezone():%Y-%m-%d}"
        yield _finding(reference, "never-saved", *_never_saved(pair, in_agent), created)
    age = now - pair.create_time
    if older_than is not None and age > older_than:
        yield _finding(
            reference,
            "old",
            f"{pair.key_name} is {age.days:,} days old, created on {pair.create_time:%Y-%m-%d}.",
            REPLACE,
            f"{age.days:,} days",
        )


def _never_saved(pair: KeptKeyPair, in_agent: frozenset[str] | None) -> tuple[str, str]:
    """Return the problem and the advice for a pair whose private key may be in an agent alone.

    That this session's agent does not show the key, as a locked one does not, says nothing about
    the agents of others.
    """
    problem = f"The private key of {pair.key_name} was never saved"
    if in_agent and pair.public_key in in_agent:
        return (
            f"{problem}; the ssh-agent of this session holds it, and perhaps nothing else does.",
            f"No agent hands a key out: while it holds this one, log in with it. {REPLACE}",
        )
    anew = "delete the pair, and create it again if it is needed."
    if in_agent is None:
        return (
            f"{problem}: unless an agent or a copy holds it, nobody can log in with this pair.",
            f"See whether an agent holds it: keypairs find --agent. If nothing does, {anew}",
        )
    return (
        f"{problem}, and the ssh-agent of this session does not show it: unless another agent"
        " or a copy holds it, nobody can log in with this pair.",
        f"If no agent and no copy holds its key, {anew}",
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


def _same_names(
    pairs: Iterable[tuple[PairReference, KeptKeyPair]], places: Mapping[str, str]
) -> Iterator[Finding]:
    # Accounts, and this machine, name their pairs each for itself.
    by_name: dict[tuple[str, str], list[tuple[PairReference, KeptKeyPair]]] = defaultdict(list)
    for reference, pair in pairs:
        by_name[places[reference.region], pair.key_name].append((reference, pair))
    for (_, name), namesakes in by_name.items():
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
        if pair.public_key:
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
