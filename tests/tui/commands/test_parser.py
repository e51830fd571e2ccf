"""The command line: where options may stand, what is refused, and how a slip is answered."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.each_row import each_row
from tests.tui.commands.calling import call
from tui.commands import parser
from tui.commands.ec2 import verbs

ROOT = Path(__file__).parents[3]
Output = pytest.CaptureFixture[str]


def ended(*arguments: str | Path) -> int:
    """Return the exit status, also where the command line is refused."""
    try:
        return call(*arguments)
    except SystemExit as end:
        assert isinstance(end.code, int)
        return end.code


@each_row(
    "slip, meant",
    [
        ("create", "create-key-pair"),
        ("create-keypair", "create-key-pair"),
        ("createkeypair", "create-key-pair"),
        ("create_key_pair", "create-key-pair"),
        ("describe", "describe-key-pairs"),
        ("import", "import-key-pair"),
        ("delete", "delete-key-pair"),
        ("rm", "delete-key-pair"),
        ("ls", "list"),
        ("lst", "list"),
        ("new", "create-key-pair"),
        ("docter", "doctor"),
        ("search", "find"),
        ("tag", "create-tags"),
        ("waitt", "wait"),
    ],
)
def test_a_command_that_there_is_not_names_the_nearest(
    slip: str, meant: str, capsys: Output
) -> None:
    assert ended(slip) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f"keypairs: error: there is no command {slip}; did you mean {meant}?"


def test_a_command_that_is_like_none_names_them_all(capsys: Output) -> None:
    assert ended("\x1b[2Jxyzzy") == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert r"there is no command \u{1b}[2Jxyzzy; there are list, show" in last


@pytest.mark.parametrize("command", [["list"], ["describe-key-pairs"], ["show", "x"], ["doctor"]])
def test_options_may_stand_on_either_side(
    command: Sequence[str], tmp_path: Path, capsys: Output
) -> None:
    data = tmp_path / "data"
    data.mkdir(0o700)
    options = ["--data-dir", str(data), "--read-only"]
    before, behind = ended(*options, *command), ended(*command, *options)
    assert before == behind
    assert before in (0, 1)
    output = capsys.readouterr().out
    assert output[: len(output) // 2] == output[len(output) // 2 :]


@each_row("option", ["--region", "--data-dir", "--policy", "--profile", "--endpoint-url"])
@each_row("command", [[], ["list"], ["describe-key-pairs"], ["restore", "us-east-1"]])
def test_what_is_empty_does_not_stand_for_what_is_usual(
    option: str, command: Sequence[str], capsys: Output
) -> None:
    for empty in ("", " "):
        status = ended(*command, option, empty)
        assert status == (252 if command == ["describe-key-pairs"] else 2)
        said = capsys.readouterr().err
        assert f"argument {option}: it is empty; leave it out, or say which one" in said


@each_row("verb", sorted(verbs.OPERATIONS))
def test_each_verb_has_help_with_two_examples_and_the_exit_statuses(
    verb: str, capsys: Output
) -> None:
    arguments = [verb] if verb != "wait" else [verb, verbs.WAITER]
    for asking in ("--help", "help"):
        if asking == "help" and verb == "wait":
            continue
        assert ended(*arguments, asking) == 0
        text = capsys.readouterr().out
        assert text.count(f"  keypairs {verb} ") == 2
        for status in ("252", "253", "254", "255", "130"):
            assert status in text


def test_no_help_says_none_where_it_has_nothing_to_say(capsys: Output) -> None:
    for name in ("", *parser._COMMANDS):
        assert ended(*name.split(), "--help") == 0
    assert "None" not in capsys.readouterr().out.split()


def test_the_help_names_every_variable_and_the_configuration_file(capsys: Output) -> None:
    assert ended("--help") == 0
    text = capsys.readouterr().out
    for name in ("KEYPAIRS_REGION", "AWS_DEFAULT_REGION", "KEYPAIRS_DATA_DIR", "KEYPAIRS_POLICY"):
        assert name in text
    assert "config.toml" in text
    for command in parser._COMMANDS:
        assert command in text


@each_row(
    "arguments",
    [
        ["describe-key-pairs", "--no-such"],
        ["describe-key-pairs", "--region", "mars"],
        ["describe-key-pairs", "--no-mouse"],
        ["describe-key-pairs", "--output", "yaml"],
        ["describe-key-pairs", "--query", "["],
        ["describe-key-pairs", "--filters", "x"],
        ["describe-key-pairs", "--cli-input-json", "[]"],
        ["describe-key-pairs", "--cli-input-json", "file://missing"],
        ["describe-key-pairs", "--filters", "file://missing"],
        ["describe-key-pairs", "more"],
        ["create-key-pair"],
        ["create-tags", "--resources", "x"],
        ["import-key-pair", "--key-name", "x", "--public-key-material", "fileb://missing"],
        ["wait"],
        ["wait", "key-pair-gone"],
    ],
)
def test_a_wrong_command_line_of_a_verb_ends_with_252(
    arguments: list[str], tmp_path: Path, capsys: Output
) -> None:
    data = tmp_path / "data"
    assert ended(*arguments, "--data-dir", data) == 252
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err
    assert not data.exists()


def test_settings_that_cannot_be_used_end_with_253_and_a_damaged_store_with_255(
    tmp_path: Path, capsys: Output
) -> None:
    data = tmp_path / "data"
    data.mkdir(0o700)
    policy = tmp_path / "policy.json"
    policy.write_text("{")
    named: list[str | Path] = ["describe-key-pairs", "--data-dir", data]
    assert ended(*named, "--policy", policy) == 253
    assert ended(*named, "--policy", tmp_path / "none") == 253
    (data / "us-east-1.json").write_bytes(b"{}")
    assert ended(*named) == 255
    assert "is damaged" in capsys.readouterr().err
    (data / "us-east-1.json").unlink()
    data.chmod(0o777)
    assert ended(*named) == 255
    assert "chmod 700" in capsys.readouterr().err


def test_a_skeleton_is_a_request_that_can_be_filled_in(tmp_path: Path, capsys: Output) -> None:
    for verb in ("create-key-pair", "import-key-pair", "create-tags", "describe-key-pairs"):
        assert ended(verb, "--generate-cli-skeleton") == 0
        request = json.loads(capsys.readouterr().out)
        assert list(request)
    path = tmp_path / "request.json"
    assert ended("create-key-pair", "--generate-cli-skeleton", "input") == 0
    request = json.loads(capsys.readouterr().out)
    assert request["TagSpecifications"][0]["ResourceType"] == "key-pair"
    path.write_text(json.dumps(request | {"KeyName": "x", "DryRun": True}))
    data = tmp_path / "data"
    assert ended("create-key-pair", "--cli-input-json", f"file://{path}", "--data-dir", data) == 254
    assert "DryRunOperation" in capsys.readouterr().err
    assert ended("create-key-pair", "--key-name", "x", "--generate-cli-skeleton", "output") == 0
    assert json.loads(capsys.readouterr().out)["KeyMaterial"] == "KeyMaterial"
    assert ended("create-key-pair", "--generate-cli-skeleton", "output") == 252
    assert not data.exists()


HEAVY = {
    "asyncio",
    "base64",
    "bcrypt",
    "cryptography",
    "dataclasses",
    "difflib",
    "importlib.metadata",
    "inspect",
    "jmespath",
    "locale",
    "logging",
    "orjson",
    "pathlib",
    "platformdirs",
    "rich",
    "select",
    "shutil",
    "subprocess",
    "textual",
    "tinydb",
    "typing",
    "uuid",
}
"""What takes longer to import than such a verb may take."""

NOT_WITHOUT_A_FILE = {"contextlib", "datetime", "hashlib"}
"""What one of EC2's verbs has no use for before there is a pair; OpenSSL comes with the last."""


