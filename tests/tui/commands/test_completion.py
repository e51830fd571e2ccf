"""Completion and the manual page: made of the parser, and of no use where they are not current."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.helpers import PUBLIC_KEY, Run
from tests.tui.commands import generated
from tests.tui.commands.calling import call
from tui.commands.completion import SCRIPTS

ROOT = Path(__file__).parents[3]
ODD = "two words $(touch hacked)"


@pytest.fixture
def store_of_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KEYPAIRS_DATA_DIR", str(tmp_path / "data"))
    for name in ("web", ODD):
        assert call("import-key-pair", "--key-name", name, "--public-key-material", PUBLIC_KEY) == 0
    program = tmp_path / "keypairs"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tui "$@"\n')
    program.chmod(0o755)
    return tmp_path


def test_the_files_that_are_checked_in_are_those_of_todays_parser() -> None:
    for name, text in generated.made().items():
        assert (generated.FOLDER / name).read_text() == text, (
            f"{name} is out of date: python -m tests.tui.commands.generated"
        )


@pytest.mark.parametrize("shell", [*SCRIPTS])
def test_the_command_prints_a_script_that_its_shell_understands(
    shell: str, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("completion", shell) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)
    assert script.stat().st_size > 5_000
    run(shell, "-n", script)


@pytest.mark.parametrize("option", ["--region", "--data-dir", "--policy", "--read-only"])
def test_what_means_nothing_to_a_fixed_text_is_refused(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    value = [] if option == "--read-only" else ["x"]
    assert call("completion", "bash", option, *value) == 2
    said = f"keypairs: completion prints a fixed text. Leave out {option}.\n"
    assert capsys.readouterr() == ("", said)


BASH = """
source {script}
COMP_WORDS=({words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_shtab_keypairs
printf '%s\\n' "${{COMPREPLY[@]}}"
"""

COMPLETED: Sequence[tuple[Sequence[str], set[str]]] = (
    (["cre"], {"create-key-pair", "create-tags"}),
    (["show", ""], {"web", ODD}),
    (["describe-key-pairs", "--key-names", "w"], {"web"}),
    (["delete-key-pair", "--key-name", ""], {"web", ODD}),
    (["create-tags", "--resources", "tw"], {ODD}),
    (["list", "--region", "eu-west"], {"eu-west-1", "eu-west-2", "eu-west-3"}),
    (["restore", "us-gov"], {"us-gov-east-1", "us-gov-west-1"}),
    (["create-key-pair", "--output", ""], {"json", "text", "table"}),
    (["create-key-pair", "--save-f"], {"--save-format"}),
)


def in_shell(name: str, tool: Callable[[str], str], folder: Path, code: str) -> list[str]:
    done = subprocess.run(
        [tool(name), "-c", code],
        cwd=folder,
        env={
            "PATH": f"{folder}:{os.environ['PATH']}",
            "HOME": str(folder),
            "KEYPAIRS_DATA_DIR": str(folder / "data"),
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.long
def test_bash_completes_commands_options_regions_and_names(
    store_of_two: Path, tool: Callable[[str], str]
) -> None:
    script = generated.FOLDER / SCRIPTS["bash"]
    wrong = []
    for words, expected in COMPLETED:
        quoted = " ".join(f"'{word}'" for word in ("keypairs", *words))
        code = BASH.format(script=script, words=quoted)
        found = {line.replace("\\", "") for line in in_shell("bash", tool, store_of_two, code)}
        if found != expected:
            wrong.append((words, found))
    assert wrong == []
    assert not (store_of_two / "hacked").exists()


@pytest.mark.long
def test_fish_completes_commands_options_regions_and_names(
    store_of_two: Path, tool: Callable[[str], str]
) -> None:
    script = generated.FOLDER / SCRIPTS["fish"]
    wrong = []
    for words, expected in COMPLETED:
        line = " ".join(["keypairs", *words])
        code = f"source {script}; complete -C '{line}'"
        found = {each.split("\t")[0] for each in in_shell("fish", tool, store_of_two, code)}
        if not expected <= found:
            wrong.append((words, found))
    assert wrong == []
    assert not (store_of_two / "hacked").exists()


def test_the_manual_page_names_every_command_and_status(run: Run) -> None:
    page = run("man", "-l", generated.FOLDER / generated.MANUAL).stdout.decode()
    for name in (
        "create-key-pair",
        "wait",
        "doctor",
        "KEYPAIRS_DATA_DIR",
        "config.toml",
        "EC2 ITSELF",
    ):
        assert name in page
    assert page.count("exit status:") >= 10
    # As it is to be pasted.
    assert '"Action": ["ec2:DescribeKeyPairs", "ec2:ImportKeyPair"]}' in page
