"""Asks once before what was typed is discarded, or something odd is made of it."""

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
    question = _question(form)
    if form.fact_line.verdict == question:
        return True
    form.say(question)
    return False


def is_kept(form: PlacedScreen[Result]) -> None:
    """Ask no longer whether what was typed is discarded: something else is typed."""
    if form.fact_line.verdict == _question(form):
        form.say(Verdict(""))


def _question(form: PlacedScreen[Result]) -> Verdict:
    return Verdict(f"{key_in(form.PLACE, 'back')} again discards what you typed", Tone.CAUTION)


def may_take_name(form: PlacedScreen[Result], key_name: str, verb: str) -> bool:
    """Return whether a name may be what was typed; if it looks like a key, ask once."""
    if not judging.is_like_key(key_name) or judging.why_no_name(key_name):
        return True
    again = f"press {key_in(form.PLACE, 'submit')} again to {verb} it so"
    question = Verdict(f"the name looks like a key: {again}", Tone.CAUTION)
    if form.fact_line.verdict == question:
        return True
    form.say(question)
    return False


def may_make(
    form: PlacedScreen[Result], key_name: str, rows: TagRows, verb: str, known: Sequence[Tag]
) -> bool:
    """Return whether name and tags of a new pair may be what was typed; ask about the name first.

    One yes is for all of it: of two questions in one line each would take the other's place.
    """
    if judging.is_like_key(key_name):
        return may_take_name(form, key_name, verb)
    return may_take_tags(form, rows, verb, known) and not _is_in_empty_row(form, rows, verb)


def _is_in_empty_row(form: PlacedScreen[Result], rows: TagRows, verb: str) -> bool:
    """Return whether the cursor is in a tag that has neither key nor value, and say so once.

    What is typed next would be meant for it, and be keys of the screen that follows.
    """
    field = rows.empty_field_with_focus
    again = f"press {key_in(form.PLACE, 'submit')} again to {verb} without this tag"
    question = Verdict(f"type the key of the tag, or {again}", Tone.CAUTION)
    if field is None or form.fact_line.verdict == question:
        return False
    form.fact_line.say_of(field, question)
    return True


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
    value = rows.go_to_value(tag)
    submit = key_in(form.PLACE, "submit")
    said = f"type the value of {listed([tag.key])}, or press {submit} to {verb} without one"
    form.fact_line.say_of(value, Verdict(said, Tone.CAUTION))
    return True
