"""Shows the form that creates a key pair."""

import asyncio
from concurrent.futures import Future
from contextlib import nullcontext
from typing import TYPE_CHECKING

from textual import on
from textual.widget import Widget
from textual.widgets import Input

from core.checks.deleted import NOT_THERE
from core.custody import rotation
from core.disk import destination
from core.disk.keys_in_hand import KeyInHand, note_ahead
from core.ec2.backend import MadeBy
from core.ec2.unanswered import PrivateKeyLost
from core.errors import EC2Error, KeyPairsError
from core.keys import file_formats
from core.model import CreatedKeyPair, KeptKeyPair, KeyFormat, KeyType
from core.process import changing
from tui import screens
from tui.actions.keymap import bindings, key_in, key_of
from tui.actions.table import Place
from tui.screens.create import made_by
from tui.screens.create.allowed_ways import AllowedWays
from tui.screens.create.awaited_answer import WAITED_FOR, AwaitedAnswer
from tui.screens.create.made_by import Question
from tui.screens.create.new_key_pair import NewKeyPairScreen
from tui.screens.create.tag_rows import TagRows
from tui.screens.placed_screen import RegionChanged
from tui.widgets.choice import Choice
from tui.widgets.form_field import FieldJudged, FormField
from tui.words.text import named, said_by
from tui.words.verdict import Tone, Verdict
from tui.work import preload

if TYPE_CHECKING:
    from core.session import Session

_MADE_BY = (
    (MadeBy.HERE.value, "made here"),
    (MadeBy.EC2.value, "made by EC2"),
)
_TYPES = (
    (KeyType.RSA.value, "rsa (2048 bits)"),
    (KeyType.ED25519.value, "ed25519"),
)
_FORMATS = (
    (KeyFormat.PEM.value, "pem (ssh)"),
    (KeyFormat.PPK.value, "ppk (PuTTY)"),
)


