"""Every operation of the API by keyboard alone, on a screen of each size."""

import csv
import json
import re
import time
from pathlib import Path

import pytest

from core.local.opening import open_local
from core.model import Tag, TagSpecification
from core.session import Session
from tests.helpers import PUBLIC_KEY, SIZES
from tests.pty.terminal import OpenApp, wait_until

FINGERPRINT = "uD/cUEgNe5PmOWBUh69pdxNoBd7Tir4ottSlQJy62y8="


def fill(session: Session, *names: str, tags: tuple[Tag, ...] = (Tag("Env", "prod"),)) -> None:
    for name in names:
        session.backend.create_key_pair(
            key_name=name,
            key_type="ed25519",
            tag_specifications=[TagSpecification("key-pair", tags)],
        )


def names(session: Session) -> list[str]:
    return sorted(key_pair.key_name for key_pair in session.backend.describe_key_pairs())


@pytest.mark.long
@SIZES
def test_a_pasted_public_key_is_imported(
    open_app: OpenApp, session: Session, size: tuple[int, int]
) -> None:
    terminal = open_app(size=size)
    terminal.wait_for("No key pairs")
    terminal.press("i")
    terminal.wait_for("Import a public key")
    terminal.type("laptop")
    terminal.step("Tab")
    terminal.paste(f"{PUBLIC_KEY} sam@laptop\n")
    terminal.wait_for(FINGERPRINT[:9])  # the end of a line may part it
    terminal.press("Enter")
    terminal.wait_for("imported laptop")
    [imported] = session.backend.describe_key_pairs()
    assert (imported.key_name, imported.key_fingerprint) == ("laptop", FINGERPRINT)


@pytest.mark.long
@SIZES
def test_a_public_key_is_picked_from_the_ssh_folder(
    open_app: OpenApp, session: Session, tmp_path: Path, size: tuple[int, int]
) -> None:
    folder = tmp_path / "home" / ".ssh"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "other.pub").write_text("ssh-dss AAAA\n")
    (folder / "sam.pub").write_text(f"{PUBLIC_KEY} \x1b[31mred\n")
    terminal = open_app(size=size)
    terminal.wait_for("No key pairs")
    terminal.press("i")
    terminal.wait_for("Import a public key")
    terminal.press("C-o")
    terminal.wait_for("Pick a public key")
    terminal.type("sam")
    terminal.wait_until_gone("other.pub")
    terminal.press("Enter")
    terminal.wait_for("EC2 will show")
    terminal.press("Enter")
    terminal.wait_for("imported sam")
    assert names(session) == ["sam"]


@pytest.mark.long
def test_a_private_key_pasted_by_mistake_is_named_as_one_and_not_kept(
    open_app: OpenApp, session: Session
) -> None:
    terminal = open_app()
    terminal.wait_for("No key pairs")
    terminal.press("i")
    terminal.wait_for("Import a public key")
    terminal.type("oops")
    terminal.step("Tab")
    terminal.paste("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")
    terminal.wait_for("private key")
    terminal.press("Enter")
    # Nothing of it reached the field, and that is why something is missing.
    screen = terminal.wait_for(lambda screen: screen.count("This is a private key") == 2)
    assert "AAAA" not in screen
    assert names(session) == []


@pytest.mark.long
@SIZES
def test_the_filter_narrows_and_says_what_is_wrong_with_a_term(
    open_app: OpenApp, session: Session, size: tuple[int, int]
) -> None:
    fill(session, "web-blue", "web-green", "batch")
    fingerprint = session.backend.describe_key_pairs()[1].custody.fingerprints.ssh_sha256
    terminal = open_app(size=size)
    terminal.wait_for("3 pairs")
    terminal.press("/")
    terminal.type("name:web*")
    terminal.wait_for("2 of 3")
    terminal.wait_until_gone("batch")
    terminal.type(" type:dsa")
    terminal.wait_for("takes rsa or ed25519")
    terminal.press("Escape")
    terminal.wait_for("batch")
    terminal.press("/")
    terminal.type(fingerprint)
    terminal.wait_for("1 of 3")
    terminal.wait_for("that is")
    terminal.press("Enter")
    terminal.press("Enter")
    terminal.wait_for(lambda screen: "y copy" in screen and "web-green" in screen)


@SIZES
def test_tags_are_edited_and_added_to_several(
    open_app: OpenApp, session: Session, size: tuple[int, int]
) -> None:
    fill(session, "one", "two")
    terminal = open_app(size=size)
    terminal.wait_for("2 pairs")
    terminal.press("t")
    terminal.wait_for("Tags of one")
    terminal.type("Team")
    terminal.press("Tab")
    terminal.type("ci")
    terminal.wait_for("2 of 50")
    terminal.press("Enter")
    terminal.wait_for("tags saved")
    assert [pair.tags for pair in session.backend.describe_key_pairs()] == [
        (Tag("Env", "prod"), Tag("Team", "ci")),
        (Tag("Env", "prod"),),
    ]
    terminal.press("Space")
    terminal.press("Space")
    terminal.wait_for("2 chosen")
    terminal.press("t")
    terminal.wait_for("Add tags to 2 key pairs")
    terminal.type("Env")
    terminal.press("Tab")
    terminal.type("test")
    terminal.wait_for("overwrites what 2 of 2")
    terminal.press("Enter")
    terminal.wait_for("Env=test set on 2 pairs")
    assert {tag for pair in session.backend.describe_key_pairs() for tag in pair.tags} == {
        Tag("Env", "test"),
        Tag("Team", "ci"),
    }


