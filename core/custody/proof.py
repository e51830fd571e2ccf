"""Proves that a private key file is what it should be, by reading it back; opens one that is."""

import os
import shlex
import stat
from pathlib import Path
from typing import NamedTuple

from core.disk import files
from core.errors import ProofFailed, WrongMode
from core.keys import EncodingError, convert, file_formats, pem
from core.keys.file_formats import FileKind
from core.keys.fingerprint import fingerprints
from core.keys.keygen import PrivateKey
from core.keys.reading import private_file
from core.model import CreatedKeyPair, KeptKeyPair, KeyFormat, OpenedFile
from core.process import changing
from core.secret import KeyMaterial, Passphrase


def prove(
    path: Path,
    key_pair: KeptKeyPair,
    passphrase: bytes | None = None,
    *,
    folder: int | None = None,
) -> tuple[str, ...]:
    """Read a private key file back and return what was found to hold, in a few words each.

    It may be of any format that is written here. Of an encrypted one without its passphrase only
    the public half can be seen, of an encrypted PKCS#8 not even that, and what is returned says so.
    With `folder`, an open one, the file
    of that name in it is read, wherever the path leads.

    Raises:
        ProofFailed: something does not hold.
    """
    return _proven(path, key_pair, passphrase, folder).proofs


def is_encrypted(path: Path) -> bool:
    """Return whether a private key file is encrypted.

    Raises:
        ProofFailed: it cannot be read, or is no private key file.
    """
    _, data = _read(path, None)
    try:
        return private_file.examine(data).encrypted
    except EncodingError as error:
        raise ProofFailed(f"{path} did not read back: {error}.") from None


def open_proven(
    path: Path, key_pair: KeptKeyPair, passphrase: Passphrase | None = None
) -> CreatedKeyPair:
    """Return a pair with the private key of a saved file, as if it had been created just now.

    Raises:
        ProofFailed: the file does not prove, or is encrypted and this is not its passphrase.
    """
    given = None if passphrase is None else passphrase.encode()
    proven = _proven(path, key_pair, given, None, "could not be opened")
    if proven.private_key is None:
        raise ProofFailed(f"{path} is encrypted: give its passphrase.")
    is_ppk = proven.container in (FileKind.PPK2, FileKind.PPK3)
    key_format = KeyFormat.PPK if is_ppk else KeyFormat.PEM
    material = convert.encode(proven.private_key, key_format, key_pair.key_name)
    file_format = file_formats.of_file(proven.container, path.name, encrypted=given is not None)
    file = OpenedFile(path, file_format, given is not None)
    return CreatedKeyPair(key_pair, key_format, KeyMaterial(material), by_ec2=False, file=file)


@changing()
def make_private(path: Path, key_pair: KeptKeyPair) -> int:
    """Give a saved file of this account the mode 0600, and return the mode that it had.

    Only the file that is this key, as far as that shows without its passphrase, is touched.

    Raises:
        ProofFailed: it is another file, another account's, or its mode cannot be changed.
    """
    try:
        with files.opened_regular_file(path) as file:
            status = os.fstat(file)
            found = private_file.examine(files.read_opened(file, private_file.LARGEST))
            if found.public_key is not None and found.public_key.line != key_pair.public_key:
                raise ProofFailed(f"{path} is another key; its mode is as it was.")
            if status.st_uid != os.geteuid():
                raise ProofFailed(f"{path} belongs to another account (uid {status.st_uid}).")
            os.fchmod(file, files.PRIVATE_FILE)
            os.fsync(file)
    except EncodingError as error:
        raise ProofFailed(f"{path} did not read back: {error}; its mode is as it was.") from None
    except OSError as error:
        raise ProofFailed(f"The mode of {path} is as it was: {error.strerror}.") from error
    return stat.S_IMODE(status.st_mode)


class _Proven(NamedTuple):
    """What was found to hold of a file, and the key in it, or None where that stays sealed."""

    proofs: tuple[str, ...]
    container: FileKind
    private_key: PrivateKey | None


def _read(path: Path, folder: int | None) -> tuple[os.stat_result, bytes]:
    try:
        with files.opened_regular_file(path, folder) as file:
            return os.fstat(file), files.read_opened(file, private_file.LARGEST)
    except OSError as error:
        raise ProofFailed(f"{path} could not be read back: {error.strerror}.") from error
    except ValueError:
        raise ProofFailed(f"{path} could not be read back: it is missing.") from None


def _proven(
    path: Path,
    key_pair: KeptKeyPair,
    passphrase: bytes | None,
    folder: int | None,
    failed: str = "did not read back",
) -> _Proven:
    status, data = _read(path, folder)
    try:
        private_file.check_layout(data)
        found = private_file.examine(data)
        sealed = found.encrypted and passphrase is None
        private_key = None if sealed else convert.decode(data, passphrase)
    except EncodingError as error:
        raise ProofFailed(f"{path} {failed}: {error}.") from None
    if passphrase is not None and not found.encrypted:
        raise ProofFailed(f"{path} is not encrypted, though it should open with a passphrase only.")
    mode = stat.S_IMODE(status.st_mode)
    quoted = shlex.quote(str(path))
    if status.st_uid != os.geteuid():
        raise ProofFailed(
            f"{path} belongs to another account (uid {status.st_uid}), not to you:"
            f" chown {os.geteuid()} {quoted}"
        )
    if mode != files.PRIVATE_FILE:
        raise WrongMode(f"{path} has mode {mode:04o}, not 0600", f"chmod 600 {quoted}")
    if sealed and found.public_key is None:
        sealed_proofs = ("mode 0600, yours", "encrypted; its passphrase is needed to see which key")
        return _Proven(sealed_proofs, found.container, None)
    public_key = convert.public_key(private_key) if private_key else found.public_key
    if public_key is None or public_key.line != key_pair.public_key:
        raise ProofFailed(f"{path} reads back as another key.")
    if private_key is None:
        sealed_proofs = ("mode 0600, yours", "encrypted; its public half is this key")
        return _Proven(sealed_proofs, found.container, None)
    # Only a pair that was created has the fingerprint that is taken over the private key.
    created = key_pair.custody.fingerprints.pkcs8_sha1 is not None
    der = pem.pkcs8_der(private_key) if created else None
    if fingerprints(public_key, der) != key_pair.custody.fingerprints:
        raise ProofFailed(f"{path} reads back with another fingerprint.")
    opened = ["opens with its passphrase"] if found.encrypted else []
    proofs = "mode 0600, yours", *opened, "reads back as this key", "fingerprint equal"
    return _Proven(proofs, found.container, private_key)
