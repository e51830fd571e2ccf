from collections.abc import Callable
from typing import Any

import pytest

from core.ec2 import validation
from core.errors import EC2Error, UnauthorizedOperation
from core.model import KeyFormat, KeyType, Tag, TagSpecification
from core.session import Session
from tests.each_row import each_row

Request = dict[str, Any]


def named(key_name: str) -> Request:
    return {"key_name": key_name}


def tagged(*tags: Tag, resource_type: str | None = "key-pair") -> Request:
    return {"key_name": "web-1", "tag_specifications": [TagSpecification(resource_type, tags)]}


INVALID = "InvalidParameterValue"
ENUM = "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: "
TYPES = "Member must satisfy enum value set: [rsa, ed25519]"
FORMATS = "Member must satisfy enum value set: [ppk, pem]"

# What CreateKeyPair refuses. The letter says how the answer is known: A, recorded from the real
# service; B, quoted from it in public; C, documented; D, inferred. Texts that are only inferred,
# or of our own making, are None here and not compared.
REFUSALS = [
    ("A", named(""), "MissingParameter", "The request must contain the parameter KeyName"),
    (
        "A",
        named("x" * 256),
        INVALID,
        "Value for parameter KeyName is invalid. Length exceeds maximum of 255.",
    ),
    (
        "A",
        named("café"),
        INVALID,
        "Value for parameter KeyName is invalid. Character sets beyond ASCII are not supported.",
    ),
    ("A", named(" web"), INVALID, "Invalid value ' web' for keyName. It should be trimmed"),
    ("D", named("web "), INVALID, None),
    ("D", named("   "), INVALID, None),
    ("A", named("web\n1"), INVALID, "Value for parameter web\n1 is invalid. KeyName"),
    ("A", named("web\n"), INVALID, "Value for parameter web\n is invalid. KeyName"),
    ("D", named("web\t1"), INVALID, None),
    ("D", named("web\x1b[31m"), INVALID, None),
    ("D", named("web\x00"), INVALID, None),
    ("D", named("web\x7f"), INVALID, None),
    (
        "A",
        named("web") | {"key_type": "ecdsa"},
        INVALID,
        ENUM.format("ecdsa", "keyType") + TYPES,
    ),
    ("B", named("web") | {"key_type": ""}, INVALID, ENUM.format("", "keyType") + TYPES),
    ("D", named("web") | {"key_type": "RSA"}, INVALID, None),
    (
        "A",
        named("web") | {"key_format": "der"},
        INVALID,
        ENUM.format("der", "keyFormat") + FORMATS,
    ),
    ("D", named("web") | {"key_format": ""}, INVALID, None),
    (
        "A",
        tagged(Tag("a"), resource_type="instance"),
        INVALID,
        "'instance' is not a valid taggable resource type for this operation.",
    ),
    (
        "B",
        tagged(Tag("a"), resource_type=None),
        INVALID,
        "Tag specification resource type must have a value",
    ),
    (
        "B",
        tagged(Tag("a"), resource_type=""),
        INVALID,
        "Tag specification resource type must have a value",
    ),
    (
        "B",
        tagged(Tag("aws:x")),
        INVALID,
        "Tag keys starting with 'aws:' are reserved for internal use",
    ),
    (
        "B",
        tagged(Tag("Name", "a"), Tag("Name", "b")),
        INVALID,
        "Duplicate tag key 'Name' specified.",
    ),
    (
        "B",
        tagged(Tag("", "x")),
        INVALID,
        "Value ( '' ) for parameter Tag key is invalid. Tag key cannot be null or empty.",
    ),
    (
        "B",
        tagged(Tag("a", "x" * 257)),
        INVALID,
        "Tag value exceeds the maximum length of 256 characters",
    ),
    ("D", tagged(Tag("x" * 128)), INVALID, None),
    ("C", tagged(*(Tag(f"{n}") for n in range(51))), "TagLimitExceeded", None),
]


@each_row(("evidence", "request_", "code", "message"), REFUSALS)
def test_what_ec2_refuses_is_refused_with_its_code_and_text(
    evidence: str, request_: Request, code: str, message: str | None, session: Session
) -> None:
    with pytest.raises(EC2Error) as caught:
        session.backend.create_key_pair(**request_)
    assert (caught.value.code, caught.value.status) == (code, 400)
    if message is None:
        assert evidence in "CD"
    else:
        assert evidence in "AB"
        assert caught.value.message == str(caught.value) == message
    assert session.backend.describe_key_pairs() == ()


@each_row(("evidence", "request_", "code", "message"), REFUSALS)
def test_a_refusal_names_the_field_that_is_to_blame(
    evidence: str, request_: Request, code: str, message: str | None, session: Session
) -> None:
    with pytest.raises(EC2Error) as caught:
        session.backend.create_key_pair(**request_)
    blamed = {"tag_specifications": "tags"}.get(list(request_)[-1], list(request_)[-1])
    assert caught.value.parameter == blamed


