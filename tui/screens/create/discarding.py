"""Asks once before a form is left with what was typed into it, or an odd tag is made of that."""

from collections.abc import Sequence

from core.ec2 import validation
from core.model import Tag
from tui.actions.keymap import key_in
from tui.screens.create.tag_rows import TagRows
from tui.screens.placed_screen import PlacedScreen, Result
from tui.words import judging
from tui.words.refusals import listed
from tui.words.verdict import Tone, Verdict


def may_discard(form: PlacedScreen[Result]) -> bool:
    """Return whether the form says already that what was typed is discarded; if not, say so.

    A form says it no longer once something else is said or typed: then it is asked anew.
    """
    back = key_in(form.PLACE, "back")
    question = Verdict(f"{back} again discards what you typed", Tone.CAUTION)
    if form.fact_line.verdict == question:
        return True
    form.say(question)
    return False


def may_take_tags(
    form: PlacedScreen[Result], rows: TagRows, verb: str, known: Sequence[Tag] = ()
) -> bool:
    """Return whether the tags may be what was typed; if not, ask, and go to the first that is odd.

    In the list `Team=ops` as a key alone reads as the key Team with the value ops does, which was
    meant; and who presses Enter behind a key may go on to type its value. What was `known` before
    is not asked about, nor tags that are refused anyway.
    """
    tags = rows.tags
    if validation.wrong_tags(tags):
        return True
    odd = [tag for tag in judging.odd_tags(tags) if tag not in known]
    if not odd:
        return not _leads_to_value(form, rows, verb, known)
    what = f"the key{'s' * (len(odd) > 1)} {listed([tag.key for tag in odd])}"
    again = f"press {key_in(form.PLACE, 'submit')} again to {verb} with {what}"
    question = Verdict(f"{again}; tab leads to the value", Tone.CAUTION)
    if form.fact_line.verdict == question:
        return True
    rows.go_to(odd[0])
    form.say(question)
    return False


def _leads_to_value(
    form: PlacedScreen[Result], rows: TagRows, verb: str, known: Sequence[Tag]
) -> bool:
    """Return whether the cursor was behind the key of a tag without a value, and lead it there.

    From the value Enter is taken at its word: a tag may have none.
    """
    tag = rows.tag_whose_key_has_focus
    if tag is None or tag.value or tag in known:
        return False
    rows.go_to_value(tag)
    submit = key_in(form.PLACE, "submit")
    said = f"type the value of {listed([tag.key])}, or press {submit} to {verb} without one"
    form.say(Verdict(said, Tone.CAUTION))
    return True
