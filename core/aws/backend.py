"""Answers the operations of `core.ec2.backend` by asking EC2."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from core.aws.bounds.patience import Patience, Sleep
from core.aws.connection import Connection
from core.aws.ec2_region import Ec2Region
from core.aws.mirror import Mirror, custody_after, known_to_be
from core.aws.new_pairs.creating import NewPairs
from core.ec2 import validation
from core.ec2.backend import (
    Batch,
    Capabilities,
    MadeBy,
    NewKeyPair,
    Refusal,
    Retagged,
    TagChange,
)
from core.ec2.filters import Filter, TagDescription
from core.ec2.several import a_few_at_a_time, in_time
from core.ec2.unanswered import (
    CredentialsError,
    NoAnswer,
    NotReached,
    NotTakenBack,
)
from core.errors import (
    EC2Error,
    InvalidParameterValue,
    KeyPairsError,
    MissingParameter,
    StoreError,
)
from core.keys.reading.import_material import read_public_key_material, refuse_private_key
from core.local.spare_key import SpareKey
from core.model import (
    CreatedKeyPair,
    DeletedKeyPair,
    KeptKeyPair,
    KeyFormat,
    KeyType,
    PrivateKeyState,
    Tag,
    TagSelector,
    TagSpecification,
)
from core.process import changing
from core.store.access import RegionAccess

_CREATE, _IMPORT, _DELETE = "CreateKeyPair", "ImportKeyPair", "DeleteKeyPair"
_CREATE_TAGS, _DELETE_TAGS = "CreateTags", "DeleteTags"

_TAGGED_AT_ONCE = 200
"""Resources in one CreateTags; EC2 takes more, but a call should not last."""


class Ec2Backend:
    """The key pairs of one Region of EC2.

    Args:
        connection: the account and the host that are asked.
        access: the file in which what EC2 said last is kept, and what limits this session.
        made_by: who makes a new key.
        spare_key: the RSA key made ahead, for a pair that is made here.
        patience: waits between questions that are repeated, and can be told to end.
        sleep: waits so many seconds instead, an argument for tests.
    """

    def __init__(
        self,
        connection: Connection,
        access: RegionAccess,
        made_by: MadeBy = MadeBy.HERE,
        spare_key: SpareKey | None = None,
        patience: Patience | None = None,
        sleep: Sleep | None = None,
    ) -> None:
        self._patience = patience or Patience()
        self.made_by = made_by
        self._access = access
        self._mirror = Mirror(access)
        self._sleep = sleep or self._patience.wait
        self._ec2 = Ec2Region(connection, access.region, self._mirror)
        self._new_pairs = NewPairs(self._ec2, access, self._mirror, self._sleep, spare_key)
        self.capabilities = Capabilities(
            brings_back=False,
            exact_at_once=False,
            hands_over_with_id=made_by is MadeBy.EC2,
        )

    @property
    def region(self) -> str:
        """The Region's name."""
        return self._access.region

    @property
    def agrees(self) -> bool:
        """Whether EC2 showed every change that it acknowledged when it was last asked for all."""
        return self._mirror.agrees

    @property
    def notice(self) -> str:
        """What is to be said of the file on this machine, if it was damaged or cannot be used."""
        return self._mirror.notice

    def _begin(self, operation: str, key_name: str | None = None) -> None:
        """Refuse here what this session may not do, before EC2 is asked."""
        self._access.authorizer.check(operation, key_name, {}, None)

    # New key pairs --------------------------------------------------------------------------------

    @changing()
    def create_key_pair(
        self,
        *,
        key_name: str,
        key_type: str = KeyType.RSA,
        key_format: str = KeyFormat.PEM,
        tag_specifications: Sequence[TagSpecification] = (),
        replaces: str | None = None,
        dry_run: bool = False,
        hand_over: Callable[[CreatedKeyPair], None] | None = None,
    ) -> CreatedKeyPair:
        """Create a key pair, made by whom `made_by` says, and hand its private key over.

        A key that is made here is handed over before its public half is sent, so that no pair
        stands whose private key got nowhere, whatever stops the program in between.

        Raises:
            NotSeen: made here, and EC2 does not show whether it has the public half.
            NotTakenBack: EC2 made it, `hand_over` failed, and it could not be deleted again.
            NotMade, PrivateKeyLost, NameOfAnother, NotKnown: EC2 was to make it, and its answer
                was lost.
            KeyInDoubt: made here, EC2 does not show whether it has the public half, and nobody took
                the private key: the next call with this name and type goes on with the same key.
            NoAnswer, NotReached, CredentialsError: EC2 was not asked, or shows nothing.
        """
        self._patience.begin()
        request = _new(key_name, tag_specifications, dry_run)
        if self.made_by is MadeBy.EC2:
            self._begin(_CREATE, key_name)
            request |= {"KeyType": key_type, "KeyFormat": key_format}
            if dry_run:
                self._ec2.call(_CREATE, **request)
            return self._handed_over(self._new_pairs.made_by_ec2(request, replaces), hand_over)
        self._begin(_IMPORT, key_name)
        if dry_run:
            # Allowed or not is decided before the material is looked at.
            self._ec2.call(_IMPORT, **request, PublicKeyMaterial=b"-")
        validation.check_key_name(key_name)
        return self._new_pairs.made_here(
            request,
            validation.check_key_type(key_type),
            validation.check_key_format(key_format),
            replaces,
            hand_over,
        )

    def _handed_over(
        self, created: CreatedKeyPair, hand_over: Callable[[CreatedKeyPair], None] | None
    ) -> CreatedKeyPair:
        """Hand a private key over; where that fails, delete the pair again."""
        try:
            if hand_over is not None:
                hand_over(created)
        except BaseException:
            created.key_material.wipe()
            try:
                self.delete_key_pair(key_pair_id=created.key_pair.key_pair_id)
            except KeyPairsError as error:
                raise NotTakenBack(created.key_pair, str(error)) from error
            raise
        return created

    @changing()
    def import_key_pair(
        self,
        *,
        key_name: str,
        public_key_material: str | bytes,
        tag_specifications: Sequence[TagSpecification] = (),
        dry_run: bool = False,
    ) -> KeptKeyPair:
        """Import a public key under a name; EC2 says what it is, unless it is a private one."""
        self._patience.begin()
        imported = self._imported(key_name, public_key_material, tag_specifications, dry_run)
        return self._noted(imported)

    def _imported(
        self,
        key_name: str,
        public_key_material: str | bytes,
        tag_specifications: Sequence[TagSpecification],
        dry_run: bool = False,
    ) -> KeptKeyPair:
        """Have EC2 import a public key, and return the pair, of which nothing is noted yet."""
        self._begin(_IMPORT, key_name)
        request = _new(key_name, tag_specifications, dry_run)
        # Allowed or not is decided before the material is looked at.
        material = b"-" if dry_run else public_key_material
        refuse_private_key(material)
        if isinstance(material, str):
            material = material.encode()
        if not dry_run:
            self._mirror.check()
        answer = self._new_pairs.imported(request | {"PublicKeyMaterial": material})
        # EC2 may show it late, or not to this caller; then it is what was sent.
        shown = self._ec2.held(key_name) or _as_sent(answer, material, self._access.now())
        key_pair = self._mirror.seen([shown])[0]
        return replace(key_pair, custody=known_to_be(PrivateKeyState.IMPORTED, key_pair.custody))

    def _noted(self, imported: KeptKeyPair) -> KeptKeyPair:
        with self._mirror.noting("imported", [imported.key_name]):
            self._mirror.add(imported, _IMPORT)
        return imported

    # Looking --------------------------------------------------------------------------------------

    def describe_key_pairs(
        self,
        *,
        key_names: Sequence[str] = (),
        key_pair_ids: Sequence[str] = (),
        filters: Sequence[Filter] = (),
        dry_run: bool = False,
    ) -> tuple[KeptKeyPair, ...]:
        """Return the key pairs asked for, as EC2 shows them now.

        When all were asked for, the file on this machine is made what EC2 shows.
        """
        self._begin("DescribeKeyPairs")
        request: dict[str, Any] = {"IncludePublicKey": True}
        request |= {"KeyNames": list(key_names)} if key_names else {}
        request |= {"KeyPairIds": list(key_pair_ids)} if key_pair_ids else {}
        request |= {"Filters": _filters(filters)} if filters else {}
        request |= {"DryRun": True} if dry_run else {}
        described = self._ec2.call("DescribeKeyPairs", **request)["KeyPairs"]
        if key_names or key_pair_ids or filters:
            return self._mirror.seen(described)
        try:
            return self._mirror.take_over(described)
        except StoreError:
            # A disk that takes nothing is no reason to hide what EC2 said.
            return self._mirror.seen(described)

    def describe_tags(
        self,
        *,
        filters: Sequence[Filter] = (),
        max_results: int | None = None,
        next_token: str | None = None,
        dry_run: bool = False,
    ) -> tuple[list[TagDescription], str | None]:
        """Return tags as EC2 shows them now and, where there are more, a token for them."""
        self._begin("DescribeTags")
        request: dict[str, Any] = {"Filters": _filters(filters)} if filters else {}
        request |= {"MaxResults": max_results} if max_results is not None else {}
        request |= {"NextToken": next_token} if next_token is not None else {}
        request |= {"DryRun": True} if dry_run else {}
        answer = self._ec2.call("DescribeTags", **request)
        found = [
            TagDescription(
                resource_id=str(tag["ResourceId"]),
                resource_type=str(tag.get("ResourceType", "")),
                key=str(tag.get("Key", "")),
                value=str(tag.get("Value", "")),
            )
            for tag in answer.get("Tags", ())
        ]
        return found, answer.get("NextToken")

    # Deleting, and bringing back ------------------------------------------------------------------

    def delete_key_pair(
        self,
        *,
        key_name: str | None = None,
        key_pair_id: str | None = None,
        dry_run: bool = False,
        delete_time: datetime | None = None,
        given_up: bool = False,
    ) -> str | None:
        """Delete a key pair by its id, which may be repeated, and return that id.

        Its public half is fetched first: all that is needed to import it again.
        """
        self._begin(_DELETE, key_name)
        if dry_run:
            chosen = {"KeyPairId": key_pair_id} if key_pair_id else {"KeyName": key_name or ""}
            self._ec2.call(_DELETE, **chosen, DryRun=True)
        if not key_name and not key_pair_id:
            raise MissingParameter("KeyName or KeyPairId must be provided")
        if key_pair_id:
            found = self._ec2.identified(key_pair_id)
        else:
            described = self._ec2.described(key_name or "")
            found = None if described is None else self._mirror.seen([described])[0]
            if found is None:
                return None
            key_pair_id = found.key_pair_id
        if found is not None and found.key_pair_id not in self._mirror.state.key_pairs:
            self._mirror.add(found, None)
        # Of a name and an id EC2 heeds the id alone, and some who stand in for it the name alone.
        named = {} if found is None else {"KeyName": found.key_name}
        answer: Mapping[str, Any] = {}
        try:
            answer = self._ec2.call(_DELETE, KeyPairId=key_pair_id, **named)
        except NoAnswer as lost:
            # Where EC2 does not show it any more, it was deleted.
            if found is None or not _is_gone(self._ec2.identified, key_pair_id):
                name = key_pair_id if found is None else found.key_name
                raise NoAnswer(lost.how, f"whether {name} was deleted") from None
        now = delete_time or self._access.now()
        did = "deleted" if found is not None or answer.get("KeyPairId") else "no longer has"
        with self._mirror.noting(did, [key_pair_id if found is None else found.key_name]):
            self._mirror.remove(key_pair_id, now, _DELETE, given_up=given_up)
        # A call that was repeated by itself is answered as if there had been no pair.
        deleted = answer.get("KeyPairId") or (key_pair_id if found is not None else None)
        return None if deleted is None else str(deleted)

    def deleted_key_pairs(self) -> tuple[DeletedKeyPair, ...]:
        """Return the pairs that were deleted, or vanished, since they were seen here.

        They can be imported again, as new pairs.
        """
        self._begin("DescribeKeyPairs")
        kept = [gone for gone in self._mirror.state.deleted.values() if gone.key_pair is not None]
        return tuple(sorted(kept, key=lambda gone: gone.delete_time, reverse=True))

    @changing()
    def restore_key_pair(self, key_pair_id: str, key_name: str | None = None) -> KeptKeyPair:
        """Import the public half of a deleted pair again: a new pair, with a new id.

        Raises:
            InvalidParameterValue: no pair of this id was deleted, its public half is not known, or
                it was brought back already.
        """
        self._patience.begin()
        return self._restored(key_pair_id, key_name)

    def _restored(self, key_pair_id: str, key_name: str | None = None) -> KeptKeyPair:
        gone = self._mirror.state.deleted.get(key_pair_id)
        if gone is None or gone.key_pair is None or not gone.key_pair.public_key:
            raise InvalidParameterValue(
                f"Invalid value '{key_pair_id}' for keyPairId.", parameter="key_pair_id"
            )
        before = gone.key_pair
        tags = [TagSpecification("key-pair", before.tags)] if before.tags else []
        name = before.key_name if key_name is None else key_name
        again = custody_after(self._imported(name, before.public_key, tags), before.custody)
        with self._mirror.noting("imported", [name]):
            self._mirror.add(again, "RestoreKeyPair", in_place_of=key_pair_id)
        return again

    # Tags -----------------------------------------------------------------------------------------

    def create_tags(
        self, *, resources: Sequence[str], tags: Sequence[Tag], dry_run: bool = False
    ) -> None:
        """Set tags on key pairs; a tag whose key is there is overwritten."""
        self._begin(_CREATE_TAGS)
        if not dry_run:
            self._mirror.check()
        request = {"Tags": _tags(tags)} | _dry_run(dry_run)
        _change_tags(self._ec2.call, self._mirror, _CREATE_TAGS, resources, request)

    def delete_tags(
        self,
        *,
        resources: Sequence[str],
        tags: Sequence[TagSelector] | None = None,
        dry_run: bool = False,
    ) -> None:
        """Remove tags from key pairs; None or nothing removes all."""
        self._begin(_DELETE_TAGS)
        request: dict[str, Any] = {}
        if tags:
            request["Tags"] = [
                {"Key": each.key} | ({} if each.value is None else {"Value": each.value})
                for each in tags
            ]
        if not dry_run:
            self._mirror.check()
        request |= _dry_run(dry_run)
        _change_tags(self._ec2.call, self._mirror, _DELETE_TAGS, resources, request)

    def set_tags(
        self, *, key_pair_id: str, tags: Sequence[Tag], shown: Sequence[Tag] | None = None
    ) -> Retagged | None:
        """Make these the tags of a key pair, by CreateTags and then DeleteTags.

        EC2 has no single call for both: when the second fails, the first is done.
        """
        found = self._ec2.identified(key_pair_id)
        present = shown if shown is not None else found.tags if found else ()
        new = [tag for tag in tags if tag not in present]
        gone = [
            key
            for key in dict.fromkeys(tag.key for tag in present)
            if key not in {tag.key for tag in tags}
        ]
        validation.check_new_tags(new)
        if new:
            self.create_tags(resources=[key_pair_id], tags=new)
        if gone:
            self.delete_tags(resources=[key_pair_id], tags=[TagSelector(key) for key in gone])
        if found is None:
            return None
        values = {tag.key: tag.value for tag in (*found.tags, *new) if tag.key not in gone}
        set_ = tuple(Tag(key, value) for key, value in values.items())
        return Retagged(found, replace(found, tags=set_))

    # Many at once ---------------------------------------------------------------------------------

    # EC2 has no call for several, but for tags.

    def delete_key_pairs(
        self, key_pair_ids: Sequence[str], *, delete_time: datetime
    ) -> Iterator[Batch]:
        """Delete key pairs by their ids, a few at a time."""
        self._patience.begin()

        def delete(key_pair_id: str) -> KeptKeyPair | None:
            there = self._mirror.state.key_pairs.get(key_pair_id)
            self.delete_key_pair(key_pair_id=key_pair_id, delete_time=delete_time)
            gone = self._mirror.state.deleted.get(key_pair_id)
            return there if gone is None else gone.key_pair

        return a_few_at_a_time(key_pair_ids, str, delete, self._sleep)

    def restore_key_pairs(self, key_pair_ids: Sequence[str]) -> Iterator[Batch]:
        """Import the public halves of deleted pairs again, a few at a time."""
        self._patience.begin()
        return a_few_at_a_time(key_pair_ids, str, changing()(self._restored), self._sleep)

    def import_key_pairs(self, new: Sequence[NewKeyPair]) -> Iterator[Batch]:
        """Import public keys, a few at a time."""
        self._patience.begin()

        @changing()
        def import_one(each: NewKeyPair) -> KeptKeyPair:
            tags = [TagSpecification("key-pair", each.tags)] if each.tags else []
            return self._noted(self._imported(each.key_name, each.public_key_material, tags))

        return a_few_at_a_time(new, lambda each: each.key_name, import_one, self._sleep)

    def tag_key_pairs(self, key_pair_ids: Sequence[str], tags: Sequence[Tag]) -> Iterator[Batch]:
        """Set tags on key pairs, by calls for several; EC2 refuses all of a call or none."""
        self._patience.begin()
        for start in range(0, len(key_pair_ids), _TAGGED_AT_ONCE):
            ids = key_pair_ids[start : start + _TAGGED_AT_ONCE]
            left = len(key_pair_ids) - start - len(ids)
            before = self._mirror.state.key_pairs
            try:
                in_time(partial(self.create_tags, resources=ids, tags=tags), self._sleep)
            except EC2Error as error:
                yield Batch((), tuple(Refusal(each, error) for each in ids), left)
            else:
                known = self._mirror.state.key_pairs
                yield Batch(
                    tuple(known[each] for each in ids if each in known),
                    (),
                    left,
                    tuple(before[each] for each in ids if each in before and each in known),
                )

    def set_tags_of_many(self, changes: Sequence[TagChange]) -> Iterator[Batch]:
        """Give each of these pairs its tags, one after the other."""
        self._patience.begin()

        def set_one(change: TagChange) -> KeptKeyPair | None:
            found = self._ec2.identified(change.key_pair_id) if change.undoes else None
            if found is not None:
                change = change.without_others(found.tags)
            self.set_tags(key_pair_id=change.key_pair_id, tags=change.tags, shown=change.shown)
            return self._mirror.state.key_pairs.get(change.key_pair_id)

        return a_few_at_a_time(changes, lambda change: change.key_pair_id, set_one, self._sleep)