class CreateKeyPairScreen(NewKeyPairScreen[CreatedKeyPair]):
    """Name, type, format and tags of a new key pair; ends with the pair, or None.

    Args:
        replacing: the pair whose place the new one takes, and whose type, format and tags.
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
        self._key_format = Choice(
            _FORMATS,
            value=rotation.successor_format(replacing).value if replacing else None,
            id="key-format",
        )
        self._made_by = Choice(_MADE_BY, id="made-by")
        self._allowed = AllowedWays(self, self._made_by, self._question, self._judge_made_by)
        self._agreed = False
        doing = f"Replace {replacing.key_name}" if replacing else "Create a key pair"
        super().__init__(
            session,
            doing,
            {
                "key_type": FormField("Type", self._key_type),
                "key_format": FormField("Format", self._key_format),
            }
            | ({"made_by": FormField("Made", self._made_by)} if session.place else {}),
            key_name=key_name,
            tags=replacing.tags if replacing else (),
        )
        self.about = [replacing] if replacing else []
        self.note: Future[KeyInHand] | None = None
        """What says that a private key is in memory alone, once there is one."""
        made_by_whom = self._made_by if session.place is not None else None
        self._answer = AwaitedAnswer(self, self._key_name, made_by_whom)
        self.say_waiting = self._answer.say_waiting

    def on_unmount(self) -> None:
        # A key that was made is held until its own screen is there.
        if self.app.key_holder is self._answer and not self._answer.holds_key:
            self.app.key_holder = None

    def on_mount(self) -> None:
        self.app.key_holder = self._answer
        self._judge_key_name()
        self._judge_choices()
        self._judge_tags()
        if self._replacing:
            stays = f"{named(self._replacing.key_name)} stays until you delete it"
            self.fact_line.rest(Verdict(stays))
        # After the form is drawn, because making a key takes a core of its own.
        self.call_after_refresh(self._session.spare_key.prepare)
        self.call_after_refresh(_load_ahead, self)
        if self._session.place is not None:
            self._allowed.ask(self._session.place)

    @on(Choice.Changed)
    def _judge_choices(self) -> None:
        if self._key_type.value == KeyType.ED25519:
            note = Verdict("not for Windows instances: they need rsa", Tone.CAUTION)
        elif self._session.place is not None:
            note = Verdict("Windows passwords need it as a pem, not encrypted")
        else:
            note = Verdict("for Linux and for Windows instances")
        self._fields["key_type"].show(note)
        self._judge_made_by()
        self._say_where_to()

    def _judge_made_by(self) -> None:
        if "made_by" in self._fields:
            chosen = MadeBy(self._made_by.value)
            judged = made_by.judged(chosen, self._key_type.value, self._allowed.refused)
            self._fields["made_by"].show(judged)

    @on(Input.Changed, "#key-name")
    @on(FieldJudged)
    @on(RegionChanged)  # what is saved elsewhere meanwhile takes a path
    def _say_where_to(self) -> None:
        key_format, key_name = KeyFormat(self._key_format.value), self._key_name.value
        is_refused = self._fields["key_name"].verdict.tone is Tone.BAD
        path = "" if is_refused or not key_name else destination.suggest(key_name, key_format)
        where = f"as {path}" if path else "to a file"
        plain = destination.plain_name(key_name, file_formats.of_key_format(key_format))
        if path and not path.endswith(f"/{plain}"):
            where += f", for {plain} is there already"
        self._fields["key_format"].show(Verdict(f"you can save it {where}"))

    @on(Input.Changed)
    @on(Choice.Changed)
    @on(TagRows.Changed)
    def _forget_what_was_agreed_and_allowed(self) -> None:
        self._agreed = False
        if self._session.place is not None:
            self._allowed.ask_once_it_rests(self._session.place)

    def _question(self) -> Question | None:
        """Return what is allowed or not; None while it is being done."""
        if self._body.disabled:
            return None
        return Question(self._key_name.value, self._key_type.value, self._tag_specifications)

    @on(Input.Submitted)
    def action_submit(self) -> None:
        """Create the key pair."""
        self._make(lambda: self._call(dry_run=False), "creating…")

    def action_dry_run(self) -> None:
        """Ask whether the key pair may be created."""
        self._make(lambda: self._call(dry_run=True), "asking…", dry_run=True)

    def action_back(self) -> None:
        """Go back, and nothing is created; while it is being created, give up waiting for it.

        An answer of EC2 that holds the private key is waited for all the same.
        """
        super().action_back()
        if self._body.disabled and self._is_made_by_ec2:
            self.say(WAITED_FOR)

    @property
    def _is_made_by_ec2(self) -> bool:
        return self._session.place is not None and self._made_by.value == MadeBy.EC2.value

    async def _explain(self, error: KeyPairsError) -> Widget | None:
        if isinstance(error, made_by.AsksAgain):
            self._agreed = True
            self.say(Verdict(said_by(error), Tone.CAUTION))
            return None
        if isinstance(error, PrivateKeyLost):
            key_pair = error.key_pair
            screen = screens.LostPrivateKeyScreen(self._session, error)
            if await self.app.push_screen_wait(screen):
                submit, name = key_of("create.submit"), named(key_pair.key_name)
                text = f"{key_pair.key_pair_id} is deleted; {submit} creates {name}"
                self.say(Verdict(f"{text} again", Tone.CAUTION))
                return None
        return await super()._explain(error)

    def _refuse(self, error: EC2Error) -> Widget | None:
        if error.parameter != "replaces" or self._replacing is None:
            return super()._refuse(error)
        # No parameter of EC2's, and none that can be mended here.
        gone = self.how_gone or f"{self._replacing.key_name}: {NOT_THERE}"
        back, create = key_in(self.PLACE, "back"), key_of("key-pair.create")
        way = f"{back} goes back, and {create} creates a pair that replaces none"
        self.say(Verdict(f"{gone}; {way}", Tone.CAUTION))
        return None

    def _call(self, *, dry_run: bool) -> CreatedKeyPair:
        if not dry_run:
            # No key without what saves it; most often it is there already.
            preload.load(preload.FOR_A_PRIVATE_KEY)
        session, backend = self._session, self._session.backend
        if self._is_made_by_ec2 and self._session.place is not None:
            if not (dry_run or self._agreed):
                made_by.ask_again(self._session.place, self._key_name.value, self._key_format.value)
            backend = self._session.place.backend_by(MadeBy.EC2)
        here = session.place is None
        try:
            # A program that is ended meanwhile ends with the note, so that the next start tells.
            with (
                nullcontext() if dry_run else self._answer.under_way(),
                changing() if here else nullcontext(),
            ):
                created = backend.create_key_pair(
                    key_name=self._key_name.value,
                    key_type=self._key_type.value,
                    key_format=self._key_format.value,
                    tag_specifications=self._tag_specifications,
                    replaces=self._replacing.key_pair_id if self._replacing else None,
                    dry_run=dry_run,
                )
                key_pair_id = created.key_pair.key_pair_id
                self.note = note_ahead(session.store.folder, session.region, key_pair_id)
                return created
        except KeyPairsError:
            # A refusal keeps the key that was made ahead; only a write that failed has used it up.
            self._session.spare_key.prepare()
            raise


def _load_ahead(screen: CreateKeyPairScreen) -> None:
    loading = asyncio.to_thread(preload.load, preload.FOR_A_PRIVATE_KEY)
    screen.run_worker(loading, group="load ahead")
