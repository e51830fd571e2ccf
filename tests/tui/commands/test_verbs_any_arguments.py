"""Command lines of every kind end with a documented status, and create nothing that is not said."""

import contextlib
import io
import itertools
import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.ec2.request_shapes import REQUESTS
from core.store.region_store import RegionStore
from tests.each_row import each_row
from tests.helpers import PUBLIC_KEY
from tests.tui.commands.calling import call
from tui.commands.ec2 import values, verbs

DOCUMENTED = {0, 252, 253, 254, 255}

OPTIONS = sorted(
    {values.option(member) for shape in REQUESTS.values() for member in shape.members}
    | {"--no-dry-run", "--output", "--query", "--cli-input-json", "--generate-cli-skeleton"}
    | {"--max-items", "--starting-token", "--page-size", "--no-paginate", "--color", "--yes"}
    | {
        "--save-format",
        "--passphrase-file",
        "--agent",
        "--region",
        "--read-only",
        "--no-such",
        "--",
    }
)
TEXTS = [
    "",
    "x",
    "web",
    "key-0123456789abcdef0",
    "ed25519",
    "ppk",
    "json",
    "text",
    "table",
    "KeyMaterial",
    "KeyPairs[].KeyName",
    "length(@)",
    "'literal'",
    "&KeyName",
    "{",
    "[",
    "[]",
    "{}",
    '{"KeyName": "y", "KeyType": "ed25519"}',
    '[{"Key": "a", "Value": "b"}]',
    "null",
    "ResourceType=key-pair,Tags=[{Key=a,Value=b}]",
    "Key=a,Value=b",
    "Name=key-name,Values=x,y",
    "Name=key-name,Values=",
    "=",
    "file:///dev/null",
    "fileb:///dev/null",
    "file://\x00",
    "file:///nowhere",
    PUBLIC_KEY,
    "input",
    "output",
    "eu-west-1",
    "mars",
    "5",
    "-5",
    "\udcff",
    "\x1b[2J\x9b",
    "😀é",
    "1h",
    "9" * 400,
    "[" * 3_000,
    "(" * 3_000,
    "Key=" + "[" * 3_000,
    "a" * 3_000,
    "help",
]

arguments = st.lists(
    st.one_of(st.sampled_from(OPTIONS), st.sampled_from(TEXTS), st.text(max_size=20)), max_size=9
)


@pytest.fixture(scope="module", autouse=True)
def without_agent() -> None:
    assert "SSH_AUTH_SOCK" not in os.environ


@pytest.mark.long
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(verb=st.sampled_from(sorted(verbs.OPERATIONS)), given_=arguments)
def test_any_command_line_ends_with_a_documented_status(verb: str, given_: list[str]) -> None:
    check(verb, given_)


@pytest.mark.long
@settings(max_examples=1_000, suppress_health_check=[HealthCheck.too_slow])
@given(verb=st.sampled_from(sorted(verbs.OPERATIONS)), given_=arguments)
def test_a_thousand_command_lines_end_with_a_documented_status(
    verb: str, given_: list[str]
) -> None:
    check(verb, given_)


def test_two_of_everything_end_with_a_documented_status() -> None:
    """Every option with every text, one after the other: what chance seldom puts side by side."""
    verbs_in_turn = itertools.cycle(sorted(verbs.OPERATIONS))
    for number, (option, text) in enumerate(itertools.product(OPTIONS, TEXTS)):
        if number % 20 == 0:
            verb = next(verbs_in_turn)
            named = ["--key-name", "n"] if verb.endswith("key-pair") else []
            check(verb, [*named, option, text])


NEW = ["--key-name", "new"]
CHANGES = {
    "import": ["import-key-pair", *NEW, "--public-key-material", PUBLIC_KEY],
    "create": ["create-key-pair", *NEW, "--key-type", "ed25519"],
    "save": ["create-key-pair", *NEW, "--key-type", "ed25519", "--save", "new.pem", "--yes"],
    "delete": ["delete-key-pair", "--key-name", "old"],
    "set tags": ["create-tags", "--resources", "old", "--tags", "Key=a"],
    "remove tags": ["delete-tags", "--resources", "old"],
}


