"""Shows what is wrong with pairs, files and the store."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.events import Key
from textual.widgets import Input, Static

from core.checks.finding import OLD, Finding, Progress, Severity, Summary
from tui.actions.keymap import bindings, hints, key_of
from tui.actions.table import Place
from tui.screens.look.follow_up import FollowUp
from tui.screens.placed_screen import PlacedScreen, ScreenKind, refuses_changes
from tui.screens.workbench.bench import NOTHING, Bench, RowFacts, RowPane, Said
from tui.screens.workbench.grouped_list import GroupedList, Line, SearchAndOpen
from tui.screens.workbench.widths import Column
from tui.terminal import clipboard
from tui.widgets.cursor_list import CursorList
from tui.widgets.search_input import NOTHING_MATCHES, type_on
from tui.widgets.verdict_line import MARKS, VerdictLine
from tui.words.check_up import THE_LIST, advice, by_kind, counted, looked_at, summed_up, title
from tui.words.text import as_pasted, short_path, short_paths, shortened, visible
from tui.words.verdict import Tone, Verdict
from tui.work.batches import in_batches, is_running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import timedelta

    from core.checks.finding import PairReference
    from core.session import Session

    _Step = Progress | Finding | Summary

_COLUMNS = (
    Column("Name", 40),
    Column("Region", 24, rank=1, look="muted"),
    Column("Detail", 20, rank=2, least=20, look="muted"),
    Column("Path", 60, rank=3, least=16, in_pane=True, look="muted"),
)
_TONES = {Severity.ERROR: Tone.BAD, Severity.WARNING: Tone.CAUTION, Severity.NOTICE: Tone.PLAIN}
_COLOURS = {
    Severity.ERROR: "bold $text-error",
    Severity.WARNING: "bold $text-warning",
    Severity.NOTICE: "",
}
_FEW = 5
"""As many findings of a kind are shown at first; more of them wait to be opened."""


class CheckUpScreen(PlacedScreen[FollowUp | None]):
    """Findings as they come, by their kinds, the worst first, and what to do about one of them.

    What is looked at is said before, so that a slow file system is seen, and can be left.
    """

    CSS_PATH = "check_up.tcss"
    PLACE = Place.CHECK_UP
    KIND = ScreenKind.WORKBENCH
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#search"
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (12, "-low"), (20, "-high")]  # noqa: RUF012 - as Textual declares it

    def __init__(self, session: "Session") -> None:
        super().__init__("Check-up of all Regions")
        self._session = session
        self._findings: list[Finding] = []
        self._by_value: dict[str, Finding] = {}
        self._looked_at = ""
        self._is_told = False
        """Whether it is said when all was looked at."""
        self._counts = Static(markup=False, id="counts")
        self._status = VerdictLine(id="status")
        self._search = SearchAndOpen()
        self._list = GroupedList(_COLUMNS, heading=False, indent=2, led=True)
        self._empty = Static(NOTHING_MATCHES, markup=False, id="empty")
        self._pane = RowPane()
        self._bench = Bench(
            [self._counts, self._status, self._search],
            self._list,
            [self._empty],
            [self._pane],
            lambda: self._pane.show(self._about(self._list.picked)),
        )

    def content(self) -> ComposeResult:
        yield self._bench

    def on_key(self, event: Key) -> None:
        type_on(self._search, event)

    def on_mount(self) -> None:
        self._empty.display = False
        self._show_counts()
        self._hint()
        self._look()

    # Looking ------------------------------------------------------------------------------------

    @work(exclusive=True, group="check-up")
    async def _look(self) -> None:
        try:
            with self.key_hints.stopping(key_of("check-up.back"), alone=False):
                await self._show_findings()
        finally:
            # Other keys do something once this has ended.
            self.call_later(self._hint)

    async def _show_findings(self) -> None:
        steps = await asyncio.to_thread(self._steps)
        async for batch in in_batches(steps):
            new = [step for step in batch if isinstance(step, Finding)]
            if new:
                self._add(new)
            for step in [step for step in batch if not isinstance(step, Finding)][-1:]:
                self._say(step)

    def _steps(self) -> "Iterator[_Step]":
        return _checks().look(self._session, OLD)

    def _say(self, step: "_Step") -> None:
        match step:
            case Progress():
                where = f"{step.done:,} of {step.total:,}: {step.looking_at}"
                stop = key_of("check-up.back")
                self._show_status(Verdict(f"looking… {where}; {stop} stops"))
            case Summary():
                self._looked_at = looked_at(step)
                if self._is_told:
                    self._is_told = False
                    time = self._session.now().astimezone()
                    self.say(Verdict(f"looked again at {time:%H:%M:%S}"))
                said = "" if self._findings else summed_up(self._findings, step)
                left_out = f"Not allowed: {', '.join(step.not_allowed)}." * bool(step.not_allowed)
                tone = Tone.CAUTION if left_out else Tone.GOOD
                self._show_status(Verdict(" ".join(filter(None, (said, left_out))), tone))
                self._show_counts()
        self._hint()

    def _show_status(self, said: Verdict) -> None:
        self._status.show(said)
        self._status.display = bool(said.text)

    def _show_counts(self) -> None:
        """Show how many findings there are, the worst first."""
        parts = [
            Content.styled(f"{MARKS[_TONES[severity]] or '· '}{text}", _COLOURS[severity])
            for severity, text in counted(self._findings)
        ]
        if parts and self._looked_at:
            muted = self._list.get_visual_style("grouped-list--muted")
            parts.append(Content.styled(self._looked_at, muted))
        self._counts.update(Content("   ").join(parts))
        self._counts.display = bool(self._findings)

    def action_back(self) -> None:
        """Stop looking, or go back."""
        if is_running(self, "check-up"):
            self.workers.cancel_group(self, "check-up")
            count = len(self._findings)
            self._show_status(Verdict(f"stopped; {count} found so far", Tone.CAUTION))
            self._hint()
        else:
            self.dismiss(None)

    def action_look_again(self) -> None:
        """Look at everything anew, and say when that was done."""
        self._is_told = True
        self._look_anew()

    def _look_anew(self) -> None:
        self._findings, self._looked_at = [], ""
        self._show()
        self._look()

    # The findings -------------------------------------------------------------------------------

    def _add(self, new: list[Finding]) -> None:
        """Add findings in their places; the cursor stays on the one that it is on."""
        self._findings += new
        self._show()

    def _show(self) -> None:
        picked = self._list.picked
        # At the top it stays at the top: there the worst are wanted.
        keep = picked.value if picked and self._list.cursor > 1 else None
        self._by_value.clear()
        self._list.load(list(self._lines()), keep)
        self._show_counts()
        self._show_whether_empty()

    def _lines(self) -> "Iterator[Line]":
        here = self._session.region
        # Where all is in the Region that the bar names, its name in each line says nothing.
        says_region = any(each.region not in (None, here) for each in self._findings)
        for kind, findings in by_kind(self._findings).items():
            lines = []
            for number, finding in enumerate(findings):
                value = f"{kind} {number}"
                self._by_value[value] = finding
                lines.append(_line(value, finding, says_region=says_region))
            yield Line(
                kind,
                title=title(kind),
                amount=f"{len(findings):,}",
                tone=_TONES[findings[0].severity],
                words=f"{kind} {findings[0].severity}",
                parts=lines,
                is_open=len(findings) <= _FEW,
            )

    @on(Input.Changed, "#search")
    def _narrow(self) -> None:
        self._list.narrow(self._search.value)
        self._show_whether_empty()

    def _show_whether_empty(self) -> None:
        nothing = not self._list.shown and bool(self._findings)
        self._list.set_class(not self._list.shown, "-empty")
        self._empty.display = nothing

    @property
    def _meant(self) -> Finding | None:
        """The finding under the cursor, or the only one of the kind that is under it."""
        picked = self._list.picked
        if picked is None:
            return None
        (only,) = picked.parts if len(picked.parts) == 1 else (picked,)
        return self._by_value.get(only.value)

    def _advice(self, finding: Finding) -> str:
        """Return what to do about a finding, without a key that this session refuses."""
        return _advice(finding, "" if self._session.read_only else key_of("key-pair.replace"))

    def _about(self, line: Line | None) -> RowFacts:
        """Return what is wrong and what to do; of a closed kind with many, what is so with all."""
        if line is None:
            return NOTHING
        only = line.parts[0] if len(line.parts) == 1 else line
        finding = self._by_value.get(only.value)
        if finding is None:
            said = {self._advice(each) for each in map(self._of, line.parts)}
            opens = f"{key_of('check-up.go')} opens and closes this kind."
            same = as_pasted(said.pop()) if len(said) == 1 else opens
            if self._of(line.parts[0]).kind == _NEVER_SAVED:
                same += " In the list, the filter is:unsaved shows them together."
            facts = [Said(line.title, line.tone.value if line.tone is not Tone.PLAIN else "")]
            return RowFacts(
                f"{line.amount} of this kind",
                sections=[("What is wrong", facts), ("What to do", [Said(same)])],
                brief=[Said(same, "muted")],
            )
        problem = visible(short_paths(finding.problem))
        how = as_pasted(self._advice(finding))
        tone = _TONES[finding.severity]
        mark = MARKS[tone]
        pairs = finding.key_pairs
        places = [Said(visible(f"{each.key_pair_id} in {each.region}"), "muted") for each in pairs]
        todo = [Said(how)]
        if finding.command:
            todo.append(Said(f"{key_of('check-up.copy')} copies the command", "muted"))
        if finding.kind == _MENDED and not self._session.read_only:
            todo.append(Said(f"{key_of('check-up.close-file')} does it here: mode 0600", "muted"))
        sections = [
            ("What is wrong", [Said(f"{mark}{problem}", tone.value if mark else "")]),
            ("What to do", todo),
        ]
        if places:
            sections.append(("Key pair" if len(places) == 1 else "Key pairs", places))
        brief = [Said(problem), Said(how, "muted")]
        return RowFacts(only.cells[0], visible(finding.kind), sections, brief)

    def _of(self, line: Line) -> Finding:
        return self._by_value[line.value]

    # What is done about them --------------------------------------------------------------------

    @on(CursorList.Highlighted)
    def _hint(self) -> None:
        """Teach what does something now."""
        finding, picked = self._meant, self._list.picked
        if self.fact_line.verdict.text in (_SEVERAL, _NO_COMMAND, _NOT_OPEN):
            self.say(Verdict(""))  # it was about what was under the cursor before
        opens = bool(picked and picked.parts)
        does = {
            "check-up.go": opens or bool(finding and finding.key_pairs),
            "check-up.copy": bool(finding and finding.command),
            "check-up.close-file": bool(finding and finding.kind == _MENDED),
        }
        idle = {key_of(action) for action, can in does.items() if not can}
        words = {"go to pair": "open, close"} if opens else {}
        taught = ((key, words.get(word, word)) for key, word in hints(self.PLACE))
        self.key_hints.show(tuple(hint for hint in taught if hint[0] not in idle))

    @on(Input.Submitted)
    @on(CursorList.Selected)
    def action_go(self) -> None:
        """Open or close a kind; go to the pair of a finding, of several to one of this Region."""
        if self._list.turn():
            self.say(Verdict(""))
            return
        finding = self._meant
        if finding is None:
            return
        if not finding.key_pairs:
            self.say(Verdict("this is about no key pair"))
            return
        here = [pair for pair in finding.key_pairs if pair.region == self._session.region]
        self.dismiss((here or [*finding.key_pairs])[0])

    @work(group="copy")
    async def action_copy(self) -> None:
        """Send the command that puts the finding right to the clipboard."""
        finding = self._meant
        if finding is None or not finding.command:
            self.say(_why_not(self._list.picked, self._by_value, _has_command, _NO_COMMAND))
            return
        await clipboard.send(self.app, finding.command)
        clipboard.say_sent(self.app, as_pasted(finding.command))

    @work(exclusive=True, group="close")
    async def action_close_file(self) -> None:
        """Give an exposed private key file the mode 0600, and look again."""
        finding = self._meant
        if finding is None or finding.kind != _MENDED or finding.path is None:
            self.say(_why_not(self._list.picked, self._by_value, _is_mended, _NOT_OPEN))
            return
        if refuses_changes(self):
            return
        path = finding.path
        try:
            problem = await asyncio.to_thread(_close, self._session, finding)
        except OSError as error:
            reason = error.strerror or "it cannot be changed"
            self.say(Verdict(f"{short_path(path)} stays as it is: {reason}", Tone.BAD))
        else:
            closed = f"{short_path(path)} is for you alone now, mode 0600"
            worse = Verdict(f"{closed}. {problem}", Tone.CAUTION)
            self.say(worse if problem else Verdict(closed, Tone.GOOD))
            self._look_anew()


def _close(session: "Session", finding: Finding) -> str | None:
    """Close the file of a finding to others; return what went wrong with the journal, if so."""
    return _checks().close(session, Path(finding.path or ""), finding.key_pairs)


class _Checks(NamedTuple):
    """What looks for findings, and what puts one right: see `core.checks`."""

    look: "Callable[[Session, timedelta], Iterator[_Step]]"
    close: "Callable[[Session, Path, Sequence[PairReference]], str | None]"


def _checks() -> _Checks:
    """Load what brings the store and the key library, and return what needs them."""
    from core.checks import check_up, mending

    return _Checks(check_up.check_up, mending.close_to_others)


_SEVERAL = "these are several findings: open them, and go to one"
_NO_COMMAND = "there is no command for this"
_NOT_OPEN = "nothing to mend: this is about no exposed file"

_MENDED, _NEVER_SAVED = "file-exposed", "never-saved"
"""The kind of finding that is put right here, and the one that a filter of the list finds."""


def _has_command(finding: Finding) -> bool:
    return bool(finding.command)


def _is_mended(finding: Finding) -> bool:
    return finding.kind == _MENDED and finding.path is not None


def _why_not(
    picked: Line | None,
    findings: "Mapping[str, Finding]",
    can: "Callable[[Finding], bool]",
    none: str,
) -> Verdict:
    """Return why a key does nothing for the line under the cursor; while there is none, nothing."""
    if picked is None:
        return Verdict("")
    several = any(can(findings[part.value]) for part in picked.parts)
    return Verdict(_SEVERAL if several else none)


def _line(value: str, finding: Finding, *, says_region: bool) -> Line:
    names = {pair.key_name for pair in finding.key_pairs}
    about = " and ".join(sorted(names)) or finding.region or "the store"
    region = finding.region or "" if says_region and names else ""
    return Line(
        value,
        (
            shortened(about),
            visible(region),
            visible(finding.detail),
            visible(short_path(finding.path or "")),
        ),
        words=visible(f"{finding.kind} {finding.problem}"),
    )


def _advice(finding: Finding, replace: str) -> str:
    """Return what to do about a finding, with the app's keys where commands have a command."""
    text = advice(finding, replace)
    # The page is a list itself.
    agent, find = (f": press {key_of(f'list.{key}')} in {THE_LIST}" for key in ("agent", "find"))
    text = text.replace(": keypairs find --agent", agent, 1)
    text = text.replace(": keypairs find FOLDER", f"{find} and type a folder")
    return text.replace(": keypairs find ", f"{find} and type ", 1)
