"""What the commands print on a terminal: nothing is broken within a word."""

import io

import pytest

from tui import __main__ as command
from tui.commands.wrapping import say, wrapped


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_lines_are_broken_between_words_and_nothing_is_lost() -> None:
    text = "error    " + "the private key  of 日本語 is gone, " * 5
    lines = wrapped(text, 30, indent=4)
    assert "".join([lines[0], *(f" {line[4:]}" for line in lines[1:])]) == text
    assert len(lines) > 4
    assert all(len(line) + line.count("日本語") * 3 <= 30 for line in lines)


def test_a_command_stays_whole_to_be_copied() -> None:
    restore = "keypairs restore us-east-1 --data-dir '/tmp/two words'"
    assert wrapped(f"See what comes back: {restore}", 40, 2) == [
        "See what comes back:",
        f"  {restore}",
    ]
    lines = wrapped("Look: keypairs find '/tmp/a b'. Bring it back from a backup.", 34, 2)
    assert lines == ["Look: keypairs find '/tmp/a b'.", "  Bring it back from a backup."]
    long = "/nowhere/" + "x" * 90
    assert wrapped(f"{long} is gone", 40, 2) == [long, "  is gone"]
    assert wrapped("         " + long, 40, 9) == ["         " + long]


def test_only_a_terminal_gets_several_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    for stream, count in ((io.StringIO(), 1), (Terminal(), 3)):
        say("looked at 3 key pairs in 2 Regions, and found something", stream)
        assert len(stream.getvalue().splitlines()) == count


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("name", ["find", "doctor", "restore"])
def test_the_help_fits_the_terminal(
    name: str, columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    with pytest.raises(SystemExit):
        command.main([name, "--help"])
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= min(columns - 1, 79)
    assert "options:" in text.splitlines()
