"""What deleting asks on a terminal, and how long waiting takes."""

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.custody import agent_keys
from core.custody.saving import record_saved
from core.model import KeptKeyPair
from core.settings import open_session
from core.store.region_store import RegionStore
from tests.helpers import PUBLIC_KEY
from tests.tui.commands.calling import call

ROOT = Path(__file__).parents[3]
Output = pytest.CaptureFixture[str]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("KEYPAIRS_DATA_DIR", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "keys").mkdir(0o700)
    saved = ["create-key-pair", "--key-name", "saved", "--key-type", "ed25519"]
    assert call(*saved, "--save", tmp_path / "keys") == 0
    assert call("import-key-pair", "--key-name", "other", "--public-key-material", PUBLIC_KEY) == 0
    return folder


@pytest.fixture
def risky(data: Path) -> Path:
    imported = ["--key-name", "guarded", "--public-key-material", PUBLIC_KEY]
    protected = "ResourceType=key-pair,Tags=[{Key=Protected}]"
    assert call("import-key-pair", *imported, "--tag-specifications", protected) == 0
    session = open_session()
    created = session.backend.create_key_pair(key_name="in-agent", key_type="ed25519")
    added = agent_keys.AddedToAgent(None, confirm=False, forwarded=False)
    assert agent_keys.record_added(session, created.key_pair, added) is None
    return data


def left(data: Path) -> set[str]:
    return set(RegionStore(data, "us-east-1").read().names)


