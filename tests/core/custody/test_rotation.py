import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tinydb import TinyDB

from core.client import Client, ParamValidationError
from core.custody import rotation, saving
from core.custody.rotation import Rotation, successor_name
from core.ec2 import validation
from core.errors import DryRunOperation, InvalidKeyPairDuplicate, InvalidParameterValue
from core.keys import keygen
from core.model import KeptKeyPair, KeyType, PrivateKeyState, Tag
from core.query import parse, searchable
from core.session import Session
from core.store import records, transaction
from core.store.region_store import RegionStore
from tests.core.store_records import TIME, key_pair
from tests.each_row import each_row
from tests.helpers import kept, session_over

NEVER = "key-0123456789abcdef0"


def make(session: Session, name: str, replaces: KeptKeyPair | None = None) -> KeptKeyPair:
    created = session.backend.create_key_pair(
        key_name=name,
        key_type="ed25519",
        replaces=replaces.key_pair_id if replaces else None,
    )
    return created.key_pair


# The name ---------------------------------------------------------------------------------------


@each_row(
    ("name", "taken", "expected"),
    [
        ("ci-deploy", [], "ci-deploy-2"),
        ("ci-deploy-2", [], "ci-deploy-2-2"),
        ("ci-deploy", ["ci-deploy-2", "ci-deploy-3"], "ci-deploy-4"),
        ("web-01", [], "web-01-2"),
        ("web-1", ["web-1-2"], "web-1-3"),
        ("web2", [], "web2-2"),
        ("-7", [], "-7-2"),
        ("a b", [], "a b-2"),
        ("x" * 255, [], "x" * 253 + "-2"),
        ("x" * 253 + "-9", [], "x" * 253 + "-2"),
        ("x" * 255, ["x" * 253 + f"-{n}" for n in range(2, 10)], "x" * 252 + "-10"),
    ],
)
def test_the_next_name_is_never_the_next_of_a_fleet(
    name: str, taken: list[str], expected: str
) -> None:
    assert successor_name(name, taken) == expected


@each_row(
    ("name", "expected"),
    [
        ("ci-deploy-2", "ci-deploy-3"),
        ("ci-deploy-99", "ci-deploy-100"),
        ("web-01", "web-01-2"),
        ("web-1", "web-1-2"),
        ("web-01-2", "web-01-3"),
        ("-7", "-7-2"),
        ("new", "new-2"),
        ("x" * 253 + "-9", "x" * 252 + "-10"),
    ],
)
def test_the_name_after_that_of_a_successor_counts_rotations(name: str, expected: str) -> None:
    assert successor_name(name, [], is_successor=True) == expected


@each_row(
    ("saved_to", "expected"),
    [
        ((), "pem"),
        (("/k/web.pem",), "pem"),
        (("/k/web.ppk", "/k/web.openssh"), "ppk"),
        (("/k/web.p8", "/k/web.ppk"), "pem"),
        (("/k/WEB.PPK",), "ppk"),
    ],
)
def test_the_format_is_that_of_the_first_file(saved_to: tuple[str, ...], expected: str) -> None:
    assert rotation.successor_format(kept(key_pair(1), saved_to=saved_to)) == expected


GOOD_NAMES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1).map(
    lambda text: text.strip(" ")[:255].strip(" ")
)


@pytest.mark.long
@given(GOOD_NAMES.filter(bool), st.integers(0, 15))
@example("9" * 255, 3)
@example("a-" + "0" * 253, 3)
def test_the_next_name_is_free_and_may_be_given(name: str, steps: int) -> None:
    taken = [name]
    for _ in range(steps + 1):
        following = successor_name(taken[-1], taken)
        validation.check_key_name(following)
        assert following not in taken
        taken.append(following)


def test_the_service_knows_what_is_taken(session: Session) -> None:
    assert rotation.successor_name("web", session.key_names()) == "web-2"
    make(session, "web-2")
    assert rotation.successor_name("web", session.key_names()) == "web-3"


# The record -------------------------------------------------------------------------------------


def test_the_link_survives_the_file_and_what_is_done_to_the_successor(
    session: Session, store: RegionStore, tmp_path: Any
) -> None:
    old = make(session, "web")
    new = session.backend.create_key_pair(key_name="web-2", replaces=old.key_pair_id)
    assert new.key_pair.custody.replaces == old.key_pair_id
    saving.save_key_material(session, new, str(tmp_path / "web-2.pem"))
    session.backend.set_tags(key_pair_id=new.key_pair.key_pair_id, tags=[Tag("Env", "prod")])
    session.backend.delete_key_pair(key_name="web-2")
    session.backend.restore_key_pair(new.key_pair.key_pair_id)
    reopened = session_over(RegionStore(store.path.parent, "us-east-1"))
    again = reopened.key_pair_named("web-2")
    assert again is not None
    assert again.custody.private_key is PrivateKeyState.SAVED
    assert again.custody.replaces == old.key_pair_id


