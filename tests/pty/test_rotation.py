"""Replacing a pair and copying one to other Regions, by keyboard alone, in both sizes."""

import pytest

from core.model import Tag, TagSpecification
from core.region_imports import fingerprint_elsewhere
from core.session import Session
from tests.helpers import SIZES
from tests.pty.terminal import OpenApp, flat, save_key_material, wait_for_free_name


@pytest.fixture
def session(session: Session) -> Session:
    session.backend.create_key_pair(
        key_name="ci-deploy",
        tag_specifications=[TagSpecification("key-pair", [Tag("Env", "prod")])],
    )
    return session


@pytest.mark.long
@SIZES
def test_a_pair_is_replaced_and_retired(
    open_app: OpenApp, session: Session, size: tuple[int, int]
) -> None:
    terminal = open_app(size=size)
    terminal.wait_for("1 pair")
    terminal.press("n")
    terminal.wait_for("› Replace ci-deploy")
    wait_for_free_name(terminal, "ci-deploy-2")
    assert "stays until you delete it" in terminal.screen()
    terminal.press("Enter")
    terminal.wait_for("asks before it leaves")
    terminal.press("Escape")
    # Left without saving: the old pair is guarded.
    terminal.wait_for("Leave without")
    terminal.type("ci-deploy-2")
    terminal.step("Tab", "Right")
    terminal.press("Enter")
    terminal.wait_for("gave up the private key of ci-deploy-2")
    terminal.press("Up")
    # Nothing invites to delete it while nobody has the new key.
    screen = terminal.wait_for("replaced by ci-deploy-2 · ")
    assert "its private key was never saved" in screen
    assert "deletes this pair" not in screen
    terminal.press("Down")
    assert "its private key was never saved" in terminal.wait_for("replaces ci-deploy · ")
    terminal.press("Up")
    terminal.wait_for("replaced by ci-deploy-2 · ")
    terminal.press("d")
    # Nobody could log in with it anyway: it was never saved itself.
    assert "locked out" not in terminal.wait_for("To delete it, press y")
    terminal.press("Escape")
    # Once more, and saved this time.
    terminal.wait_for("2 pairs")
    terminal.press("n")
    terminal.wait_for("› Replace ci-deploy")
    wait_for_free_name(terminal, "ci-deploy-3")
    terminal.press("Enter")
    terminal.wait_for("asks before it leaves")
    save_key_material(terminal)
    terminal.press("Escape")
    terminal.wait_for("3 pairs")
    terminal.step("g")
    terminal.wait_for("replaced by ci-deploy-3; d deletes this pair")
    terminal.press("d")
    screen = terminal.wait_for("Delete this key pair?")
    assert "Replaced by ci-deploy-3 · was saved to ~/.ssh/ci-deploy-3.pem" in flat(screen)
    terminal.press("y")
    terminal.wait_for("deleted ci-deploy; u brings it back")
    assert [pair.key_name for pair in session.backend.describe_key_pairs()] == [
        "ci-deploy-2",
        "ci-deploy-3",
    ]
    assert {pair.tags for pair in session.backend.describe_key_pairs()} == {(Tag("Env", "prod"),)}


@pytest.mark.long
@SIZES
def test_a_pair_is_copied_by_the_help_and_by_its_key(
    open_app: OpenApp, session: Session, size: tuple[int, int]
) -> None:
    [pair] = session.backend.describe_key_pairs()
    session.for_region("eu-west-1").backend.create_key_pair(
        key_name="ci-deploy", key_type="ed25519"
    )
    terminal = open_app(size=size)
    terminal.wait_for("1 pair")
    terminal.press("C-p")
    terminal.wait_for("Help")
    terminal.type("other Regions")
    terminal.wait_for("Import the pair, or the chosen ones")
    terminal.press("Enter")
    terminal.wait_for("Import ci-deploy into other Regions")
    terminal.wait_for(fingerprint_elsewhere(pair))
    terminal.press("Escape")
    terminal.wait_for("c create")
    terminal.press("C")
    terminal.wait_for("Import ci-deploy into other Regions")
    for word in ("ireland", "stockholm"):
        terminal.type(word)
        terminal.wait_until_gone("Cape Town")
        terminal.step("Space")
        terminal.press("C-u")
        terminal.wait_for("type to narrow")
    terminal.wait_for("chosen: eu-west-1, eu-north-1")
    terminal.press("Enter")
    terminal.wait_for("1 of 2 done; enter goes on with the others")
    # What there is to know of the line under the cursor may come a frame later.
    refusal = "InvalidKeyPair.Duplicate: The keypair already exists"
    screen = terminal.wait_for(lambda screen: refusal in flat(screen))
    assert "*✗  eu-west-1" in screen
    assert "✓  eu-north-1" in screen
    session.for_region("eu-west-1").backend.delete_key_pair(key_name="ci-deploy")
    terminal.press("Enter")
    terminal.wait_for("1 of 1 done; esc goes back")
    terminal.press("Escape")
    terminal.wait_for("imported into 2 Regions")
    for region in ("eu-north-1", "eu-west-1"):
        [copy] = session.for_region(region).backend.describe_key_pairs()
        assert copy.key_fingerprint == fingerprint_elsewhere(pair)
