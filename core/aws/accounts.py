"""Remembers which account a choice led to, so that its last list can be shown before any answer.

Kept is the folder of an account for each profile and endpoint, in `ec2/accounts.json` of the data
folder; nothing secret. EC2 is asked all the same, and what it says counts.
"""

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from core.disk import files

_LARGEST = 64 * 1024
_NAME = "accounts.json"

_PASSWORD = re.compile(r"(?<=://).*@")

_FOLDER = re.compile(r"[0-9]{1,20}(@[A-Za-z0-9.:\[\]-]+)?")


def folder_name(account: str, host: str | None) -> str:
    """Return the name of an account's folder: its number, with `@HOST` where that is not AWS's.

    Raises:
        ValueError: what an endpoint called an account, or its host, cannot be part of a path.
    """
    name = f"{account}@{host}" if host else account
    if not _FOLDER.fullmatch(name):
        raise ValueError("this is no account")
    return name


def without_password(text: str) -> str:
    """Return a text whose URLs name no user and no password."""
    return _PASSWORD.sub("", text)


def remembered(data_dir: Path, asked: str) -> str | None:
    """Return the name of the folder that was found the last time for what is asked, or None."""
    return _without_passwords(_read(data_dir)).get(without_password(asked))


def remember(data_dir: Path, asked: str, name: str) -> None:
    """Note the folder for the next time; it is no loss if that fails."""
    asked, found = without_password(asked), _read(data_dir)
    known = _without_passwords(found)
    if known.get(asked) == name and known == found:
        return
    path = data_dir / "ec2" / _NAME
    temporary = path.with_name(f"{_NAME}.tmp-{os.getpid()}")
    text = json.dumps({**known, asked: name}, indent=2).encode() + b"\n"
    with suppress(OSError):
        files.create_private_folder(path.parent)
        files.create_private_file(temporary, text)
        temporary.replace(path)


def _without_passwords(known: Mapping[str, str]) -> Mapping[str, str]:
    """Return what is known without the passwords that earlier versions took along."""
    return {without_password(asked): name for asked, name in known.items()}


def _read(data_dir: Path) -> Mapping[str, str]:
    try:
        known = json.loads(files.read_regular_file(data_dir / "ec2" / _NAME, _LARGEST))
    except (OSError, ValueError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {
        asked: name
        for asked, name in known.items()
        if isinstance(name, str) and _FOLDER.fullmatch(name)
    }