@pytest.mark.parametrize(
    "arguments",
    [
        ["describe-key-pairs"],
        ["describe-key-pairs", "--key-names", "web", "--output", "text"],
        ["describe-key-pairs", "--filters", "Name=key-name,Values=w*"],
        ["describe-tags"],
        ["list"],
        ["list", "--json"],
        ["list", "--csv"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("has_store", [True, False])
def test_a_command_that_only_reads_loads_next_to_nothing(
    arguments: list[str], has_store: bool, tmp_path: Path, capsys: Output
) -> None:
    data = tmp_path / "data"
    if has_store:
        key = ["--public-key-material", PUBLIC_KEY]
        assert call("import-key-pair", "--key-name", "web", *key, "--data-dir", data) == 0
    elif "--key-names" in arguments:
        pytest.skip("what is refused is for the session to say")
    code = (
        "import argparse, json, sys\nbefore = set(sys.modules)\n"
        "from tui.__main__ import main\n"
        f"assert main({[*arguments, '--data-dir', str(data)]!r}) == 0\n"
        "print(json.dumps(sorted(set(sys.modules) - before)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"PATH": "", "HOME": str(tmp_path)},
    )
    loaded = json.loads(done.stderr.splitlines()[-1])
    assert [name for name in loaded if name in HEAVY] == []
    ours = [name for name in loaded if name.split(".")[0] in ("core", "tui")]
    assert len(ours) <= 31
    assert len(loaded) - len(ours) <= 13
    if arguments[0] != "list":
        assert NOT_WITHOUT_A_FILE.intersection(loaded) <= ({"hashlib"} if has_store else set())


PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIIRGSddLuiVl/GOw0Dp5qWTswtUtUBJNpzS8zyLNhoY"


def test_the_usual_folder_is_that_of_platformdirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from platformdirs import user_data_path

    from core import choices

    monkeypatch.setenv("HOME", str(tmp_path))
    for value in ("", str(tmp_path / "xdg"), "relative"):
        monkeypatch.setenv("XDG_DATA_HOME", value)
        assert choices.data_folder(None, {}) == str(user_data_path("keypairs", appauthor=False))
    monkeypatch.delenv("XDG_DATA_HOME")
    assert choices.data_folder(None, {}) == str(user_data_path("keypairs", appauthor=False))


def test_the_app_starts_without_the_parsers_of_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    make = parser._CommandParser.__init__

    def noting(self: parser._CommandParser, **options: object) -> None:
        made.append(str(options["prog"]))
        make(self, **options)

    monkeypatch.setattr(parser._CommandParser, "__init__", noting)
    assert parser.parse(["--data-dir", "somewhere"]).command is None
    assert made == []
    assert parser.parse(["list"]).command == "list"
    assert made == ["keypairs list"]
