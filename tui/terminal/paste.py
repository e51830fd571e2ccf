"""What is pasted, made harmless before Textual takes it apart.

Textual reads escape sequences also inside of a paste: from `ESC dydy…` in the middle of one it
makes key presses, and those delete key pairs. And it takes ten megabytes a letter at a time.
"""

START, END = "\x1b[200~", "\x1b[201~"
"""What a terminal puts around a paste (xterm, bracketed paste mode)."""

LONGEST = 128 * 1024
"""The characters of a paste that are handed on; fields refuse far shorter ones as too long."""

_ESCAPE, _PICTURE = "\x1b", "␛"


class PasteFilter:
    """Cuts pastes at `LONGEST`, and replaces each escape character in one by a picture of it.

    What is typed passes unchanged and at once. A terminal sees to it that a paste cannot hold
    its own end.
    """

    def __init__(self) -> None:
        self.inside = False
        """Whether a paste has begun and not ended."""
        self._seen = ""  # what was handed on last, in which a start may have begun
        self._held = ""  # what may be the beginning of an end
        self._room = 0

    def feed(self, text: str) -> str:
        """Return what is to be handed on of the next piece of input, however it was cut up."""
        passed: list[str] = []
        while text:
            part, text = self._pasted(text) if self.inside else self._typed(text)
            passed.append(part)
        return "".join(passed)

    def _typed(self, text: str) -> tuple[str, str]:
        known = len(self._seen)
        whole = self._seen + text
        at = whole.find(START)
        if at < 0:
            self._seen = whole[1 - len(START) :]
            return text, ""
        self.inside, self._room, self._seen = True, LONGEST, ""
        end = at + len(START)
        return whole[known:end], whole[end:]

    def _pasted(self, text: str) -> tuple[str, str]:
        whole = self._held + text
        body, end, rest = whole.partition(END)
        self._held = ""
        if end:
            self.inside = False
        else:
            self._held = next((END[:n] for n in range(5, 0, -1) if whole.endswith(END[:n])), "")
            body = whole.removesuffix(self._held)
        shown = body[: self._room].replace(_ESCAPE, _PICTURE)
        self._room -= len(shown)
        return shown + end, rest
