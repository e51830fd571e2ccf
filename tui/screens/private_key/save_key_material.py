"""Saves a private key to a new file, in the format and with the passphrase that are chosen."""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.widgets import Input

from core.custody import saving
from core.disk import destination
from core.disk.destination import Destination
from core.errors import SaveError
from core.keys import file_formats
from core.keys.passphrase import problem
from core.model import CreatedKeyPair, FileFormat, SavedKeyMaterial, SavedPublicKey
from core.secret import Passphrase
from tui.actions.keymap import bindings, key_of
from tui.actions.table import Place
from tui.screens.create.discarding import may_discard
from tui.screens.placed_screen import PlacedScreen
from tui.screens.private_key.passphrase_input import PassphraseInput
from tui.screens.private_key.passphrase_pair import PassphrasePair
from tui.widgets.choice import Choice
from tui.widgets.form_field import FieldJudged, FormBody, FormField
from tui.widgets.path_field import PathField
from tui.widgets.toggle import Toggle
from tui.words import judging
from tui.words.text import said_by, short_path
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import exclusively, is_busy, unless_busy

if TYPE_CHECKING:
    from core.session import Session


@dataclass(frozen=True, slots=True)
class SavedFiles:
    """What one save wrote: a private key, and maybe the public one, or why that was not written."""

    private: SavedKeyMaterial
    file_format: FileFormat
    encrypted: bool
    public: SavedPublicKey | None = None
    failure: str = ""


