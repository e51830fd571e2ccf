"""Looking: DescribeKeyPairs, DescribeTags, and the journal."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from core.errors import InvalidParameterCombination, InvalidParameterValue
from core.local import Operations
from core.local.resolving import identified, named
from core.model import KeyPair

if TYPE_CHECKING:
    from core.ec2.filters import Filter, TagDescription
    from core.keys.public_key import PublicKey
    from core.store.journal import Entry as JournalEntry

_FEWEST_RESULTS, _MOST_RESULTS = 5, 1000


class Describing(Operations):
    """What can be asked about the key pairs of a Region without changing any."""

    def describe_key_pairs(
        self,
        *,
        key_names: Sequence[str] = (),
        key_pair_ids: Sequence[str] = (),
        filters: Sequence["Filter"] = (),
        dry_run: bool = False,
    ) -> tuple[KeyPair, ...]:
        """Return the key pairs asked for, each once, in the order in which they came here.

        Without names, ids and filters that is all of them.

        Raises:
            UnauthorizedOperation: it is not allowed; nothing else was looked at.
            DryRunOperation: it is allowed, and `dry_run` was set.
            InvalidParameterCombination: both names and ids.
            InvalidParameterValue: a blank name, an id that never existed, an unknown filter.
            FilterLimitExceeded: too many filter values, or one too long.
            InvalidKeyPairNotFound: a name that does not exist, or an id that did once.
            StoreError: the Region's file cannot be read.
        """
        self._begin("DescribeKeyPairs", dry_run=dry_run, context={})
        if key_names and key_pair_ids:
            raise InvalidParameterCombination(
                "The parameter 'keyPairId' may not be used in combination with 'keyName'"
            )
        state = self._store.read()
        wanted = {named(state, key_name).key_pair_id for key_name in key_names}
        wanted |= {identified(state, key_pair_id).key_pair_id for key_pair_id in key_pair_ids}
        everything = not (key_names or key_pair_ids)
        found = (
            key_pair
            for key_pair_id, key_pair in state.key_pairs.items()
            if everything or key_pair_id in wanted
        )
        # Imported here: the start of the program has no time for what a list without filters
        # does not need.
        from core.ec2.filters import select_key_pairs

        return tuple(select_key_pairs(found, filters))

    def key_pair_named(self, key_name: str) -> KeyPair | None:
        """Return the key pair of that name, or None; cheap enough to ask on every key press.

        Raises:
            UnauthorizedOperation: the caller may not describe key pairs.
            StoreError: the Region's file cannot be read.
        """
        self._authorize("DescribeKeyPairs", None, {})
        return self._store.read().named(key_name)

    def key_pairs_of(self, public_key: "PublicKey") -> tuple[KeyPair, ...]:
        """Return the key pairs that have this public key, whatever their names.

        Raises:
            UnauthorizedOperation: the caller may not describe key pairs.
            StoreError: the Region's file cannot be read.
        """
        self._authorize("DescribeKeyPairs", None, {})
        line = public_key.line
        return tuple(
            pair for pair in self._store.read().key_pairs.values() if pair.public_key == line
        )

    def describe_tags(
        self,
        *,
        filters: Sequence["Filter"] = (),
        max_results: int | None = None,
        next_token: str | None = None,
        dry_run: bool = False,
    ) -> "tuple[list[TagDescription], str | None]":
        """Return tags and, where there are more than `max_results` (5 to 1,000), a token for them.

        Raises:
            UnauthorizedOperation: it is not allowed; nothing else was looked at.
            DryRunOperation: it is allowed, and `dry_run` was set.
            InvalidParameterValue: an unknown filter, a bad number or a token that is none.
            StoreError: the Region's file cannot be read.
        """
        self._begin("DescribeTags", dry_run=dry_run, context={})
        if max_results is not None and not _FEWEST_RESULTS <= max_results <= _MOST_RESULTS:
            word, bound = (
                ("greater", _FEWEST_RESULTS)
                if max_results < _FEWEST_RESULTS
                else ("less", _MOST_RESULTS)
            )
            raise InvalidParameterValue(
                f"Value ( {max_results} ) for parameter maxResults is invalid."
                f" Expecting a value {word} than {bound}.",
                parameter="max_results",
            )
        start = 0 if next_token is None else _position(next_token)
        rows = (
            (key_pair.key_pair_id, tag)
            for key_pair in self._store.read().key_pairs.values()
            for tag in key_pair.tags
        )
        from core.ec2.filters import select_tags

        found = select_tags(rows, filters)
        end = start + (max_results or _MOST_RESULTS)
        return found[start:end], _token(end) if end < len(found) else None

    def journal(self) -> "list[JournalEntry]":
        """Return what was done to the key pairs of this Region, the oldest first.

        EC2 has no such operation; who may describe key pairs may also see what became of them.

        Raises:
            UnauthorizedOperation: it is not allowed.
            StoreError: the journal cannot be read.
        """
        self._authorize("DescribeKeyPairs", None, {})
        return [entry for entry in self._store.journal.read() if entry.region == self.region]


def _token(position: int) -> str:
    return urlsafe_b64encode(str(position).encode()).decode()


def _position(token: str) -> int:
    with suppress(ValueError):  # binascii.Error is one
        position = int(urlsafe_b64decode(token.encode()).decode("ascii"))
        if position >= 0:
            return position
    raise InvalidParameterValue("Unable to parse pagination token", parameter="next_token")
