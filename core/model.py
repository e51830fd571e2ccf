"""Defines the values that every room takes and answers: frozen, comparable, nothing private.

What is little more than its members is a named tuple, because every start makes these classes, and
one takes a fifth of the time that a dataclass takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from core.secret import KeyMaterial


class KeyType(StrEnum):
    """The types CreateKeyPair makes; the order is EC2's in its error text."""

    RSA = "rsa"
    ED25519 = "ed25519"


class KeyFormat(StrEnum):
    """The formats CreateKeyPair hands the private key over in; the order is EC2's."""

    PPK = "ppk"
    PEM = "pem"


class FileFormat(StrEnum):
    """The formats a private key can be written to a file in."""

    PEM = "pem"
    """EC2's `pem`: PKCS#1 for RSA, an OpenSSH container without a comment for ED25519."""

    PPK2 = "ppk2"
    """EC2's `ppk`: PuTTY's version 2."""

    PPK3 = "ppk3"
    """PuTTY's version 3, which PuTTY reads since 0.75."""

    OPENSSH = "openssh"
    """OpenSSH's own container, as ssh-keygen writes it, with a comment."""

    PKCS8 = "pkcs8"
    """PKCS#8 in PEM, of RSA only."""

    @property
    def takes_passphrase(self) -> bool:
        """Whether it can be encrypted in a way that is safe."""
        return self in (FileFormat.PPK3, FileFormat.OPENSSH, FileFormat.PKCS8)


class PrivateKeyState(StrEnum):
    """What became of the private key of a pair."""

    UNSAVED = "unsaved"
    """Created, but never delivered: the session ended before it was written to a file."""

    SAVED = "saved"
    """Written to a file that was read back and proven."""

    IMPORTED = "imported"
    """Only the public key was given to us; where the private one is, the record does not know."""

    ELSEWHERE = "elsewhere"
    """EC2 shows the pair, and nobody here made it."""


class Tag(NamedTuple):
    """A tag of a key pair; keys and values are case-sensitive."""

    key: str
    value: str = ""


class TagSelector(NamedTuple):
    """Tags to remove: those with this key and, unless it is None, with this value."""

    key: str
    value: str | None = None

    def matches(self, tag: Tag) -> bool:
        """Return whether a tag is one of them."""
        return tag.key == self.key and self.value in (None, tag.value)


class TagSpecification(NamedTuple):
    """Tags to put on a resource while it is made."""

    resource_type: str | None
    tags: Sequence[Tag] = ()


class Fingerprints(NamedTuple):
    """Every kind of fingerprint of one key, each None where the kind does not apply.

    `pkcs8_sha1` needs the private key and so exists only for RSA pairs created here; `spki_md5`
    is what EC2 shows for an imported RSA key; the other two are those of `ssh-keygen -l`.
    """

    pkcs8_sha1: str | None
    spki_md5: str | None
    ssh_sha256: str
    ssh_md5: str


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key pair as EC2 knows it: the fields that DescribeKeyPairs answers.

    `key_fingerprint` is the one EC2 shows. `public_key` is `TYPE BASE64`, without a comment.
    `create_time` is aware, UTC, in whole milliseconds.
    """

    key_pair_id: str
    key_name: str
    key_type: KeyType
    key_fingerprint: str
    public_key: str
    tags: tuple[Tag, ...]
    create_time: datetime


class Custody(NamedTuple):
    """What only this machine knows of a key pair.

    `saved_to` are the files in which the private key was proven to be. `replaces` is the id of the
    pair that this one was made to take the place of; that pair may have been deleted since.
    `fingerprints` are those that EC2 does not show.

    Of a pair that is `ELSEWHERE`, `unanswered` is when CreateKeyPair was called here for its name
    and never answered, so that it may be that pair; `forgotten` is when the file was found damaged
    that said what is known of it.
    """

    private_key: PrivateKeyState
    fingerprints: Fingerprints
    saved_to: tuple[str, ...] = ()
    replaces: str | None = None
    unanswered: datetime | None = None
    forgotten: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptKeyPair(KeyPair):
    """A key pair of EC2 together with what this machine knows of it."""

    custody: Custody


class DeletedKeyPair(NamedTuple):
    """A key pair that was deleted; `key_pair` is None once it can no longer be brought back.

    `given_up` is set where its private key was given up in the same act: nobody has it.
    """

    key_pair_id: str
    delete_time: datetime
    key_pair: KeptKeyPair | None
    given_up: bool = False


class OpenedFile(NamedTuple):
    """The private key file out of which a key was taken."""

    path: Path
    file_format: FileFormat
    is_encrypted: bool


@dataclass(frozen=True, slots=True)
class CreatedKeyPair:
    """The answer of CreateKeyPair: the one time the private key is handed over.

    `warning` is set when the record is written, but the disk did not confirm that it would survive
    a power cut. `by_ec2` is not set where only the public half was given to EC2, and `file` is set
    where the key was taken out of one that was saved.
    """

    key_pair: KeptKeyPair
    key_format: KeyFormat
    key_material: KeyMaterial = field(repr=False, compare=False)
    warning: str | None = None
    by_ec2: bool = True
    file: OpenedFile | None = None


class SavedKeyMaterial(NamedTuple):
    """A private key file that was read back and proven.

    `proofs` says what was checked and held. `warning` is set when the file is fine but the
    record could not be told where it is.
    """

    path: Path
    proofs: tuple[str, ...]
    warning: str | None = None


class SavedPublicKey(NamedTuple):
    """A public key file that was read back and found to be right; `proofs` says what held."""

    path: Path
    proofs: tuple[str, ...]


class AgentStay(NamedTuple):
    """Since when an agent has a key, as far as is known: it may have ended since.

    `until` is when it forgets the key, `for_good` says that it never does by itself; where neither
    is set, it is not known. `ends_with_program` says that the agent ends with this program.
    """

    since: datetime
    until: datetime | None
    for_good: bool = False
    ends_with_program: bool = False

    def is_over(self, now: datetime) -> bool:
        """Return whether the agent has forgotten the key by now."""
        return self.until is not None and self.until <= now
