"""Shows what is wrong with pairs, files and the store."""

import asyncio
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from core.checks.finding import OLD, Finding, Progress, Severity, Summary
from tui.actions.keymap import bindings, hints, key_of
from tui.actions.table import Place
from tui.screens.look.follow_up import FollowUp
from tui.screens.placed_screen import PlacedScreen, ScreenKind
from tui.widgets.cursor_list import CursorList
from tui.widgets.pick_list import Item, PickList
from tui.widgets.verdict_line import VerdictLine
from tui.words.check_up import advice, summed_up
from tui.words.text import as_pasted, short_paths, visible
from tui.words.verdict import Tone, Verdict
from tui.work.batches import in_batches, is_running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.session import Session

    _Step = Progress | Finding | Summary

_MARKS = {Severity.ERROR: "✗", Severity.WARNING: "!", Severity.NOTICE: "·"}


class CheckUpScreen(PlacedScreen[FollowUp | None]):
    """Findings as they come, the worst first, and below them what to do about one of them.

    What is looked at is said before, so that a slow file system is seen, and can be left.
    """

    CSS_PATH = "check_up.tcss"
    PLACE = Place.CHECK_UP
    KIND = ScreenKind.WORKBENCH
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "PickList"

    def __init__(self, session: "Session") -> None:
        super().__init__("Check-up of all Regions")
        self._session = session
        self._findings: list[Finding] = []
        self._status = VerdictLine(id="status")
        self._list = PickList()
        self._problem = Static(markup=False, id="problem")
        self._advice = Static(markup=False, id="advice")

    def content(self) -> ComposeResult:
        yield self._status
        yield self._list
        # It may be more than there is room for; what to do must not be cut.
        with VerticalScroll(id="about"):
            yield self._problem
            yield self._advice

    def on_mount(self) -> None:
        self._hint()
        self._look()

    @work(exclusive=True, group="check-up")
    async def _look(self) -> None:
        with self.key_hints.stopping(key_of("check-up.back"), alone=False):
            await self._show_findings()

    async def _show_findings(self) -> None:
        steps = await asyncio.to_thread(self._steps)
        async for batch in in_batches(steps):
            new = [step for step in batch if isinstance(step, Finding)]
            if new:
                self._add(new)
            for step in [step for step in batch if not isinstance(step, Finding)][-1:]:
                self._say(step)

    def _steps(self) -> "Iterator[_Step]":
        from core.checks import check_up

        return check_up.check_up(self._session, OLD)

    def _say(self, step: "_Step") -> None:
        match step:
            case Progress():
                where = f"{step.done:,} of {step.total:,}: {step.looking_at}"
                self._status.show(Verdict(f"looking… {where}; {key_of('check-up.back')} stops"))
            case Summary():
                tone = Tone.CAUTION if self._findings or step.not_allowed else Tone.GOOD
                said = summed_up(self._findings, step)
                left_out = f" Not allowed: {', '.join(step.not_allowed)}." * bool(step.not_allowed)
                self._status.show(Verdict(said + left_out, tone))

    def action_back(self) -> None:
        """Stop looking, or go back."""
        if is_running(self, "check-up"):
            self.workers.cancel_group(self, "check-up")
            count = len(self._findings)
            self._status.show(Verdict(f"stopped; {count} found so far", Tone.CAUTION))
        else:
            self.dismiss(None)

    # The findings -------------------------------------------------------------------------------

    def _add(self, new: list[Finding]) -> None:
        """Add findings in their places; the cursor stays on the one that it is on."""
        before = self._under_cursor
        # At the top it stays at the top: there the worst are wanted.
        keep = before if self._list.cursor else None
        self._findings = sorted([*self._findings, *new], key=lambda finding: finding.rank)
        cursor = self._findings.index(keep) if keep else 0
        self._list.set_items([_item(finding) for finding in self._findings], cursor)

    @property
    def _under_cursor(self) -> Finding | None:
        return self._findings[self._list.cursor] if self._findings else None

    @on(CursorList.Highlighted)
    def _show_advice(self) -> None:
        finding = self._under_cursor
        self._problem.update(visible(short_paths(finding.problem)) if finding else "")
        said = as_pasted(advice(finding, key_of("key-pair.replace"))) if finding else ""
        self._advice.update(said)
        self.query_one("#about", VerticalScroll).scroll_home(animate=False)
        self._hint()

    def _hint(self) -> None:
        """Teach Enter only where it leads to a pair."""
        go, *others = hints(Place.CHECK_UP)
        leads = self._under_cursor is not None and bool(self._under_cursor.key_pairs)
        self.key_hints.show((go, *others) if leads else tuple(others))

    @on(CursorList.Selected)
    def action_go(self) -> None:
        """Go to the pair that the finding is about; of several, to one of this Region."""
        finding = self._under_cursor
        if finding is None or not finding.key_pairs:
            return
        here = [pair for pair in finding.key_pairs if pair.region == self._session.region]
        self.dismiss((here or [*finding.key_pairs])[0])


def _item(finding: Finding) -> Item:
    names = {pair.key_name for pair in finding.key_pairs}
    about = " and ".join(sorted(names)) or finding.region or "the store"
    text = f"{_MARKS[finding.severity]} {about}"
    where = f" · {finding.region}" if finding.region else ""
    return Item("", visible(text), visible(finding.kind.replace("-", " ") + where))
