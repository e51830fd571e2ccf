r"""Texts that would do harm, and what has to become of each.

One behaviour each. Every text is tried as a key name, a tag's key, a tag's value, the comment of a
public key, a filter, and as text on a screen. Where nothing is said it is taken, found by the
filter that quotes it, and shown as it stands; else the entry says what is different:

    name, tag_key, tag_value, comment   the code of the refusal
    as_filter                           what the filter does with it
    shown                               what `tui.words.text.visible` makes of it

Names are ASCII without control characters and outer spaces, and comments are ASCII; tags take any
Unicode, as EC2's do. The table itself is ASCII, so that it can be read.
"""

from dataclasses import dataclass

OK = ""
MISSING = "MissingParameter"
INVALID = "InvalidParameterValue"
FORMAT = "InvalidKey.Format"

FINDS = "finds the pair that has it"
IGNORED = "too long: it narrows nothing, and says so"
EVERYTHING = "there is nothing to look for"


@dataclass(frozen=True)
class Hostile:
    """A text and what is expected of it; `id` is the behaviour."""

    id: str
    text: str
    name: str = OK
    tag_key: str = OK
    tag_value: str = OK
    comment: str = OK
    as_filter: str = FINDS
    shown: str | None = None

    @property
    def drawn(self) -> str:
        """What stands on a screen."""
        return self.text if self.shown is None else self.shown