@SIZES
def test_an_unsaved_pair_is_deleted_by_y_and_brought_back_by_u(
    open_app: OpenApp, session: Session, size: tuple[int, int]
) -> None:
    fill(session, "one", "two")
    before = session.backend.describe_key_pairs()
    terminal = open_app(size=size)
    terminal.wait_for("2 pairs")
    terminal.press("d")
    terminal.wait_for("Delete this key pair?")
    terminal.press("y")
    terminal.wait_for("deleted one")
    assert names(session) == ["two"]
    terminal.press("u")
    terminal.wait_for("brought one back")
    assert sorted(session.backend.describe_key_pairs(), key=lambda p: p.key_name) == list(before)


@pytest.mark.long
@SIZES
def test_a_protected_pair_wants_its_name_typed(
    open_app: OpenApp, session: Session, size: tuple[int, int]
) -> None:
    fill(session, "precious", tags=(Tag("protected"),))
    terminal = open_app(size=size)
    terminal.wait_for("1 pair")
    terminal.press("d")
    terminal.wait_for("type precious")
    terminal.type("yes")
    terminal.press("Enter")
    terminal.wait_for("this is not it")
    assert names(session) == ["precious"]
    terminal.press("C-u")
    terminal.type("precious")
    terminal.press("Enter")
    terminal.wait_for("No key pairs")
    assert names(session) == []


@pytest.mark.long
def test_several_are_deleted_together(open_app: OpenApp, session: Session) -> None:
    fill(session, "a", "b", "c")
    terminal = open_app()
    terminal.wait_for("3 pairs")
    terminal.press("Space")
    terminal.press("Space")
    terminal.wait_for("2 chosen")
    terminal.press("d")
    terminal.wait_for("Delete these 2 key pairs?")
    terminal.press("y")
    terminal.wait_for("1 pair")
    assert names(session) == ["c"]


@pytest.mark.long
@SIZES
def test_the_details_say_everything(
    open_app: OpenApp, session: Session, size: tuple[int, int]
) -> None:
    fill(session, "one")
    [pair] = session.backend.describe_key_pairs()
    terminal = open_app(size=size)
    terminal.wait_for("1 pair")
    terminal.press("Enter")
    terminal.wait_for(pair.key_pair_id)
    for _ in range(50):
        # The end comes when what takes long to find out has been put below the rest.
        terminal.press("End")
        time.sleep(0.1)
        if "aws_key_pair" in terminal.screen():
            break
    terminal.press("Home")
    terminal.wait_for(pair.key_pair_id)
    for part in (
        "Public key",
        "Fingerprints",
        "History",
        "fileb://",
        "aws_key_pair",
        "SHA256]",
    ):
        while part not in terminal.screen():
            terminal.step("PageDown")
    terminal.press("Escape")
    terminal.wait_for("1 pair")


@pytest.mark.long
@SIZES
def test_another_region_is_looked_at(
    open_app: OpenApp, session: Session, tmp_path: Path, size: tuple[int, int]
) -> None:
    fill(session, "here")
    fill(open_local(tmp_path / "data", "eu-central-1"), "there", "there-too")
    terminal = open_app(size=size)
    terminal.wait_for("1 pair")
    terminal.press("r")
    terminal.wait_for(lambda screen: re.search(r"eu-central-1 .* 2\b", screen))
    terminal.type("frankfurt")
    terminal.wait_until_gone("us-east-2")
    terminal.press("Enter")
    terminal.wait_for("eu-central-1 Frankfurt   2 pairs")
    terminal.wait_for("there-too")


@pytest.mark.long
def test_the_list_is_exported(open_app: OpenApp, session: Session, tmp_path: Path) -> None:
    fill(session, "=1+1", "two")
    terminal = open_app()
    for suffix in ("csv", "json"):
        terminal.wait_for("2 pairs")
        terminal.press("e")
        terminal.wait_for("Export 2 key pairs")
        terminal.press("C-u")
        terminal.type(f"~/list.{suffix}")
        terminal.press("Enter")
        path = tmp_path / "home" / f"list.{suffix}"
        wait_until(path.exists)
        terminal.wait_for("exported 2")
        text = path.read_text()
        if suffix == "json":
            assert [pair["KeyName"] for pair in json.loads(text)["KeyPairs"]] == ["=1+1", "two"]
        else:
            rows = csv.DictReader(text.splitlines())
            assert [row["KeyName"] for row in rows] == ["'=1+1", "two"]


@pytest.mark.long
@SIZES
def test_help_and_journal_and_its_other_key_are_there(
    open_app: OpenApp, session: Session, size: tuple[int, int]
) -> None:
    fill(session, "one")
    terminal = open_app(size=size)
    terminal.wait_for("1 pair")
    terminal.press("?")
    terminal.wait_for("Help")
    terminal.type("journal")
    terminal.wait_for("The journal: what")
    terminal.press("Enter")
    terminal.wait_for("create  one")
    terminal.press("Escape")
    terminal.wait_for("1 pair")
    terminal.press("C-p")
    terminal.wait_for("Help")
    terminal.type("import")
    terminal.wait_for("Import a public key")
    terminal.press("Enter")
    terminal.wait_for("Import a public key ")


def test_another_session_is_noticed(open_app: OpenApp, session: Session) -> None:
    fill(session, "one", "two")
    [two] = [pair for pair in session.backend.describe_key_pairs() if pair.key_name == "two"]
    terminal = open_app()
    terminal.wait_for("2 pairs")
    terminal.press("Down")
    # By `R`, and when the terminal says that the person is back.
    for number, sent in enumerate((b"R", b"\x1b[O\x1b[I")):
        fill(session, f"aaa-{number}")
        terminal.send(sent)
        terminal.wait_for(f"{3 + number} pairs")
        terminal.step("Up", "Down")  # what was said goes, and the cursor is where it was
        terminal.wait_for(two.key_pair_id)
