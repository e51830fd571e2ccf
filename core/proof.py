"""The proof that a private key file is what it should be: read back, not assumed."""

import os
import stat
from pathlib import Path

from core import files
from core.encoding import EncodingError, pem, private
from core.errors import ProofFailed
from core.fingerprint import fingerprints
from core.model import KeyPair

_LARGEST_KEY_FILE = 64 * 1024


def prove(path: Path, key_pair: KeyPair) -> tuple[str, ...]:
    """Read a private key file back and return what was found to hold, in a few words each.

    Raises:
        ProofFailed: something does not hold.
    """
    try:
        status = path.lstat()
        private_key = private.decode(files.read_private_file(path, _LARGEST_KEY_FILE))
    except OSError as error:
        raise ProofFailed(f"{path} could not be read back: {error.strerror}.") from error
    except EncodingError as error:
        raise ProofFailed(f"{path} did not read back: {error}.") from None
    public_key = private.public_key(private_key)
    mode = stat.S_IMODE(status.st_mode)
    if mode != files.PRIVATE_FILE or status.st_uid != os.geteuid():
        raise ProofFailed(
            f"{path} has mode {mode:04o} and owner {status.st_uid}, not 0600 and you."
        )
    if public_key.line != key_pair.public_key:
        raise ProofFailed(f"{path} reads back as another key.")
    if fingerprints(public_key, pem.pkcs8_der(private_key)) != key_pair.fingerprints:
        raise ProofFailed(f"{path} reads back with another fingerprint.")
    return "mode 0600, yours", "reads back as this key", "fingerprint equal"
