"""Proves that a private key file is what it should be, by reading it back."""

import os
import shlex
import stat
from pathlib import Path

from core.disk import files
from core.errors import ProofFailed
from core.keys import EncodingError, convert, pem
from core.keys.fingerprint import fingerprints
from core.keys.reading import private_file
from core.model import KeptKeyPair


def prove(
    path: Path,
    key_pair: KeptKeyPair,
    passphrase: bytes | None = None,
    *,
    folder: int | None = None,
) -> tuple[str, ...]:
    """Read a private key file back and return what was found to hold, in a few words each.

    It may be of any format that is written here. Of an encrypted one without its passphrase only
    the public half can be seen, and what is returned says so. With `folder`, an open one, the file
    of that name in it is read, wherever the path leads.

    Raises:
        ProofFailed: something does not hold.
    """
    try:
        with files.opened_regular_file(path, folder) as file:
            status = os.fstat(file)
            data = files.read_opened(file, private_file.LARGEST)
    except OSError as error:
        raise ProofFailed(f"{path} could not be read back: {error.strerror}.") from error
    except ValueError:
        raise ProofFailed(f"{path} could not be read back: it is missing.") from None
    try:
        private_file.check_layout(data)
        found = private_file.examine(data)
        sealed = found.encrypted and passphrase is None
        private_key = None if sealed else convert.decode(data, passphrase)
    except EncodingError as error:
        raise ProofFailed(f"{path} did not read back: {error}.") from None
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
        raise ProofFailed(f"{path} has mode {mode:04o}, not 0600: chmod 600 {quoted}")
    public_key = convert.public_key(private_key) if private_key else found.public_key
    if public_key is None or public_key.line != key_pair.public_key:
        raise ProofFailed(f"{path} reads back as another key.")
    if private_key is None:
        return "mode 0600, yours", "encrypted; its public half is this key"
    # Only a pair that was created has the fingerprint that is taken over the private key.
    created = key_pair.custody.fingerprints.pkcs8_sha1 is not None
    der = pem.pkcs8_der(private_key) if created else None
    if fingerprints(public_key, der) != key_pair.custody.fingerprints:
        raise ProofFailed(f"{path} reads back with another fingerprint.")
    opened = ["opens with its passphrase"] if found.encrypted else []
    return "mode 0600, yours", *opened, "reads back as this key", "fingerprint equal"
