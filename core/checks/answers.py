"""Defines what the look-up of a key answers."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.checks.finding import PairReference
from core.keys.fingerprint import ssh_sha256
from core.keys.public_key import PublicKey
from core.model import KeptKeyPair


class Standing(StrEnum):
    """What is known about a file, a line of it, or a text."""

    KNOWN = "known"
    """It is the key of a pair here."""

    DELETED = "deleted"
    """It is the key of a pair that was deleted, and can be brought back."""

    UNKNOWN = "unknown"
    """It is a key, but of no pair here."""

    LOCKED = "needs-passphrase"
    """An encrypted private key in a format that does not show its public half."""

    HALVES_DISAGREE = "halves-disagree"
    """A private key file whose private and public halves are of different keys."""

    DAMAGED = "damaged"
    """It was a key once."""

    UNSUPPORTED = "unsupported"
    """A key of a type that no pair has, or in a form that is not read; the note says which."""

    NO_KEY = "no-key"
    """Nothing that concerns keys."""

    NOT_READ = "not-read"
    """It was not looked into, because no key would be in it; the note says why."""

    UNREADABLE = "unreadable"
    """It could not be looked into; the note says why."""


THE_AGENT = "the agent"
"""The source of what the ssh-agent holds; with the account's name where it is another's."""

TOO_SHORT, PRIVATE = "too short", "a private key"
"""Why a text is not looked up: the kinds of what is compared with no pair."""

IS_NO_KEY = frozenset({Standing.NO_KEY, Standing.NOT_READ, Standing.UNREADABLE})
"""What is not counted as a key."""


@dataclass(frozen=True, slots=True)
class Match:
    """A pair that has the key, and in words which of its fingerprints says so."""

    region: str
    key_pair: KeptKeyPair
    fingerprint_kind: str

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return {
            "region": self.region,
            "key_pair_id": self.key_pair.key_pair_id,
            "key_name": self.key_pair.key_name,
            "tags": [{"key": tag.key, "value": tag.value} for tag in self.key_pair.tags],
            "key_fingerprint": self.key_pair.key_fingerprint,
            "matched": self.fingerprint_kind,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """What one thing that was looked at is.

    `source` is a path, `the agent` or empty for a text; `line` counts from 1 where a file holds
    several keys. `kind` says in which form the key stands, or why a text that holds none was not
    looked up, `note` is a sentence fragment.
    `deleted` are the pairs that had the key, where none has it now; `given_up` is set where the
    private key of one of them was given up with it. `minor` is set for what need
    not be said of a folder: what in it is no key. `is_link` tells a link that was not followed.
    Nothing of it is private; source and comment may be any text.
    """

    source: str
    standing: Standing
    kind: str = ""
    line: int | None = None
    public_key: PublicKey | None = None
    comment: str = ""
    note: str = ""
    matches: tuple[Match, ...] = ()
    deleted: tuple[PairReference, ...] = ()
    given_up: bool = False
    minor: bool = False
    is_link: bool = False

    @property
    def fingerprint(self) -> str | None:
        """The key's SHA-256 as `ssh-keygen -l` shows it."""
        return None if self.public_key is None else ssh_sha256(self.public_key.blob)

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON types, in the schema that `keypairs find --help` documents."""
        key = self.public_key
        return {
            "source": self.source,
            "line": self.line,
            "standing": self.standing.value,
            "kind": self.kind,
            "key_type": key and key.key_type.value,
            "bits": key and key.bits,
            "fingerprint": self.fingerprint,
            "public_key": key and key.line,
            "comment": self.comment,
            "note": self.note,
            "key_pairs": [match.as_record() for match in self.matches],
            "deleted_key_pairs": [pair.as_record() for pair in self.deleted],
        }
