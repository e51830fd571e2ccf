import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from core.local.opening import open_local
from tests.helpers import Run
from tests.pty.terminal import (
    OpenApp,
    create_key_pair,
    fact,
    flat,
    open_form,
    records,
    save_key_material,
    wait_for_free_name,
)

PROOFS = (
    "✓ Saved to ~/.ssh/{}",
    "synced",
    "· mode 0600, yours",
    "· reads back as this key",
    "· fingerprint equal",
)

KINDS = [
    ("rsa", "pem"),
    pytest.param("ed25519", "pem", marks=pytest.mark.long),
    pytest.param("rsa", "ppk", marks=pytest.mark.long),
    pytest.param("ed25519", "ppk", marks=pytest.mark.long),
]


def for_openssh(run: Run, path: Path) -> Path:
    if path.suffix == ".pem":
        return path
    # puttygen -L would only repeat the public half, which stands in the file beside the private.
    converted = path.with_suffix(".converted")
    empty = ["--new-passphrase", "/dev/null"]
    run("puttygen", path, "-O", "private-openssh", "-o", converted, *empty)
    return converted


def fingerprint_by_aws_own_commands(run: Run, key_type: str, private_key: Path) -> str:
    if key_type == "rsa":
        to_der = ["-inform", "PEM", "-outform", "DER", "-topk8", "-nocrypt"]
        der = run("openssl", "pkcs8", "-in", private_key, *to_der).stdout
        return run("openssl", "sha1", "-c", stdin=der).stdout.decode().split()[-1]
    listed = run("ssh-keygen", "-l", "-f", private_key).stdout.decode().split()[1]
    return listed.removeprefix("SHA256:") + "="


def check_saved(
    run: Run, signs_for: Callable[[Path, str], bool], folder: Path, name: str, screen: str
) -> None:
    """Check the file, the record and the screen of the one pair, by other programs."""
    [record] = records(folder)
    path = folder / "home" / ".ssh" / name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == [name]

    private_key = for_openssh(run, path)
    private_key.chmod(0o600)
    public_key = run("ssh-keygen", "-y", "-f", private_key).stdout.decode().split()[:2]
    assert " ".join(public_key) == record["PublicKey"]
    if record["KeyType"] == "rsa":
        run("openssl", "rsa", "-in", private_key, "-check", "-noout")
    assert signs_for(private_key, record["PublicKey"])

    fingerprint = fingerprint_by_aws_own_commands(run, record["KeyType"], private_key)
    assert fact(screen, "Fingerprint") == record["KeyFingerprint"] == fingerprint
    assert fact(screen, "Id") == record["KeyPairId"]
    assert fact(screen, "OpenSSH") in run("ssh-keygen", "-l", "-f", private_key).stdout.decode()
    assert record["PrivateKey"] == "saved"
    assert record["SavedTo"] == [str(path)]


@pytest.mark.parametrize(("key_type", "key_format"), KINDS)
def test_a_pair_is_created_and_saved_by_keyboard_alone(
    open_app: OpenApp,
    run: Run,
    signs_for: Callable[[Path, str], bool],
    tmp_path: Path,
    key_type: str,
    key_format: str,
) -> None:
    name = f"deploy.{key_format}"
    terminal = open_app()
    create_key_pair(terminal, "deploy", key_type, key_format)
    screen = save_key_material(terminal)
    assert all(proof.format(name) in flat(screen) for proof in PROOFS), screen
    assert fact(screen, "Type") == key_type
    assert f"/{name}, as {'pem' if key_format == 'pem' else 'ppk2'}" in flat(screen)
    check_saved(run, signs_for, tmp_path, name, screen)

    terminal.press("Escape")
    terminal.wait_for(f"saved to ~/.ssh/{name}")
    listed = terminal.rest()
    assert "1 pair" in listed
    assert "   deploy" in listed
    assert "!" not in listed
    terminal.press("q")
    assert terminal.wait_for_end() == 0


@pytest.mark.long
def test_a_pair_is_created_and_saved_on_60_by_15(
    open_app: OpenApp, run: Run, signs_for: Callable[[Path, str], bool], tmp_path: Path
) -> None:
    terminal = open_app(size=(60, 15))
    unsaved = create_key_pair(terminal, "small", "rsa", "ppk")
    screen = save_key_material(terminal)
    assert all(proof.format("small.ppk") in flat(screen) for proof in PROOFS), screen
    assert fact(unsaved, "Fingerprint") == fact(screen, "Fingerprint")
    check_saved(run, signs_for, tmp_path, "small.ppk", screen)
    terminal.press("Escape")
    terminal.wait_for("saved to ~/.ssh/small.ppk")