def test_only_the_record_of_a_successor_has_the_member(
    session: Session, store: RegionStore
) -> None:
    old = make(session, "web")
    make(session, "web-2", replaces=old)
    with TinyDB(store.path, access_mode="r") as database:
        first, second = database.table("key_pairs").all()
    assert "Replaces" not in first
    assert second["Replaces"] == old.key_pair_id
    assert records.from_record(first).custody.replaces is None


def test_an_older_version_leaves_the_member_alone(
    session: Session, store: RegionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make(session, "web")
    new = make(session, "web-2", replaces=old)

    def older(pair: KeptKeyPair) -> records.Record:
        return {k: v for k, v in records.to_record(pair).items() if k != "Replaces"}

    monkeypatch.setattr(transaction, "to_record", older)
    session.backend.create_tags(resources=[new.key_pair_id], tags=[Tag("a")])
    monkeypatch.undo()
    read = RegionStore(store.path.parent, "us-east-1").read().key_pairs[new.key_pair_id]
    assert (read.tags, read.custody.replaces) == ((Tag("a"),), old.key_pair_id)


# Creating ---------------------------------------------------------------------------------------


def test_there_must_be_a_pair_to_replace(session: Session) -> None:
    gone = make(session, "gone")
    session.backend.delete_key_pair(key_name="gone")
    for replaces in (NEVER, gone.key_pair_id, "", "nonsense"):
        with pytest.raises(InvalidParameterValue) as caught:
            session.backend.create_key_pair(key_name="web", key_type="ed25519", replaces=replaces)
        assert caught.value.parameter == "replaces"
    assert session.backend.describe_key_pairs() == ()


def test_it_is_checked_in_ec2s_order(session: Session) -> None:
    make(session, "web")
    with pytest.raises(DryRunOperation):
        session.backend.create_key_pair(key_name="web", replaces=NEVER, dry_run=True)
    with pytest.raises(InvalidKeyPairDuplicate):
        session.backend.create_key_pair(key_name="web", replaces=NEVER)


def test_a_pair_that_goes_while_the_key_is_made_is_missed(
    session: Session, store: RegionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make(session, "web")
    generate = keygen.generate

    def slowly(key_type: KeyType) -> keygen.PrivateKey:
        session_over(RegionStore(store.path.parent, "us-east-1")).backend.delete_key_pair(
            key_name="web"
        )
        return generate(key_type)

    monkeypatch.setattr(keygen, "generate", slowly)
    with pytest.raises(InvalidParameterValue):
        make(session, "web-2", replaces=old)
    assert session.backend.describe_key_pairs() == ()


def test_the_client_neither_takes_nor_shows_it(client: Client, session: Session) -> None:
    old = make(session, "web")
    make(session, "web-2", replaces=old)
    with pytest.raises(ParamValidationError):
        client.create_key_pair(KeyName="web-3", Replaces=old.key_pair_id)
    with pytest.raises(ParamValidationError):
        client.create_key_pair(KeyName="web-3", replaces=old.key_pair_id)
    answer = client.describe_key_pairs(KeyNames=["web-2"])["KeyPairs"][0]
    assert old.key_pair_id not in json.dumps(answer, default=str)


# Which replaces which ---------------------------------------------------------------------------


def test_both_sides_are_found_until_the_old_one_is_gone() -> None:
    old, new, other = (
        key_pair(1),
        kept(key_pair(2), replaces=key_pair(1).key_pair_id),
        key_pair(3),
    )
    rotation = Rotation([old, new, other])
    assert (rotation.successor(old), rotation.predecessor(new)) == (new, old)
    for pair in (new, other):
        assert rotation.successor(pair) is None
    for pair in (old, other):
        assert rotation.predecessor(pair) is None
    assert Rotation([new, other]).predecessor(new) is None


def test_of_several_successors_a_delivered_one_counts_then_the_last() -> None:
    old = key_pair(1)

    def successor(number: int, state: PrivateKeyState) -> KeptKeyPair:
        return kept(
            replace(key_pair(number), create_time=TIME + timedelta(days=number)),
            replaces=old.key_pair_id,
            private_key=state,
        )

    saved = [successor(n, PrivateKeyState.SAVED) for n in (2, 3)]
    unsaved = [successor(n, PrivateKeyState.UNSAVED) for n in (4, 5)]
    assert Rotation([old, *unsaved]).successor(old) == unsaved[1]
    assert Rotation([*reversed(saved), old, *unsaved]).successor(old) == saved[1]


def test_the_filter_finds_what_waits_to_be_retired() -> None:
    old, new, other = (
        key_pair(1),
        kept(key_pair(2), replaces=key_pair(1).key_pair_id),
        key_pair(3),
    )
    items = [searchable(pair) for pair in (old, new, other)]

    def found(text: str) -> list[KeptKeyPair]:
        return [item.key_pair for item in parse(text).select(items, TIME)]

    assert found("replaced:yes") == [old]
    assert found("Replaced:NO") == [new, other]
    assert found("pair-2 replaced:yes") == []
    assert parse("replaced:yes").narrows
    assert parse("replaced:maybe").problems == ("replaced: takes yes or no.",)
    assert found("replaced:maybe") == [old, new, other]
