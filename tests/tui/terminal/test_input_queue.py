"""What waits between the keyboard and the app."""

from tui.terminal.input_queue import CALM, MOST, Dropped, InputQueue, Keystroke, Waiting
from tui.terminal.paste import Pasted, Typed


def all_of(queue: InputQueue) -> list[Waiting]:
    taken = []
    while (each := queue.take(0)) is not None:
        taken.append(each)
    return taken


def texts(queue: InputQueue) -> str:
    return "".join(each.text for each in all_of(queue) if isinstance(each, Keystroke))


def test_strokes_are_handed_on_in_order_with_the_time_of_their_arrival() -> None:
    queue = InputQueue()
    queue.put(Typed("a\x1b[Aé"), 1.0)
    queue.put(Pasted("text"), 2.0)
    queue.put(Typed("\x1b"), 3.0)
    assert all_of(queue) == [
        *(Keystroke(text, 1.0) for text in ("a", "\x1b[A", "é")),
        Pasted("text"),
        Keystroke("\x1b", 3.0),
    ]


def test_of_a_flood_nothing_is_handed_on_until_it_is_over() -> None:
    queue = InputQueue()
    queue.put(Typed("x" * MOST), 1.0)
    queue.put(Pasted("kept"), 1.0)
    queue.put(Typed("y"), 1.0)
    queue.put(Typed("z" * 100_000), 1.1)
    assert all_of(queue) == [Pasted("kept"), Dropped.FLOOD]
    queue.put(Typed("still"), 1.1 + CALM / 2)
    assert all_of(queue) == []
    queue.put(Typed("s"), 1.2 + 2 * CALM)
    assert texts(queue) == "s"


def test_a_flood_takes_neither_ctrl_c_nor_escape_nor_reports_along() -> None:
    reports = "\x1b[48;24;80;480;800t\x1b[?2026;2$y"
    for key in ("\x03", "\x1b", "\x1b[99;5u", "\x1b[27u"):
        queue = InputQueue()
        queue.put(Typed("x" * 3_000 + reports + "y" * 3_000), 1.0)
        queue.put(Typed(f"more{key}"), 1.0)
        assert texts(queue) == reports + key, repr(key)


def test_ctrl_c_and_escape_come_before_what_waits_if_that_is_much() -> None:
    for key in ("\x03", "\x1b", "\x1b[99;5u", "\x1b[27;1u"):
        queue = InputQueue()
        queue.put(Typed("few"), 1.0)
        queue.put(Typed(key), 1.0)
        assert texts(queue) == f"few{key}", repr(key)
        queue.put(Typed("x" * 500), 2.0)
        queue.put(Typed(f"{key}"), 2.5)
        queue.put(Typed("y"), 2.6)
        assert texts(queue) == f"{key}y", repr(key)


def test_a_movement_of_the_mouse_is_no_key_that_waits() -> None:
    queue = InputQueue()
    queue.put(Typed("\x1b[<35;1;1M"), 1.0)
    assert not queue.has_keys
    queue.put(Typed("a"), 1.0)
    assert queue.has_keys


def test_it_is_known_which_key_waits_longest_and_whether_one_stops_something() -> None:
    queue = InputQueue()
    queue.put(Typed("\x1b[<35;10;5M\x1b[I\x1b[?2026;2$y"), 1.0)
    assert queue.first_key() is None
    queue.put(Typed("\x1b[B"), 2.0)
    queue.put(Typed("s\r"), 3.0)
    assert queue.first_key() == Keystroke("\x1b[B", 2.0)
    assert not queue.has_urgent_keys()
    queue.put(Typed("\x1b"), 4.0)
    assert queue.has_urgent_keys()
    assert "s\r" in texts(queue)
    assert queue.first_key() is None
    assert not queue.has_urgent_keys()
