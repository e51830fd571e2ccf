"""Gives the two forms that make a key pair what they have in common."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual import on, work
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, TextArea
from textual.worker import WorkerError

from core.errors import DryRunOperation, EC2Error, KeyPairsError, MissingParameter
from core.model import Tag, TagSpecification
from tui.actions.keymap import key_in
from tui.actions.table import Place
from tui.screens.create.discarding import may_discard, may_make
from tui.screens.create.tag_rows import TagRows
from tui.screens.placed_screen import (
    PlacedScreen,
    RegionChanged,
    end_before_another,
)
from tui.screens.refusing import say_refused
from tui.widgets.choice import Choice
from tui.widgets.form_field import FormBody, FormField
from tui.widgets.text_input import TextInput
from tui.words import judging
from tui.words.place import waited_for
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import exclusively
from tui.work.login import logged_in
from tui.work.slow_changes import run_change

if TYPE_CHECKING:
    from core.session import Session

Made = TypeVar("Made")


class NewKeyPairScreen(PlacedScreen[Made | None], Generic[Made]):
    """A name, the fields of the form, and tags; ends with what was made, or None.

    The form makes the call itself, so that a refusal finds everything still filled in.

    Args:
        title: what the form is for.
        fields: what stands between name and tags, by the parameter that EC2's errors name.
        key_name, tags: what to begin with.
    """

    CSS_PATH = "new_key_pair.tcss"
    AUTO_FOCUS = "#key-name"
    PLACE: ClassVar[Place]
    VERB: ClassVar[str]
    """What is done to a key pair by Enter."""
    JUDGING: ClassVar[Collection[str]] = ("key-name",)
    """The groups of the workers that judge the fields."""

    def __init__(
        self,
        session: "Session",
        title: str,
        fields: Mapping[str, FormField],
        *,
        key_name: str = "",
        tags: Sequence[Tag] = (),
    ) -> None:
        super().__init__(title)
        self._session = session
        self._key_name = TextInput(key_name, id="key-name")
        self._tags = TagRows(tags, id="tags")
        self._first_tags = self._tags.tags
        self._fields = {
            "key_name": FormField("Name", self._key_name),
            **fields,
            "tags": FormField("Tags", self._tags),
        }
        *_, last = fields.values()
        self._above_tags = last.control
        self._body = FormBody(submits=self.VERB, lacks=lambda: not self._key_name.value)
        self._name_judged: Verdict | None = None
        """What was said last of the name as it stands, apart from what the service answered."""
        self._refused_name: str | None = None
        """The name as it stood when something was refused last; told of it late, it stays so."""
        self._what_is_missing: Callable[[], str] = lambda: (
            "" if self._key_name.value else "the name is empty"
        )
        self._judged_here: Callable[[Verdict], Verdict] = lambda judged: judged
        """Returns the verdict on the name, as it is in this form."""
        self.say_waiting = self.say
        """Says what is being waited for."""

    def content(self) -> ComposeResult:
        with self._body:
            yield from self._fields.values()

    @on(Input.Changed, "#key-name")
    @on(RegionChanged)
    @work(exclusive=True, group="key-name")
    async def _judge_key_name(self, event: Input.Changed | RegionChanged | None = None) -> None:
        judged = await judging.of_key_name_here(self._session, self._key_name.value)
        before, self._name_judged = self._name_judged, judged
        if _tells_late(event, self._key_name, self._refused_name):
            return
        if isinstance(event, RegionChanged):
            is_refused = self._refused_name == self._key_name.value
            # What was said of the name since stays, also where nothing was before.
            if judged == before or (before is None and is_refused):
                return
            if before is not None and judged.tone is not before.tone:
                # What came of it came of a name that was taken, or that was free.
                self._forget_outcome()
        self._fields["key_name"].show(self._judged_here(judged))
        self._body.mute_what_waits()

    @on(TagRows.Changed)
    def _judge_tags(self) -> None:
        judged = judging.of_tags(self._tags.tags, self.PLACE)
        self._fields["tags"].show(judged, *self._tags.wrong_inputs)
        self._fields["tags"].set_class(self._tags.is_empty, "-bare")

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Choice.Changed)
    @on(TagRows.Changed)
    def _forget_outcome(self, event: Message | None = None) -> None:
        # While the service is at it, it is not what came of something.
        if not (self._body.disabled or _tells_late(event, self._key_name, self._refused_name)):
            self._refused_name = None
            self.say(Verdict(""))

    async def action_add_tag(self) -> None:
        """Add an empty tag and go to it."""
        await self._tags.add()
        self._judge_tags()

    def action_remove_tag(self) -> None:
        """Remove a tag; the focus stays in the form."""
        if not self._tags.remove_row():
            self._above_tags.focus()

    def action_back(self) -> None:
        """Go back, and nothing is made; while the service is at it, give up waiting for it.

        Where more than a name was typed, ask once.
        """
        if self._body.disabled:
            self._session.give_up_waiting()
        elif not self._has_typed or may_discard(self):
            self.dismiss(None)

    @property
    def _has_typed(self) -> bool:
        """Whether something was typed that is more than a name."""
        return self._tags.tags != self._first_tags

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        # What is typed while the service is at it neither leaves the form nor starts anything.
        return action == "back" or not self._body.disabled

    @property
    def _tag_specifications(self) -> list[TagSpecification]:
        tags = self._tags.tags
        return [TagSpecification("key-pair", tags)] if tags else []

    def _make(self, call: Callable[[], Made], doing: str, *, dry_run: bool = False) -> None:
        """Call the service in a thread, and end with its answer or show its refusal."""
        # Not `once`: the form is locked as well, so that what is made is what it shows.
        if not self._body.disabled and (
            # What lacks something, or is wrong, is refused for that first.
            dry_run
            or self._what_is_missing()
            or any(field.verdict.tone is Tone.BAD for field in self._fields.values())
            or may_make(self, self._key_name.value, self._tags, self.VERB, self._first_tags)
        ):
            self.say(Verdict(doing))
            self._wait_for(call, self.focused)
            self._body.disabled = True

    @exclusively
    async def _wait_for(self, call: Callable[[], Made], focused: Widget | None) -> None:
        try:
            back = key_in(self.PLACE, "back")
            waits_for = waited_for(self._session)
            made = await run_change(call, self.say_waiting, self.key_hints, back, waits_for)
        except DryRunOperation as answer:
            await _until_judged(self)
            verdicts = (field.verdict for field in self._fields.values())
            bad = (said.text for said in verdicts if said.tone is Tone.BAD)
            refused = self._what_is_missing() or next(bad, "")
            self.say(judging.of_dry_run(answer, self.VERB, self.PLACE, refused))
        except EC2Error as error:
            await judging.explain_taken(self._session, error, self._key_name.value)
            await _until_judged(self)  # what is still to be said of a field must not cover it
            focused = self._refuse(error) or focused
        except KeyPairsError as error:
            self.say(Verdict(""))  # a dialog may follow, behind which nothing is under way
            focused = await self._explain(error) or focused
        else:
            end_before_another(self, made)
            return
        self._body.disabled = False
        if focused is not None:
            focused.focus()

    async def _explain(self, error: KeyPairsError) -> Widget | None:
        """Say what went wrong, and return the control beside which it stands already, if any."""
        if await logged_in(self, self._session, error):
            return None
        said = judging.refusal(error)
        self.say(said)
        beside = [field for field in self._fields.values() if field.verdict == said]
        return _control(beside[0]) if beside else None

    def _refuse(self, error: EC2Error) -> Widget | None:
        """Show a refusal beside the field it names, and return that field's control."""
        self._refused_name = self._key_name.value
        refusal = judging.refusal_of(error, self._key_name.value, self._tags.tags)
        field = self._fields.get(error.parameter or "")
        if field is None:
            self.say(refusal)
            return None
        if isinstance(error, MissingParameter) and field.verdict.tone is Tone.BAD:
            # It is missing because what was pasted there was refused.
            refusal = field.verdict
        say_refused(self, field, refusal)
        # With what is said below it, which the focus alone would not bring into sight.
        self.call_after_refresh(field.scroll_visible, animate=False)
        is_tags = field.control is self._tags
        wrong: list[Widget] = [*self._tags.wrong_inputs] if is_tags else []
        field.refuse(*(wrong or [field.control]))
        return wrong[0] if wrong else _control(field)


def _tells_late(event: Message | None, field: Input, refused: str | None) -> bool:
    """Return whether an event tells only now of the text that was refused since, as on slow hosts.

    Each widget has a queue of its own: what a field says when it is mounted may come after a key.
    """
    return isinstance(event, Input.Changed) and event.input is field and event.value == refused


async def _until_judged(form: NewKeyPairScreen[Made]) -> None:
    """Wait until it is known what is to be said of each field as it stands."""
    while judging_now := [
        worker for worker in form.workers if worker.group in form.JUDGING and not worker.is_finished
    ]:
        for worker in judging_now:
            with suppress(WorkerError):
                await worker.wait()


def _control(field: FormField) -> Widget | None:
    return next(iter(field.query("TextInput, Choice, KeyText")), None)
