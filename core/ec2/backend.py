"""Defines what answers EC2's operations on key pairs, be it this machine or EC2 itself.

Whoever answers them is a `Backend`; front ends know no other way to a key pair. What a backend does
beyond EC2's API stands at the end of it, and `Capabilities` says what can be relied on.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from core.errors import KeyPairsError
from core.model import (
    CreatedKeyPair,
    DeletedKeyPair,
    KeptKeyPair,
    Tag,
    TagSelector,
    TagSpecification,
)

if TYPE_CHECKING:
    from core.ec2.filters import Filter, TagDescription


class Capabilities(NamedTuple):
    """What a backend does beyond EC2's API."""

    brings_back: bool
    """A deleted key pair can be brought back, with its id and everything else."""

    exact_at_once: bool
    """Every answer shows every change that was acknowledged before it was asked for."""

    hands_over_with_id: bool = True
    """A private key is handed over with the id of its pair; else its pair has no id by then."""


class NewKeyPair(NamedTuple):
    """A public key to import, as ImportKeyPair takes it."""

    key_name: str
    public_key_material: str | bytes
    tags: Sequence[Tag] = ()


class TagChange(NamedTuple):
    """The tags that a key pair is to have, in the place of those that the person was `shown`."""

    key_pair_id: str
    tags: Sequence[Tag]
    shown: Sequence[Tag]
    undoes: bool = False
    """Whether what another session has set or removed since stays, although we did before."""

    def without_others(self, present: Sequence[Tag]) -> "TagChange":
        """Return the same change, but of no tag that is not as it was shown any more."""
        now, shown = ({tag.key: tag.value for tag in tags} for tags in (present, self.shown))
        tags, before = (
            tuple(tag for tag in each if now.get(tag.key) == shown.get(tag.key))
            for each in (self.tags, self.shown)
        )
        return self._replace(tags=tags, shown=before)


class Retagged(NamedTuple):
    """A key pair as it was just before its tags were set, and as it is since."""

    before: KeptKeyPair
    after: KeptKeyPair


class Refusal(NamedTuple):
    """Why nothing was done to one of several key pairs."""

    name: str
    """The id that was given or, of a new pair, the name."""
    error: KeyPairsError
    """What the service said, or what kept it from being asked or from answering."""


class Batch(NamedTuple):
    """What came of some of many key pairs, in one change: all that is `done` here, or nothing."""

    done: tuple[KeptKeyPair, ...]
    refused: tuple[Refusal, ...]
    left: int
    """How many are still to come."""

    before: tuple[KeptKeyPair, ...] = ()
    """What was done to key pairs that were there before: they, as they were just before it."""


class MadeBy(Enum):
    """Who makes a new key where EC2 keeps the pairs."""

    HERE = "here"
    """This process does, and imports the public half: it can be repeated, and never crosses."""

    EC2 = "ec2"
    """EC2 does (CreateKeyPair), and sends the private key once."""


