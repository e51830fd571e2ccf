"""Who may not look at key pairs learns nothing of them from a refusal."""

import json
from collections.abc import Callable
from functools import partial

import pytest

from core.ec2.authorization import Authorizer
from core.ec2.policy import Policy
from core.ec2.regions import region
from core.errors import KeyPairsError, UnauthorizedOperation
from core.model import Tag
from core.region_imports import RegionImporter
from core.session import Session
from core.store.region_store import RegionStore
from tests.helpers import PUBLIC_KEY, session_over

NEVER = "key-0aaaaaaaaaaaaaaaa"
HERE = [Tag("Env", "secret-stage")]


@pytest.fixture
def ids(store: RegionStore) -> dict[str, str]:
    """Return the ids of a pair, of a deleted one, and one that never was."""
    backend = session_over(store).backend
    pair = backend.import_key_pair(key_name="secret-name", public_key_material=PUBLIC_KEY)
    backend.create_tags(resources=[pair.key_pair_id], tags=HERE)
    gone = backend.import_key_pair(key_name="secret-gone", public_key_material=PUBLIC_KEY)
    backend.delete_key_pair(key_name="secret-gone")
    return {"there": pair.key_pair_id, "gone": gone.key_pair_id, "never": NEVER}


def allowed(store: RegionStore, *actions: str) -> Session:
    """Return a session that may do these alone; without any, nothing."""
    actions = actions or ("s3:ListBucket",)
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    policy = Policy.parse(json.dumps(document), source="the test")
    return session_over(store, Authorizer(region(store.region), "mallory", policy=policy))


def answer(call: Callable[[], object]) -> str:
    try:
        return repr(call())
    except KeyPairsError as error:
        return f"{type(error).__name__}: {error}"


CALLS: dict[str, Callable[[Session, str], object]] = {
    "set_tags, the right ones": lambda s, i: s.backend.set_tags(key_pair_id=i, tags=HERE),
    "set_tags, wrong ones": lambda s, i: s.backend.set_tags(key_pair_id=i, tags=[Tag("a")]),
    "set_tags, none": lambda s, i: s.backend.set_tags(key_pair_id=i, tags=[]),
    "set_tags as shown": lambda s, i: s.backend.set_tags(key_pair_id=i, tags=HERE, shown=HERE),
    "restore": lambda s, i: s.backend.restore_key_pair(i),
    "delete": lambda s, i: s.backend.delete_key_pair(key_pair_id=i),
    "create_tags": lambda s, i: s.backend.create_tags(resources=[i], tags=HERE),
    "delete_tags": lambda s, i: s.backend.delete_tags(resources=[i]),
    "create": lambda s, i: s.backend.create_key_pair(key_name="x", key_type="ed25519", replaces=i),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_refusal_is_the_same_whatever_is_there(
    call: Callable[[Session, str], object], store: RegionStore, ids: dict[str, str]
) -> None:
    denied = allowed(store)
    answers = {answer(partial(call, denied, id_)) for id_ in ids.values()}
    assert len(answers) == 1
    [said] = answers
    assert said.startswith("UnauthorizedOperation: ")
    assert "secret" not in said


def test_right_tags_and_wrong_ones_are_refused_alike(
    store: RegionStore, ids: dict[str, str]
) -> None:
    denied = allowed(store)
    answers = {
        answer(partial(denied.backend.set_tags, key_pair_id=ids["there"], tags=tags))
        for tags in (HERE, [Tag("Env", "guess")], [])
    }
    assert len(answers) == 1


def test_what_a_new_pair_replaces_is_for_those_who_may_look(
    store: RegionStore, ids: dict[str, str]
) -> None:
    creator = allowed(store, "ec2:CreateKeyPair")
    answers = {answer(partial(CALLS["create"], creator, id_)) for id_ in ids.values()}
    assert len(answers) == 1
    with pytest.raises(UnauthorizedOperation, match="DescribeKeyPairs"):
        CALLS["create"](creator, ids["there"])
    assert creator.backend.create_key_pair(key_name="x", key_type="ed25519").key_pair


def test_taken_names_are_for_those_who_may_look(store: RegionStore, ids: dict[str, str]) -> None:
    with pytest.raises(UnauthorizedOperation):
        allowed(store, "ec2:CreateKeyPair").key_names()
    assert allowed(store, "ec2:DescribeKeyPairs").key_names() == {"secret-name"}


def test_a_copy_does_not_tell_whose_name_it_is(store: RegionStore, ids: dict[str, str]) -> None:
    free = session_over(store)
    there = free.for_region("eu-west-1").backend
    there.import_key_pair(key_name="same", public_key_material=PUBLIC_KEY)
    there.create_key_pair(key_name="other", key_type="ed25519")
    pairs = [
        free.backend.import_key_pair(key_name=name, public_key_material=PUBLIC_KEY)
        for name in ("same", "other")
    ]
    importer = RegionImporter(allowed(store, "ec2:ImportKeyPair"))
    [batch] = importer.import_pairs(pairs, "eu-west-1")
    answers = {str(refusal.error) for refusal in batch.refused}
    assert (answers, batch.already_there) == ({"The keypair already exists"}, ())
    looking = RegionImporter(allowed(store, "ec2:ImportKeyPair", "ec2:DescribeKeyPairs"))
    [batch] = looking.import_pairs(pairs, "eu-west-1")
    assert batch.already_there == ("same",)
    assert [refusal.name for refusal in batch.refused] == ["other"]


def test_who_may_look_is_told_which_pair_a_refusal_is_about(
    store: RegionStore, ids: dict[str, str]
) -> None:
    looker = allowed(store, "ec2:DescribeKeyPairs")
    with pytest.raises(UnauthorizedOperation, match="key-pair/secret-name because"):
        looker.backend.delete_key_pair(key_pair_id=ids["there"])
    with pytest.raises(UnauthorizedOperation, match="key-pair/secret-name because"):
        allowed(store).backend.delete_key_pair(key_name="secret-name")