class SaveKeyMaterialScreen(PlacedScreen[SavedFiles | None]):
    """Path, format, passphrase and public key; ends with what was saved, or None.

    A failure is said below the field it is about, and nothing that was typed is lost.

    Args:
        file_format: the one to offer, if a key of this type is written in it.
    """

    CSS_PATH = "save_key_material.tcss"
    PLACE = Place.SAVE
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#path"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]  # noqa: RUF012 - as Textual declares it

    def __init__(
        self,
        session: "Session",
        created: CreatedKeyPair,
        file_format: FileFormat,
    ) -> None:
        super().__init__(f"Save the private key of {created.key_pair.key_name}")
        self._session = session
        self._created = created
        self.about = [created.key_pair]
        key_name, key_type = created.key_pair.key_name, created.key_pair.key_type
        self._formats = [f for f in FileFormat if file_formats.refusal(f, key_type) is None]
        if file_format not in self._formats:
            file_format = self._formats[0]
        self._suggested = destination.suggest(key_name, file_format)
        plain = destination.plain_name(key_name, file_format)
        self._path = PathField(
            self._suggested, plain_name=plain, examine=destination.examine_for_private_key
        )
        self._by_hand = False
        options = [(each.value, each.value) for each in self._formats]
        self._choice = Choice(options, value=file_format.value, id="file-format")
        self._format = FormField("Format", self._choice)
        self._passphrases = PassphrasePair(id="passphrases")
        self._passphrase = FormField("Passphrase", self._passphrases)
        self._wants_public = Toggle("", id="public-key")
        self._public = FormField("Also", self._wants_public)
        self._is_left_out = False

    def content(self) -> ComposeResult:
        with FormBody(submits="save", hands_on=False):
            yield self._path
            yield self._format
            yield self._passphrase
            yield self._public

    def on_mount(self) -> None:
        self._judge_format()
        self._judge_path()

    @property
    def _file_format(self) -> FileFormat:
        return FileFormat(self._choice.value)

    @on(Input.Changed, "#path")
    def _judge_path(self) -> None:
        self._by_hand |= self._path.path != self._suggested
        self._name_public()
        self._judge_public()
        self._describe_format()

    @on(FieldJudged)
    def _name_public(self) -> None:
        """Say where the public key would be saved, unless that would be beside no file."""
        path = self._path.path
        is_folder = self._path.verdict.text.startswith(destination.IS_FOLDER)
        is_named = not is_folder and bool(path.rpartition("/")[2].strip())
        as_ = f"as {destination.public_path(path)}" if is_named else "too"
        self._wants_public.show(f"public key {as_}")

    @on(Toggle.Changed)
    @work(exclusive=True, group="public-key")
    async def _judge_public(self) -> None:
        judged = Verdict("")
        if self._wants_public.value:
            path = destination.public_path(self._path.path)
            target = await asyncio.to_thread(destination.examine, path)
            if not target.usable:
                judged = Verdict(target.explanation, Tone.BAD)
        self._public.show(judged)

    @on(Choice.Changed)
    def _judge_format(self) -> None:
        file_format = self._file_format
        if not self._by_hand:
            key_name = self._created.key_pair.key_name
            self._suggested = destination.suggest(key_name, file_format)
            self._path.offer(self._suggested, destination.plain_name(key_name, file_format))
        self._describe_format()
        # Hidden, the fields keep what was typed, for a format that takes it.
        self._passphrase.display = file_format.takes_passphrase
        self._judge_passphrase()

    def _describe_format(self) -> None:
        """Say who reads it, and what else is to be known before a file is written in it."""
        created, file_format = self._created, self._file_format
        given = file_formats.of_key_format(created.key_format) if created.by_ec2 else None
        words = file_formats.readers(file_format, given)
        not_as = "" if file_format.takes_passphrase else self._not_as_the_file
        if not file_format.takes_passphrase:
            # What it is for gives way to what is lost.
            words = not_as or words
            words += f"; {file_format.value} gets no passphrase here: {self._others_take_one} do"
        wrong = file_formats.wrong_suffix(file_format, self._path.path)
        if wrong:
            words = f"the path ends in {wrong}, but the file is {file_format.value}; {words}"
        self._format.show(Verdict(words, Tone.CAUTION if not_as or wrong else Tone.PLAIN))

    @property
    def _not_as_the_file(self) -> str:
        """What a copy without a passphrase is, where the file that is there has one."""
        file = self._created.file
        if file is None or not file.is_encrypted:
            return ""
        return f"this copy is not encrypted, but {short_path(str(file.path))} is"

    @property
    def _others_take_one(self) -> str:
        """The formats in which this key can have a passphrase, in words."""
        *others, last = (each.value for each in self._formats if each.takes_passphrase)
        return f"{', '.join(others)} and {last}"

    @on(Input.Changed)
    @on(Choice.Changed)
    @on(PassphraseInput.Changed)
    def _forget_refusal(self) -> None:
        self._is_left_out = False
        if not is_busy(self):
            self.say(Verdict(""))

    @on(PassphraseInput.Changed)
    def _judge_passphrase(self) -> None:
        typed = self._passphrases.reveal()
        self._passphrase.show(judging.of_passphrase(*typed, self._not_as_the_file))

    def say_unforeseen(self, said: Verdict) -> None:
        """Say what went wrong that nobody expected; what was typed stays."""
        self.say(said)

    def action_back(self) -> None:
        """Go back; nothing is saved. Where a path or a passphrase was typed, ask once."""
        has_typed = any(self._passphrases.reveal()) or self._path.path != self._suggested
        if not is_busy(self) and (not has_typed or may_discard(self)):
            self.dismiss(None)

    @on(Input.Submitted)
    @unless_busy
    def action_submit(self) -> None:
        """Save, read back and prove."""
        if self._is_complete():
            first = self._passphrases.reveal()[0] if self._file_format.takes_passphrase else ""
            self._submit(Passphrase(first) if first else None)

    def _is_complete(self) -> bool:
        """Return whether the passphrase can be; where not, go to the field that says why."""
        first, again = self._passphrases.reveal()
        if not (first or again):
            return True
        if not self._file_format.takes_passphrase:
            return self._agrees_to_no_passphrase()
        if why := "type the passphrase at the left too" * (not first) or problem(first):
            self._refuse(self._passphrase, Verdict(why, Tone.BAD))
            self._passphrases.focus_first()
            return False
        if first != again:
            self._passphrases.focus_again()
            words = f"{'the two differ: ' * bool(again)}type it again at the right"
            self._refuse(self._passphrase, Verdict(words, Tone.BAD))
            return False
        return True

    def _agrees_to_no_passphrase(self) -> bool:
        """Return whether what was typed may be left out; the first time, ask."""
        if self._is_left_out:
            return True
        self._is_left_out = True
        text = f"{self._file_format.value} gets no passphrase here: the file would not be encrypted"
        self.say(Verdict(f"{text}; {key_of('save.submit')} again saves it so", Tone.CAUTION))
        return False

    def _refuse(self, field: FormField, said: Verdict) -> None:
        field.show(said)
        self.say(said)
        self.call_after_refresh(field.scroll_visible, animate=False)

    @exclusively
    async def _submit(self, passphrase: Passphrase | None) -> None:
        # As it is now: the fields can be changed while the thread is at it.
        save = partial(
            self._save,
            self._path.path,
            self._file_format,
            passphrase,
            accepted=self._path.accepted,
            with_public=self._wants_public.value,
        )
        self.say(Verdict("saving…"))
        try:
            saved = await asyncio.to_thread(save)
        except SaveError as error:
            self.say(self._path.refuse_save(error))
        else:
            self.dismiss(saved)
        finally:
            if passphrase is not None:
                passphrase.wipe()

    def _save(
        self,
        path: str,
        file_format: FileFormat,
        passphrase: Passphrase | None,
        *,
        accepted: Destination | None,
        with_public: bool,
    ) -> SavedFiles:
        """Save the private key, then the public one, whose failure takes nothing back; blocks."""
        private = saving.save_key_material(
            self._session, self._created, path, file_format, passphrase, accepted=accepted
        )
        encrypted = passphrase is not None
        if not with_public:
            return SavedFiles(private, file_format, encrypted)
        try:
            public = saving.save_public_key(self._created.key_pair, destination.public_path(path))
        except SaveError as error:
            return SavedFiles(private, file_format, encrypted, failure=said_by(error))
        return SavedFiles(private, file_format, encrypted, public)
