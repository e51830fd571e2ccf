"""Names what a check-up can find: the kinds, how bad each is, and what a finding says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

OLD = timedelta(days=365)
"""The age from which a pair is reported, unless another is asked for."""


REPLACE = "Replace it: put the public key of the next one where this one is, and delete this one."
"""The advice about a pair that has had its time; whoever has screens can say how it is done."""


MADE_PRIVATE = "MakeFilePrivate"
"""What the journal calls it where a file that was open to others got the mode 0600."""


class Severity(StrEnum):
    """How bad a finding is; the order is that in which findings are shown."""

    ERROR = "error"
    """A key is lost, in the wrong hands, or about to be."""

    WARNING = "warning"
    """Something is wrong, and can be put right."""

    NOTICE = "notice"
    """Something to think about."""


class _Kind(NamedTuple):
    severity: Severity
    meaning: str


KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "store-folder": _Kind(Severity.ERROR, "the data folder cannot be trusted or used"),
        "store-damaged": _Kind(Severity.ERROR, "the file of a Region is damaged or missing"),
        "store-unreadable": _Kind(Severity.ERROR, "the file of a Region cannot be read"),
        "store-exposed": _Kind(Severity.WARNING, "others can read the file of a Region"),
        "store-backup": _Kind(
            Severity.WARNING, "the backup from before the last change is no good"
        ),
        "store-journal": _Kind(Severity.WARNING, "the journal cannot be read"),
        "record-damaged": _Kind(Severity.ERROR, "a record does not agree with its public key"),
        "file-gone": _Kind(Severity.ERROR, "a saved private key is not there any more"),
        "file-changed": _Kind(Severity.ERROR, "a saved file is not this private key any more"),
        "file-exposed": _Kind(Severity.ERROR, "others can read a saved private key"),
        "folder-exposed": _Kind(Severity.ERROR, "others can replace a saved private key"),
        "file-unreadable": _Kind(Severity.WARNING, "a saved private key cannot be read"),
        "file-unencrypted": _Kind(
            Severity.WARNING, "a private key without a passphrase is on a shared file system"
        ),
        "never-saved": _Kind(Severity.WARNING, "the private key was never saved"),
        "rsa-short": _Kind(Severity.WARNING, "an RSA key has fewer than 2,048 bits"),
        "same-name": _Kind(Severity.WARNING, "one name stands for different keys"),
        "same-key": _Kind(Severity.NOTICE, "one public key stands under several names or Regions"),
        "spare-gone": _Kind(
            Severity.NOTICE, "a saved private key is not there any more, but another file of it is"
        ),
        "save-leftover": _Kind(
            Severity.WARNING, "a session that was killed left a private key that had no name yet"
        ),
        "install-leftover": _Kind(
            Severity.NOTICE, "a session that was killed left an unfinished authorized_keys"
        ),
        "pair-gone": _Kind(
            Severity.NOTICE, "a saved private key is of a pair that EC2 does not show any more"
        ),
        "old": _Kind(Severity.NOTICE, "a pair is older than the limit"),
    }
)
"""Every kind of finding; a test makes each of them happen."""


@dataclass(frozen=True, slots=True)
class PairReference:
    """Where a key pair stands: enough to go there."""

    region: str
    key_pair_id: str
    key_name: str

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return {
            "region": self.region,
            "key_pair_id": self.key_pair_id,
            "key_name": self.key_name,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be, and what to do about it.

    `key_pairs` are those it is about, `path` is the file or folder. `problem` and `advice` are
    sentences and may quote names and paths as they are.
    """

    kind: str
    problem: str
    advice: str
    region: str | None = None
    key_pairs: tuple[PairReference, ...] = ()
    path: str | None = None
    detail: str = ""
    """What tells it from others of its kind, in a word or two: `mode 0644`."""
    command: str = ""
    """The line for a shell that puts it right, where there is one; the advice holds it too."""

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return KINDS[self.kind].severity

    @property
    def rank(self) -> tuple[int, int, str, tuple[str, ...]]:
        """What findings are sorted by: the worst first, then kind by kind, and those by names."""
        names = tuple(pair.key_name for pair in self.key_pairs)
        return [*Severity].index(self.severity), [*KINDS].index(self.kind), self.region or "", names

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON types, in the schema that `keypairs doctor --help` documents."""
        return {
            "kind": self.kind,
            "severity": self.severity.value,
            "problem": self.problem,
            "advice": self.advice,
            "region": self.region,
            "key_pairs": [pair.as_record() for pair in self.key_pairs],
            "path": self.path,
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """What is looked at next: `done` of `total` things were, in words that may quote names."""

    looking_at: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What was looked at in the end.

    `holding` is how many of the Regions have pairs: others only had some. `not_allowed` are Regions
    that may not be described.
    """

    regions: tuple[str, ...]
    key_pairs: int
    not_allowed: tuple[str, ...]
    holding: int