@pytest.fixture
def region_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of a Region with a pair of the name `old`, which has a tag."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEYPAIRS_DATA_DIR", str(tmp_path / "data"))
    tags = ["--tag-specifications", "ResourceType=key-pair,Tags=[{Key=b,Value=c}]"]
    key = ["--public-key-material", PUBLIC_KEY]
    assert call("import-key-pair", "--key-name", "old", *key, *tags) == 0
    return tmp_path / "data" / "us-east-1.json"


@each_row("output", ["json", "text", "table"])
def test_what_cannot_be_printed_is_refused_before_anything_is_done(
    output: str, region_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = region_file.read_bytes()
    for what, change in {**CHANGES, "look": ["describe-key-pairs"]}.items():
        for query in ("&a", "[&a]", "{x: not_null(&a)}"):
            capsys.readouterr()
            assert call(*change, "--output", output, "--query", query) == 252, (what, query)
            assert "--query" in capsys.readouterr().err or (what, output) == ("create", "table")
    assert region_file.read_bytes() == before
    assert not Path("new.pem").exists()


@each_row(
    "arguments",
    [
        ["describe-key-pairs", "--query", "(" * 3_000],
        ["describe-key-pairs", "--query", "[" * 3_000],
        ["describe-key-pairs", "--query", "|".join("@" * 3_000)],
        ["describe-key-pairs", "--query", f"`{'[' * 700}{']' * 700}`", "--output", "text"],
        ["describe-key-pairs", "--query", f"`{'[' * 700}{']' * 700}`", "--output", "table"],
        ["describe-key-pairs", "--filters", "[" * 3_000],
        ["describe-key-pairs", "--cli-input-json", "[" * 3_000],
        ["create-tags", "--resources", "old", "--tags", f"Key={'[' * 3_000}"],
        ["create-tags", "--resources", "old", "--tags", f"Key={'{a=' * 3_000}"],
    ],
)
def test_what_is_nested_too_deeply_is_refused_in_a_sentence(
    arguments: list[str], region_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert call(*arguments) == 252
    option = "--query" if "--query" in arguments else arguments[-2]
    assert capsys.readouterr() == ("", f"{arguments[0]}: {option}: it is nested too deeply\n")


def test_what_fails_at_the_answer_alone_says_that_it_was_done(
    region_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # True of every answer that is made up, and of none that EC2 gives.
    query = "contains(['key-0123456789abcdef0', 'KeyPairId'], KeyPairId) || abs(KeyName)"
    for what, says in (
        ("import", "keypairs: import-key-pair was carried out; its answer could not be printed"),
        ("delete", "keypairs: delete-key-pair was carried out; its answer could not be printed"),
        ("save", "its private key is in "),
    ):
        if what == "save":
            assert call("delete-key-pair", "--key-name", "new") == 0
        assert call(*CHANGES[what], "--query", query) == 255, what
        assert says in capsys.readouterr().err
    assert set(RegionStore(region_file.parent, "us-east-1").read().names) == {"new"}
    assert Path("new.pem").exists()


def check(verb: str, given_: list[str]) -> None:
    if verb == "wait" and verbs.WAITER in given_:
        return  # it would wait
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        output, errors = io.TextIOWrapper(io.BytesIO()), io.StringIO()
        with (
            contextlib.chdir(folder),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(errors),
        ):
            try:
                status = call(verb, *given_, "--data-dir", data)
            except SystemExit as end:
                assert isinstance(end.code, int)
                status = end.code
        output.flush()
        raw = output.buffer
        assert isinstance(raw, io.BytesIO)
        said = raw.getvalue().decode(errors="replace")
        assert status in DOCUMENTED, (status, errors.getvalue())
        assert "Traceback" not in errors.getvalue()
        assert not [c for c in errors.getvalue() if not c.isprintable() and c != "\n"]
        assert said or errors.getvalue() or status == 0
        for region in data.glob("*.json") if data.exists() else ():
            for pair in RegionStore(data, region.stem).read().key_pairs.values():
                assert status == 0, (given_, errors.getvalue())
                assert pair.key_name in said or verb != "create-key-pair"
                saved = pair.custody.saved_to
                if verb == "create-key-pair" and not saved:
                    assert "PRIVATE KEY-----" in said or "PuTTY-User-Key" in said
                assert all(Path(path).is_file() for path in saved)
        if status == 0 and verb.startswith("describe") and "--output" not in given_:
            assert not said or json.loads(said) is not Ellipsis
