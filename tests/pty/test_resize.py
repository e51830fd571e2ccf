"""A window that changes its size, on every screen: nothing breaks and nothing is lost."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from core.local.opening import open_local
from core.model import Tag, TagSpecification
from tests.helpers import PUBLIC_KEY
from tests.pty.terminal import (
    OpenApp,
    Terminal,
    create_key_pair,
    save_key_material,
    wait_until,
)

pytestmark = pytest.mark.long


def show_list(terminal: Terminal) -> None:
    terminal.step("Down")
    terminal.press("Space")
    terminal.wait_for("1 chosen")


def show_empty_list(terminal: Terminal) -> None:
    terminal.step("/")
    terminal.type("no such pair")
    terminal.wait_for("/ ▌ no such pair  ")
    terminal.wait_for("Nothing matches")


def show_filter(terminal: Terminal) -> None:
    terminal.step("/")
    terminal.type("name:web* type:dsa")
    terminal.wait_for("takes rsa or ed25519")
    terminal.wait_for("type:dsa  ")


def show_create_form(terminal: Terminal) -> None:
    terminal.press("c")
    terminal.wait_for("Create a key pair")
    terminal.type("typed-name\t")
    terminal.wait_for("✓ 10/255 · free in")
    terminal.step("Right", "C-t")
    terminal.type("Env\tprod")
    terminal.wait_for("= ▌ prod")


def show_import_form(terminal: Terminal) -> None:
    terminal.press("i")
    terminal.wait_for("Import a public key")
    terminal.type("typed-name")
    terminal.step("Tab")
    terminal.paste(f"{PUBLIC_KEY} sam@laptop\n")
    terminal.wait_for("EC2 will show")


def show_tags(terminal: Terminal) -> None:
    terminal.press("t")
    terminal.wait_for("Tags of")
    terminal.type("Team\tci")
    terminal.wait_for("= ▌ ci")


def show_delete_question(terminal: Terminal) -> None:
    terminal.step("Down")
    terminal.press("d")
    terminal.wait_for("Delete this key pair?")


def show_question_for_the_name(terminal: Terminal) -> None:
    terminal.press("d")
    terminal.wait_for("type precious")
    terminal.type("preci")
    terminal.wait_for("▌ preci")


def show_details(terminal: Terminal) -> None:
    terminal.press("Enter")
    terminal.wait_for("Fingerprints")
    # Down to the last of what is put there bit by bit, and back.
    for _ in range(30):
        if "aws_key_pair" in terminal.screen():
            break
        terminal.step("PageDown")
    terminal.wait_for("aws_key_pair")
    terminal.step("Home")


def show_copy_menu(terminal: Terminal) -> None:
    terminal.press("y")
    terminal.wait_for("Copy from")
    terminal.type("key")
    terminal.step("Down", "Down")


def show_help(terminal: Terminal) -> None:
    terminal.press("?")
    terminal.wait_for("Help")
    terminal.type("list")
    terminal.wait_until_gone("Create a key pair")
    terminal.step("Down", "Down")


def show_private_key(terminal: Terminal) -> None:
    create_key_pair(terminal, "new", "ed25519")
    terminal.press("v")
    terminal.wait_for("BEGIN OPENSSH PRIVATE KEY")


def show_save_dialog(terminal: Terminal) -> None:
    create_key_pair(terminal, "new", "ed25519")
    terminal.press("s")
    terminal.wait_for("new.pem")
    terminal.step("C-u")
    terminal.type("~/typed/path")
    terminal.wait_for("it will be made, readable by you alone")


def show_save_dialog_that_asks(terminal: Terminal) -> None:
    show_save_dialog(terminal)
    terminal.press("Enter")
    terminal.wait_for("to save here all the same")


def show_saved_key(terminal: Terminal) -> None:
    create_key_pair(terminal, "new", "ed25519")
    save_key_material(terminal)


def show_add_to_agent(terminal: Terminal) -> None:
    create_key_pair(terminal, "new", "ed25519")
    terminal.press("a")
    terminal.wait_for("SSH_AUTH_SOCK is not set")
    terminal.type("8h")
    terminal.wait_for("8h, until")


def show_copy_menu_of_new_key(terminal: Terminal) -> None:
    create_key_pair(terminal, "new", "ed25519")
    terminal.press("y")
    terminal.wait_for("Copy from new")
    terminal.step("Down", "Down")


def show_discard_question(terminal: Terminal) -> None:
    create_key_pair(terminal, "new", "ed25519")
    terminal.press("Escape")
    terminal.wait_for("Leave without the private key?")
    terminal.type("ne")
    terminal.step("Tab", "Right")


SCREENS: Mapping[str, Callable[[Terminal], None]] = {
    "list": show_list,
    "list in which nothing matches": show_empty_list,
    "filter": show_filter,
    "create form": show_create_form,
    "import form": show_import_form,
    "tags": show_tags,
    "delete": show_delete_question,
    "delete by name": show_question_for_the_name,
    "details": show_details,
    "copy menu": show_copy_menu,
    "help": show_help,
    "private key": show_private_key,
    "private key that was saved": show_saved_key,
    "save": show_save_dialog,
    "save that asks": show_save_dialog_that_asks,
    "add to agent": show_add_to_agent,
    "copy menu of a new key": show_copy_menu_of_new_key,
    "discard": show_discard_question,
}


def resize_and_let_draw(terminal: Terminal, columns: int, rows: int) -> None:
    """Change the size, and wait until the program has drawn for it, so that no size is skipped.

    A single cell may look as it did, and need not be drawn anew.
    """
    before = terminal.look()
    terminal.resize(columns, rows)
    # tmux may take its time to say so, if it has resized just before.
    wait_until(lambda: terminal.size == (columns, rows), complaint=lambda: "it is not told")
    terminal.rest(None if (columns, rows) == (1, 1) else before)


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_complete_again_after_every_other_size(
    open_app: OpenApp, tmp_path: Path, name: str
) -> None:
    session = open_local(tmp_path / "data", "us-east-1")
    for key_name, tag in (
        ("precious", "protected"),
        *((f"web-{number}", "Env") for number in range(3)),
    ):
        tags = TagSpecification("key-pair", (Tag(tag, "prod"),))
        session.backend.create_key_pair(
            key_name=key_name, key_type="ed25519", tag_specifications=[tags]
        )
    terminal = open_app()
    terminal.wait_for("4 pairs")
    SCREENS[name](terminal)
    before = terminal.rest()
    for size in ((200, 60), (20, 5), (1, 1), (80, 24)):
        resize_and_let_draw(terminal, *size)
        assert terminal.status is None, terminal.framed(terminal.screen())
    terminal.wait_for(lambda screen: screen == before)
    # It still listens: wherever one is, Escape leads away, or on the list, Space chooses.
    terminal.press("Space" if name == "list" else "Escape")
    terminal.wait_until_gone(lambda screen: screen == before)
