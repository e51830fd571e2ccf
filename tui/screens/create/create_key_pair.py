"""Shows the form that creates a key pair."""

import asyncio
from typing import TYPE_CHECKING

from textual import on, work
from textual.widgets import Input

from core.disk import destination
from core.errors import KeyPairsError
from core.model import CreatedKeyPair, KeptKeyPair, KeyFormat, KeyType
from tui.actions.keymap import bindings
from tui.actions.table import Place
from tui.screens.create.new_key_pair import NewKeyPairScreen
from tui.widgets.choice import Choice
from tui.widgets.form_field import FormField
from tui.words.verdict import Tone, Verdict
from tui.work import preload

if TYPE_CHECKING:
    from core.session import Session

_TYPES = (
    (KeyType.RSA.value, "rsa (2048 bits)"),
    (KeyType.ED25519.value, "ed25519"),
)
_FORMATS = (
    (KeyFormat.PEM.value, "pem (OpenSSH)"),
    (KeyFormat.PPK.value, "ppk (PuTTY)"),
)


class CreateKeyPairScreen(NewKeyPairScreen[CreatedKeyPair]):
    """Name, type, format and tags of a new key pair; ends with the pair, or None.

    Args:
        replacing: the pair that the new one is to take the place of, which lends it type and tags.
        key_name: the name to begin with.
    """

    # Besides its own those of the screens that a private key leads to: they may be gone by then.
    CSS_PATH = [  # type: ignore[assignment] # noqa: RUF012 - Textual takes several, declared so
        "new_key_pair.tcss",
        "../private_key/key_material.tcss",
        "../private_key/save_key_material.tcss",
        "../private_key/add_to_agent.tcss",
        "../private_key/discard_key_material.tcss",
        "../look/pick.tcss",
    ]
    PLACE = Place.CREATE
    VERB = "create"
    BINDINGS = bindings(PLACE)

    def __init__(
        self, session: "Session", replacing: KeptKeyPair | None = None, key_name: str = ""
    ) -> None:
        self._replacing = replacing
        self._key_type = Choice(
            _TYPES, value=replacing.key_type.value if replacing else None, id="key-type"
        )
        self._key_format = Choice(_FORMATS, id="key-format")
        doing = f"Replace {replacing.key_name}" if replacing else "Create a key pair"
        super().__init__(
            session,
            doing,
            {
                "key_type": FormField("Type", self._key_type),
                "key_format": FormField("Format", self._key_format),
            },
            key_name=key_name,
            tags=replacing.tags if replacing else (),
        )

    def on_mount(self) -> None:
        self._judge_key_name()
        self._judge_choices()
        self._judge_tags()
        if self._replacing:
            stays = f"{self._replacing.key_name} stays until you delete it"
            self.fact_line.rest(Verdict(stays))
        # After the form is drawn, because making a key takes a core of its own.
        self.call_after_refresh(self._session.spare_key.prepare)
        self.call_after_refresh(self._load_ahead)

    @work(group="load ahead")
    async def _load_ahead(self) -> None:
        await asyncio.to_thread(preload.load, preload.FOR_A_PRIVATE_KEY)

    @on(Choice.Changed)
    def _judge_choices(self) -> None:
        if self._key_type.value == KeyType.ED25519:
            note = Verdict("not for Windows instances: they need rsa", Tone.CAUTION)
        else:
            note = Verdict("for Linux and for Windows instances")
        self._fields["key_type"].show(note)
        self._say_where_to()

    @on(Input.Changed, "#key-name")
    def _say_where_to(self) -> None:
        key_format = KeyFormat(self._key_format.value)
        key_name = self._key_name.value
        offer = destination.suggest(key_name, key_format) if key_name else "a file to save it in"
        self._fields["key_format"].show(Verdict(f"you will be offered {offer}"))

    @on(Input.Submitted)
    def action_submit(self) -> None:
        """Create the key pair."""
        self._make(lambda: self._call(dry_run=False), "creating…")

    def action_dry_run(self) -> None:
        """Ask whether the key pair may be created."""
        self._make(lambda: self._call(dry_run=True), "asking…")

    def action_back(self) -> None:
        """Go back, and nothing is created; while it is being created, give up waiting for it."""
        if not self._body.disabled:
            self._session.spare_key.drop()
        super().action_back()

    def _call(self, *, dry_run: bool) -> CreatedKeyPair:
        if not dry_run:
            # No key without what saves it; most often it is there already.
            preload.load(preload.FOR_A_PRIVATE_KEY)
        try:
            return self._session.backend.create_key_pair(
                key_name=self._key_name.value,
                key_type=self._key_type.value,
                key_format=self._key_format.value,
                tag_specifications=self._tag_specifications,
                replaces=self._replacing.key_pair_id if self._replacing else None,
                dry_run=dry_run,
            )
        except KeyPairsError:
            # A refusal keeps the key that was made ahead; only a write that failed has used it up.
            self._session.spare_key.prepare()
            raise
