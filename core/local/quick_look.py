"""Reads the records of a Region's key pairs from its file alone, in the plain cases.

A command that only reads is over sooner than a session could be put together. The rules are those
of the session; what is not plain is left to it: a policy, a file that is damaged, a folder that
cannot be trusted or is on another machine.
"""

import json
import os
import stat

from core import choices
from core.disk.mounts import network_file_system
from core.ec2.regions import is_region
from core.errors import KeyPairsError
from core.store import region_format

TYPE_CHECKING = False
"""What type checkers take for true; `typing` would take a tenth of the time that there is."""

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    Record = dict[str, Any]
else:
    from _datetime import datetime  # up to Python 3.11 `datetime` itself takes five times as long

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH

_MEMBERS = [
    "KeyPairId",
    "KeyName",
    "KeyType",
    "KeyFingerprint",
    "Fingerprints",
    "PublicKey",
    "Tags",
    "CreateTime",
    "PrivateKey",
    "SavedTo",
]
_FINGERPRINTS = ["PKCS8SHA1", "SPKIMD5", "SSHSHA256", "SSHMD5"]
_KEY_TYPES = ("rsa", "ed25519")
_STATES = ("unsaved", "saved", "imported", "elsewhere")
_YEARS = range(1970, 9999)

NOT_PLAIN = (KeyPairsError, OSError, ValueError, KeyError, TypeError, AttributeError)
"""What a file that was changed by hand may raise."""


class NotPlainError(Exception):
    """The session has to answer this."""


def of_this_machine(
    data_dir: str | None, region: str | None, policy: str | None
) -> "QuickLook | None":
    """Return a quick look at the Region that options choose; None where a session has to look.

    That is where a policy decides, and where the folder is on a network file system, of which is
    said what it means. `None` stands for an option that was not given.
    """
    if policy is not None or choices.policy(None) or os.path.lexists(choices.SYSTEM_POLICY):
        return None
    folder = os.path.expanduser(choices.data_folder(data_dir))  # noqa: PTH111 - no time for pathlib
    is_plain = not folder.startswith("~") and network_file_system(folder) is None
    return QuickLook(folder, choices.region(region)) if is_plain else None


class QuickLook:
    """The records of one Region.

    Args:
        folder: the data folder.
        region: the name of the Region.
    """

    def __init__(self, folder: str, region: str) -> None:
        self._folder = os.path.abspath(folder)  # noqa: PTH100 - no time for pathlib
        self.region = region

    def plain_records(self) -> "list[Record]":
        """Return the records, each of which is what `core.store.records.to_record` would return.

        Raises:
            NotPlainError: the session has to look.
        """
        try:
            records = self.records()
            for record in records:
                _check(record)
        except NOT_PLAIN as error:
            raise NotPlainError from error
        names = {record["KeyName"] for record in records}
        ids = {record["KeyPairId"] for record in records}
        if not len(names) == len(ids) == len(records):
            raise NotPlainError
        return records

    def records(self) -> "list[Record]":
        """Return the records of the key pairs, in the order in which they came.

        Raises:
            NotPlainError and what is in `NOT_PLAIN`: the session has to look.
        """
        if not is_region(self.region):
            raise NotPlainError
        if not self._folder_is_sound():
            raise NotPlainError
        data = self._content()
        if data is None:
            return []
        tables = region_format.decode(data, self.region, json.loads)
        records = tables[region_format.KEY_PAIRS]
        generation = tables[region_format.HEADER]["1"]["generation"]
        region_format.check_numbers(generation, (*records, *tables[region_format.DELETED]))
        return [*records.values()]

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
        path = f"{self._folder}/{self.region}.json"
        try:
            descriptor = os.open(path, flags)
        except FileNotFoundError:
            if os.path.lexists(f"{path}.bak"):
                raise NotPlainError from None  # it was there, and is missing
            return None
        with open(descriptor, "rb") as file:  # noqa: PTH123 - no time for pathlib
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size > region_format.LARGEST:
                raise NotPlainError
            return file.read(region_format.LARGEST)


def _check(record: "Record") -> None:
    """Raise an error for a record that is not what the session would make of it."""
    texts = [record["KeyPairId"], record["KeyName"], record["KeyFingerprint"], record["PublicKey"]]
    members = _MEMBERS
    if "Replaces" in record:
        members = [*_MEMBERS, "Replaces"]
        texts.append(record["Replaces"])
    kinds, saved_to, time = record["Fingerprints"], record["SavedTo"], record["CreateTime"]
    texts += (text for text in kinds.values() if text is not None)
    if None in (kinds["SSHSHA256"], kinds["SSHMD5"]):
        raise NotPlainError
    for tag in record["Tags"]:
        if [*tag] != ["Key", "Value"]:
            raise NotPlainError
        texts += (tag["Key"], tag["Value"])
    read = datetime.fromisoformat(time)
    is_plain = (
        [*record] == members
        and [*kinds] == _FINGERPRINTS
        and record["KeyType"] in _KEY_TYPES
        and record["PrivateKey"] in _STATES
        and type(saved_to) is list
        and (bool(saved_to) or record["PrivateKey"] != "saved")
        and all(type(text) is str for text in (*texts, *saved_to))
        and read.year in _YEARS
        and read.isoformat(timespec="milliseconds") == f"{time[:-1]}+00:00"
    )
    if not is_plain:
        raise NotPlainError