class Backend(Protocol):
    """The key pairs of one Region, behind EC2's operations.

    The operations block and may be called from any thread. Each checks in EC2's order:
    authorization, dry run, parameters, quota, duplicate. All of them may raise

        UnauthorizedOperation: it is not allowed; nothing else was looked at.
        DryRunOperation: it is allowed, and `dry_run` was set.
        StoreError: what is kept here cannot be read, or the change could not be written.
    """

    @property
    def region(self) -> str:
        """The Region's name."""

    @property
    def capabilities(self) -> Capabilities:
        """What can be relied on beyond EC2's API."""

    @property
    def agrees(self) -> bool:
        """Whether the last look at all pairs showed every change that was acknowledged before."""

    @property
    def notice(self) -> str:
        """What is to be said of where answers are kept, in sentences; empty where nothing is."""

    def create_key_pair(
        self,
        *,
        key_name: str,
        key_type: str = ...,
        key_format: str = ...,
        tag_specifications: Sequence[TagSpecification] = (),
        replaces: str | None = None,
        dry_run: bool = False,
        hand_over: Callable[[CreatedKeyPair], None] = lambda created: None,
    ) -> CreatedKeyPair:
        """Create a key pair, and hand its private key over: the only time it exists.

        `hand_over` is called with the pair before anybody else can see it. Where it raises, that
        error comes out here and no pair stands: it is not recorded, or it is deleted again.

        `replaces` is the id of the pair that it is to take the place of, of which EC2 knows
        nothing; that pair stays until it is deleted. To name one, DescribeKeyPairs is needed too.

        Raises:
            MissingParameter, InvalidParameterValue, TagLimitExceeded: see `core.ec2.validation`;
                also where there is no pair to replace.
            KeyPairLimitExceeded: the Region holds 5,000 key pairs.
            InvalidKeyPairDuplicate: the name is taken.
        """

    def import_key_pair(
        self,
        *,
        key_name: str,
        public_key_material: str | bytes,
        tag_specifications: Sequence[TagSpecification] = (),
        dry_run: bool = False,
    ) -> KeptKeyPair:
        """Record a public key under a name.

        Raises:
            MissingParameter, InvalidParameterValue, TagLimitExceeded: see `core.ec2.validation` and
                `core.keys.reading.import_material`.
            KeyPairLimitExceeded: the Region holds 5,000 key pairs.
            InvalidKeyPairDuplicate: the name is taken.
            InvalidKeyFormat: it is no public key that EC2 takes; `reason` says why.
        """

    def describe_key_pairs(
        self,
        *,
        key_names: Sequence[str] = (),
        key_pair_ids: Sequence[str] = (),
        filters: "Sequence[Filter]" = (),
        dry_run: bool = False,
    ) -> tuple[KeptKeyPair, ...]:
        """Return the key pairs asked for, each once; without names, ids and filters all of them.

        Raises:
            InvalidParameterCombination: both names and ids.
            InvalidParameterValue: a blank name, an id that never existed, an unknown filter.
            FilterLimitExceeded: too many filter values, or one too long.
            InvalidKeyPairNotFound: a name that does not exist, or an id that did once.
        """

    def delete_key_pair(
        self,
        *,
        key_name: str | None = None,
        key_pair_id: str | None = None,
        dry_run: bool = False,
        delete_time: datetime | None = None,
        given_up: bool = False,
    ) -> str | None:
        """Delete a key pair by name or id, and return the id of what was deleted.

        When both are given the id decides. A name that does not exist and an id that existed
        once are no errors: nothing is deleted and the answer is None. `delete_time` is an aware
        time, and otherwise now. `given_up` notes that its private key goes with it.

        Raises:
            MissingParameter: neither was given.
            InvalidParameterValue: an id that never existed, or a text that is no id.
        """

    def create_tags(
        self, *, resources: Sequence[str], tags: Sequence[Tag], dry_run: bool = False
    ) -> None:
        """Set tags on key pairs, named by their ids; a tag whose key is there is overwritten.

        Raises:
            MissingParameter: no resources.
            InvalidParameterValue: no tags, or a bad one.
            InvalidID: an id that names no key pair.
            TagLimitExceeded: one of them would carry more than 50.
        """

    def delete_tags(
        self,
        *,
        resources: Sequence[str],
        tags: Sequence[TagSelector] | None = None,
        dry_run: bool = False,
    ) -> None:
        """Remove tags from key pairs, named by their ids; None or nothing removes all.

        Raises:
            MissingParameter: no resources.
            InvalidID: an id that names no key pair.
        """

    def describe_tags(
        self,
        *,
        filters: "Sequence[Filter]" = (),
        max_results: int | None = None,
        next_token: str | None = None,
        dry_run: bool = False,
    ) -> "tuple[list[TagDescription], str | None]":
        """Return tags and, where there are more than `max_results` (5 to 1,000), a token for them.

        Raises:
            InvalidParameterValue: an unknown filter, a bad number or a token that is not ours.
        """

    # Beyond EC2's API -----------------------------------------------------------------------------

    def set_tags(
        self, *, key_pair_id: str, tags: Sequence[Tag], shown: Sequence[Tag] | None = None
    ) -> Retagged | None:
        """Make these the tags of a key pair: what is not among them goes.

        `shown` are the tags that the person began with; None are those that are there now. Set is
        what is not among them, and gone is what was; all else stays as another session has left
        it meanwhile. It needs what CreateTags and DeleteTags need for what is set and what goes,
        and DescribeKeyPairs where that depends on what is there. Returned is the pair before and
        after, or None where one may not look.

        Raises:
            InvalidParameterValue: a bad tag.
            InvalidID: there is no such key pair.
            TagLimitExceeded: more than 50.
        """

    def deleted_key_pairs(self) -> tuple[DeletedKeyPair, ...]:
        """Return the deleted key pairs that can be brought back, the last deleted first.

        Who may describe key pairs may also see these.
        """

    def restore_key_pair(self, key_pair_id: str, key_name: str | None = None) -> KeptKeyPair:
        """Bring a deleted key pair back, under another name where one is given.

        Who may delete a key pair may also bring it back; another name needs what ImportKeyPair
        needs for it as well.

        Raises:
            InvalidParameterValue: it was not deleted, or too long ago; or the name is a bad one.
            KeyPairLimitExceeded: the Region holds 5,000 key pairs.
            InvalidKeyPairDuplicate: its name was given to another.
        """

    # Many at once --------------------------------------------------------------------------------

    # Each of these works on while it is iterated over, yields what came of a batch when that is
    # done, and can be left between two. One that is refused does not stop the others; the error of
    # a batch that could not be written does, and of that batch nothing was done.

    def delete_key_pairs(
        self, key_pair_ids: Sequence[str], *, delete_time: datetime
    ) -> Iterator[Batch]:
        """Delete key pairs by their ids; they can be brought back together.

        One that another session has deleted meanwhile is neither done nor refused.
        """

    def restore_key_pairs(self, key_pair_ids: Sequence[str]) -> Iterator[Batch]:
        """Bring deleted key pairs back; who may delete one may also bring it back."""

    def import_key_pairs(self, new: Sequence[NewKeyPair]) -> Iterator[Batch]:
        """Record public keys under their names, in that order."""

    def tag_key_pairs(self, key_pair_ids: Sequence[str], tags: Sequence[Tag]) -> Iterator[Batch]:
        """Set tags on key pairs, by their ids; a tag whose key is there is overwritten.

        Raises:
            InvalidParameterValue: no tags, or a bad one; nothing was done.
        """

    def set_tags_of_many(self, changes: Sequence[TagChange]) -> Iterator[Batch]:
        """Give each of these pairs the tags that it is to have, as `set_tags` does."""