def on_terminal(answer: str, *arguments: str) -> tuple[int, str]:
    """Run a command with a terminal to answer on; return its status and what it said."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, answer.encode())
        done = subprocess.run(
            [sys.executable, "-m", "tui", *arguments],
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=ROOT,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("name", "answer", "asks", "deleted"),
    [
        ("other", "y\n", "Delete other? [y/N]", True),
        ("other", "\n", "Delete other? [y/N]", False),
        ("other", "\x04", "Delete other? [y/N]", False),
        ("saved", "saved\n", "Type the name", True),
        ("saved", "y\n", "Type the name", False),
        ("guarded", "y\n", "A tag protects it.", False),
        ("guarded", "guarded\n", "A tag protects it.", True),
        ("in-agent", "y\n", "Its private key is in no file; it was added to the agent at", False),
    ],
)
def test_on_a_terminal_deleting_asks_as_the_app_asks(
    name: str, answer: str, asks: str, deleted: bool, risky: Path
) -> None:
    status, said = on_terminal(answer, "delete-key-pair", "--key-name", name)
    assert asks in said
    assert (status == 0, name not in left(risky)) == (deleted, deleted), said
    assert deleted or "nothing was deleted" in said


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object], answer: str) -> None:
    """Have another session act while it is asked, before the answer is typed."""

    def typed() -> str:
        act()
        return answer

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("tui.commands.ec2.delete.typed_line", typed)


def give_the_name_to_another(pair: KeptKeyPair) -> None:
    assert call("delete-key-pair", "--key-pair-id", pair.key_pair_id, "--yes") == 0
    saved = ["--save", f"{os.environ['HOME']}/keys"]
    assert call("create-key-pair", "--key-name", pair.key_name, *saved) == 0


def save_its_key(pair: KeptKeyPair) -> None:
    assert record_saved(open_session(), pair, Path("/keys/other.pem")) is None


def protect_it(pair: KeptKeyPair) -> None:
    tags = ["--tags", "Key=protected,Value=true"]
    assert call("create-tags", "--resources", pair.key_pair_id, *tags) == 0


def bring_it_back_under_another_name(pair: KeptKeyPair) -> None:
    backend = open_session().backend
    backend.delete_key_pair(key_pair_id=pair.key_pair_id)
    backend.restore_key_pair(pair.key_pair_id, "new")


@pytest.mark.parametrize(
    ("by", "act", "says"),
    [
        ("--key-name", give_the_name_to_another, "was deleted and other is key-"),
        ("--key-name", save_its_key, "what is known of the private key of other has changed"),
        ("--key-pair-id", save_its_key, "what is known of the private key of other has changed"),
        ("--key-name", protect_it, "the tags of other have changed"),
        ("--key-pair-id", bring_it_back_under_another_name, "other is called new now"),
    ],
)
def test_only_what_was_asked_about_is_deleted(
    by: str,
    act: Callable[[KeptKeyPair], None],
    says: str,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Output,
) -> None:
    pair = RegionStore(data, "us-east-1").read().named("other")
    assert pair is not None
    meanwhile(monkeypatch, lambda: act(pair), "y")
    chosen = pair.key_name if by == "--key-name" else pair.key_pair_id
    assert call("delete-key-pair", by, chosen) == 252
    said = capsys.readouterr().err
    assert "delete-key-pair: nothing was deleted: since you were asked, " in said
    assert says in said
    assert len(left(data)) == 2


@pytest.mark.parametrize("by", ["--key-name", "--key-pair-id"])
def test_what_another_session_deletes_while_it_is_asked_is_gone(
    by: str, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    pair = RegionStore(data, "us-east-1").read().named("other")
    assert pair is not None
    delete = ("delete-key-pair", "--key-pair-id", pair.key_pair_id, "--yes")
    meanwhile(monkeypatch, lambda: call(*delete), "y")
    chosen = pair.key_name if by == "--key-name" else pair.key_pair_id
    assert call("delete-key-pair", by, chosen) == 0
    said = capsys.readouterr().err
    assert f"keypairs: there is no key pair {chosen}; nothing was deleted." in said
    assert left(data) == {"saved"}


@pytest.mark.parametrize("more", [["--yes"], ["--dry-run"]])
def test_who_agreed_already_is_not_asked(more: list[str], data: Path) -> None:
    status, said = on_terminal("", "delete-key-pair", "--key-name", "saved", *more)
    assert "Type the name" not in said
    assert status == (0 if more == ["--yes"] else 254)


def test_without_a_terminal_nobody_is_asked(data: Path, capsys: Output) -> None:
    assert call("delete-key-pair", "--key-name", "saved") == 0
    assert call("delete-key-pair", "--key-name", "nobody") == 0
    output = capsys.readouterr()
    assert output.err == "keypairs: there is no key pair nobody; nothing was deleted.\n"
    assert left(data) == {"other"}


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Return how long was slept, instead of sleeping."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    yield slept


def test_waiting_ends_at_once_for_what_exists(
    data: Path, naps: list[float], capsys: Output
) -> None:
    capsys.readouterr()
    assert call("wait", "key-pair-exists", "--key-names", "saved") == 0
    assert capsys.readouterr() == ("", "")
    assert naps == []


def test_waiting_gives_up_after_six_times_five_seconds(
    data: Path, naps: list[float], capsys: Output
) -> None:
    capsys.readouterr()
    assert call("wait", "key-pair-exists", "--key-names", "nobody") == 255
    assert capsys.readouterr() == (
        "",
        "Waiter KeyPairExists failed: Max attempts exceeded. Previously accepted state: Matched"
        " expected service error code: InvalidKeyPair.NotFound\n",
    )
    assert naps == [5.0] * 5


def test_tags_are_set_by_the_name_of_a_pair(data: Path, capsys: Output) -> None:
    tags = ["--tags", "Key=Env,Value=prod", "Key=Team"]
    assert call("create-tags", "--resources", "saved", "other", *tags) == 0
    assert capsys.readouterr().err.count(" is key-0") == 2
    assert call("delete-tags", "--resources", "saved", "--tags", "Key=Team") == 0
    assert call("delete-tags", "--resources", "other") == 0
    capsys.readouterr()
    assert call("describe-tags") == 0
    (tag,) = json.loads(capsys.readouterr().out)["Tags"]
    assert (tag["Key"], tag["Value"]) == ("Env", "prod")


def test_a_verb_about_a_deleted_pair_says_who_deleted_it(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.setattr("core.store.journal.user", lambda: "boris")
    pair = RegionStore(data, "us-east-1").read().named("other")
    assert pair is not None
    assert call("delete-key-pair", "--key-pair-id", pair.key_pair_id) == 0
    capsys.readouterr()
    assert call("create-tags", "--resources", pair.key_pair_id, "--tags", "Key=a,Value=b") == 254
    first, second = capsys.readouterr().err.splitlines()
    # Scripts look for the line that the AWS CLI prints.
    assert first.startswith("An error occurred (InvalidID) when calling the CreateTags operation: ")
    assert second.startswith("keypairs: deleted by boris at ")
    assert call("describe-key-pairs", "--key-names", "never") == 254
    assert "deleted by" not in capsys.readouterr().err
