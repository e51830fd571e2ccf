"""The look-up and the check-up look at every place that was ever opened, and name it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.checks.check_up import check_up
from core.checks.finding import Finding, Summary
from core.checks.look_up import finder
from core.custody import saving
from core.local.opening import open_local
from core.model import PrivateKeyState
from core.settings import open_to_look
from core.store.region_store import RegionStore
from tests.helpers import PUBLIC_KEY

_ACCOUNT = "123456789012"
_OTHER_ACCOUNT = "210987654321@ec2.example"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a data folder with a pair here and, in two accounts, what EC2 said last."""
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "data"
    (tmp_path / "keys").mkdir(0o700)
    here = open_local(folder, "us-east-1")
    here.backend.import_key_pair(key_name="web", public_key_material=PUBLIC_KEY)
    for account, name in ((_ACCOUNT, "ci"), (_OTHER_ACCOUNT, "web")):
        session = open_local(folder / "ec2" / account, "us-east-1")
        created = session.backend.create_key_pair(key_name=name, key_type="ed25519")
        path = tmp_path / "keys" / f"{account}.pem"
        saving.save_key_material(session, created, str(path))
    (folder / "ec2" / "accounts.json").write_text("{}")
    yield folder


def found_in(data: Path) -> list[Finding]:
    steps = check_up(open_to_look(data), None)
    return [step for step in steps if isinstance(step, Finding)]


def test_a_key_of_an_account_that_was_opened_is_found_and_its_place_named(
    data: Path, tmp_path: Path
) -> None:
    looker = finder(open_to_look(data))
    assert looker.known == [
        "us-east-1",
        f"EC2 {_ACCOUNT} us-east-1",
        "EC2 210987654321@ec2.example us-east-1",
    ]
    (found,) = looker.in_path(tmp_path / "keys" / f"{_ACCOUNT}.pem")
    assert [match.region for match in found.matches] == [f"EC2 {_ACCOUNT} us-east-1"]


def test_nothing_is_wrong_with_pairs_of_one_name_in_several_accounts(data: Path) -> None:
    assert found_in(data) == []


def test_a_saved_key_in_an_account_is_looked_at(data: Path, tmp_path: Path) -> None:
    (tmp_path / "keys" / f"{_ACCOUNT}.pem").unlink()
    (found,) = found_in(data)
    assert (found.kind, found.region) == ("file-gone", f"EC2 {_ACCOUNT} us-east-1")


def test_a_saved_key_without_a_pair_in_ec2_is_named(data: Path, tmp_path: Path) -> None:
    session = open_local(data / "ec2" / _ACCOUNT, "us-east-1")
    (pair,) = session.backend.describe_key_pairs()
    session.backend.delete_key_pair(key_name="ci")
    (found,) = found_in(data)
    assert (found.kind, found.path) == ("pair-gone", str(tmp_path / "keys/123456789012.pem"))
    assert [each.key_name for each in found.key_pairs] == ["ci"]
    # The same key under another name is a pair of it.
    session.backend.import_key_pair(key_name="ci-2", public_key_material=pair.public_key)
    assert found_in(data) == []
    # And without its file there is nothing to look after.
    session.backend.delete_key_pair(key_name="ci-2")
    (tmp_path / "keys" / f"{_ACCOUNT}.pem").unlink()
    assert found_in(data) == []


def test_old_pairs_of_which_ec2_shows_no_public_key_are_neither_damaged_nor_one_key(
    data: Path,
) -> None:
    for account in (_ACCOUNT, _OTHER_ACCOUNT):
        with RegionStore(data / "ec2" / account, "us-east-1").transaction() as transaction:
            (pair,) = transaction.state.key_pairs.values()
            elsewhere = PrivateKeyState.ELSEWHERE
            custody = pair.custody._replace(private_key=elsewhere, saved_to=())
            transaction.update(replace(pair, public_key="", custody=custody), None)
    *found, summary = check_up(open_to_look(data), None)
    assert isinstance(summary, Summary)
    assert summary.key_pairs == 3
    assert [step for step in found if isinstance(step, Finding)] == []
