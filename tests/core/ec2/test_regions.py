import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import pytest

from core.ec2.regions import _PARTITION_PATTERNS, REGIONS, Region, key_pair_arn, region
from core.errors import SettingsError
from tests.each_row import each_row


def botocore_data(name: str) -> Mapping[str, Any]:
    data: Mapping[str, Any] = json.loads((files("botocore") / "data" / name).read_bytes())
    return data


def test_the_table_is_the_one_of_the_installed_botocore() -> None:
    expected = {
        name: Region(name, partition["partition"], partition["regions"][name]["description"])
        for partition in botocore_data("endpoints.json")["partitions"]
        for name in partition["services"]["ec2"]["endpoints"]
        if name in partition["regions"]  # the others are FIPS endpoints, not Regions
    }
    assert dict(REGIONS) == expected
    assert len(REGIONS) == 46


def test_the_partition_expressions_are_those_of_the_installed_botocore() -> None:
    expected = {
        partition["id"]: partition["regionRegex"]
        for partition in botocore_data("partitions.json")["partitions"]
    }
    assert dict(_PARTITION_PATTERNS) == expected


def test_regions_are_shown_by_partition_and_then_by_name() -> None:
    partitions = list(dict.fromkeys(known.partition for known in REGIONS.values()))
    assert partitions == [
        "aws",
        "aws-cn",
        "aws-us-gov",
        "aws-iso",
        "aws-iso-b",
        "aws-iso-e",
        "aws-iso-f",
        "aws-eusc",
    ]
    by_partition_and_name = sorted(
        REGIONS.values(), key=lambda known: (partitions.index(known.partition), known.name)
    )
    assert list(REGIONS.values()) == by_partition_and_name


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        REGIONS["us-east-9"] = REGIONS["us-east-1"]  # type: ignore[index]  # that is the point


def test_a_known_region_is_the_entry_of_the_table() -> None:
    assert region("us-east-1") == Region("us-east-1", "aws", "US East (N. Virginia)")
    assert all(region(name) is known for name, known in REGIONS.items())


@each_row("name", REGIONS)
def test_the_partition_of_every_known_region_is_the_one_its_name_tells(name: str) -> None:
    newer = re.sub(r"[0-9]+$", "99", name)
    assert region(newer).partition == REGIONS[name].partition


@each_row(
    ("name", "partition"),
    [
        ("us-east-9", "aws"),
        ("sa-west-1", "aws"),
        ("cn-south-1", "aws-cn"),
        ("us-gov-central-1", "aws-us-gov"),
        ("us-iso-south-1", "aws-iso"),
        ("us-isob-south-2", "aws-iso-b"),
        ("eu-isoe-east-1", "aws-iso-e"),
        ("us-isof-west-12", "aws-iso-f"),
        ("eusc-de-west-1", "aws-eusc"),
        ("eusc-fr-west-1", "aws"),
        ("xx-isob-west-1", "aws"),
        ("zz-nowhere-1", "aws"),
    ],
)
def test_a_well_formed_unknown_name_gets_a_partition_and_no_description(
    name: str, partition: str
) -> None:
    assert region(name) == Region(name, partition, "")


@each_row(
    "name",
    [
        "",
        " ",
        ".",
        "..",
        "../x",
        "../us-east-1",
        "us-east-1/../x",
        "us-east-1/",
        "us/east/1",
        "us\\east-1",
        "US-EAST-1",
        "us-East-1",
        "us-east-1\n",
        "us-east-1\n\n",
        " us-east-1",
        "us-east-1 ",
        "us-east-1\0",
        "us-east-\N{FULLWIDTH DIGIT ONE}",
        "us-e\N{LATIN SMALL LETTER A WITH ACUTE}st-1",
        "us-east-1.json",
        "us-east-1a",
        "us-east-",
        "us-east",
        "us-east-100",
        "us--1",
        "us-1",
        "u-east-1",
        "abcde-east-1",
        "us-a-b-c-1",
        "us_east_1",
        "~-east-1",
        "us-" + "e" * 26 + "-1",
        "us-" + "e" * 195 + "-1",
        "a" * 200,
        pytest.param("us-east-1" * 100_000, id="900,000 characters"),
    ],
)
def test_a_name_that_is_not_well_formed_is_refused_in_one_harmless_line(name: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        region(name)
    message = str(refusal.value)
    assert "which looks like us-east-1" in message
    assert message.isascii()
    assert message.isprintable()
    assert len(message) < 150


def test_the_longest_name_that_is_taken_has_30_characters() -> None:
    name = "us-" + "e" * 25 + "-1"
    assert len(name) == 30
    assert region(name) == Region(name, "aws", "")


@each_row(
    ("name", "message"),
    [
        (
            "US-EAST-1",
            "'US-EAST-1' is not a Region, which looks like us-east-1 or us-gov-west-1;"
            " did you mean us-east-1?",
        ),
        (
            "eu-centrl1\n",
            "'eu-centrl1\\n' is not a Region, which looks like us-east-1 or us-gov-west-1;"
            " did you mean eu-central-1?",
        ),
        (
            "\x1b]0;x\x07'[b]",
            "'\\x1b]0;x\\x07'[b]' is not a Region, which looks like us-east-1 or us-gov-west-1.",
        ),
        ("", "'' is not a Region, which looks like us-east-1 or us-gov-west-1."),
        (
            "Q" * 40,
            f"'{'Q' * 40}' is not a Region, which looks like us-east-1 or us-gov-west-1.",
        ),
        (
            "Q" * 41,
            f"'{'Q' * 37}...' is not a Region, which looks like us-east-1 or us-gov-west-1.",
        ),
        (
            "\x1b" * 40,
            "'\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\...' is not a Region,"
            " which looks like us-east-1 or us-gov-west-1.",
        ),
    ],
)
def test_the_refusal_shows_what_was_given_and_the_closest_region(name: str, message: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        region(name)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("us-east-1", "arn:aws:ec2:us-east-1:123456789012:key-pair/my key"),
        ("cn-north-1", "arn:aws-cn:ec2:cn-north-1:123456789012:key-pair/my key"),
        ("us-gov-west-1", "arn:aws-us-gov:ec2:us-gov-west-1:123456789012:key-pair/my key"),
    ],
)
def test_the_arn_of_a_key_pair_names_its_partition_and_its_key_name(name: str, arn: str) -> None:
    assert key_pair_arn(region(name), "123456789012", "my key") == arn
