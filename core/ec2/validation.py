"""Checks what CreateKeyPair accepts, and raises EC2's own errors.

The service runs them on every request, and the forms run the same ones while a person types. The
texts are the recorded answers of the real service; the few that are not recorded say so.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from core.errors import EC2Error, InvalidParameterValue, MissingParameter, TagLimitExceeded
from core.model import KeyFormat, KeyType, Tag, TagSpecification

MAX_KEY_NAME = 255
MAX_TAGS = 50
RESERVED_PREFIX = "aws:"
MAX_TAG_KEY = 127
MAX_TAG_VALUE = 256
MAX_KEY_PAIRS = 5_000
"""The quota of key pairs a Region."""


def check_key_name(key_name: str) -> None:
    """Raise unless `key_name` may name a new key pair: 1 to 255 printable ASCII characters.

    Outer spaces and line breaks are refused as the service refuses them. Its answer to the other
    control characters is not recorded; they get the text that a line break gets.

    Raises:
        MissingParameter: the name is empty.
        InvalidParameterValue: it is too long, not ASCII, not trimmed, or has control characters.
    """
    if not key_name:
        raise MissingParameter(
            "The request must contain the parameter KeyName", parameter="key_name"
        )
    if len(key_name) > MAX_KEY_NAME:
        raise _invalid_key_name(
            f"Value for parameter KeyName is invalid. Length exceeds maximum of {MAX_KEY_NAME}."
        )
    if not key_name.isascii():
        raise _invalid_key_name(
            "Value for parameter KeyName is invalid. Character sets beyond ASCII are not supported."
        )
    if key_name != key_name.strip(" "):
        raise _invalid_key_name(f"Invalid value '{key_name}' for keyName. It should be trimmed")
    if not key_name.isprintable():
        # The service puts the words in this order.
        raise _invalid_key_name(f"Value for parameter {key_name} is invalid. KeyName")


def _invalid_key_name(message: str) -> InvalidParameterValue:
    return InvalidParameterValue(message, parameter="key_name")


def check_key_type(key_type: str) -> KeyType:
    """Return the key type that a request names.

    Raises:
        InvalidParameterValue: it is neither rsa nor ed25519.
    """
    try:
        return KeyType(key_type)
    except ValueError:
        raise _not_in_enum(key_type, "keyType", KeyType, "key_type") from None


def check_key_format(key_format: str) -> KeyFormat:
    """Return the format that a request names.

    Raises:
        InvalidParameterValue: it is neither pem nor ppk.
    """
    try:
        return KeyFormat(key_format)
    except ValueError:
        raise _not_in_enum(key_format, "keyFormat", KeyFormat, "key_format") from None


def _not_in_enum(
    value: str, member: str, allowed: Iterable[str], parameter: str
) -> InvalidParameterValue:
    return InvalidParameterValue(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy"
        f" constraint: Member must satisfy enum value set: [{', '.join(allowed)}]",
        parameter=parameter,
    )


def is_key_pair_id(text: str) -> bool:
    """Return whether this has the form of an id: `key-` and 17 hexadecimal digits."""
    return re.fullmatch(r"key-[0-9a-f]{17}", text) is not None


def check_tag_specifications(specifications: Iterable[TagSpecification]) -> tuple[Tag, ...]:
    """Return the tags that a request puts on a new key pair, in the order given.

    Raises:
        InvalidParameterValue: another resource type than key-pair, or a bad tag.
        TagLimitExceeded: more than 50 tags.
    """
    tags: list[Tag] = []
    for specification in specifications:
        if not specification.resource_type:
            raise _invalid_tag("Tag specification resource type must have a value")
        if specification.resource_type != "key-pair":
            raise _invalid_tag(
                f"'{specification.resource_type}' is not a valid taggable resource type"
                " for this operation."
            )
        tags += specification.tags
    check_tags(tags)
    return tuple(tags)


def check_tags(tags: Sequence[Tag]) -> None:
    """Raise unless these tags may stand together on a new key pair.

    Raises:
        InvalidParameterValue: a bad key or value, or one key twice.
        TagLimitExceeded: more than 50 tags.
    """
    for tag in tags:
        check_tag(tag)
    _check_no_key_twice(tags)
    check_tag_count(tags)


def check_new_tags(tags: Sequence[Tag]) -> None:
    """Raise unless CreateTags may set these tags; it words the reserved prefix differently.

    Raises:
        InvalidParameterValue: a bad key or value, or one key twice.
    """
    for tag in tags:
        if tag.key.startswith(RESERVED_PREFIX):
            raise _invalid_tag(
                f"Value ( {tag.key} ) for parameter key is invalid."
                " Tag keys starting with 'aws:' are reserved for internal use"
            )
        check_tag(tag)
    _check_no_key_twice(tags)


def check_tag_count(tags: Sequence[Tag]) -> None:
    """Raise unless one key pair may carry so many tags.

    Raises:
        TagLimitExceeded: more than 50.
    """
    if len(tags) > MAX_TAGS:
        raise TagLimitExceeded


def _check_no_key_twice(tags: Sequence[Tag]) -> None:
    seen: set[str] = set()
    for tag in tags:
        if tag.key in seen:
            raise _invalid_tag(f"Duplicate tag key '{tag.key}' specified.")
        seen.add(tag.key)


def check_tag(tag: Tag) -> None:
    """Raise unless this is a tag that a person may set.

    Lengths count Unicode characters. The limit of the key is the API reference's 127 (the user
    guide says 128).

    Raises:
        InvalidParameterValue: the key is empty, reserved or too long, the value is too long, or
            either is not Unicode.
    """
    if not tag.key:
        raise _invalid_tag(
            "Value ( '' ) for parameter Tag key is invalid. Tag key cannot be null or empty."
        )
    if tag.key.startswith(RESERVED_PREFIX):
        raise _invalid_tag("Tag keys starting with 'aws:' are reserved for internal use")
    if len(tag.key) > MAX_TAG_KEY:
        raise _invalid_tag(f"Tag key exceeds the maximum length of {MAX_TAG_KEY} characters")
    if len(tag.value) > MAX_TAG_VALUE:
        raise _invalid_tag(f"Tag value exceeds the maximum length of {MAX_TAG_VALUE} characters")
    for word, text in (("key", tag.key), ("value", tag.value)):
        # Half a surrogate pair is in no request of boto3, which cannot encode it.
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise _invalid_tag(f"Tag {word} is not valid Unicode")


class WrongTag(NamedTuple):
    """Why one of several tags may not stand on a key pair with those before it."""

    place: int
    """Which it is, from 0 on."""
    is_key: bool
    """Whether it is for its key, and not for its value."""
    message: str


def wrong_tags(tags: Sequence[Tag]) -> list[WrongTag]:
    """Return what is wrong with each of these tags; of one key twice it is the later."""
    wrong: list[WrongTag] = []
    keys: list[Tag] = []
    for index, tag in enumerate(tags):
        key = Tag(tag.key)
        try:
            check_tags([*keys, key])
        except EC2Error as error:
            wrong.append(WrongTag(index, True, error.message))
            continue
        keys.append(key)
        try:
            check_tag(tag)
        except EC2Error as error:
            wrong.append(WrongTag(index, False, error.message))
    return wrong


def _invalid_tag(message: str) -> InvalidParameterValue:
    return InvalidParameterValue(message, parameter="tags")
