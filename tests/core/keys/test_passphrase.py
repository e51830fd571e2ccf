import random
import string
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.keys.passphrase import Estimate, Strength, estimate, problem
from tests.each_row import each_row

WEAK, FAIR, STRONG = Strength


def estimated(text: str) -> Estimate:
    found = estimate(text)
    assert found is not None
    return found


@each_row(
    ("text", "strength", "remark"),
    [
        ("a", WEAK, ""),
        ("hunter2", WEAK, "a common word"),
        ("password", WEAK, "a common word"),
        ("P@ssw0rd", WEAK, "a common word"),
        ("P@$$W0RD", WEAK, "a common word"),
        ("Passw0rd123!", WEAK, "a common word"),
        ("Summer2026!", WEAK, "a common word"),
        ("my ssh key", WEAK, ""),
        ("Tr0ub4dor&3", WEAK, ""),
        ("24.12.1987", WEAK, "a date or a year"),
        ("1987-12-24", WEAK, "a date or a year"),
        ("24121987", WEAK, "a date or a year"),
        ("a" * 40, WEAK, "characters in a row"),
        ("12345678901234567890", WEAK, "characters in a row"),
        ("zyxwvutsrqponm", WEAK, "characters in a row"),
        ("asdfghjkl;", WEAK, "characters in a row"),
        ("QWERTYUIOP", WEAK, "a common word"),
        ("correct horse battery staple", STRONG, ""),
        ("clasp-yearly-gotten-pebble-sadden-hubcap", STRONG, ""),
        ("K7#pw!Vq2zR9", FAIR, ""),
    ],
)
def test_a_passphrase_is_worth_what_a_thief_would_think(
    text: str, strength: Strength, remark: str
) -> None:
    found = estimated(text)
    assert (found.strength, found.remark) == (strength, remark), found


@pytest.mark.long
def test_chance_is_seldom_taken_for_less() -> None:
    chance = random.Random(7)  # noqa: S311 - the tests' passphrases protect nothing
    alphabet = string.ascii_letters + string.digits
    found = [estimated("".join(chance.choices(alphabet, k=20))).strength for _ in range(1000)]
    assert found.count(STRONG) > 950
    assert found.count(WEAK) < 3
    assert estimated("".join(chance.choices(alphabet, k=5))).strength is WEAK


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=60))
@example("\u0130" * 4 + "password")  # Python's lower() makes two characters of this one
def test_no_more_is_claimed_than_chance_would_give(text: str) -> None:
    found = estimated(text)
    assert 0 <= found.bits <= 7 * len(text)
    assert not (len(text) > 3 and text in found.remark)


@pytest.mark.long
def test_one_key_held_down_is_weak_whatever_the_key() -> None:
    for character in string.printable.strip() + " \u00fc\u9470":
        assert estimated(character * 50).strength is WEAK, character


@each_row(
    ("text", "why"),
    [
        ("", "empty"),
        ("a\nb", "cannot be seen"),
        ("a\u200bb", "cannot be seen"),
        ("a\u00a0b", "cannot be seen"),
        ("a\ud800", "cannot be seen"),
        ("a" * 1024, "longer than the 1,023 bytes"),
        ("\u00fc" * 512, "longer than the 1,023 bytes"),
        ("a" * 1023, None),
        ("two words, gr\u00fcn \u9470", None),
        (" ", None),
    ],
)
def test_what_can_be_a_passphrase(text: str, why: str | None) -> None:
    found = problem(text)
    assert (found is None) == (why is None)
    assert why is None or (found is not None and why in found)


@pytest.mark.long
def test_what_estimates_is_loaded_only_when_a_passphrase_is_typed() -> None:
    program = (
        "import sys; from core.keys import passphrase; from tui.words import judging;"
        "passphrase.problem('x'); before = 'zxcvbn' in sys.modules;"
        "passphrase.estimate('x'); print(before, 'zxcvbn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.split() == [b"False", b"True"]
