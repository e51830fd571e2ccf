"""Shows the form that imports a public key."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on, work
from textual.widgets import Input, TextArea

from core.custody import pub_files
from core.disk import typed_path
from core.errors import EC2Error, InvalidKeyFormat, StoreError, UnauthorizedOperation
from core.keys.fingerprint import imported_fingerprint
from core.keys.reading import import_material
from core.model import KeptKeyPair
from tui import screens
from tui.actions.keymap import bindings, key_of
from tui.actions.table import Place
from tui.screens.create.key_text import KeyText
from tui.screens.create.new_key_pair import NewKeyPairScreen
from tui.widgets.form_field import FormField
from tui.widgets.pick_list import Item
from tui.words import judging
from tui.words.text import short_path, short_paths, visible
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import exclusively

if TYPE_CHECKING:
    from core.session import Session


_ANY = "-"
"""What is given instead of a public key where only the permission is asked for."""


class ImportKeyPairScreen(NewKeyPairScreen[KeptKeyPair]):
    """A name and a public key, pasted or named by its path; ends with the pair, or None.

    Both may be given beforehand.
    """

    PLACE = Place.IMPORT
    VERB = "import"
    JUDGING = ("key-name", "material")
    BINDINGS = bindings(PLACE)

    def __init__(self, session: "Session", key_name: str = "", public_key: str = "") -> None:
        self._material = KeyText(_private_key_refusal, public_key, id="material")
        self._first_text = public_key
        self._offered = ""
        super().__init__(
            session,
            "Import a public key",
            {"public_key_material": FormField("Public key", self._material)},
            key_name=key_name,
        )
        self._judged_here = lambda judged: _judged_as_path(self._key_name.value, judged)
        no_name = self._what_is_missing
        self._what_is_missing = lambda: (
            no_name() or ("" if self._material.text.strip() else "the public key is empty")
        )

    def on_mount(self) -> None:
        self._judge_material()
        self._judge_tags()

    @on(TextArea.Changed)
    @work(exclusive=True, group="material")
    async def _judge_material(self) -> None:
        text = self._material.text
        if not text.strip():
            pick = key_of("import.pick")
            judged = Verdict(f"paste it, or type the path of a .pub file; {pick} picks one")
        else:
            judged = await asyncio.to_thread(self._judge, text)
        self._fields["public_key_material"].show(judged)
        # What was read, and is no key itself, is the path of one.
        if judged.tone is not Tone.BAD and pub_files.may_be_path(text):
            self._offer_name(Path(text.strip()).stem)

    def _offer_name(self, key_name: str) -> None:
        """Fill in a name, unless the person has typed one."""
        if self._key_name.value in ("", self._offered):
            self._key_name.value = self._offered = key_name

    def _judge(self, text: str) -> Verdict:
        try:
            public_key = import_material.read_public_key_material(_material(text))
        except InvalidKeyFormat as error:
            return _judged_on_the_way(text) or Verdict(error.reason, Tone.BAD)
        except EC2Error as error:
            return Verdict(error.message, Tone.BAD)
        except pub_files.PublicFileError as error:
            return Verdict(short_paths(str(error)), Tone.BAD)
        judged = judging.of_public_key(
            public_key.key_type,
            public_key.bits,
            imported_fingerprint(public_key),
        )
        # The name's verdict says what is wrong with the file.
        with suppress(StoreError, UnauthorizedOperation):
            judged = judging.of_known_key(self._session.key_pairs_of(public_key), judged)
        if pub_files.is_path(text) and typed_path.is_relative(text):
            where = short_path(str(pub_files.path_of(text)))
            judged = Verdict(f"{judged.text}; from {where}", judged.tone)
        return judged

    @on(KeyText.TooLarge)
    def _refuse_paste(self) -> None:
        self._refuse_material("that paste was larger than any public key, and was not taken")

    @on(KeyText.Private)
    def _refuse_private_key(self, event: KeyText.Private) -> None:
        self._refuse_material(event.reason)

    def _refuse_material(self, reason: str) -> None:
        # What is still to be said of what stands in the field, or stood there, must not cover it.
        self.workers.cancel_group(self, "material")
        self._fields["public_key_material"].show(Verdict(reason, Tone.BAD))

    @exclusively
    async def action_pick(self) -> None:
        """Pick one of the public keys in ~/.ssh."""
        paths = await asyncio.to_thread(pub_files.candidates)
        short = [short_path(str(path)) for path in paths]
        items = [Item(path, visible(path)) for path in short]
        picked = await self.app.push_screen_wait(
            screens.PickScreen("Pick a public key", items, "There is no .pub file in ~/.ssh.")
        )
        if picked is not None:
            self._material.text = picked
            self._material.move_cursor(self._material.document.end)

    @on(Input.Submitted)
    @on(KeyText.Submitted)
    def action_submit(self) -> None:
        """Import the public key."""
        text = self._material.text
        self._make(lambda: self._call(text, dry_run=False), "importing…")

    def action_dry_run(self) -> None:
        """Ask whether the public key may be imported."""
        text = self._material.text
        self._make(lambda: self._call(text, dry_run=True), "asking…", dry_run=True)

    @property
    def _has_typed(self) -> bool:
        text = self._material.text.strip()
        return super()._has_typed or text not in ("", self._first_text.strip())

    def _call(self, text: str, *, dry_run: bool) -> KeptKeyPair:
        # Whether one may is asked whatever the key is; what it is, its field says.
        return self._session.backend.import_key_pair(
            key_name=self._key_name.value,
            public_key_material=_ANY if dry_run else _material(text),
            tag_specifications=self._tag_specifications,
            dry_run=dry_run,
        )


def _judged_as_path(key_name: str, judged: Verdict) -> Verdict:
    # EC2 takes it; but who typed a path into the name meant the other field.
    if judged.tone is Tone.GOOD and typed_path.begins_like_one(key_name):
        return Verdict("this looks like a path: the public key's field is below", Tone.CAUTION)
    return judged


def _judged_on_the_way(text: str) -> Verdict | None:
    """Return where the public key is, if what was typed so far is the file of its private key."""
    public = f"{pub_files.path_of(text)}.pub" if pub_files.is_path(text) else ""
    if not Path(public).is_file():
        return None
    words = f"this is no public key; the file {short_path(public)} beside it may hold one"
    return Verdict(words, Tone.CAUTION)


def _private_key_refusal(text: str) -> str | None:
    # A path is one, whatever the name of the file.
    if pub_files.looks_like_path(text) and text.strip().isprintable():
        return None
    return import_material.private_key_refusal(text)


def _material(text: str) -> str:
    return pub_files.read(text) if pub_files.is_path(text) else text
