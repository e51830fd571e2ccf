"""Answers DescribeKeyPairs and DescribeTags from a quick look, where that can."""

from core.ec2 import filters as ec2_filters
from core.ec2.answer_shapes import described_key_pair, described_tags
from core.ec2.filters import Filter
from core.local import tag_pages
from core.local.quick_look import NOT_PLAIN, NotPlainError, QuickLook

TYPE_CHECKING = False
"""What type checkers take for true; a command that only reads has no time for `typing`."""

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    Answer = dict[str, Any]
else:
    from _datetime import datetime  # see `quick_look`


class _Tag:
    __slots__ = ("key", "value")

    def __init__(self, record: "dict[str, str]") -> None:
        self.key = record["Key"]
        self.value = record["Value"]


class _Pair:
    """A record with the attributes of a key pair by which filters judge it."""

    __slots__ = ("key_fingerprint", "key_name", "key_pair_id", "record", "tags")

    def __init__(self, record: "dict[str, Any]") -> None:
        self.record = record
        self.key_pair_id: str = record["KeyPairId"]
        self.key_name: str = record["KeyName"]
        self.key_fingerprint: str = record["KeyFingerprint"]
        self.tags = [_Tag(tag) for tag in record["Tags"]]


class QuickAnswers:
    """The key pairs of a Region, in the call shape of `core.client.Client`."""

    def __init__(self, look: QuickLook) -> None:
        self._look = look
        self._read: list[_Pair] | None = None

    def describe_key_pairs(self, **request: "Any") -> "Answer":
        """Describe key pairs.

        Raises:
            NotPlainError: the session has to.
        """
        try:
            return {"KeyPairs": [_described(pair, request) for pair in self._selected(request)]}
        except NOT_PLAIN as error:
            raise NotPlainError from error

    def describe_tags(self, **request: "Any") -> "Answer":
        """Describe the tags of key pairs, in pages.

        Raises:
            NotPlainError: the session has to.
        """
        if request.get("DryRun"):
            raise NotPlainError
        try:
            asked = tag_pages.asked(request.get("MaxResults"), request.get("NextToken"))
            rows = ((pair.key_pair_id, tag) for pair in self._pairs() for tag in pair.tags)
            found, token = tag_pages.page(ec2_filters.select_tags(rows, _filters(request)), asked)
        except NOT_PLAIN as error:
            raise NotPlainError from error
        return described_tags(found, token)

    def _selected(self, request: "Answer") -> "list[_Pair]":
        names, ids = request.get("KeyNames"), request.get("KeyPairIds")
        if request.get("DryRun") or (names and ids):
            raise NotPlainError
        pairs = self._pairs()
        if names or ids:
            by_name = {pair.key_name: pair for pair in pairs}
            by_id = {pair.key_pair_id: pair for pair in pairs}
            wanted = [by_name[name] for name in names or ()] + [by_id[each] for each in ids or ()]
            pairs = [pair for pair in pairs if pair in wanted]
        return ec2_filters.select_key_pairs(pairs, _filters(request))

    def _pairs(self) -> "list[_Pair]":
        if self._read is None:
            self._read = [_Pair(record) for record in self._look.records()]
        return self._read


def _filters(request: "Answer") -> "Sequence[Filter]":
    return [
        Filter(item.get("Name", ""), tuple(item.get("Values", ())))
        for item in request.get("Filters", ())
    ]


def _described(pair: _Pair, request: "Answer") -> "Answer":
    record = pair.record
    return described_key_pair(
        key_pair_id=pair.key_pair_id,
        key_name=pair.key_name,
        key_type=record["KeyType"],
        key_fingerprint=pair.key_fingerprint,
        create_time=datetime.fromisoformat(record["CreateTime"]),
        tags=[{"Key": tag.key, "Value": tag.value} for tag in pair.tags],
        public_key=record["PublicKey"] if request.get("IncludePublicKey") else None,
    )
