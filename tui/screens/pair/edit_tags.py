"""The editor of tags."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from core.errors import KeyPairsError
from core.model import KeptKeyPair, Tag
from tui.actions.keymap import bindings, key_in
from tui.actions.table import Place
from tui.screens.create.tag_rows import TagRows
from tui.screens.placed_screen import PlacedScreen
from tui.widgets.form_body import FormBody
from tui.widgets.key_hints import KeyHints
from tui.widgets.top_line import TopLine
from tui.widgets.verdict_line import VerdictLine
from tui.words import judging
from tui.work.exclusive import flow, is_flowing, once
from tui.work.slow_changes import patiently

if TYPE_CHECKING:
    from core.session import Session


class EditTagsScreen(PlacedScreen[bool]):
    """The tags of one pair, to change as they stand, or tags to add to several.

    Ends with whether anything was saved. What other pairs carry is suggested while typing: the
    right arrow takes a suggestion, Tab never does.
    """

    CSS_PATH = "edit_tags.tcss"
    PLACE = Place.TAGS
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#spare TextInput"

    def __init__(
        self,
        session: "Session",
        key_pairs: Sequence[KeptKeyPair],
        in_use: Mapping[str, Sequence[str]],
    ) -> None:
        super().__init__()
        self._session = session
        self._key_pairs = key_pairs
        self._alone = key_pairs[0] if len(key_pairs) == 1 else None
        self._tags = TagRows(self._alone.tags if self._alone else (), in_use, spare=True)
        self._verdict = VerdictLine()

    def compose(self) -> ComposeResult:
        if self._alone:
            title, remark = f"Tags of {self._alone.key_name}", ""
        else:
            title = f"Add tags to {len(self._key_pairs)} key pairs"
            remark = "A tag whose key a pair has already is overwritten there."
        yield TopLine(title)
        with FormBody():
            yield Static(remark, markup=False)
            yield self._tags
            yield self._verdict
        yield KeyHints(Place.TAGS)

    def on_mount(self) -> None:
        self._judge()

    @on(TagRows.Changed)
    def _judge(self) -> None:
        self._verdict.show(judging.of_tags(self._tags.tags, self.PLACE))

    def action_add_tag(self) -> None:
        """Add an empty tag and go to it."""
        self._tags.add()

    def action_remove_tag(self) -> None:
        """Remove a tag."""
        if not self._tags.remove_row():
            self._tags.add()

    def action_back(self) -> None:
        """Go back; nothing is changed."""
        if is_flowing(self):
            self._session.store.give_up_waiting()
        else:
            self.dismiss(False)

    @on(Input.Submitted)
    @once
    def action_submit(self) -> None:
        """Save the tags."""
        self._save(self._tags.tags)

    @flow
    async def _save(self, tags: Sequence[Tag]) -> None:
        try:
            await patiently(
                partial(self._call, tags), self._verdict.show, key_in(self.PLACE, "back")
            )
        except KeyPairsError as error:
            self._verdict.show(judging.refusal(error))
            # Below many tags it stands out of sight.
            self.call_after_refresh(self._verdict.scroll_visible, animate=False)
            if wrong := self._tags.wrong_input:
                wrong.focus()
        else:
            self.dismiss(True)

    def _call(self, tags: Sequence[Tag]) -> None:
        if self._alone:
            self._session.backend.set_tags(
                key_pair_id=self._alone.key_pair_id, tags=tags, shown=self._alone.tags
            )
        else:
            ids = [key_pair.key_pair_id for key_pair in self._key_pairs]
            self._session.backend.create_tags(resources=ids, tags=tags)