def _is_gone(identified: Callable[[str], KeptKeyPair | None], key_pair_id: str) -> bool:
    """Return whether EC2 says that it has no such pair; false where it says nothing."""
    with suppress(EC2Error, NoAnswer, NotReached, CredentialsError):
        return identified(key_pair_id) is None
    return False


def _change_tags(
    call: Callable[..., Mapping[str, Any]],
    mirror: Mirror,
    operation: str,
    resources: Sequence[str],
    request: Mapping[str, Any],
) -> None:
    """Change tags by an operation, and note what EC2 shows after that."""
    try:
        call(operation, Resources=list(resources), **request)
    except NoAnswer as lost:
        if "DryRun" in request:
            raise
        raise NoAnswer(lost.how, "whether the tags were changed") from None
    shown = {"KeyPairIds": list(resources), "IncludePublicKey": True}
    try:
        described = call("DescribeKeyPairs", **shown)["KeyPairs"]
    except (EC2Error, NoAnswer, NotReached, CredentialsError):
        return  # the change is made; the next look at the Region shows it
    with mirror.noting("changed the tags of", [str(each["KeyName"]) for each in described]):
        mirror.update(described, operation)


def _new(
    key_name: str, specifications: Sequence[TagSpecification], dry_run: bool
) -> dict[str, Any]:
    request: dict[str, Any] = {"KeyName": key_name} | _dry_run(dry_run)
    if specifications:
        request["TagSpecifications"] = [
            ({} if each.resource_type is None else {"ResourceType": each.resource_type})
            | {"Tags": _tags(each.tags)}
            for each in specifications
        ]
    return request


def _dry_run(dry_run: bool) -> dict[str, Any]:
    return {"DryRun": True} if dry_run else {}


def _tags(tags: Sequence[Tag]) -> list[dict[str, str]]:
    return [{"Key": tag.key, "Value": tag.value} for tag in tags]


def _filters(filters: Sequence[Filter]) -> list[dict[str, Any]]:
    return [{"Name": each.name, "Values": list(each.values)} for each in filters]


def _as_sent(answer: Mapping[str, Any], material: bytes, now: datetime) -> Mapping[str, Any]:
    """Return a pair that was imported as EC2 would describe it."""
    described = {"CreateTime": now, **answer}
    with suppress(EC2Error):  # EC2 takes more than we read
        public_key = read_public_key_material(material)
        described |= {"KeyType": public_key.key_type.value, "PublicKey": public_key.line}
    return described
