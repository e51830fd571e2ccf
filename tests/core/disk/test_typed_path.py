"""What a typed path is taken for, and what completes it."""

from pathlib import Path

import pytest

from core.disk import destination, typed_path
from tests.each_row import each_row


@each_row(
    ("text", "words"),
    [
        ("C:\\keys\\web.pem", "path of Windows"),
        ("%USERPROFILE%/web.pem", "path of Windows"),
        ("'~/web.pem'", "quotes"),
        ('"/tmp/web.pem"', "quotes"),
        ("$HOME/web.pem", "variable of the shell"),
        ("~/${X}/y/web.pem", "variable of the shell"),
        ("$HOME", "variable of the shell"),
        ("~/.ssh/$NAME", "variable of the shell"),
        ("~/.ssh/web-${USER}.pem", "variable of the shell"),
        ("~/my\\ keys/web.pem", "type the character behind it"),
        ("~/my\\~keys/web.pem", "type the character behind it"),
        ('~/"my keys"/web.pem', "quotes"),
        ("~/'my keys'/web.pem", "quotes"),
        ("~/a'b c'd/web.pem", "quotes"),
        ('fileb://"~/web.pem"', "quotes"),
        ('"fileb://~/web.pem"', "quotes"),
        ("~/web.pem'", "quotes"),
        ("sub\\web.pem", "type / between folders"),
        (".\\web.pem", "type / between folders"),
        ("~nobody-of-that-name/web.pem", "there is no such user"),
    ],
)
def test_what_only_a_shell_understands_is_named_and_makes_no_folder(text: str, words: str) -> None:
    found = destination.examine(text)
    assert not found.usable
    assert words in found.explanation


def test_what_is_there_may_be_called_as_a_shell_would_call_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.chdir(tmp_path)
    odd = tmp_path / "the \"old\" $HOME 'a\\b'"
    odd.mkdir(mode=0o700)
    for text in (f"{odd}/web.pem", f"{odd.name}/web.pem", f"fileb://{odd}/o'neill.pem"):
        found = destination.examine(text)
        assert found.usable
        assert found.makes is None
    assert "quotes" in destination.examine(f"{odd}/'web'.pem").explanation
    (odd / '"web".pem').touch()
    assert "none is overwritten" in destination.examine(f'{odd}/"web".pem').explanation


@pytest.mark.parametrize("name", ["config", "authorized_keys", "known_hosts", "environment", "rc"])
@pytest.mark.parametrize("is_there", [False, True])
def test_no_private_key_gets_a_name_that_ssh_reads_for_something_else(
    tmp_path: Path, name: str, is_there: bool
) -> None:
    if is_there:
        (tmp_path / ".ssh").mkdir(mode=0o700)
    found = destination.examine(f"{tmp_path}/.ssh/{name}")
    assert not found.usable
    assert found.explanation == f"ssh reads {name} there for something else"
    assert destination.examine(f"{tmp_path}/.ssh/{name}.pem").usable


def test_the_mark_of_the_aws_cli_is_understood_and_a_relative_path_says_where_it_lands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.chdir(tmp_path)
    for text in (f"fileb://{tmp_path}/x.pem", f"file://{tmp_path}/x.pem"):
        assert destination.examine(text).path == tmp_path / "x.pem"
    found = destination.examine("x.pem")
    absolute = destination.examine(f"{tmp_path}/x.pem")
    assert found.explanation == f"{tmp_path / 'x.pem'}: {absolute.explanation}"


def test_a_path_is_completed_one_level_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh" / "old").mkdir(parents=True)
    (tmp_path / ".ssh" / "old" / "web.pem").touch()
    (tmp_path / ".ssh" / "old" / "evil\x1b[31m").touch()
    steps = ["~", "~/", "~/.s", "~/.ssh/", "~/.ssh/old/"]
    assert [typed_path.completed(step) for step in steps] == [
        "~/",
        None,
        "~/.ssh/",
        "~/.ssh/old/",
        "~/.ssh/old/web.pem",
    ]
    assert typed_path.completed("~/.ssh/old/e") is None
    assert typed_path.completed("~/.s", only_folders=True) == "~/.ssh/"
    assert typed_path.completed("~/.ssh/old/w", only_folders=True) is None
    (tmp_path / ".ssh" / "old" / "web.pub").touch()
    assert typed_path.completed("~/.ssh/old/w", ".pub") == "~/.ssh/old/web.pub"
    assert typed_path.completed("~/.ssh/ol", ".pub") == "~/.ssh/old/"
    # What is there as it was typed is meant, whatever else begins like it.
    for name in ("web.pem-", "web.pem.pub"):
        (tmp_path / ".ssh" / "old" / name).touch()
    (tmp_path / ".ssh" / "old.pub").touch()
    assert typed_path.completed("~/.ssh/old/web.pem") is None
    assert typed_path.completed("~/.ssh/old/web.pem", ".pub") is None
    # No other file is offered where one of that ending is wanted.
    assert typed_path.completed("~/.ssh/old/web.pe") == "~/.ssh/old/web.pem"
    assert typed_path.completed("~/.ssh/old/web.pe", ".pub") == "~/.ssh/old/web.pem.pub"
    (tmp_path / ".ssh" / "old" / "web.pem.pub").unlink()
    assert typed_path.completed("~/.ssh/old/web.pe", ".pub") is None
    assert typed_path.completed("~/.ssh/old", ".pub") == "~/.ssh/old/"
    (tmp_path / ".ssh" / "old" / "gone").symlink_to("nowhere")
    (tmp_path / ".ssh" / "old" / "gone-too").touch()
    assert typed_path.completed("~/.ssh/old/gone") is None