@pytest.mark.long
def test_tags_that_were_typed_are_stored(open_app: OpenApp, tmp_path: Path) -> None:
    terminal = open_app()
    terminal.wait_for("? help")
    open_form(terminal, "tagged")
    terminal.step("C-t")
    terminal.type("env")
    terminal.wait_for("1 of 50")
    terminal.step("Tab")
    terminal.type("prod")
    terminal.wait_for("prod")
    terminal.step("C-t")
    terminal.type("owner")
    terminal.wait_for("2 of 50")
    terminal.press("Enter")
    terminal.wait_for("press enter to create without one")
    terminal.press("Enter")
    terminal.wait_for("asks before it leaves")
    [record] = records(tmp_path)
    assert record["Tags"] == [{"Key": "env", "Value": "prod"}, {"Key": "owner", "Value": ""}]
    save_key_material(terminal)
    terminal.press("Escape")
    terminal.wait_for("env=prod  owner")


@pytest.mark.long
def test_a_dry_run_answers_as_ec2_does_and_stores_nothing(
    open_app: OpenApp, tmp_path: Path
) -> None:
    terminal = open_app()
    terminal.wait_for("? help")
    open_form(terminal, "dry")
    terminal.press("C-d")
    answer = "you may create it (DryRunOperation), and enter would"
    screen = terminal.wait_for(lambda screen: answer in flat(screen))
    assert "Name         ▌ dry" in screen
    assert not (tmp_path / "data").exists()
    terminal.press("Escape")
    terminal.wait_for("No key pairs")
    terminal.press("q")
    assert terminal.wait_for_end() == 0
    assert not (tmp_path / "data").exists()
    assert list((tmp_path / "home").iterdir()) == []


@pytest.mark.long
def test_a_refusal_finds_the_form_still_filled_in(open_app: OpenApp, tmp_path: Path) -> None:
    terminal = open_app()
    terminal.wait_for("? help")
    open_form(terminal, "contested")
    terminal.step("C-t")
    terminal.type("env")
    terminal.wait_for("1 of 50")
    terminal.step("BTab", "Right", "BTab", "Right")

    other = open_local(tmp_path / "data", "us-east-1")
    theirs = other.backend.create_key_pair(key_name="contested", key_type="ed25519").key_pair
    terminal.press("Enter")
    answer = "InvalidKeyPair.Duplicate: The keypair already exists"
    screen = terminal.wait_for(lambda screen: answer in flat(screen))
    assert "Create a key pair" in screen
    assert "Name         ▌ contested" in screen
    assert "● ed25519" in screen
    assert "● ppk" in screen
    assert "Tags         ▌ env " in screen

    # The focus is in the name again, so that what is typed next mends it.
    terminal.type("-2")
    wait_for_free_name(terminal, "contested-2")
    terminal.press("Enter")
    terminal.wait_for("asks before it leaves")
    first, second = records(tmp_path)
    assert first["KeyPairId"] == theirs.key_pair_id
    assert second["KeyName"] == "contested-2"
    assert second["KeyType"] == "ed25519"
    assert second["Tags"] == [{"Key": "env", "Value": ""}]


@pytest.mark.long
def test_saving_never_overwrites_and_never_follows_a_link(
    open_app: OpenApp, run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "home" / ".ssh"
    folder.mkdir(mode=0o700, parents=True)
    (folder / "link").symlink_to(folder / "target")
    terminal = open_app()
    create_key_pair(terminal, "careful", "ed25519")
    terminal.press("s")
    terminal.wait_for("new file in a folder only you can read")

    # It comes into being after the dialog has looked.
    (folder / "careful.pem").write_text("somebody else's")
    terminal.press("Enter")
    terminal.wait_for("there is such a file, and none is overwritten")
    assert (folder / "careful.pem").read_text() == "somebody else's"

    terminal.step("C-u")
    terminal.type("~/.ssh/link")
    terminal.wait_for("this is a link; a key is never saved through one")
    terminal.press("Enter")
    screen = terminal.wait_for("Not saved: this is a link")
    assert "Save the private key" in screen
    assert sorted(file.name for file in folder.iterdir()) == ["careful.pem", "link"]

    terminal.press("Escape")
    terminal.wait_for("esc again discards what you typed")
    terminal.press("Escape")
    assert "esc leave" in terminal.wait_for("asks before it leaves")
    [record] = records(tmp_path)
    assert record["PrivateKey"] == "unsaved"

    # The key is still there, and can go elsewhere.
    terminal.press("s")
    terminal.wait_for("~/.ssh/careful-2.pem")
    terminal.step("C-u")
    terminal.type("~/keys/mine")
    terminal.wait_for("the folder ~/keys is missing; it will be made, readable by you alone")
    terminal.press("Enter")
    terminal.wait_for(lambda screen: "press enter again" in flat(screen))
    assert not (tmp_path / "home" / "keys").exists()
    terminal.press("Enter")
    terminal.wait_for("Saved to ~/keys/mine")
    saved = tmp_path / "home" / "keys" / "mine"
    public_key = run("ssh-keygen", "-y", "-f", saved).stdout.decode().split()[:2]
    assert " ".join(public_key) == record["PublicKey"]
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert records(tmp_path)[0]["SavedTo"] == [str(saved)]
