import copy
import dataclasses
import inspect
import io
import json
import os
import pickle
import pprint
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from core import errors, secret
from core.custody import agent, saving
from core.disk.destination import Destination, PathVerdict
from core.ec2 import unanswered
from core.errors import KeyPairsError, ProofFailed, SaveError
from core.keys.reading.import_material import read_public_key_material
from core.model import CreatedKeyPair
from core.secret import KeyMaterial, KeyMaterialGone, Passphrase, PassphraseGone
from core.session import Session
from tests.core.store_records import key_pair
from tests.each_row import each_row

SECRET = "-----BEGIN MADE-UP KEY-----\nc2VjcmV0IG1hdGVyaWFs\n-----END MADE-UP KEY-----\n"


@pytest.fixture
def material() -> KeyMaterial:
    return KeyMaterial(SECRET.encode())


@pytest.fixture
def created(session: Session) -> CreatedKeyPair:
    return session.backend.create_key_pair(key_name="web-1", key_type="ed25519")


def test_it_gives_the_material_to_who_asks_by_name(material: KeyMaterial) -> None:
    assert material.reveal() == SECRET
    assert material.encode() == SECRET.encode()
    assert material.size == len(SECRET)


@each_row(
    "show",
    [
        repr,
        str,
        format,
        ascii,
        lambda material: f"{material}",
        lambda material: f"{material!r:>40}",
        lambda material: f"{material:s}",
        lambda material: f"{material:>40}",
        lambda material: "%s %r" % (material, material),  # noqa: UP031 - that is what is tested
        lambda material: "{0} {0!r}".format(material),  # noqa: UP032 - format() is what is tested
        pprint.pformat,
        lambda material: repr([material]),
        lambda material: repr({"key": material}),
    ],
)
def test_shown_by_accident_it_says_nothing(
    show: Callable[[KeyMaterial], str], material: KeyMaterial
) -> None:
    assert "<KeyMaterial>" in show(material)
    assert "c2VjcmV0" not in show(material)
    assert "MADE-UP" not in show(material)


def test_printed_it_says_nothing(material: KeyMaterial) -> None:
    out = io.StringIO()
    print(material, file=out)
    assert out.getvalue() == "<KeyMaterial>\n"


@each_row(
    "leak",
    [
        *[lambda m, n=number: pickle.dumps(m, n) for number in range(pickle.HIGHEST_PROTOCOL + 1)],
        copy.copy,
        copy.deepcopy,
        json.dumps,
        orjson.dumps,
        bytes,
        list,
        memoryview,
        vars,
        lambda material: material + "",
        lambda material: material[0],
    ],
)
def test_what_would_copy_it_fails(
    leak: Callable[[KeyMaterial], object], material: KeyMaterial
) -> None:
    with pytest.raises(TypeError) as caught:
        leak(material)
    assert "c2VjcmV0" not in str(caught.value)


def test_what_would_copy_the_answer_of_a_creation_fails(created: CreatedKeyPair) -> None:
    leaks: list[Callable[[CreatedKeyPair], object]] = [
        dataclasses.asdict,
        dataclasses.astuple,
        copy.deepcopy,
        pickle.dumps,
        orjson.dumps,
    ]
    for leak in leaks:
        with pytest.raises(TypeError):
            leak(created)


def test_the_answer_of_a_creation_does_not_show_it(created: CreatedKeyPair) -> None:
    lines = created.key_material.reveal().splitlines()
    for shown in (repr(created), str(created), f"{created}", pprint.pformat(created)):
        assert created.key_pair.key_pair_id in shown
        assert not any(line in shown for line in lines)


def test_two_holders_of_one_secret_are_not_equal(material: KeyMaterial) -> None:
    other = KeyMaterial(SECRET.encode())
    assert material == material
    assert material != other
    guesses: list[object] = [SECRET, SECRET.encode()]
    assert material not in guesses
    assert len({material, other}) == 2


def test_wiped_it_is_gone_and_its_buffer_is_zero(material: KeyMaterial) -> None:
    buffer = material._buffer
    assert buffer is not None
    assert bytes(buffer) == SECRET.encode()
    material.wipe()
    assert bytes(buffer) == bytes(len(SECRET))
    for ask in (material.reveal, material.encode):
        with pytest.raises(KeyMaterialGone):
            ask()
    material.wipe()
    assert material.size == len(SECRET)
    assert repr(material) == "<KeyMaterial>"


PHRASE = "c2VjcmV0 gr\u00fcn"


def test_a_passphrase_is_held_like_a_key() -> None:
    held = Passphrase(PHRASE)
    assert held.encode() == PHRASE.encode()
    shown = (repr(held), str(held), f"{held:>30}", ascii(held), pprint.pformat([held]))
    assert all("<Passphrase>" in text and "c2VjcmV0" not in text for text in shown)
    leaks: list[Callable[[Any], object]] = [
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        json.dumps,
        orjson.dumps,
        bytes,
        list,
        len,
        vars,
    ]
    for leak in leaks:
        with pytest.raises(TypeError) as caught:
            leak(held)
        assert "c2VjcmV0" not in str(caught.value)
    assert held != Passphrase(PHRASE)
    guesses: list[object] = [PHRASE, PHRASE.encode()]
    assert held not in guesses


