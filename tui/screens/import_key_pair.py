"""The form that imports a public key."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Input, TextArea

from core import public_files
from core.errors import EC2Error, InvalidKeyFormat, KeyPairsError
from core.model import KeyPair, TagSpecification
from tui import verdict
from tui.actions import Place, bindings
from tui.text import short_path, visible
from tui.verdict import Tone, Verdict
from tui.widgets.form_field import FormField
from tui.widgets.key_hints import KeyHints
from tui.widgets.key_text import KeyText
from tui.widgets.pick_list import Item
from tui.widgets.tag_rows import TagRows
from tui.widgets.text_input import TextInput
from tui.widgets.top_line import TopLine
from tui.widgets.verdict_line import VerdictLine

if TYPE_CHECKING:
    from core.service import KeyPairService


class ImportKeyPairScreen(Screen[KeyPair | None]):
    """A name and a public key, pasted or named by its path; ends with the pair, or None.

    Both may be given beforehand.
    """

    CSS_PATH = "import_key_pair.tcss"
    PLACE = Place.IMPORT
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#key-name"

    def __init__(self, service: "KeyPairService", key_name: str = "", public_key: str = "") -> None:
        super().__init__()
        self._service = service
        self._key_name = TextInput(key_name, id="key-name")
        self._material = KeyText(id="material")
        self._material.text = public_key
        self._tags = TagRows(id="tags")
        self._fields = {
            "key_name": FormField("Name", self._key_name),
            "public_key_material": FormField("Public key", self._material),
            "tags": FormField("Tags", self._tags),
        }
        self._outcome = VerdictLine(id="outcome")

    def compose(self) -> ComposeResult:
        yield TopLine(f"Import a public key into {self._service.region}")
        with VerticalScroll(can_focus=False, classes="body"):
            yield from self._fields.values()
            yield self._outcome
        yield KeyHints(Place.IMPORT)

    def on_mount(self) -> None:
        self._judge_material()
        self._judge_tags()

    @on(Input.Changed, "#key-name")
    @work(exclusive=True, group="key-name")
    async def _judge_key_name(self) -> None:
        judged = await verdict.of_key_name_here(self._service, self._key_name.value)
        self._fields["key_name"].show(judged)

    @on(TagRows.Changed)
    def _judge_tags(self) -> None:
        self._fields["tags"].show(verdict.of_tags(self._tags.tags))

    @on(TextArea.Changed)
    @work(exclusive=True, group="material")
    async def _judge_material(self) -> None:
        text = self._material.text
        if not text.strip():
            judged = Verdict("paste it, or type the path of a .pub file; ctrl+o picks one")
        else:
            judged = await asyncio.to_thread(self._judge, text)
        self._fields["public_key_material"].show(judged)

    def _judge(self, text: str) -> Verdict:
        try:
            public_key = self._service.read_public_key(_material(text))
        except InvalidKeyFormat as error:
            return Verdict(error.reason, Tone.BAD)
        except EC2Error as error:
            return Verdict(error.message, Tone.BAD)
        except public_files.PublicFileError as error:
            return Verdict(str(error), Tone.BAD)
        fingerprint = self._service.imported_fingerprint(public_key)
        return Verdict(
            f"{public_key.key_type} {public_key.bits} bits; EC2 will show {fingerprint}", Tone.GOOD
        )

    @on(KeyText.TooLarge)
    def _refuse_paste(self) -> None:
        self._fields["public_key_material"].show(
            Verdict("that paste was larger than any public key, and was not taken", Tone.BAD)
        )

    @work(exclusive=True, group="flow")
    async def action_pick(self) -> None:
        """Pick one of the public keys in ~/.ssh."""
        from tui.screens.pick import PickScreen

        paths = await asyncio.to_thread(public_files.candidates)
        items = [Item(str(path), visible(short_path(str(path)))) for path in paths]
        picked = await self.app.push_screen_wait(
            PickScreen("Pick a public key", items, "There is no .pub file in ~/.ssh.")
        )
        if picked is not None:
            self._material.text = picked
            if not self._key_name.value:
                self._key_name.value = Path(picked).stem

    def action_add_tag(self) -> None:
        """Add an empty tag and go to it."""
        self._tags.add()

    def action_remove_tag(self) -> None:
        """Remove a tag; the focus stays in the form."""
        if not self._tags.remove_row():
            self._material.focus()

    def action_back(self) -> None:
        """Go back; nothing is imported."""
        self.dismiss(None)

    @on(Input.Submitted)
    @on(KeyText.Submitted)
    @work(exclusive=True, group="flow")
    async def action_submit(self) -> None:
        """Import the public key."""
        self._outcome.show(Verdict("importing…"))
        try:
            imported = await asyncio.to_thread(self._call, self._material.text)
        except EC2Error as error:
            self._refuse(error)
        except KeyPairsError as error:
            self._outcome.show(Verdict(str(error), Tone.BAD))
        else:
            self.dismiss(imported)

    def _call(self, text: str) -> KeyPair:
        tags = self._tags.tags
        return self._service.import_key_pair(
            key_name=self._key_name.value,
            public_key_material=_material(text),
            tag_specifications=[TagSpecification("key-pair", tags)] if tags else [],
        )

    def _refuse(self, error: EC2Error) -> None:
        """Show a refusal beside the field it names; EC2's words, and for a bad key ours."""
        refusal = verdict.refusal(error)
        if isinstance(error, InvalidKeyFormat):
            refusal = Verdict(f"{error.code}: {error.message}. {error.reason}", Tone.BAD)
        field = self._fields.get(error.parameter or "")
        (field or self._outcome).show(refusal)
        if field is not None:
            self._outcome.show(Verdict(""))
            target = self._material if error.parameter == "public_key_material" else self._key_name
            target.focus()


def _material(text: str) -> str:
    return public_files.read(text) if public_files.looks_like_path(text) else text
