"""Makes a request of what was written on the command line, as the AWS CLI makes it.

Each member of a request is an option (`KeyName` is `--key-name`), and its shape says how the value
is read: as text, texts, JSON, shorthand, or a file that holds one of these.
"""

import argparse
import binascii
import json
import os
import re
import sys

from core.ec2.request_shapes import BOOLEAN, INTEGER, REQUESTS, Blob, ListOf, Structure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from core.ec2.request_shapes import Shape

_TEXT_FILE, _BYTES_FILE, STDIN = "file://", "fileb://", "-"
_LARGEST = 1024 * 1024

# What a public key file begins with, and a private one that was named by mistake.
_KEY = rb"\s*(?:ssh-|ecdsa-|sk-|---- BEGIN SSH2|-----BEGIN )"

_HELP = {
    "KeyName": "the name of the key pair",
    "KeyType": "rsa (when left out) or ed25519",
    "KeyFormat": "of the private key: pem (when left out) or ppk",
    "TagSpecifications": "tags of the new pair: 'ResourceType=key-pair,Tags=[{Key=K,Value=V}]'",
    "PublicKeyMaterial": "the public key: its text, a file, fileb://FILE, or - for standard input",
    "KeyNames": "the names of key pairs",
    "KeyPairIds": "the ids of key pairs",
    "KeyPairId": "the id of the key pair",
    "Filters": "what to look for: Name=tag:Env,Values=prod,test",
    "IncludePublicKey": "show the public keys as well",
    "Resources": "the ids or names of key pairs",
    "Tags": "tags: Key=Env,Value=prod",
    "DryRun": "say whether it would be allowed, and do nothing",
}
_UNMENTIONED = ("MaxResults", "NextToken")
"""Members whose options the AWS CLI keeps quiet about, because it pages by itself."""

TOO_DEEP = "it is nested too deeply"
"""What is said of a text that no parser can follow."""


class ValueProblem(Exception):
    """A value on the command line cannot be meant so; says which one and why."""


def option(member: str) -> str:
    """Return the option of a member of a request: `--key-pair-ids` of KeyPairIds."""
    return "--" + re.sub(r"(?<!^)(?=[A-Z])", "-", member).lower()


def add_options(parser: argparse.ArgumentParser, operation: str) -> None:
    """Add an option for each member of an operation's request."""
    for member, shape in REQUESTS[operation].members.items():
        name = option(member)
        what = argparse.SUPPRESS if member in _UNMENTIONED else _HELP[member]
        metavar = name.rpartition("-")[2].upper()
        if shape is BOOLEAN:
            parser.add_argument(name, dest=member, action="store_true", default=None, help=what)
            parser.add_argument(
                f"--no-{name[2:]}", dest=member, action="store_false", help=argparse.SUPPRESS
            )
        elif shape is INTEGER:
            parser.add_argument(name, dest=member, metavar="NUMBER", type=int, help=what)
        elif isinstance(shape, ListOf):
            parser.add_argument(name, dest=member, metavar=metavar, nargs="*", help=what)
        else:
            parser.add_argument(name, dest=member, metavar=metavar, help=what)


def request(operation: str, options: argparse.Namespace) -> "dict[str, Any]":
    """Return the request that the options and `--cli-input-json` make; options count more.

    Raises:
        ValueProblem: a value cannot be read.
    """
    found: dict[str, Any] = {}
    for member, shape in REQUESTS[operation].members.items():
        value = getattr(options, member)
        if value is not None:
            found[member] = _read(option(member), shape, value)
    if options.cli_input_json is not None:
        found = _from_json("--cli-input-json", options.cli_input_json) | found
    material = found.get("PublicKeyMaterial")
    if isinstance(material, str | bytes):
        found["PublicKeyMaterial"] = _without_base64(material)
    return found


def missing(operation: str, request: "dict[str, Any]") -> list[str]:
    """Return the options of what an operation requires and the request does not have."""
    return [option(member) for member in REQUESTS[operation].required if member not in request]


def _read(name: str, shape: "Shape", value: "Any") -> "Any":
    if isinstance(shape, Blob):
        return _material(name, value)
    if isinstance(value, list) and len(value) == 1:
        from_file = _file(name, value[0])
        value = value if from_file is None else from_file
    elif isinstance(value, str):
        from_file = _file(name, value)
        value = value if from_file is None else from_file
    if isinstance(shape, ListOf):
        return _list(name, shape, value)
    return value


def _list(name: str, shape: ListOf, value: "Any") -> "Any":
    if isinstance(value, bytes):
        raise ValueProblem(f"{name}: write file://, not fileb://, in front of a file of text")
    texts = [value] if isinstance(value, str) else value
    if len(texts) == 1 and texts[0].strip().startswith("["):
        return _json(name, texts[0])
    if not isinstance(shape.item, Structure):
        return texts
    return [_structure(name, shape.item, text) for text in texts]


