"""Does with a private key that was saved what could be done when it was made, and mends its file.

Each function asks what it has to ask, and returns what is to be said, or None where the person went
back; each must be called in a worker.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.checks.finding import MADE_PRIVATE
from core.custody import saving
from core.custody.ssh_folder import ssh_config
from core.disk import destination, files
from core.errors import KeyPairsError, ProofFailed, SaveError, WrongMode
from core.keys import MOST_BYTES_OF_A_KEY_FILE, file_formats
from core.model import CreatedKeyPair, KeptKeyPair, PrivateKeyState
from core.process import changing
from core.secret import Passphrase
from tui import screens
from tui.actions.keymap import key_of
from tui.terminal.terminal_app import TerminalApp
from tui.widgets.pick_list import Item
from tui.words import judging
from tui.words.pairs import IMPORTED
from tui.words.text import said_by, short_path, short_paths, visible
from tui.words.verdict import Tone, Verdict

if TYPE_CHECKING:
    from core.session import Session


async def add_to_agent(
    app: TerminalApp, session: "Session", key_pair: KeptKeyPair
) -> Verdict | None:
    """Add the saved private key to the ssh-agent."""
    opened = await _open(app, key_pair)
    if not isinstance(opened, CreatedKeyPair):
        return opened
    try:
        form = screens.AddToAgentScreen(session, opened, is_saved=True)
        added = await app.push_screen_wait(form)
    finally:
        opened.key_material.wipe()
    if added is not None:
        said = judging.of_added_to_agent(added, session.now())
        return Verdict(f"{said.text}; the file stays where it is", said.tone)
    return Verdict("perhaps added to the agent", Tone.CAUTION) if form.not_confirmed else None


async def save_again(app: TerminalApp, session: "Session", key_pair: KeptKeyPair) -> Verdict | None:
    """Write the saved private key to another file: in another format, or with a passphrase."""
    opened = await _open(app, key_pair)
    if not isinstance(opened, CreatedKeyPair):
        return opened
    try:
        as_it_is = file_formats.of_key_format(opened.key_format)
        if opened.file is not None:
            as_it_is = opened.file.file_format
        saved = await app.push_screen_wait(screens.SaveKeyMaterialScreen(session, opened, as_it_is))
    finally:
        opened.key_material.wipe()
    if saved is None:
        return None
    text = f"Saved to {short_path(str(saved.private.path))}{', encrypted' * saved.encrypted}"
    if saved.failure or saved.private.warning:
        return Verdict(f"{text}. {saved.failure or saved.private.warning}", Tone.CAUTION)
    if saved.public is not None:
        text += f", the public key to {short_path(str(saved.public.path))}"
    return Verdict(text, Tone.GOOD)


async def write_public_key(app: TerminalApp, key_pair: KeptKeyPair) -> Verdict | None:
    """Write the public key beside the saved file, as NAME.pub."""
    path = await _pick_file(app, key_pair)
    if not isinstance(path, Path):
        return path
    try:
        public = destination.public_file(str(path))
        saved = await asyncio.to_thread(saving.save_public_key, key_pair, public)
    except SaveError as error:
        if await asyncio.to_thread(_holds, Path(public), key_pair.public_key):
            return Verdict(f"{short_path(public)} is there already, with this key", Tone.GOOD)
        return Verdict(said_by(error), Tone.BAD)
    return Verdict(f"Public key saved to {short_path(str(saved.path))}", Tone.GOOD)


def _holds(path: Path, public_key: str) -> bool:
    """Return whether a file is that public key, whatever its comment; blocks."""
    with suppress(OSError, ValueError):
        data = files.read_regular_file(path, MOST_BYTES_OF_A_KEY_FILE)
        return data.decode().split()[:2] == public_key.split()[:2]
    return False


async def make_private(
    app: TerminalApp, session: "Session", key_pair: KeptKeyPair
) -> Verdict | None:
    """Give the saved file the mode 0600."""
    path = await _pick_file(app, key_pair)
    if not isinstance(path, Path):
        return path
    try:
        mode, problem = await asyncio.to_thread(_make_private, session, path, key_pair)
    except KeyPairsError as error:
        return Verdict(said_by(error), Tone.BAD)
    if mode == files.PRIVATE_FILE:
        return Verdict(f"{short_path(str(path))} has mode 0600 already", Tone.GOOD)
    said = f"{short_path(str(path))} has mode 0600 now, and had {mode:04o}"
    said += "; if others may have read it, replace the key"
    is_fine = problem is None and not mode & 0o044
    return Verdict(
        said if problem is None else f"{said}. {problem}", Tone.GOOD if is_fine else Tone.CAUTION
    )


@changing()
def _make_private(session: "Session", path: Path, key_pair: KeptKeyPair) -> tuple[int, str | None]:
    """Return the mode that the file had, and what went wrong with the journal, if anything did."""
    mode = _key_files().make_private(path, key_pair)
    if mode == files.PRIVATE_FILE:
        return mode, None  # nothing was done
    return mode, session.record(MADE_PRIVATE, key_pair, str(path))


async def add_ssh_host(
    app: TerminalApp, session: "Session", key_pair: KeptKeyPair
) -> Verdict | None:
    """Add a Host block for the saved file to ~/.ssh/config."""
    path = await asyncio.to_thread(ssh_config.key_file, key_pair)
    if path is None:
        is_there = bool(await _files_there(key_pair))
        not_for_ssh = "ssh reads none of its files (a .ppk is for PuTTY)"
        return _say_no_file(key_pair, not_for_ssh if is_there else "")
    done = await app.push_screen_wait(screens.AddSshHostScreen(session, key_pair, path))
    return None if done is None else Verdict(done, Tone.GOOD)


async def _open(app: TerminalApp, key_pair: KeptKeyPair) -> CreatedKeyPair | Verdict | None:
    """Return the pair with its private key from the file, whose passphrase is asked for."""
    path = await _pick_file(app, key_pair)
    if not isinstance(path, Path):
        return path
    open_with = partial(_opened, path, key_pair)
    try:
        opened = await asyncio.to_thread(open_with, None)
    except WrongMode as error:
        # In a session that only reads the command that mends it is the only way.
        mends = f"{short_paths(error.problem)}; {key_of('details.mode')} makes it 0600"
        return Verdict(said_by(error) if app.whereabouts.reads_only else mends, Tone.BAD)
    except ProofFailed as error:
        return Verdict(said_by(error), Tone.BAD)
    return opened or await app.push_screen_wait(screens.UnlockSavedKeyScreen(path, open_with))


def _opened(
    path: Path, key_pair: KeptKeyPair, passphrase: Passphrase | None
) -> CreatedKeyPair | None:
    """Return the pair with its private key, or None where it takes a passphrase."""
    key_files = _key_files()
    if passphrase is None and key_files.is_encrypted(path):
        # What no passphrase mends is said before one is asked for.
        key_files.prove(path, key_pair)
        return None
    return key_files.open_proven(path, key_pair, passphrase)


class _KeyFiles(NamedTuple):
    """What is done with private key files: see `core.custody.proof`."""

    is_encrypted: Callable[[Path], bool]
    prove: Callable[[Path, KeptKeyPair], object]
    open_proven: Callable[[Path, KeptKeyPair, Passphrase | None], CreatedKeyPair]
    make_private: Callable[[Path, KeptKeyPair], int]


def _key_files() -> _KeyFiles:
    """Load the key library, which takes some 70 ms, and return what needs it."""
    from core.custody import proof

    return _KeyFiles(proof.is_encrypted, proof.prove, proof.open_proven, proof.make_private)


async def _pick_file(app: TerminalApp, key_pair: KeptKeyPair) -> Path | Verdict | None:
    """Return the saved file that is there; where there are several, the one that is picked."""
    there = await _files_there(key_pair)
    if not there:
        return _say_no_file(key_pair, "")
    if len(there) == 1:
        return Path(there[0])
    items = [Item(path, visible(short_path(path))) for path in reversed(there)]
    picked = await app.push_screen_wait(screens.PickScreen("Which of its files?", items))
    return None if picked is None else Path(picked)


async def _files_there(key_pair: KeptKeyPair) -> Sequence[str]:
    """Return the paths of the saved files that are there."""
    with suppress(OSError):
        return await asyncio.to_thread(files.present, key_pair.custody.saved_to)
    return ()


def _say_no_file(key_pair: KeptKeyPair, reason: str) -> Verdict:
    match key_pair.custody.private_key:
        case PrivateKeyState.SAVED:
            words = reason or "its private key file is not there any more"
        case PrivateKeyState.UNSAVED:
            words = "its private key was never saved"
        case PrivateKeyState.IMPORTED:
            words = f"{IMPORTED}, and no private key file of it is known"
        case PrivateKeyState.ELSEWHERE:
            words = "no private key file of it is known here"
    return Verdict(words, Tone.CAUTION)
