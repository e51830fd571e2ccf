"""The end of a key pair, and back: DeleteKeyPair, and what EC2 does not have, its undoing."""

from datetime import datetime, timedelta

from core.ec2.authorization import resource_context
from core.errors import MissingParameter
from core.local import Operations
from core.local.resolving import check_id_once_existed, check_room, invalid_id
from core.model import DeletedKeyPair, KeyPair

_DELETE = "DeleteKeyPair"

TRASH_KEEPS = timedelta(days=30)
"""How long a deleted key pair can be brought back."""


class Deleting(Operations):
    """How key pairs go, and come back."""

    def delete_key_pair(
        self,
        *,
        key_name: str | None = None,
        key_pair_id: str | None = None,
        dry_run: bool = False,
        delete_time: datetime | None = None,
    ) -> str | None:
        """Delete a key pair by name or id, and return the id of what was deleted.

        When both are given the id decides. A name that does not exist and an id that existed
        once are no errors: nothing is deleted and the answer is None. Pairs that are deleted
        with one `delete_time`, an aware time, are brought back together; otherwise it is now.

        Raises:
            UnauthorizedOperation: it is not allowed, whether or not there is such a pair.
            DryRunOperation: it is allowed, and `dry_run` was set.
            MissingParameter: neither was given.
            InvalidParameterValue: an id that never existed, or is none.
            StoreNotConfirmed: it was deleted, and may be there again after a power cut.
            StoreError: the change could not be written; nothing was deleted.
        """
        state = self._state_to_change(_DELETE, key_name)
        found = state.key_pairs.get(key_pair_id) if key_pair_id else state.named(key_name or "")
        self._begin(
            _DELETE,
            key_name=found.key_name if found else key_name,
            context=resource_context(found),
            dry_run=dry_run,
        )
        if not key_name and not key_pair_id:
            raise MissingParameter("KeyName or KeyPairId must be provided")
        if key_pair_id:
            check_id_once_existed(state, key_pair_id)
        if found is None:
            return None
        with self._store.transaction() as transaction:
            # Another session may have been faster; then it is as if it had never been there. Or it
            # may have set a tag by which the policy protects the pair.
            current = transaction.state.key_pairs.get(found.key_pair_id)
            if current is None:
                return None
            if current != found:
                self._authorize(_DELETE, current.key_name, resource_context(current))
            transaction.empty_trash(self._now() - TRASH_KEEPS)
            transaction.remove(found.key_pair_id, delete_time or self._now(), _DELETE)
        return found.key_pair_id

    def deleted_key_pairs(self) -> tuple[DeletedKeyPair, ...]:
        """Return the deleted key pairs that can be brought back, the last deleted first.

        EC2 has no such operation; who may describe key pairs may also see these.

        Raises:
            UnauthorizedOperation: it is not allowed.
            StoreError: the Region's file cannot be read.
        """
        self._authorize("DescribeKeyPairs", None, {})
        return self._kept()

    def _kept(self) -> tuple[DeletedKeyPair, ...]:
        oldest = self._now() - TRASH_KEEPS
        kept = [
            deleted
            for deleted in self._store.read().deleted.values()
            if deleted.key_pair is not None and deleted.delete_time >= oldest
        ]
        return tuple(sorted(kept, key=lambda deleted: deleted.delete_time, reverse=True))

    def restore_key_pair(self, key_pair_id: str) -> KeyPair:
        """Bring a deleted key pair back, with the same id and everything else.

        EC2 has no such operation; who may delete a key pair may also bring it back.

        Raises:
            UnauthorizedOperation: it is not allowed.
            InvalidParameterValue: it was not deleted, or too long ago.
            KeyPairLimitExceeded: the Region holds 5,000 key pairs.
            InvalidKeyPairDuplicate: its name was given to another.
            StoreError: the change could not be written.
        """
        key_pair = next((d.key_pair for d in self._kept() if d.key_pair_id == key_pair_id), None)
        if key_pair is None:
            raise invalid_id(key_pair_id)
        self._authorize(_DELETE, key_pair.key_name, resource_context(key_pair))
        with self._store.transaction() as transaction:
            # Another session may have brought it back meanwhile, or emptied the trash.
            deleted = transaction.state.deleted.get(key_pair_id)
            if deleted is None or deleted.key_pair is None:
                raise invalid_id(key_pair_id)
            check_room(transaction.state, key_pair.key_name)
            return transaction.restore(key_pair_id, "RestoreKeyPair")