def _structure(name: str, shape: Structure, text: str) -> "Any":
    if text.strip().startswith("{"):
        return _json(name, text)
    # Imported here: most command lines have none.
    from tui.commands.ec2 import shorthand

    try:
        found = shorthand.parse(text, lambda value: _file_or_text(name, value))
        return _as_lists(shape, found)
    except shorthand.ShorthandError as error:
        raise ValueProblem(f"{name}: {error}") from None
    except RecursionError:
        raise ValueProblem(f"{name}: {TOO_DEEP}") from None


def _as_lists(shape: "Shape", value: "Any") -> "Any":
    """Put what is one item where a list belongs into a list of its own: `Values=x`."""
    if isinstance(shape, ListOf):
        items = value if isinstance(value, list) else [value]
        return [_as_lists(shape.item, item) for item in items]
    if isinstance(shape, Structure) and isinstance(value, dict):
        members = shape.members
        return {
            key: _as_lists(members[key], item) if key in members else item
            for key, item in value.items()
        }
    return value


def _from_json(name: str, text: str) -> "dict[str, Any]":
    found = _json(name, _file_or_text(name, text))
    if not isinstance(found, dict):
        raise ValueProblem(f"{name}: it must be a JSON object")
    return found


def _json(name: str, text: "Any") -> "Any":
    try:
        return json.loads(text)
    except (ValueError, TypeError) as error:
        raise ValueProblem(f"{name}: invalid JSON: {error}") from None
    except RecursionError:
        raise ValueProblem(f"{name}: {TOO_DEEP}") from None


# Files ----------------------------------------------------------------------------------------


def _file_or_text(name: str, value: str) -> "Any":
    found = _file(name, value)
    return value if found is None else found


def _file(name: str, value: str) -> str | bytes | None:
    """Return what a file holds that a value names, or None if it names none."""
    if value.startswith(_BYTES_FILE):
        return _content(name, value.removeprefix(_BYTES_FILE))
    if not value.startswith(_TEXT_FILE):
        return None
    path = value.removeprefix(_TEXT_FILE)
    try:
        return _content(name, path).decode()
    except UnicodeDecodeError:
        raise ValueProblem(
            f"{name}: {path} is not UTF-8; write fileb:// in front of a file of bytes"
        ) from None


def _content(name: str, path: str) -> bytes:
    try:
        with open(os.path.expandvars(os.path.expanduser(path)), "rb") as file:  # noqa: PTH111, PTH123 - pathlib takes a tenth of what a command may
            return _limited(name, file.read(_LARGEST + 1))
    except (OSError, ValueError) as error:  # a ValueError: there is a NUL in it
        reason = error.strerror if isinstance(error, OSError) else "it is no path"
        raise ValueProblem(f"{name}: cannot read {path}: {reason}") from None


def _limited(name: str, data: bytes) -> bytes:
    if len(data) > _LARGEST:
        raise ValueProblem(f"{name}: it is longer than a megabyte")
    return data


def _material(name: str, value: str) -> str | bytes:
    """Return a public key: that of standard input, of a file, or the text itself."""
    if value == STDIN:
        return _limited(name, sys.stdin.buffer.read(_LARGEST + 1))
    found = _file(name, value)
    if found is not None:
        return found
    return _content(name, value) if is_file(value) else value


def is_file(value: str) -> bool:
    """Return whether a public key is the path, or the URL, of a file that is there."""
    path = re.sub("^fileb?://", "", value)
    try:
        return os.path.isfile(os.path.expanduser(path))  # noqa: PTH111, PTH113 - see `_content`
    except ValueError:  # a NUL
        return False


def looks_like_path(value: str) -> bool:
    """Return whether a public key was likely meant to be that of a file, which is not there."""
    return value.startswith(("/", "./", "../", "~")) or value.endswith((".pub", ".pem"))


def _without_base64(material: str | bytes) -> str | bytes:
    """Return a public key without the base64 that version 2 of the AWS CLI wants around it."""
    text = material.decode("latin-1") if isinstance(material, bytes) else material
    try:
        decoded = binascii.a2b_base64("".join(text.split()), strict_mode=True)
    except ValueError:  # binascii.Error is one, and letters that are no ASCII raise it
        return material
    return decoded if re.match(_KEY, decoded) else material


# Skeletons ------------------------------------------------------------------------------------


def skeleton(operation: str) -> "dict[str, Any]":
    """Return a request with every member and nothing in it, to be filled in."""
    return {
        member: _EXAMPLES.get(member, _empty(shape))
        for member, shape in REQUESTS[operation].members.items()
    }


_EXAMPLES: "dict[str, Any]" = {"KeyType": "rsa", "KeyFormat": "pem", "ResourceType": "key-pair"}


def _empty(shape: "Shape") -> "Any":
    if isinstance(shape, ListOf):
        return [_empty(shape.item)]
    if isinstance(shape, Structure):
        members = shape.members.items()
        return {member: _EXAMPLES.get(member, _empty(each)) for member, each in members}
    if isinstance(shape, Blob):
        return None
    return {BOOLEAN: True, INTEGER: 0}.get(shape, "")