def test_a_wiped_passphrase_is_gone_and_its_buffer_is_zero() -> None:
    held = Passphrase(PHRASE)
    buffer = held._buffer
    assert buffer is not None
    held.wipe()
    assert bytes(buffer) == bytes(len(PHRASE.encode()))
    with pytest.raises(PassphraseGone):
        held.encode()
    held.wipe()
    assert repr(held) == "<Passphrase>"


@each_row("text", ["", "c2VjcmV0\n", "c2VjcmV0\udcff", "c2VjcmV0\ud800", "c2VjcmV0" * 200])
def test_what_can_be_no_passphrase_is_not_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="no passphrase") as caught:
        Passphrase(text)
    assert "c2VjcmV0" not in "".join(traceback.format_exception(caught.value))


def test_it_has_no_attributes_but_its_own(material: KeyMaterial) -> None:
    with pytest.raises(AttributeError):
        material.note = "x"  # type: ignore[attr-defined]  # that is the point
    assert not hasattr(material, "__dict__")


# The plausible mistake: the holder is given where a text belongs.
ARGUMENTS: dict[type[KeyPairsError], Callable[[Any], tuple[Any, ...]]] = {
    errors.DryRunOperation: lambda material: (),
    errors.InvalidKeyPairDuplicate: lambda material: (),
    errors.TagLimitExceeded: lambda material: (),
    errors.KeyPairLimitExceeded: lambda material: (5_000,),
    errors.ServiceError: lambda material: (material, material, 400),
    unanswered.NotReached: lambda material: (material, material),
    unanswered.CredentialsError: lambda material: (material, unanswered.NextStep.MEND),
    unanswered.NotMade: lambda material: (material, material),
    unanswered.NotKnown: lambda material: (material, material, material),
    unanswered.PrivateKeyLost: lambda material: (key_pair(1), material),
    unanswered.KeyInDoubt: lambda material: (material, material),
    unanswered.NotSeen: lambda material: (material, material),
    unanswered.GivenUp: lambda material: (material, material),
    unanswered.NotTakenBack: lambda material: (key_pair(1), material),
    unanswered.NameOfAnother: lambda material: (key_pair(1), material),
    agent.AgentAsks: lambda material: (repr(material), agent.AgentOwner(1, repr(material))),
    saving.SaveAsks: lambda material: (Destination(None, PathVerdict.ASKS, repr(material)),),
    errors.WrongMode: lambda material: (material, material),
    secret.KeyMaterialGone: lambda material: (),
    secret.PassphraseGone: lambda material: (),
}


def all_errors(root: type[KeyPairsError] = KeyPairsError) -> list[type[KeyPairsError]]:
    return [root, *(error for child in root.__subclasses__() for error in all_errors(child))]


@each_row("error_class", all_errors())
def test_no_error_shows_the_holder_it_was_given(
    error_class: type[KeyPairsError], material: KeyMaterial
) -> None:
    arguments = ARGUMENTS.get(error_class, lambda material: (material,))(material)
    error = error_class(*arguments)
    shown = "".join(traceback.format_exception(error))
    for text in (str(error), repr(error), repr(vars(error)), f"{error.args}", shown):
        assert "c2VjcmV0" not in text
        assert "MADE-UP" not in text


def test_every_error_of_the_core_is_in_that_test() -> None:
    defined = {
        member
        for _, member in inspect.getmembers(errors, inspect.isclass)
        if issubclass(member, KeyPairsError)
    }
    assert defined <= set(all_errors())
    assert len(defined) >= 20


def test_no_error_of_a_failed_save_shows_the_key(
    created: CreatedKeyPair,
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = created.key_material.reveal().splitlines()[1:-1]
    taken = tmp_path / "taken"
    taken.touch()
    caught: list[KeyPairsError] = []
    for path in (f"{taken}", f"{tmp_path}", f"{taken}/x", "", "/proc/no/such", "\x1b"):
        with pytest.raises(SaveError) as refused:
            saving.save_key_material(session, created, path)
        caught.append(refused.value)
    monkeypatch.setattr("core.disk.files.read_opened", lambda file, limit: damaged(file))
    with pytest.raises(ProofFailed) as unproven:
        saving.save_key_material(session, created, f"{tmp_path / 'new'}")
    for error in [*caught, unproven.value]:
        shown = "".join(traceback.format_exception(error))
        assert not any(line in shown for line in lines)
    assert len(lines) >= 3


def damaged(file: int) -> bytes:
    data = os.pread(file, 1 << 20, 0)
    return data[: len(data) // 2] + data[len(data) // 2 + 1 :]


def test_no_error_of_an_import_shows_a_private_key_pasted_by_mistake(
    created: CreatedKeyPair,
) -> None:
    with pytest.raises(KeyPairsError) as caught:
        read_public_key_material(created.key_material.reveal())
    shown = "".join(
        traceback.TracebackException.from_exception(caught.value, capture_locals=False).format()
    )
    lines = created.key_material.reveal().splitlines()[1:-1]
    assert not any(line in shown or line in repr(vars(caught.value)) for line in lines)
