"""Makes key pairs in EC2: a key that is made here is imported, or EC2 makes it.

A key is made here by default and only its public half is sent (ImportKeyPair), because that can be
repeated: when an answer is lost, EC2 is asked whether it has that very key. CreateKeyPair is the
other way. It is called once; when its answer is lost, so is the private key, and the pair is looked
for and named.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from core.aws import answers
from core.aws.bounds.patience import Sleep
from core.aws.ec2_region import Ec2Region
from core.aws.mirror import Mirror, known_to_be, not_noted
from core.aws.new_pairs.lost_answers import rounds, settle
from core.disk import files
from core.ec2 import validation
from core.ec2.several import THROTTLED
from core.ec2.unanswered import (
    CredentialsError,
    KeyInDoubt,
    NoAnswer,
    NotReached,
    NotSeen,
    PrivateKeyLost,
)
from core.errors import (
    EC2Error,
    InvalidKeyPairDuplicate,
    KeyPairsError,
    ServiceError,
    StoreError,
)
from core.keys import EncodingError, convert, keygen, pem
from core.keys.fingerprint import ec2_fingerprint, fingerprints
from core.keys.keygen import PrivateKey
from core.keys.reading import private_file
from core.keys.reading.import_material import read_public_key_material
from core.local.spare_key import SpareKey
from core.model import CreatedKeyPair, Custody, KeptKeyPair, KeyFormat, KeyType, PrivateKeyState
from core.secret import KeyMaterial
from core.store.access import RegionAccess
from core.store.journal import Change
from core.store.system_errors import explained

_CREATE, _IMPORT = "CreateKeyPair", "ImportKeyPair"

_PPK = b"PuTTY-User-Key-File-"


class NewPairs:
    """Makes the new key pairs of one Region of EC2, and notes them on this machine.

    Args:
        ec2: the Region that is asked.
        access: the file in which what EC2 said last is kept, and its journal.
        mirror: what is in that file.
        sleep: waits so many seconds between questions.
        spare_key: the RSA key made ahead, for a pair that is made here.
    """

    def __init__(
        self,
        ec2: Ec2Region,
        access: RegionAccess,
        mirror: Mirror,
        sleep: Sleep,
        spare_key: SpareKey | None,
    ) -> None:
        self._ec2 = ec2
        self._access = access
        self._mirror = mirror
        self._sleep = sleep
        self._spare_key = spare_key
        # Of these EC2 may have the public half.
        self._kept: dict[tuple[str, KeyType], PrivateKey] = {}

    def made_here(
        self,
        request: dict[str, Any],
        key_type: KeyType,
        key_format: KeyFormat,
        replaces: str | None,
        hand_over: Callable[[CreatedKeyPair], None] | None,
    ) -> CreatedKeyPair:
        """Make a key, hand it over, and then import its public half."""
        key_name = request["KeyName"]
        kept = self._kept.get((key_name, key_type))
        # Before the key goes anywhere. EC2 has the last word, also where it may not be asked this.
        if kept is None and self._ec2.held(key_name) is not None:
            raise InvalidKeyPairDuplicate
        private_key = kept or _new_key(key_type, self._spare_key)
        public_key = convert.public_key(private_key)
        kinds = fingerprints(public_key)
        material = KeyMaterial(convert.encode(private_key, key_format, comment=key_name))
        custody = Custody(PrivateKeyState.UNSAVED, kinds, replaces=replaces)
        described = {
            "KeyPairId": "",
            "KeyName": key_name,
            "KeyFingerprint": ec2_fingerprint(public_key, kinds),
            "KeyType": key_type.value,
            "PublicKey": public_key.line,
            "CreateTime": self._access.now(),
            "Tags": _tags_of(request),
        }
        try:
            if hand_over is not None:
                key_pair = answers.key_pair(described, custody)
                hand_over(CreatedKeyPair(key_pair, key_format, material, by_ec2=False))
            sent = request | {"PublicKeyMaterial": public_key.line.encode()}
            answer = self.imported(sent, in_doubt=kept is not None)
        except BaseException as error:
            material.wipe()
            if isinstance(error, NotSeen) and hand_over is None:
                self._kept[key_name, key_type] = private_key
                raise KeyInDoubt(key_name, error.why) from None
            if isinstance(error, EC2Error):
                self._kept.pop((key_name, key_type), None)
            raise
        self._kept.pop((key_name, key_type), None)
        return self._in_hand(
            answer, public_key.line, key_type, custody, key_format, material, _CREATE
        )

    def made_by_ec2(self, request: dict[str, Any], replaces: str | None) -> CreatedKeyPair:
        """Have EC2 make a key, by one call."""
        key_name, key_type = request["KeyName"], request["KeyType"]
        # Now: some who stand in for EC2 take any, and then a private key would be at hand.
        key_format = validation.check_key_format(request["KeyFormat"])
        # A name that EC2 cannot take is for the call itself to refuse.
        if key_name and self._ec2.described(key_name) is not None:
            raise InvalidKeyPairDuplicate
        started = self._access.now()
        change = Change(_CREATE, key_name)
        with explained(self._access.store.path, "change"):
            files.create_private_folder(self._access.store.folder)
        journal = self._access.store.journal
        # It may take a minute and a half, for which nobody else should wait.
        with journal.record(self._ec2.name, [change], started, in_turn=False) as recorded:
            try:
                answer = self._ec2.call_once(_CREATE, **request)
                material, private_key = _key_in(answer, key_name, key_format)
            except NoAnswer as lost:
                tags = answers.tags({"Tags": _tags_of(request)})
                became = settle(
                    self._ec2.named, key_name, key_type, tags, started, str(lost), self._sleep
                )
                if isinstance(became, PrivateKeyLost):
                    _note_lost(self._mirror, became.key_pair)
                raise became from None
            recorded[0] = replace(change, key_pair_id=str(answer["KeyPairId"]))
        public_key = convert.public_key(private_key)
        kinds = fingerprints(public_key, pem.pkcs8_der(private_key))
        warning = None
        if ec2_fingerprint(public_key, kinds) != answer.get("KeyFingerprint"):
            warning = "EC2 shows another fingerprint than this private key has. Do not rely on it."
        custody = Custody(PrivateKeyState.UNSAVED, kinds, replaces=replaces)
        return self._in_hand(
            answer,
            public_key.line,
            public_key.key_type,
            custody,
            key_format,
            material,
            None,
            warning,
        )

    def imported(self, request: dict[str, Any], *, in_doubt: bool = False) -> Mapping[str, Any]:
        """Import a public key; after an answer was lost, ask for the key, and send it again.

        Each call is sent once, so that a refusal of the first means that nothing was recorded.
        `in_doubt` says that one was sent before.

        Raises:
            EC2Error, NotReached, CredentialsError: nothing was recorded.
            NotSeen: an answer was lost, and EC2 did not show the key for half a minute.
        """
        key_name = request["KeyName"]
        lost: KeyPairsError | None = None
        busy: ServiceError | None = None
        for _ in rounds(self._sleep):
            try:
                return self._ec2.call_once(_IMPORT, **request)
            except NoAnswer as error:
                in_doubt, lost = True, error
            except (EC2Error, NotReached, CredentialsError) as error:
                if isinstance(error, ServiceError) and error.code in THROTTLED:
                    busy = error
                elif not in_doubt:
                    raise
                else:
                    lost = lost or error
                if isinstance(error, CredentialsError):
                    break  # waiting does not bring them, and a person may be asked for a code
            if in_doubt:
                held = self._ec2.held(key_name)
                if held is not None and _is_of(held, request["PublicKeyMaterial"]):
                    return held
                if held is not None:
                    raise InvalidKeyPairDuplicate
        if busy is not None and not in_doubt:
            raise busy
        raise NotSeen(key_name, str(lost or busy))

    def _in_hand(
        self,
        answer: Mapping[str, Any],
        line: str,
        key_type: KeyType,
        custody: Custody,
        key_format: KeyFormat,
        material: KeyMaterial,
        operation: str | None,
        warning: str | None = None,
    ) -> CreatedKeyPair:
        described = {"KeyType": key_type.value, "CreateTime": self._access.now(), **answer}
        key_pair = answers.key_pair(described | {"PublicKey": line}, custody)
        # The pair stands in EC2, and this is the one time that its private key is at hand.
        try:
            self._mirror.add(key_pair, operation)
        except StoreError as error:
            warning = " ".join(filter(None, (warning, not_noted(error))))
        return CreatedKeyPair(key_pair, key_format, material, warning, by_ec2=operation is None)


def _note_lost(mirror: Mirror, key_pair: KeptKeyPair) -> None:
    """Note of a pair that nobody has its private key, else it would count as somebody else's.

    Where that cannot be noted, it is said all the same.
    """
    custody = known_to_be(PrivateKeyState.UNSAVED, key_pair.custody)
    with suppress(StoreError):
        mirror.add(replace(key_pair, custody=custody), None)


def _new_key(key_type: KeyType, spare_key: SpareKey | None) -> PrivateKey:
    spare = spare_key.take() if spare_key and key_type is KeyType.RSA else None
    return spare or keygen.generate(key_type)


def _is_of(described: Mapping[str, Any], material: bytes) -> bool:
    """Return whether a pair, as EC2 describes it, has the public key that was sent."""
    line = " ".join(str(described.get("PublicKey", "")).split()[:2])
    try:
        return read_public_key_material(material).line == line
    except EC2Error:  # EC2 takes more than we read
        return False


def _key_in(
    answer: Mapping[str, Any], key_name: str, key_format: KeyFormat
) -> tuple[KeyMaterial, PrivateKey]:
    """Return the private key in an answer to CreateKeyPair.

    How EC2 wraps the lines of a PEM or a PPK is recorded nowhere. What is laid out otherwise than
    our own files, which alone can be proven to the last byte, is the same key written anew.

    Raises:
        NoAnswer: it is no private key.
    """
    material = KeyMaterial(answer["KeyMaterial"].encode())
    try:
        private_key = private_file.unlock(material.encode())
    except EncodingError:
        material.wipe()
        raise NoAnswer("what came back holds no private key") from None
    try:
        convert.decode(material.encode())
        as_asked = material.encode().startswith(_PPK) is (key_format is KeyFormat.PPK)
    except EncodingError:
        as_asked = False
    if not as_asked:
        material.wipe()
        material = KeyMaterial(convert.encode(private_key, key_format, comment=key_name))
    return material, private_key


def _tags_of(request: Mapping[str, Any]) -> list[dict[str, str]]:
    return [tag for each in request.get("TagSpecifications", ()) for tag in each["Tags"]]
