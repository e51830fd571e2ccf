"""Where keys go: files, the ssh-agent, authorized_keys."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from core.disk import files
from core.errors import StoreError, StoreNotConfirmed
from core.local import Operations
from core.model import (
    CreatedKeyPair,
    FileFormat,
    KeyPair,
    PrivateKeyState,
    SavedKeyMaterial,
    SavedPublicKey,
)
from core.process import changing
from core.secret import Passphrase

if TYPE_CHECKING:
    from core.custody.agent import AgentOwner
    from core.custody.agent_keys import AddedToAgent
    from core.custody.authorized_keys import Plan as InstallationPlan
    from core.custody.file_kinds import Kind
    from core.disk.destination import Destination


class Delivering(Operations):
    """How the halves of a key pair get to where they are used."""

    def make_ready_to_deliver(self) -> None:
        """Import what saving a private key and handing it to an agent need; blocks.

        For the time before the key exists: later, the files of the program may be gone.
        """
        # All of these are only to be there when they are needed.
        import bcrypt  # noqa: F401 - see above
        import filelock  # noqa: F401 - see above
        import orjson  # noqa: F401 - see above
        import tinydb  # noqa: F401 - see above
        from cryptography.hazmat.primitives.kdf import argon2  # noqa: F401 - see above

        from core.custody import (
            agent,  # noqa: F401 - see above
            agent_keys,  # noqa: F401 - see above
            proof,  # noqa: F401 - see above
            saving,  # noqa: F401 - see above
        )
        from core.keys import (
            convert,  # noqa: F401 - see above
            openssh,  # noqa: F401 - see above
            passphrase,  # noqa: F401 - see above
            pkcs8,  # noqa: F401 - see above
            ppk,  # noqa: F401 - see above
        )
        from core.keys.reading import private_file  # noqa: F401 - see above
        from core.store import (
            journal,  # noqa: F401 - see above
            restore,  # noqa: F401 - see above
        )

    @changing()
    def save_key_material(
        self,
        created: CreatedKeyPair,
        path_text: str,
        file_format: FileFormat | None = None,
        passphrase: Passphrase | None = None,
        *,
        accepted: "Destination | None" = None,
    ) -> SavedKeyMaterial:
        """Write the private key to a new file of mode 0600, read it back, and record where it is.

        A missing folder is made with mode 0700. Nothing is ever overwritten, and a failure leaves
        no file behind; the key stays in hand, for another file in another format. Without a
        format it is the one it was created in. `accepted` is the destination of a `SaveAsks` that
        the person said yes to.

        Raises:
            SaveAsks: the place deserves a second yes; nothing was saved.
            SaveError: the path is no good, the format does not go with the type or a passphrase,
                or the file could not be written; says why.
            ProofFailed: the file did not read back as the key; it was removed.
        """
        from core.custody import saving
        from core.custody.unfinished import UnfinishedSaves

        unfinished = UnfinishedSaves(self._store.folder)
        path, proofs = saving.save_private_key(
            created, path_text, file_format, passphrase, accepted, unfinished
        )
        warning = self._record_saved(created.key_pair, path)
        return SavedKeyMaterial(path, proofs, warning)

    @changing()
    def save_public_key(self, key_pair: KeyPair, path_text: str) -> SavedPublicKey:
        """Write the public key of a pair to a new file of mode 0644, and read it back.

        Raises:
            SaveError: the path is no good or the file could not be written; says why.
            ProofFailed: the file did not read back as the key; it was removed.
        """
        from core.custody import saving

        return saving.save_public_key(key_pair, path_text)

    def prove(self, key_pair: KeyPair, path: str) -> tuple[str, ...]:
        """Return what holds of a file in which the private key of a pair was saved.

        Raises:
            ProofFailed: it is not there any more, or is not what it was.
        """
        from core.custody.proof import prove

        return prove(Path(path), key_pair)

    def present_files(self, key_pair: KeyPair) -> tuple[str, ...]:
        """Return those files of `saved_to` at whose path something is, whatever it holds now.

        Raises:
            OSError: it cannot be looked at, for want of permission or of the disk.
        """
        return files.present(key_pair.saved_to)

    def key_file_kinds(self, key_pair: KeyPair) -> "dict[str, Kind]":
        """Return what each file of `saved_to` is that is there; what is gone is left out."""
        from core.custody import file_kinds

        return file_kinds.by_content(key_pair.saved_to)

    @changing()
    def export(
        self,
        key_pairs: Sequence[KeyPair],
        path_text: str,
        *,
        accepted: "Destination | None" = None,
    ) -> Path:
        """Write key pairs to a new file of mode 0600: CSV where its name says so, else JSON.

        Raises:
            SaveAsks: a folder would be made, and `accepted` does not say yes to that.
            SaveError: the path is no good or the file could not be written; says why.
        """
        from core.custody import export as inventory
        from core.custody import saving

        is_csv = path_text.strip().casefold().endswith(".csv")
        text = (inventory.as_csv if is_csv else inventory.as_json)(key_pairs, self.region)
        return saving.save_text(path_text, text, accepted)

    def _record_saved(self, key_pair: KeyPair, path: Path) -> str | None:
        try:
            with self._store.transaction() as transaction:
                current = transaction.state.key_pairs.get(key_pair.key_pair_id)
                if current is None:
                    return "The file is fine, but the key pair was deleted meanwhile."
                saved_to = (*current.saved_to, str(path))
                saved = replace(current, private_key=PrivateKeyState.SAVED, saved_to=saved_to)
                transaction.update(saved, "SaveKeyMaterial")
        except StoreNotConfirmed as error:
            return f"The file is fine, and the record says so. {error}"
        except StoreError as error:
            return f"The file is fine, but the record still says never saved. {error}"
        return None

    @changing()
    def add_to_agent(
        self,
        created: CreatedKeyPair,
        *,
        lifetime: timedelta | None = None,
        confirm: bool = False,
        accepted: "AgentOwner | None" = None,
        stop: Event | None = None,
    ) -> "AddedToAgent":
        """Add the private key to the ssh-agent of this session, from memory.

        The record goes on saying that it was never saved: an agent forgets. That it was added, or
        may have been, stands in the journal. With a `lifetime` the agent forgets it after that;
        with `confirm` it asks before each use. `accepted` is the owner of an `AgentAsks` that the
        person said yes to; `stop` is set when they do not want to wait any longer.

        Raises:
            AgentAsks: the agent is another account's; nothing was added.
            AddNotConfirmed: the agent may hold it, but was not seen to.
            AgentError: there is no agent, or it refused.
        """
        from core.custody.agent import AddNotConfirmed
        from core.custody.agent_keys import add_to_agent

        try:
            added = add_to_agent(
                created,
                lifetime=lifetime,
                confirm=confirm,
                now=self._now,
                accepted=accepted,
                stop=stop,
            )
        except AddNotConfirmed as doubt:
            try:
                with self._journaled("AddToAgent", created.key_pair):
                    raise
            except StoreError as error:
                reason = f"{doubt.reason} It is not in the journal. {error}"
                raise AddNotConfirmed(reason) from None
        try:
            with self._journaled("AddToAgent", created.key_pair):
                pass
        except StoreError as error:
            return replace(added, warning=f"It is not in the journal. {error}")
        return added

    def installation(self, key_pair: KeyPair, options: str = "") -> "InstallationPlan":
        """Return what adding a pair to the login account's authorized_keys would do.

        Raises:
            AuthorizedKeysError: the record holds no key, or there is no such account.
        """
        from core.custody import authorized_keys

        found = authorized_keys.plan(key_pair, options, authorized_keys.own_account())
        return found.refused("this session is read-only") if self._authorizer.read_only else found

    @changing()
    def install_public_key(self, key_pair: KeyPair, options: str = "") -> "InstallationPlan":
        """Add a pair to the login account's authorized_keys, and return what was done.

        If the key is there already, nothing is changed and nothing journaled.

        Raises:
            AuthorizedKeysError: it was not added; says why.
            AddedNotConfirmed: it was added, but the disk did not confirm it.
            StoreError: the journal cannot be written; nothing was added.
        """
        from core.custody import authorized_keys

        found = self.installation(key_pair, options)
        if found.changes_nothing:
            authorized_keys.add(found)
            return found
        try:
            with self._journaled("InstallPublicKey", key_pair):
                authorized_keys.add(found)
        except files.ReplaceNotConfirmed as error:
            raise authorized_keys.AddedNotConfirmed(
                f"The line is in {found.path}, but the disk did not confirm it ({error.strerror})."
            ) from error
        return found

    def copy_id_commands(self, key_pair: KeyPair, line: str) -> tuple[str, ...]:
        """Return the commands that install a line of authorized_keys on another host."""
        from core.custody.copy_id import commands

        return commands(key_pair, line)

    def _journaled(self, operation: str, key_pair: KeyPair) -> AbstractContextManager[None]:
        """Record in the journal what changes no record."""
        from core.store.journal import Change

        change = Change(operation, key_pair.key_name, key_pair.key_pair_id)
        return self._store.journal.record(self.region, [change], self._now())
