"""Writes keys to new files, reads them back, and removes those that are not what they should be.

A place that deserves a second yes is refused with `SaveAsks` until the verdict that was shown
comes back as `accepted`; any other verdict, or another path, asks anew.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from core.custody import pub_files
from core.disk import destination, files, in_folder
from core.disk.destination import Destination
from core.disk.path_walk import Walk
from core.disk.unfinished import UnfinishedSaves
from core.errors import ProofFailed, SaveError, StoreError, StoreNotConfirmed
from core.keys import file_formats
from core.keys.public_key import named_line
from core.model import (
    CreatedKeyPair,
    FileFormat,
    KeptKeyPair,
    KeyPair,
    PrivateKeyState,
    SavedKeyMaterial,
    SavedPublicKey,
)
from core.process import changing
from core.secret import Passphrase
from core.session import Session

_OPERATION = "SaveKeyMaterial"
"""What the journal calls it."""

_DELETED = "The file is fine, but the key pair was deleted meanwhile."


class SaveAsks(SaveError):
    """Nothing was saved yet, because the place deserves a second yes.

    `destination` is what to give back as `accepted` once the person has read its explanation.
    """

    def __init__(self, destination: Destination) -> None:
        super().__init__(f"Not saved yet: {destination.explanation}.")
        self.destination = destination


def save_private_key(
    session: Session,
    created: CreatedKeyPair,
    path_text: str,
    file_format: FileFormat | None,
    passphrase: Passphrase | None,
    accepted: Destination | None,
) -> tuple[Path, tuple[str, ...]]:
    """Write a private key to a new file of mode 0600; return where it is and what was proven.

    Without a format, or in the one it was created in and unencrypted, these are the bytes of its
    key material; else the key is encoded anew. What killed sessions left of other keys is removed
    before.

    Raises:
        SaveAsks: the place deserves a second yes, which `accepted` does not give.
        SaveError: the path is no good, the format does not go with the type or a passphrase, or
            the file could not be written.
        ProofFailed: the file did not read back as the key; it was removed.
    """

    from core.custody import proof  # cryptography takes some 70 ms

    unfinished = UnfinishedSaves(session.store.folder)
    unfinished.sweep()
    with _opened(path_text) as (place, path, way):
        target = destination.for_private_key(place)
        if target.asks and target != accepted:
            raise SaveAsks(target)
        data = _encode(created, file_format, passphrase)
        unfinished.sweep([way.path])

        def noted(temporary: str) -> AbstractContextManager[None]:
            return unfinished.noted(way.path / temporary, way.path / path.name)

        with _explained(path):
            way.make_missing()
            made = files.create_private_file(path, data, folder=way.folder, noted=noted)
        with _removed_unless_proven(path, made, way):
            mode = stat.S_IMODE(made.st_mode)
            if mode != files.PRIVATE_FILE:
                raise ProofFailed(
                    f"Not saved: a new file has mode {mode:04o} at {path}, whatever mode it is"
                    " given, as on drives that other systems read. Choose another folder."
                )
            proofs = proof.prove(path, created.key_pair, _bytes_of(passphrase), folder=way.folder)
    return path, ("synced", *proofs)


@changing()
def save_key_material(
    session: Session,
    created: CreatedKeyPair,
    path_text: str,
    file_format: FileFormat | None = None,
    passphrase: Passphrase | None = None,
    *,
    accepted: Destination | None = None,
) -> SavedKeyMaterial:
    """Write the private key to a new file of mode 0600, read it back, and record where it is.

    A missing folder is made with mode 0700. Nothing is ever overwritten, and a failure leaves
    no file behind; the key stays in hand, for another file in another format. Without a
    format it is the one it was created in. `accepted` is the destination of a `SaveAsks` that
    the person said yes to.

    Raises:
        SaveAsks: the place deserves a second yes; nothing was saved.
        SaveError: the path is no good, the format does not go with the type or a passphrase,
            or the file could not be written; says why.
        ProofFailed: the file did not read back as the key; it was removed.
    """
    path, proofs = save_private_key(session, created, path_text, file_format, passphrase, accepted)
    return SavedKeyMaterial(path, proofs, record_saved(session, created.key_pair, path))


def record_saved(session: Session, key_pair: KeptKeyPair, path: Path) -> str | None:
    """Record where the private key of a pair is, and return what went wrong with that, if so."""
    try:
        with session.store.transaction() as transaction:
            gone = transaction.state.deleted.get(key_pair.key_pair_id)
            current = transaction.state.key_pairs.get(key_pair.key_pair_id)
            current = current or (gone and gone.key_pair)
            if current is None:
                return _DELETED
            # A file that was removed and saved anew is one file, and the last.
            others = (each for each in current.custody.saved_to if each != str(path))
            custody = current.custody._replace(
                private_key=PrivateKeyState.SAVED, saved_to=(*others, str(path))
            )
            saved = replace(current, custody=custody)
            if gone is not None:
                # It may come back, and then there is this file.
                transaction.update_deleted(saved, _OPERATION, str(path))
                return _DELETED
            transaction.update(saved, _OPERATION, str(path))
    except StoreNotConfirmed as error:
        return f"The file is fine, and the record says so. {error}"
    except StoreError as error:
        return f"The file is fine, but the record still says never saved. {error}"
    return None


@changing()
def save_public_key(key_pair: KeyPair, path_text: str) -> SavedPublicKey:
    """Write the public key of a pair to a new file of mode 0644 and read it back.

    The line is what `ssh-keygen -y` would print, with the name as its comment. There is nothing
    to hide, so no place asks; where no key may be saved, none is.

    Raises:
        SaveError: the path is no good or the file could not be written.
        ProofFailed: the file did not read back as the key; it was removed.
    """
    data = f"{named_line(key_pair)}\n".encode()
    with _opened(path_text) as (_, path, way):
        with _explained(path):
            way.make_missing()
            made = files.create_public_file(path, data, folder=way.folder)
        with _removed_unless_proven(path, made, way):
            return SavedPublicKey(path, ("synced", *_prove_public(path, data, way.folder)))


def save_text(path_text: str, text: str, accepted: Destination | None = None) -> Path:
    """Write a text that holds no secret to a new file of mode 0600, and return where it is.

    Raises:
        SaveAsks: a folder would be made, and `accepted` does not say yes to that.
        SaveError: the path is no good or the file could not be written.
    """
    with _opened(path_text) as (target, path, way):
        if target.makes and target != accepted:
            raise SaveAsks(target)
        with _explained(path):
            way.make_missing()
            files.create_private_file(path, text.encode(), folder=way.folder)
    return path


def _encode(
    created: CreatedKeyPair, file_format: FileFormat | None, passphrase: Passphrase | None
) -> bytes:
    from core.keys import EncodingError, convert

    material = created.key_material.encode()
    as_created = file_formats.of_key_format(created.key_format)
    file_format = file_format or as_created
    if file_format is as_created and passphrase is None:
        return material
    comment = created.key_pair.key_name
    try:
        private_key = convert.decode(material)
        return convert.encode_as(private_key, file_format, comment, _bytes_of(passphrase))
    except EncodingError as error:
        raise SaveError(f"Not saved: {error}.") from None


def _bytes_of(passphrase: Passphrase | None) -> bytes | None:
    return None if passphrase is None else passphrase.encode()


@contextmanager
def _opened(path_text: str) -> Iterator[tuple[Destination, Path, Walk]]:
    """Yield what a typed path is good for, the path, and the way to its folder, held open."""
    with destination.examined(path_text) as (target, way):
        if target.path is None or way is None:
            raise SaveError(f"Not saved: {target.explanation}.")
        yield target, target.path, way


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise SaveError(f"Not saved: there is a file {path}, and none is overwritten.") from None
    except OSError as error:
        raise SaveError(f"Not saved to {path}: {error.strerror}.") from error


def _prove_public(path: Path, data: bytes, folder: int) -> tuple[str, ...]:
    try:
        mode = stat.S_IMODE(os.stat(path.name, dir_fd=folder, follow_symlinks=False).st_mode)
        found = files.read_regular_file(path, pub_files.LARGEST, folder=folder)
    except OSError as error:
        raise ProofFailed(f"{path} could not be read back: {error.strerror}.") from error
    if mode != files.PUBLIC_FILE:
        raise ProofFailed(f"{path} has mode {mode:04o}, not 0644.")
    if found != data:
        raise ProofFailed(f"{path} reads back as something else.")
    return "mode 0644", "reads back as this public key"


@contextmanager
def _removed_unless_proven(path: Path, made: os.stat_result, way: Walk) -> Iterator[None]:
    """Remove a new file if its proof fails, but not what has taken its name meanwhile.

    `made` is the status of the file that was made.

    Raises:
        ProofFailed: the path leads to something else by now.
    """
    try:
        yield
        if not _is(made, path, None):
            raise ProofFailed(f"{path} was replaced, or a folder on the way to it.")
    except BaseException:
        if _is(made, path.name, way.folder):
            in_folder.remove(path.name, way.folder)
        raise


def _is(made: os.stat_result, name: str | Path, folder: int | None) -> bool:
    """Return whether a name is that of the file that was made."""
    try:
        return os.path.samestat(made, os.stat(name, dir_fd=folder, follow_symlinks=False))
    except OSError:
        return False
