"""The form that creates a key pair."""

import asyncio
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from core import destination
from core.errors import DryRunOperation, EC2Error, KeyPairsError
from core.model import CreatedKeyPair, KeyFormat, KeyType, TagSpecification
from tui import verdict
from tui.actions import Place, bindings
from tui.verdict import Tone, Verdict
from tui.widgets.choice import Choice
from tui.widgets.form_field import FormField
from tui.widgets.key_hints import KeyHints
from tui.widgets.tag_rows import TagRows
from tui.widgets.text_input import TextInput
from tui.widgets.top_line import TopLine
from tui.widgets.verdict_line import VerdictLine

if TYPE_CHECKING:
    from core.service import KeyPairService

_TYPES = (
    (KeyType.RSA.value, "rsa (2048 bits)"),
    (KeyType.ED25519.value, "ed25519"),
)
_FORMATS = (
    (KeyFormat.PEM.value, "pem (OpenSSH)"),
    (KeyFormat.PPK.value, "ppk (PuTTY)"),
)


class CreateKeyPairScreen(Screen[CreatedKeyPair | None]):
    """Name, type, format and tags of a new key pair; ends with the pair, or None.

    The form makes the call itself, so that a refusal finds everything still filled in.
    """

    CSS_PATH = "create_key_pair.tcss"
    PLACE = Place.CREATE
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#key-name"

    def __init__(self, service: "KeyPairService") -> None:
        super().__init__()
        self._service = service
        self._key_name = TextInput(id="key-name")
        self._key_type = Choice(_TYPES, id="key-type")
        self._key_format = Choice(_FORMATS, id="key-format")
        self._tags = TagRows(id="tags")
        self._fields = {
            "key_name": FormField("Name", self._key_name),
            "key_type": FormField("Type", self._key_type),
            "key_format": FormField("Format", self._key_format),
            "tags": FormField("Tags", self._tags),
        }
        self._outcome = VerdictLine(id="outcome")

    def compose(self) -> ComposeResult:
        yield TopLine(f"Create a key pair in {self._service.region}")
        with VerticalScroll(can_focus=False, classes="body"):
            yield from self._fields.values()
            yield self._outcome
        yield KeyHints(Place.CREATE)

    def on_mount(self) -> None:
        self._judge_key_name()
        self._judge_choices()
        self._judge_tags()
        # After the form is drawn, because making a key takes a core of its own.
        self.call_after_refresh(self._service.prepare_spare_key)

    @on(Input.Changed, "#key-name")
    @work(exclusive=True, group="key-name")
    async def _judge_key_name(self) -> None:
        judged = await verdict.of_key_name_here(self._service, self._key_name.value)
        self._fields["key_name"].show(judged)
        self._say_where_to()

    @on(Choice.Changed)
    def _judge_choices(self) -> None:
        if self._key_type.value == KeyType.ED25519:
            caution = Verdict("does not work for Windows instances", Tone.CAUTION)
        else:
            caution = Verdict("")
        self._fields["key_type"].show(caution)
        self._say_where_to()

    def _say_where_to(self) -> None:
        key_format = KeyFormat(self._key_format.value)
        key_name = self._key_name.value
        offer = destination.suggest(key_name, key_format) if key_name else "a file to save it in"
        self._fields["key_format"].show(Verdict(f"you will be offered {offer}"))

    @on(TagRows.Changed)
    def _judge_tags(self) -> None:
        self._fields["tags"].show(verdict.of_tags(self._tags.tags))

    def action_add_tag(self) -> None:
        """Add an empty tag and go to it."""
        self._tags.add()

    def action_remove_tag(self) -> None:
        """Remove a tag; the focus stays in the form."""
        if not self._tags.remove_row():
            self._key_format.focus()

    def action_back(self) -> None:
        """Go back; nothing is created."""
        self._service.drop_spare_key()
        self.dismiss(None)

    @on(Input.Submitted)
    def action_submit(self) -> None:
        """Create the key pair."""
        self._create(dry_run=False)

    def action_dry_run(self) -> None:
        """Ask whether the key pair may be created."""
        self._create(dry_run=True)

    @work(exclusive=True, group="flow")
    async def _create(self, *, dry_run: bool) -> None:
        # A second Enter while this runs would cancel this worker, but not its thread.
        body = self.query_one(VerticalScroll)
        if body.disabled:
            return
        focused = self.focused
        body.disabled = True
        self._outcome.show(Verdict("asking…" if dry_run else "creating…"))
        try:
            created = await asyncio.to_thread(self._call, dry_run)
        except DryRunOperation as answer:
            self._outcome.show(Verdict(f"{answer.code}: {answer.message}", Tone.GOOD))
        except EC2Error as error:
            focused = self._refuse(error) or focused
        except KeyPairsError as error:
            self._outcome.show(Verdict(str(error), Tone.BAD))
        else:
            self.dismiss(created)
            return
        # A refusal keeps the key that was made ahead; only a write that failed has used it up.
        self._service.prepare_spare_key()
        body.disabled = False
        if focused is not None:
            focused.focus()

    def _call(self, dry_run: bool) -> CreatedKeyPair:
        tags = self._tags.tags
        return self._service.create_key_pair(
            key_name=self._key_name.value,
            key_type=self._key_type.value,
            key_format=self._key_format.value,
            tag_specifications=[TagSpecification("key-pair", tags)] if tags else [],
            dry_run=dry_run,
        )

    def _refuse(self, error: EC2Error) -> Widget | None:
        """Show a refusal beside the field it names, and return that field's control."""
        self._outcome.show(Verdict(""))
        field = self._fields.get(error.parameter or "")
        if field is None:
            self._outcome.show(verdict.refusal(error))
            return None
        field.show(verdict.refusal(error))
        return next(iter(field.query("#key-name, #key-type, #key-format, TagRow TextInput")), None)