def test_a_name_that_is_taken_is_refused_with_ec2s_text(session: Session) -> None:
    session.backend.create_key_pair(key_name="web-1", key_type="ed25519")
    with pytest.raises(EC2Error) as caught:
        session.backend.create_key_pair(key_name="web-1", key_type="ed25519")
    assert (caught.value.code, caught.value.status) == ("InvalidKeyPair.Duplicate", 400)
    assert caught.value.message == "The keypair already exists"  # evidence A
    assert caught.value.parameter == "key_name"


def test_a_full_region_is_refused_with_ec2s_code(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert validation.MAX_KEY_PAIRS == 5_000
    monkeypatch.setattr(validation, "MAX_KEY_PAIRS", 0)
    with pytest.raises(EC2Error) as caught:
        session.backend.create_key_pair(key_name="web-1")
    assert (caught.value.code, caught.value.status) == ("KeyPairLimitExceeded", 400)  # C


def test_a_dry_run_is_answered_with_ec2s_text(session: Session) -> None:
    with pytest.raises(EC2Error) as caught:
        session.backend.create_key_pair(key_name="web-1", dry_run=True)
    assert (caught.value.code, caught.value.status) == ("DryRunOperation", 412)
    # Evidence A.
    assert caught.value.message == "Request would have succeeded, but DryRun flag is set."


def test_what_is_not_allowed_begins_with_ec2s_sentence() -> None:
    error = UnauthorizedOperation("User: me")
    assert (error.code, error.status) == ("UnauthorizedOperation", 403)
    # Evidence B.
    assert error.message == "You are not authorized to perform this operation. User: me"


@each_row(
    "key_name",
    ["x", "x" * 255, "two words", "../../etc/passwd", "-rf", ".", "~", "a'b\"c", "[bold]", "%s"],
)
def test_names_that_ec2_takes_are_taken(key_name: str) -> None:
    validation.check_key_name(key_name)


def test_every_printable_ascii_character_may_stand_in_a_name() -> None:
    for code in range(0x20, 0x7F):
        validation.check_key_name(f"a{chr(code)}b")


def test_types_and_formats_are_those_of_ec2() -> None:
    assert [validation.check_key_type(name) for name in ("rsa", "ed25519")] == list(KeyType)
    assert [validation.check_key_format(name) for name in ("ppk", "pem")] == list(KeyFormat)


@each_row(
    "tags",
    [
        [],
        [Tag("x" * 127, "x" * 256)],
        [Tag("ключ", "значение"), Tag("🔑" * 127, "🔑" * 256)],
        [Tag("Name"), Tag("name"), Tag("NAME")],
        [Tag("aws", "aws:x"), Tag("xaws:", ""), Tag("AWS:x", "")],
        [Tag(f"{number}", "same") for number in range(50)],
    ],
)
def test_tags_that_ec2_takes_are_taken_in_their_order(tags: list[Tag]) -> None:
    assert validation.check_tag_specifications([TagSpecification("key-pair", tags)]) == tuple(tags)


def test_the_tags_of_several_specifications_count_together() -> None:
    first = TagSpecification("key-pair", [Tag("a"), Tag("b")])
    second = TagSpecification("key-pair", (Tag("c"),))
    found = validation.check_tag_specifications([first, second])
    assert [tag.key for tag in found] == ["a", "b", "c"]
    with pytest.raises(EC2Error, match="Duplicate tag key 'a' specified"):
        validation.check_tag_specifications([first, first])
    fifty = TagSpecification("key-pair", [Tag(f"{number}") for number in range(50)])
    with pytest.raises(EC2Error) as caught:
        validation.check_tag_specifications([fifty, second])
    assert caught.value.code == "TagLimitExceeded"


@each_row(
    ("text", "is_one"),
    [
        ("key-0123456789abcdef0", True),
        ("key-00000000000000000", True),
        ("key-0123456789abcdef", False),
        ("key-0123456789abcdef01", False),
        ("key-0123456789ABCDEF0", False),
        ("key-0123456789abcdefg", False),
        ("0123456789abcdef0", False),
        ("KEY-0123456789abcdef0", False),
        ("key-0123456789abcdef0\n", False),
        (" key-0123456789abcdef0", False),
        ("key-\u0660123456789abcdef0", False),
        ("", False),
    ],
)
def test_an_id_is_key_and_17_hexadecimal_digits(text: str, is_one: bool) -> None:
    assert validation.is_key_pair_id(text) is is_one


@pytest.mark.parametrize(
    "check", [validation.check_key_type, validation.check_key_format], ids=["type", "format"]
)
def test_a_refused_value_leaves_no_other_error_in_the_traceback(
    check: Callable[[str], object],
) -> None:
    with pytest.raises(EC2Error) as caught:
        check("x")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
