"""Saving a private key in other formats, in a real terminal, with the tools that read them."""

import json
from pathlib import Path

import pytest

from tests.helpers import Run
from tests.pty.terminal import OpenApp, create_key_pair, flat

PHRASE = "clasp yearly gotten"


@pytest.mark.long
@pytest.mark.parametrize("size", [(60, 15), (80, 24)], ids=["60x15", "80x24"])
def test_two_files_from_one_reveal(
    open_app: OpenApp, run: Run, tmp_path: Path, size: tuple[int, int]
) -> None:
    home = tmp_path / "home"
    terminal = open_app(size=size)
    create_key_pair(terminal, "small", "ed25519")
    home.chmod(0o755)

    # First in the home, which others can list: that asks.
    terminal.press("s")
    terminal.wait_for("~/.ssh/small.pem")
    terminal.step("C-u")
    terminal.type("~/small.pem")
    terminal.wait_for(lambda screen: "others can list its folder" in flat(screen))
    terminal.press("Enter")
    asked = terminal.wait_for(lambda screen: "press enter again" in flat(screen))
    assert "Also" in asked
    assert not (home / "small.pem").exists()
    terminal.press("Enter")
    terminal.wait_for("✓ Saved to ~/small.pem")

    # Then for PuTTY, with a passphrase and the public key beside it, by keyboard alone.
    terminal.press("s")
    terminal.wait_for("● ppk2")
    terminal.step("Tab", "Right")
    terminal.wait_for("● ppk3")
    terminal.step("Tab")
    terminal.type(PHRASE)
    terminal.wait_for("an estimated")
    terminal.step("Tab")
    terminal.type(PHRASE)
    terminal.wait_for(lambda screen: "the two are the same" in flat(screen))
    terminal.step("Tab", "Space")
    terminal.wait_for("[x] public key as ~/.ssh/small.pub")
    terminal.press("Enter")
    saved = terminal.wait_for("✓ Saved to ~/.ssh/small.ppk, as ppk3, encrypted")
    assert "✓ Saved to ~/small.pem" in saved
    assert "✓ Public key saved to ~/.ssh/small.pub" in saved
    assert "opens with its passphrase" in flat(saved)
    terminal.press("Escape")
    terminal.wait_for("1 pair")
    terminal.press("q")
    assert terminal.wait_for_end() == 0

    record = next(
        iter(json.loads((tmp_path / "data" / "us-east-1.json").read_bytes())["key_pairs"].values())
    )
    assert record["SavedTo"] == [str(home / "small.pem"), str(home / ".ssh" / "small.ppk")]
    (tmp_path / "phrase").write_text(PHRASE)
    ppk = home / ".ssh" / "small.ppk"
    plain = tmp_path / "plain"
    run("puttygen", ppk, "--old-passphrase", tmp_path / "phrase", "-O", "private-openssh", "-o",
        plain, "--new-passphrase", "/dev/null")  # fmt: skip
    for key_file in (plain, home / "small.pem"):
        public = run("ssh-keygen", "-y", "-f", key_file).stdout.decode().split()[:2]
        assert " ".join(public) == record["PublicKey"]
    assert (home / ".ssh" / "small.pub").read_text() == f"{record['PublicKey']} small\n"
    # The passphrase was typed into the program and came out nowhere.
    assert PHRASE.encode() not in terminal.output()
    assert b"yearly" not in terminal.output()
    data = [path.read_bytes() for path in (tmp_path / "data").iterdir() if path.is_file()]
    assert not any(b"yearly" in content for content in data)
