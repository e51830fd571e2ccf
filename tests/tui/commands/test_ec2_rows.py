"""The recorded answers of EC2, given through the verbs: the same codes, texts and answers."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from core.client import Client
from core.local.quick_answers import QuickAnswers
from core.local.quick_look import NotPlainError, QuickLook
from core.store.region_store import RegionStore
from tests.core.local.test_answers import (
    ED,
    GONE,
    KEYS,
    LIVE,
    OTHER,
    ROWS,
    Row,
    filters,
    names,
    on_disk,
    tag,
    tagged,
    world,
)
from tests.each_row import each_row
from tests.tui.commands.calling import call
from tui.commands.ec2 import verbs
from tui.commands.ec2.values import option
from tui.words.text import as_pasted

__all__ = ["world"]

Request = Mapping[str, Any]
Output = pytest.CaptureFixture[str]

VERBS = {operation: verb for verb, operation in verbs.OPERATIONS.items() if verb != "wait"}

# The verbs take the name of a key pair where EC2 takes its id alone.
TAKEN = {"name for an id"}


@pytest.fixture
def data_dir(store: RegionStore, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = store.path.parent
    monkeypatch.setenv("KEYPAIRS_DATA_DIR", str(folder))
    return folder


def as_options(request: Request, folder: Path) -> list[str]:
    """Return the options that make a request, each as a script would write it."""
    options: list[str] = []
    for member, value in request.items():
        name = option(member)
        if isinstance(value, bool):
            options.append(name if value else f"--no-{name[2:]}")
        elif isinstance(value, bytes):
            path = folder / "material"
            path.write_bytes(value)
            options += [name, f"fileb://{path}"]
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            options += [name, json.dumps(value)]
        elif isinstance(value, list):
            options += [name, *value]
        else:
            options += [name, str(value)]
    return options


def as_json(request: Request) -> list[str]:
    """Return the request as `--cli-input-json` takes it; bytes that are no text have no place."""
    plain = {k: v.decode() if isinstance(v, bytes) else v for k, v in request.items()}
    return ["--cli-input-json", json.dumps(plain)]


@pytest.mark.long
@each_row("row", ROWS, ids=str)
def test_a_refusal_has_ec2s_code_and_text(
    row: Row, world: Client, data_dir: Path, tmp_path: Path, capsys: Output
) -> None:
    if row.case in TAKEN:
        return
    before = on_disk(data_dir)
    for arguments in (as_options(row.request, tmp_path), as_json(row.request)):
        capsys.readouterr()
        assert call(VERBS[row.operation], *arguments) == 254, capsys.readouterr()
        output = capsys.readouterr()
        assert output.out == ""
        said, *advice = output.err.splitlines()
        start = f"An error occurred ({row.code}) when calling the {row.operation} operation: "
        assert said.startswith(start)
        if row.message is not None:
            assert said == start + as_pasted(row.message)
        assert len(advice) <= 1
        assert all(line.startswith("keypairs: ") for line in advice)
    assert on_disk(data_dir) == before


@pytest.mark.long
@each_row("row", ROWS, ids=str)
def test_a_dry_run_comes_before_every_parameter(
    row: Row, world: Client, data_dir: Path, tmp_path: Path, capsys: Output
) -> None:
    if row.case in TAKEN:
        return
    before = on_disk(data_dir)
    arguments = [VERBS[row.operation], *as_options(row.request, tmp_path), "--dry-run"]
    capsys.readouterr()
    assert call(*arguments) == 254
    assert capsys.readouterr() == (
        "",
        f"An error occurred (DryRunOperation) when calling the {row.operation} operation:"
        " Request would have succeeded, but DryRun flag is set.\n",
    )
    assert call(*arguments, "--read-only") == 254
    code = (
        "UnauthorizedOperation" if not row.operation.startswith("Describe") else "DryRunOperation"
    )
    assert capsys.readouterr().err.startswith(f"An error occurred ({code})")
    assert on_disk(data_dir) == before


DELETIONS: list[tuple[Request, str | None, list[str]]] = [
    ({"KeyName": "live"}, LIVE, ["other"]),
    ({"KeyPairId": LIVE}, LIVE, ["other"]),
    ({"KeyName": "nobody"}, None, ["live", "other"]),
    ({"KeyName": "live", "KeyPairId": OTHER}, OTHER, ["live"]),
    ({"KeyPairId": GONE}, None, ["live", "other"]),
    ({"KeyName": "live", "KeyPairId": GONE}, None, ["live", "other"]),
]


@pytest.mark.parametrize(("request_", "answer", "left"), DELETIONS, ids=str)
def test_a_deletion_follows_the_recorded_rules(
    request_: Request,
    answer: str | None,
    left: list[str],
    world: Client,
    data_dir: Path,
    tmp_path: Path,
    capsys: Output,
) -> None:
    assert call("delete-key-pair", *as_options(request_, tmp_path)) == 0
    output = capsys.readouterr()
    assert json.loads(output.out) == {"Return": True} | ({"KeyPairId": answer} if answer else {})
    assert ("nothing was deleted" in output.err) == (answer is None)
    assert names(world) == left


DESCRIPTIONS: list[tuple[Request, list[str]]] = [
    ({}, ["live", "other"]),
    ({"KeyNames": [], "KeyPairIds": [], "Filters": []}, ["live", "other"]),
    ({"KeyNames": ["live", "live"]}, ["live"]),
    ({"KeyPairIds": [OTHER]}, ["other"]),
    (filters(("key-name", ["li*"])), ["live"]),
    (filters(("key-name", ["?????"])), ["other"]),
    (filters(("fingerprint", [KEYS["rsa_2048"][0]])), ["other"]),
    (filters(("tag-key", ["Name"])), ["live"]),
    (filters(("tag-value", ["prod"])), ["live"]),
    (filters(("tag:env", ["web"])), []),
    (filters(("key-name", ["live", "other"]), ("tag-key", ["env"])), ["live"]),
    ({"KeyNames": ["live"]} | filters(("key-name", ["other"])), []),
    (filters(("key-name", [])), []),
]


@each_row("request_, found", DESCRIPTIONS)
def test_a_description_follows_the_recorded_rules_and_is_that_of_the_session(
    request_: Request,
    found: list[str],
    world: Client,
    data_dir: Path,
    tmp_path: Path,
    capsys: Output,
) -> None:
    capsys.readouterr()
    assert call("describe-key-pairs", *as_options(request_, tmp_path)) == 0
    pairs = json.loads(capsys.readouterr().out)["KeyPairs"]
    assert [pair["KeyName"] for pair in pairs] == found
    for pair in pairs:
        (described,) = world.describe_key_pairs(KeyNames=[pair["KeyName"]])["KeyPairs"]
        assert pair == described | {"CreateTime": described["CreateTime"].isoformat()}
    for more in ({}, {"IncludePublicKey": True}):
        expected = world.describe_key_pairs(**request_, **more)["KeyPairs"]
        quick = QuickAnswers(QuickLook(str(data_dir), "us-east-1")).describe_key_pairs(
            **request_, **more
        )
        assert quick["KeyPairs"] == expected


@each_row("row", [row for row in ROWS if row.operation.startswith("Describe")], ids=str)
def test_a_quick_look_refuses_nothing_itself(row: Row, world: Client, data_dir: Path) -> None:
    quick = QuickAnswers(QuickLook(str(data_dir), "us-east-1"))
    method = quick.describe_tags if row.operation == "DescribeTags" else quick.describe_key_pairs
    with pytest.raises(NotPlainError):
        method(**row.request)


def test_tags_are_described_page_by_page_as_the_session_describes_them(
    world: Client, data_dir: Path, capsys: Output
) -> None:
    world.create_tags(Resources=[LIVE], Tags=[tag(f"t{n}", str(n)) for n in range(9)])
    everything = world.describe_tags()["Tags"]
    assert len(everything) == 11
    quick = QuickAnswers(QuickLook(str(data_dir), "us-east-1"))
    assert quick.describe_tags()["Tags"] == everything
    first = quick.describe_tags(MaxResults=5)
    assert first == {
        "Tags": everything[:5],
        "NextToken": world.describe_tags(MaxResults=5)["NextToken"],
    }
    found: list[Any] = []
    more: list[str] = []
    while True:
        assert call("describe-tags", "--max-items", "4", "--page-size", "5", *more) == 0
        answer = json.loads(capsys.readouterr().out)
        found += answer["Tags"]
        if "NextToken" not in answer:
            break
        more = ["--starting-token", answer["NextToken"]]
    assert found == everything
    for wrong in (["--starting-token", "x"], ["--max-items", "-1"], ["--max-items", "x"]):
        assert status_of("describe-tags", *wrong) == 252
    assert status_of("describe-tags", "--no-paginate", "--max-items", "1") == 252
    assert call("describe-tags", "--no-paginate", "--max-results", "5") == 0


def test_the_size_of_a_page_is_ec2s_to_judge_where_no_quick_look_answers(
    world: Client,
    data_dir: Path,
    tmp_path: Path,
    capsys: Output,
) -> None:
    refused = "An error occurred (InvalidParameterValue) when calling the DescribeTags operation: "
    for wrong in (["--page-size", "2"], ["--page-size", "5", "--filters", "Name=no,Values=x"]):
        assert call("describe-tags", *wrong) == 254
        assert capsys.readouterr().err.startswith(refused)
    link = tmp_path / "link"
    link.symlink_to(data_dir)
    assert call("describe-tags", "--page-size", "5", "--data-dir", link) == 0
    assert json.loads(capsys.readouterr().out) == {"Tags": world.describe_tags()["Tags"]}


def status_of(*arguments: str) -> int:
    """Return the exit status of a command, also where its command line is refused."""
    try:
        return call(*arguments)
    except SystemExit as end:
        assert isinstance(end.code, int)
        return end.code


@pytest.mark.long
@each_row("name", sorted(KEYS))
def test_an_imported_key_has_the_fingerprint_and_the_public_key_that_ec2_answers(
    name: str, data_dir: Path, tmp_path: Path, capsys: Output
) -> None:
    fingerprint, line = KEYS[name]
    path = tmp_path / "key.pub"
    path.write_text(f"{line} somebody@somewhere\n")
    for number, material in enumerate((f"fileb://{path}", f"file://{path}", str(path), line)):
        capsys.readouterr()
        key_name = f"{name} {number}"
        arguments = ["--key-name", key_name, "--public-key-material", material]
        assert call("import-key-pair", *arguments) == 0, capsys.readouterr()
        answer = json.loads(capsys.readouterr().out)
        assert answer["KeyFingerprint"] == fingerprint
        assert answer.keys() == {"KeyPairId", "KeyName", "KeyFingerprint"}
        arguments = ["--key-names", key_name, "--include-public-key"]
        assert call("describe-key-pairs", *arguments) == 0
        (pair,) = json.loads(capsys.readouterr().out)["KeyPairs"]
        assert pair["PublicKey"] == f"{line} {key_name}\n"
        assert pair["Tags"] == []


def test_tags_are_in_a_new_pairs_answer_only_if_it_has_some(
    data_dir: Path, tmp_path: Path, capsys: Output
) -> None:
    tags = tagged(tag("Name", "web"), tag("no value"))
    for name, more, expected in (("bare", {}, None), ("full", tags, [tag("Name", "web")])):
        request = {"KeyName": name, "PublicKeyMaterial": ED, **more}
        assert call("import-key-pair", *as_options(request, tmp_path)) == 0
        answer = json.loads(capsys.readouterr().out)
        assert answer.get("Tags") == (expected and [*expected, tag("no value")])


HOSTILE = "a\x1b]0;x\x07\x9b2J\u202e\x7f"


def values_in(value: object) -> list[object]:
    """Return every value that is nested in a document."""
    if isinstance(value, dict):
        return [each for item in value.values() for each in values_in(item)]
    if isinstance(value, list):
        return [each for item in value for each in values_in(item)]
    return [value]


def test_json_spells_out_what_a_terminal_would_obey_and_means_the_same(
    world: Client, data_dir: Path, capsys: Output
) -> None:
    world.create_tags(Resources=[OTHER], Tags=[tag("Odd", HOSTILE)])
    for verb in ("describe-key-pairs", "describe-tags"):
        assert call(verb) == 0
        text = capsys.readouterr().out
        assert [c for c in text if not c.isprintable() and c != "\n"] == []
        assert HOSTILE in values_in(json.loads(text))


def test_text_is_exact_in_a_pipe_and_spelled_out_on_a_terminal(
    world: Client, data_dir: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create_tags(Resources=[OTHER], Tags=[tag("Odd", HOSTILE)])
    for output in ("text", "table"):
        assert call("describe-tags", "--output", output) == 0
        assert HOSTILE in capsys.readouterr().out
        with monkeypatch.context() as context:
            context.setattr("sys.stdout.isatty", lambda: True)
            assert call("describe-tags", "--output", output) == 0
        shown = capsys.readouterr().out
        assert r"a\u{1b}]0;x\u{7}\u{9b}2J\u{202e}\u{7f}" in shown
        assert [c for c in shown if not c.isprintable() and c not in "\n\t"] == []