STRINGS = [
    # Control characters: C0, DEL, C1
    Hostile("nul", "a\x00b", name=INVALID, comment=FORMAT, shown=r"a\u{0}b"),
    Hostile("soh", "a\x01b", name=INVALID, shown=r"a\u{1}b"),
    Hostile("eot-ctrl-d", "a\x04b", name=INVALID, shown=r"a\u{4}b"),
    Hostile("bell", "a\x07b", name=INVALID, shown=r"a\u{7}b"),
    Hostile("backspace", "a\x08b", name=INVALID, shown=r"a\u{8}b"),
    Hostile("tab", "a\tb", name=INVALID, shown=r"a\u{9}b"),
    Hostile("vertical-tab", "a\x0bb", name=INVALID, shown=r"a\u{b}b"),
    Hostile("form-feed", "a\x0cb", name=INVALID, shown=r"a\u{c}b"),
    Hostile("shift-out", "a\x0eb", name=INVALID, shown=r"a\u{e}b"),
    Hostile("shift-in", "a\x0fb", name=INVALID, shown=r"a\u{f}b"),
    Hostile("xoff-ctrl-s", "a\x13b", name=INVALID, shown=r"a\u{13}b"),
    Hostile("substitute", "a\x1ab", name=INVALID, shown=r"a\u{1a}b"),
    Hostile("escape-alone", "a\x1bb", name=INVALID, shown=r"a\u{1b}b"),
    Hostile("unit-separator", "a\x1fb", name=INVALID, shown=r"a\u{1f}b"),
    Hostile("delete", "a\x7fb", name=INVALID, shown=r"a\u{7f}b"),
    Hostile("c1-index", "a\x84b", name=INVALID, comment=INVALID, shown=r"a\u{84}b"),
    Hostile("c1-csi", "a\x9bb", name=INVALID, comment=INVALID, shown=r"a\u{9b}b"),
    Hostile("c1-osc", "a\x9db", name=INVALID, comment=INVALID, shown=r"a\u{9d}b"),
    Hostile("c1-dcs", "a\x90b", name=INVALID, comment=INVALID, shown=r"a\u{90}b"),
    Hostile("c1-apc", "a\x9fb", name=INVALID, comment=INVALID, shown=r"a\u{9f}b"),
    Hostile(
        "backspaces-over-a-word",
        "secret\x08\x08\x08\x08\x08\x08public",
        name=INVALID,
        shown=r"secret\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}public",
    ),
    Hostile(
        "carriage-return-over-a-line",
        "danger\rsafe  ",
        name=INVALID,
        comment=FORMAT,
        shown=r"danger\u{d}safe  ",
    ),
    Hostile(
        "every-control",
        "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f",
        name=INVALID,
        comment=INVALID,
        shown=r"\u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}\u{a}\u{b}\u{c}\u{d}\u{e}\u{f}\u{10}\u{11}\u{12}\u{13}\u{14}\u{15}\u{16}\u{17}\u{18}\u{19}\u{1a}\u{1b}\u{1c}\u{1d}\u{1e}\u{1f}\u{7f}\u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}",
    ),
    # Line ends of all kinds
    Hostile("line-feed", "a\nb", name=INVALID, comment=FORMAT, shown=r"a\u{a}b"),
    Hostile("carriage-return", "a\rb", name=INVALID, comment=FORMAT, shown=r"a\u{d}b"),
    Hostile("cr-lf", "a\r\nb", name=INVALID, comment=FORMAT, shown=r"a\u{d}\u{a}b"),
    Hostile("next-line-nel", "a\x85b", name=INVALID, comment=INVALID, shown=r"a\u{85}b"),
    Hostile("line-separator", "a\u2028b", name=INVALID, comment=INVALID, shown=r"a\u{2028}b"),
    Hostile("paragraph-separator", "a\u2029b", name=INVALID, comment=INVALID, shown=r"a\u{2029}b"),
    Hostile("line-feed-at-the-end", "a\n", name=INVALID, shown=r"a\u{a}"),
    Hostile(
        "a-second-line-of-ssh",
        "a\nssh-ed25519 AAAA b",
        name=INVALID,
        comment=FORMAT,
        shown=r"a\u{a}ssh-ed25519 AAAA b",
    ),
    Hostile(
        "a-command-to-paste",
        "x\ntouch pwned\n",
        name=INVALID,
        comment=FORMAT,
        shown=r"x\u{a}touch pwned\u{a}",
    ),
    # Escape sequences
    Hostile("csi-colour", "\x1b[31mred\x1b[0m", name=INVALID, shown=r"\u{1b}[31mred\u{1b}[0m"),
    Hostile("csi-clear-screen", "\x1b[2J\x1b[H", name=INVALID, shown=r"\u{1b}[2J\u{1b}[H"),
    Hostile(
        "csi-cursor-up",
        "\x1b[5A\x1b[2Koverwritten",
        name=INVALID,
        shown=r"\u{1b}[5A\u{1b}[2Koverwritten",
    ),
    Hostile("csi-alternate-screen", "\x1b[?1049l", name=INVALID, shown=r"\u{1b}[?1049l"),
    Hostile("csi-hide-cursor", "\x1b[?25l", name=INVALID, shown=r"\u{1b}[?25l"),
    Hostile("csi-mouse-on", "\x1b[?1003h", name=INVALID, shown=r"\u{1b}[?1003h"),
    Hostile("csi-report-position", "\x1b[6n", name=INVALID, shown=r"\u{1b}[6n"),
    Hostile("csi-report-device", "\x1b[c", name=INVALID, shown=r"\u{1b}[c"),
    Hostile("csi-window-resize", "\x1b[8;1;1t", name=INVALID, shown=r"\u{1b}[8;1;1t"),
    Hostile("csi-report-title", "\x1b[21t", name=INVALID, shown=r"\u{1b}[21t"),
    Hostile("csi-end-of-paste", "\x1b[201~rm", name=INVALID, shown=r"\u{1b}[201~rm"),
    Hostile("csi-start-of-paste", "\x1b[200~x", name=INVALID, shown=r"\u{1b}[200~x"),
    Hostile("csi-huge-number", "\x1b[999999999999A", name=INVALID, shown=r"\u{1b}[999999999999A"),
    Hostile("csi-8-bit", "\x9b2Jx", name=INVALID, comment=INVALID, shown=r"\u{9b}2Jx"),
    Hostile("osc-0-title", "\x1b]0;title\x07", name=INVALID, shown=r"\u{1b}]0;title\u{7}"),
    Hostile("osc-2-title", "\x1b]2;title\x1b\\", name=INVALID, shown="\\u{1b}]2;title\\u{1b}\\"),
    Hostile(
        "osc-8-link",
        "\x1b]8;;https://example.org\x1b\\here\x1b]8;;\x1b\\",
        name=INVALID,
        shown="\\u{1b}]8;;https://example.org\\u{1b}\\here\\u{1b}]8;;\\u{1b}\\",
    ),
    Hostile("osc-52-clipboard", "\x1b]52;c;QUJD\x07", name=INVALID, shown=r"\u{1b}]52;c;QUJD\u{7}"),
    Hostile("osc-52-query", "\x1b]52;c;?\x07", name=INVALID, shown=r"\u{1b}]52;c;?\u{7}"),
    Hostile("osc-10-colour-query", "\x1b]10;?\x07", name=INVALID, shown=r"\u{1b}]10;?\u{7}"),
    Hostile(
        "osc-1337-file",
        "\x1b]1337;File=name=eA==:AAAA\x07",
        name=INVALID,
        shown=r"\u{1b}]1337;File=name=eA==:AAAA\u{7}",
    ),
    Hostile("osc-9-notification", "\x1b]9;hello\x07", name=INVALID, shown=r"\u{1b}]9;hello\u{7}"),
    Hostile(
        "osc-777-notification",
        "\x1b]777;notify;a;b\x07",
        name=INVALID,
        shown=r"\u{1b}]777;notify;a;b\u{7}",
    ),
    Hostile(
        "osc-8-bit", "\x9d0;title\x9c", name=INVALID, comment=INVALID, shown=r"\u{9d}0;title\u{9c}"
    ),
    Hostile("osc-never-ended", "\x1b]0;swallows all", name=INVALID, shown=r"\u{1b}]0;swallows all"),
    Hostile("dcs-request", "\x1bP$qm\x1b\\", name=INVALID, shown="\\u{1b}P$qm\\u{1b}\\"),
    Hostile(
        "dcs-tmux-passthrough",
        "\x1bPtmux;\x1b\x1b]52;c;QUJD\x07\x1b\\",
        name=INVALID,
        shown="\\u{1b}Ptmux;\\u{1b}\\u{1b}]52;c;QUJD\\u{7}\\u{1b}\\",
    ),
    Hostile(
        "dcs-sixel",
        "\x1bPq#0;2;0;0;0~\x1b\\",
        name=INVALID,
        shown="\\u{1b}Pq#0;2;0;0;0~\\u{1b}\\",
    ),
    Hostile(
        "apc-kitty-image",
        "\x1b_Gf=24;AAAA\x1b\\",
        name=INVALID,
        shown="\\u{1b}_Gf=24;AAAA\\u{1b}\\",
    ),
    Hostile("pm-private", "\x1b^x\x1b\\", name=INVALID, shown="\\u{1b}^x\\u{1b}\\"),
    Hostile("sos-start", "\x1bXx\x1b\\", name=INVALID, shown="\\u{1b}Xx\\u{1b}\\"),
    Hostile("ris-full-reset", "\x1bc", name=INVALID, shown=r"\u{1b}c"),
    Hostile("line-drawing-charset", "\x1b(0lqqk", name=INVALID, shown=r"\u{1b}(0lqqk"),
    Hostile("screen-title", "\x1bktitle\x1b\\", name=INVALID, shown="\\u{1b}ktitle\\u{1b}\\"),
    Hostile("caret-notation-is-text", "^[[31m"),
    Hostile("spelling-of-an-escape-is-text", "\\u{1b}[31m", shown=r"\\u{1b}[31m"),
    Hostile(
        "backslash-before-a-spelling",
        "\\\u202ex",
        name=INVALID,
        comment=INVALID,
        shown=r"\\\u{202e}x",
    ),
    Hostile("backslashes-of-a-spelling", "\\\\u{202e}x", shown=r"\\\\u{202e}x"),
    Hostile("backslash-x1b-is-text", "\\x1b[31m\\e]0;x\\a", shown=r"\x1b[31m\e]0;x\a"),
    # Text that runs the other way
    Hostile(
        "bidi-rlo-extension",
        "web\u202egnp.mep",
        name=INVALID,
        comment=INVALID,
        shown=r"web\u{202e}gnp.mep",
    ),
    Hostile("bidi-lro", "\u202dabc", name=INVALID, comment=INVALID, shown=r"\u{202d}abc"),
    Hostile(
        "bidi-embedding",
        "\u202aabc\u202b",
        name=INVALID,
        comment=INVALID,
        shown=r"\u{202a}abc\u{202b}",
    ),
    Hostile("bidi-pop", "a\u202cb", name=INVALID, comment=INVALID, shown=r"a\u{202c}b"),
    Hostile(
        "bidi-isolates",
        "a\u2066b\u2067c\u2068d\u2069e",
        name=INVALID,
        comment=INVALID,
        shown=r"a\u{2066}b\u{2067}c\u{2068}d\u{2069}e",
    ),
    Hostile(
        "bidi-marks",
        "a\u200eb\u200fc\u061cd",
        name=INVALID,
        comment=INVALID,
        shown=r"a\u{200e}b\u{200f}c\u{61c}d",
    ),
    Hostile("hebrew-letters", "\u05de\u05e4\u05ea\u05d7", name=INVALID, comment=INVALID),
    Hostile("arabic-letters", "\u0645\u0641\u062a\u0627\u062d", name=INVALID, comment=INVALID),
    Hostile("hebrew-and-digits", "\u05d01:2\u05d1", name=INVALID, comment=INVALID),
    # Nothing to see: zero width, fillers, other spaces
    Hostile(
        "zero-width-space", "web\u200bprod", name=INVALID, comment=INVALID, shown=r"web\u{200b}prod"
    ),
    Hostile("zero-width-joiner", "a\u200db", name=INVALID, comment=INVALID, shown=r"a\u{200d}b"),
    Hostile(
        "zero-width-non-joiner", "a\u200cb", name=INVALID, comment=INVALID, shown=r"a\u{200c}b"
    ),
    Hostile("word-joiner", "a\u2060b", name=INVALID, comment=INVALID, shown=r"a\u{2060}b"),
    Hostile("byte-order-mark", "\ufeffweb", name=INVALID, comment=INVALID, shown=r"\u{feff}web"),
    Hostile("soft-hyphen", "we\xadb", name=INVALID, comment=INVALID, shown=r"we\u{ad}b"),
    Hostile(
        "combining-grapheme-joiner", "a\u034fb", name=INVALID, comment=INVALID, shown=r"a\u{34f}b"
    ),
    Hostile(
        "mongolian-vowel-separator", "a\u180eb", name=INVALID, comment=INVALID, shown=r"a\u{180e}b"
    ),
    Hostile(
        "hangul-fillers",
        "a\u115f\u1160\u3164\uffa0b",
        name=INVALID,
        comment=INVALID,
        shown=r"a\u{115f}\u{1160}\u{3164}\u{ffa0}b",
    ),
    Hostile(
        "khmer-inherent-vowels",
        "a\u17b4\u17b5b",
        name=INVALID,
        comment=INVALID,
        shown=r"a\u{17b4}\u{17b5}b",
    ),
    Hostile("invisible-times", "a\u2062b", name=INVALID, comment=INVALID, shown=r"a\u{2062}b"),
    Hostile("braille-blank", "a\u2800b", name=INVALID, comment=INVALID, shown=r"a\u{2800}b"),
    Hostile(
        "interlinear-annotation",
        "a\ufff9b\ufffac\ufffb",
        name=INVALID,
        comment=INVALID,
        shown=r"a\u{fff9}b\u{fffa}c\u{fffb}",
    ),
    Hostile(
        "tag-characters",
        "a\U000e0001\U000e0041\U000e007f",
        name=INVALID,
        comment=INVALID,
        shown=r"a\u{e0001}\u{e0041}\u{e007f}",
    ),
    Hostile(
        "variation-selector-16",
        "\u2764\ufe0f",
        name=INVALID,
        comment=INVALID,
        shown="\u2764\\u{fe0f}",
    ),
    Hostile(
        "variation-selector-15",
        "\u2764\ufe0e",
        name=INVALID,
        comment=INVALID,
        shown="\u2764\\u{fe0e}",
    ),
    Hostile(
        "variation-selector-256", "a\U000e01ef", name=INVALID, comment=INVALID, shown=r"a\u{e01ef}"
    ),
    Hostile("no-break-space", "a\xa0b", name=INVALID, comment=INVALID, shown=r"a\u{a0}b"),
    Hostile("em-space", "a\u2003b", name=INVALID, comment=INVALID, shown=r"a\u{2003}b"),
    Hostile("ideographic-space", "a\u3000b", name=INVALID, comment=INVALID, shown=r"a\u{3000}b"),
    Hostile("ogham-space", "a\u1680b", name=INVALID, comment=INVALID, shown=r"a\u{1680}b"),
    Hostile("space-in-front", " web", name=INVALID),
    Hostile("space-behind", "web ", name=INVALID),
    Hostile("only-a-space", " ", name=INVALID),
    Hostile("nothing-at-all", "", name=MISSING, tag_key=INVALID, as_filter=EVERYTHING),
    # Marks, width, and what terminals do not agree on
    Hostile("one-mark", "e\u0301", name=INVALID, comment=INVALID),
    Hostile("two-marks", "e\u0301\u0323", name=INVALID, comment=INVALID),
    Hostile(
        "a-flood-of-marks",
        "a" + "\u0301" * 40,
        name=INVALID,
        comment=INVALID,
        shown="a\u0301\u0301" + r"\u{301}" * 38,
    ),
    Hostile("a-mark-on-nothing", "\u0301a", name=INVALID, comment=INVALID, shown=r"\u{301}a"),
    Hostile("enclosing-mark", "a\u20dd", name=INVALID, comment=INVALID),
    Hostile(
        "a-mark-on-a-control", "\x00\u0301", name=INVALID, comment=INVALID, shown="\\u{0}\u0301"
    ),
    Hostile("spacing-mark", "\u0915\u093f", name=INVALID, comment=INVALID, shown="\u0915\\u{93f}"),
    Hostile("conjoining-jamo", "\u1112\u1161\u11ab", name=INVALID, comment=INVALID),
    Hostile(
        "a-flood-of-jamo",
        "\u1112" + "\u1161" * 8,
        name=INVALID,
        comment=INVALID,
        shown="\u1112\u1161\u1161" + r"\u{1161}" * 6,
    ),
    Hostile("wide-letters", "\u94a5\u5319\u5c0d", name=INVALID, comment=INVALID),
    Hostile("half-width-katakana", "\uff77\uff70", name=INVALID, comment=INVALID),
    Hostile("full-width-latin", "\uff57\uff45\uff42", name=INVALID, comment=INVALID),
    Hostile("emoji", "\U0001f511", name=INVALID, comment=INVALID),
    Hostile(
        "emoji-skin-tone",
        "\U0001f44d\U0001f3fd",
        name=INVALID,
        comment=INVALID,
        shown="\U0001f44d\\u{1f3fd}",
    ),
    Hostile(
        "emoji-family",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        name=INVALID,
        comment=INVALID,
        shown="\U0001f468\\u{200d}\U0001f469\\u{200d}\U0001f467",
    ),
    Hostile("emoji-flag", "\U0001f1e9\U0001f1ea", name=INVALID, comment=INVALID),
    Hostile("half-a-flag", "\U0001f1e9", name=INVALID, comment=INVALID, shown=r"\u{1f1e9}"),
    Hostile(
        "flag-and-a-half",
        "\U0001f1e9\U0001f1ea\U0001f1e9",
        name=INVALID,
        comment=INVALID,
        shown="\U0001f1e9\U0001f1ea\\u{1f1e9}",
    ),
    Hostile(
        "emoji-keycap", "1\ufe0f\u20e3", name=INVALID, comment=INVALID, shown="1\\u{fe0f}\u20e3"
    ),
    Hostile(
        "emoji-tag-flag",
        "\U0001f3f4\U000e0067\U000e0062\U000e007f",
        name=INVALID,
        comment=INVALID,
        shown="\U0001f3f4\\u{e0067}\\u{e0062}\\u{e007f}",
    ),
    Hostile("hexagram", "\u4dc0", name=INVALID, comment=INVALID, shown=r"\u{4dc0}"),
    Hostile("long-ligature", "\ufdfd", name=INVALID, comment=INVALID),
    Hostile(
        "mathematical-letters", "\U0001d430\U0001d41e\U0001d41b", name=INVALID, comment=INVALID
    ),
    # No characters at all
    Hostile(
        "lone-surrogate",
        "a\ud800b",
        name=INVALID,
        tag_key=INVALID,
        tag_value=INVALID,
        comment=INVALID,
        shown=r"a\u{d800}b",
    ),
    Hostile(
        "undecodable-byte",
        "a\udcffb",
        name=INVALID,
        tag_key=INVALID,
        tag_value=INVALID,
        comment=INVALID,
        shown=r"a\u{dcff}b",
    ),
    Hostile("noncharacter", "a\uffffb", name=INVALID, comment=INVALID, shown=r"a\u{ffff}b"),
    Hostile(
        "noncharacter-of-a-high-plane",
        "a\U0010ffffb",
        name=INVALID,
        comment=INVALID,
        shown=r"a\u{10ffff}b",
    ),
    Hostile("private-use", "a\ue000b", name=INVALID, comment=INVALID, shown=r"a\u{e000}b"),
    Hostile(
        "private-use-of-a-high-plane",
        "a\U000f0000b",
        name=INVALID,
        comment=INVALID,
        shown=r"a\u{f0000}b",
    ),
    Hostile("unassigned", "a\u0378b", name=INVALID, comment=INVALID, shown=r"a\u{378}b"),
    Hostile("replacement-character", "a\ufffdb", name=INVALID, comment=INVALID),
    # Text that looks like other text
    Hostile("nfc", "caf\xe9", name=INVALID, comment=INVALID),
    Hostile("nfd", "cafe\u0301", name=INVALID, comment=INVALID),
    Hostile("cyrillic-homoglyphs", "\u0440\u0430ypal", name=INVALID, comment=INVALID),
    Hostile("greek-homoglyph", "\u039fK", name=INVALID, comment=INVALID),
    Hostile("roman-numeral", "\u2163", name=INVALID, comment=INVALID),
    Hostile("kelvin-sign", "\u212aey", name=INVALID, comment=INVALID),
    Hostile("dotless-i", "\u0131d", name=INVALID, comment=INVALID),
    Hostile("upper-case-of-two", "\u0130", name=INVALID, comment=INVALID),
    Hostile("typographic-quotes", "\u201cweb\u201d", name=INVALID, comment=INVALID),
    Hostile("typographic-dash", "a\u2013b", name=INVALID, comment=INVALID),
    # Markup
    Hostile("markup-close", "[/]"),
    Hostile("markup-close-of-nothing", "[/foo]"),
    Hostile("markup-bold", "[b]x[/b]"),
    Hostile("markup-click", "[@click=app.quit]x[/]"),
    Hostile("markup-link", "[link=https://example.org]x[/link]"),
    Hostile("markup-colour", "[red on blue]x"),
    Hostile("markup-nested", "[b][i][/b][/i]"),
    Hostile("markup-unbalanced", "a[/"),
    Hostile("markup-in-quotes", "[type=x, v={'a[0]'}]"),
    Hostile("markup-escaped", "\\[b]x", shown=r"\[b]x"),
    Hostile("markup-backslash-at-the-end", "x\\", shown="x\\"),
    Hostile("markup-variable", "$text $primary"),
    Hostile("rich-emoji-code", ":smile:"),
    Hostile("html", "<b>x</b>&amp;<script>alert(1)</script>"),
    Hostile("markdown", "[x](https://example.org) **b**"),
    # Text that other programs would run or expand
    Hostile("printf-format", "%s%n%d%99999999d"),
    Hostile("python-format", "{0.__class__} {x!r} %(x)s"),
    Hostile("shell-command", "$(touch pwned)"),
    Hostile("shell-backquotes", "`touch pwned`"),
    Hostile("shell-variable", "$HOME ${IFS}"),
    Hostile("shell-history", "!!"),
    Hostile("shell-quote", "it's"),
    Hostile("shell-separators", "a;b&c|d>e<f"),
    Hostile("shell-globs", "*?[a]{b,c}~"),
    Hostile("shell-comment", "# x"),
    Hostile("sql", "'; DROP TABLE keys; --"),
    Hostile("json-end", '"}],"x":[{"y":"'),
    Hostile("toml", "\"\"\" = '''"),
    Hostile("csv-cells", "a,b;c\td", name=INVALID, shown=r"a,b;c\u{9}d"),
    Hostile("csv-quote", 'a"b,""c'),
    Hostile("spreadsheet-equals", "=cmd|' /C calc'!A0"),
    Hostile("spreadsheet-plus", "+1+2"),
    Hostile("spreadsheet-minus", "-1+2"),
    Hostile("spreadsheet-at", "@SUM(A1)"),
    Hostile("spreadsheet-tab", "\t=1+2", name=INVALID, shown=r"\u{9}=1+2"),
    Hostile("spreadsheet-full-width", "\uff1d1+2", name=INVALID, comment=INVALID),
    Hostile("spreadsheet-behind-a-separator", "x;=1+2"),
    Hostile("terraform-interpolation", "${var.x}"),
    Hostile("terraform-directive", "%{ if true }x%{ endif }"),
    Hostile("terraform-escape", "$${x} %%{y}"),
    Hostile("ssh-percent", "%d%h%%"),
    Hostile("ssh-star-host", "* !x"),
    Hostile("regular-expression", "(a+)+$"),
    Hostile("aws-cli-file", "file:///etc/hostname"),
    Hostile("aws-cli-url", "https://example.org/x"),
    Hostile("crontab-percent", "a%b"),
    # Names that files and options have
    Hostile("dot", "."),
    Hostile("dot-dot", ".."),
    Hostile("path-up", "../../etc/passwd"),
    Hostile("path-absolute", "/etc/passwd"),
    Hostile("path-home", "~root/x"),
    Hostile("path-windows", "C:\\x\\y", shown=r"C:\x\y"),
    Hostile("hidden-file", ".ssh"),
    Hostile("windows-device", "CON"),
    Hostile("windows-device-with-ending", "nul.pem"),
    Hostile("option-like", "-rf"),
    Hostile("long-option-like", "--region=x"),
    Hostile("only-dashes", "--"),
    Hostile("number", "0"),
    Hostile("null-word", "null"),
    Hostile("star", "*"),
    # What EC2 keeps for itself
    Hostile("aws-tag", "aws:cloudformation:stack-name", tag_key=INVALID),
    Hostile("aws-tag-in-capitals", "AWS:x"),
    Hostile("key-pair-id", "key-0123456789abcdef0"),
    Hostile("arn", "arn:aws:ec2:us-east-1:000000000000:key-pair/x"),
    Hostile("filter-field", "name:*"),
    Hostile("filter-unclosed-quote", '"x'),
    Hostile("filter-wildcard", "\\*?", shown=r"\*?"),
    Hostile("protected", "protected"),
    # Long
    Hostile("longest-tag-key", "k" * 127),
    Hostile("longer-than-a-tag-key", "k" * 128, tag_key=INVALID),
    Hostile("longest-name", "n" * 255, tag_key=INVALID),
    Hostile("longer-than-a-name", "n" * 256, name=INVALID, tag_key=INVALID),
    Hostile("longer-than-a-tag-value", "v" * 257, name=INVALID, tag_key=INVALID, tag_value=INVALID),
    Hostile(
        "longer-than-a-filter",
        "f" * 1001,
        name=INVALID,
        tag_key=INVALID,
        tag_value=INVALID,
        as_filter=IGNORED,
    ),
    Hostile(
        "longer-than-a-material",
        "m" * 2048,
        name=INVALID,
        tag_key=INVALID,
        tag_value=INVALID,
        comment=INVALID,
        as_filter=IGNORED,
    ),
    Hostile(
        "a-million-characters",
        "x" * 1_000_000,
        name=INVALID,
        tag_key=INVALID,
        tag_value=INVALID,
        comment=INVALID,
        as_filter=IGNORED,
    ),
    Hostile("wide-to-the-limit", "\u94a5" * 127, name=INVALID, comment=INVALID),
    Hostile(
        "marks-to-the-limit",
        "a" + "\u0301" * 126,
        name=INVALID,
        comment=INVALID,
        shown="a\u0301\u0301" + r"\u{301}" * 124,
    ),
    Hostile("escapes-to-the-limit", "\x1b" * 127, name=INVALID, shown=r"\u{1b}" * 127),
]
