"""Answers DescribeKeyPairs and DescribeTags from the Region's file alone, in the plain cases.

A command that only reads is over sooner than a session could be put together. The rules are those
of the session; what is not plain is left to it: a policy, a dry run, a refusal, a file that is
damaged, a folder that cannot be trusted.
"""

import json
import os
import stat
from datetime import datetime

from core.ec2 import filters as ec2_filters
from core.ec2.answer_shapes import described_key_pair, described_tag
from core.ec2.filters import Filter
from core.ec2.regions import is_region
from core.errors import KeyPairsError
from core.store import region_format

TYPE_CHECKING = False
"""What type checkers take for true; `typing` would take a tenth of the time that there is."""

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    Answer = dict[str, Any]

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class NotPlainError(Exception):
    """The session has to answer this."""


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


class QuickLook:
    """The key pairs of one Region, in the call shape of `core.client.Client`.

    Args:
        folder: the data folder, in which `~` may stand for a home folder.
        region: the name of the Region.
    """

    def __init__(self, folder: str, region: str) -> None:
        self._folder = os.path.abspath(os.path.expanduser(folder))  # noqa: PTH100, PTH111 - no time for pathlib
        self._region = region
        self._read: list[_Pair] | None = None

    def describe_key_pairs(self, **request: "Any") -> "Answer":
        """Describe key pairs.

        Raises:
            NotPlainError: the session has to.
        """
        try:
            return {"KeyPairs": [_described(pair, request) for pair in self._selected(request)]}
        except _NOT_PLAIN as error:
            raise NotPlainError from error

    def describe_tags(self, **request: "Any") -> "Answer":
        """Describe the tags of key pairs, in pages.

        Raises:
            NotPlainError: the session has to.
        """
        if request.get("DryRun"):
            raise NotPlainError
        # Imported here: DescribeKeyPairs has no pages.
        from core.local import tag_pages

        try:
            asked = tag_pages.asked(request.get("MaxResults"), request.get("NextToken"))
            rows = ((pair.key_pair_id, tag) for pair in self._pairs() for tag in pair.tags)
            found, token = tag_pages.page(ec2_filters.select_tags(rows, _filters(request)), asked)
        except _NOT_PLAIN as error:
            raise NotPlainError from error
        tags = [
            described_tag(
                key=tag.key,
                value=tag.value,
                resource_id=tag.resource_id,
                resource_type=tag.resource_type,
            )
            for tag in found
        ]
        return {"Tags": tags} | ({"NextToken": token} if token else {})

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
            self._read = [_Pair(record) for record in self._records()]
        return self._read

    def _records(self) -> "Iterator[dict[str, Any]]":
        """Yield the records of the key pairs, in the order in which they came."""
        if not is_region(self._region):
            raise NotPlainError
        if not self._folder_is_sound():
            raise NotPlainError
        data = self._content()
        if data is not None:
            tables = region_format.decode(data, self._region, json.loads)
            yield from tables[region_format.KEY_PAIRS].values()

    def _folder_is_sound(self) -> bool:
        """Return whether `core.store.data_dir` surely has nothing against the folder.

        Where it may have something, or may not, it is asked by the session.
        """
        place = self._folder
        while not os.path.lexists(place):
            place = os.path.dirname(place)  # noqa: PTH120 - no time for pathlib
        if os.path.realpath(place) != place or not os.access(place, os.R_OK | os.W_OK | os.X_OK):
            return False
        lowest = place
        while True:
            status = os.stat(place)  # noqa: PTH116 - no time for pathlib
            keeps_names = status.st_mode & stat.S_ISVTX and place != lowest
            if status.st_mode & _OTHERS_WRITE and not keeps_names:
                return False
            if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (0, os.geteuid()):
                return False
            if place == "/":
                return True
            place = os.path.dirname(place)  # noqa: PTH120 - no time for pathlib

    def _content(self) -> bytes | None:
        """Return the Region's file, or None if there is none yet."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(f"{self._folder}/{self._region}.json", flags)
        except FileNotFoundError:
            return None
        with open(descriptor, "rb") as file:  # noqa: PTH123 - no time for pathlib
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size > region_format.LARGEST:
                raise NotPlainError
            return file.read(region_format.LARGEST)


_NOT_PLAIN = (KeyPairsError, OSError, ValueError, KeyError, TypeError, AttributeError)
"""What a file that was changed by hand may raise, and what EC2's rules raise to refuse."""


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
