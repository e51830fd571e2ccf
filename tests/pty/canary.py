"""The program with a private key that the tests know, and that nothing but its file may hold.

CANARY_FAULT says where it crashes with the key in reach. CANARY_WITHOUT names a guard that is taken
out, so that the tests can show that they would miss it. On SIGUSR1 it writes to CANARY_REPORT what
of its memory holds the key.
"""

import ctypes
import gc
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence, Set
from ctypes import CDLL
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from unittest.mock import patch
from weakref import WeakSet

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.segment import Segment

from core.custody import agent_keys, saving
from core.keys import convert, keygen
from core.model import CreatedKeyPair, KeyFormat
from core.secret import KeyMaterial, Passphrase
from core.session import Session

# Textual reads its variables while it is imported, so that it is imported where the program does.
from tui import __main__ as program
from tui import environment

if TYPE_CHECKING:
    from textual.app import App
    from textual.message import Message
    from textual.strip import Strip

    from tui.screens.private_key.key_material import KeyMaterialScreen
    from tui.screens.private_key.key_material_view import KeyMaterialView
    from tui.screens.private_key.passphrase_pair import PassphrasePair
    from tui.terminal.driver import SteadyDriver

# The key, and every form of it -------------------------------------------------------------------

NAME = "canary"
_PIECE = 16
_BASE64, _HEX = 20, 32
"""As many characters as 16 bytes fill in each of the forms, whatever stands before them."""


def seed() -> bytes:
    """Return what makes the key; it is computed anew, so that nothing holds it."""
    return sha256(b"the canary of the mine").digest()


def private_key(_: object = None) -> Ed25519PrivateKey:
    """Return the key; stands in for the one that makes a new one."""
    return Ed25519PrivateKey.from_private_bytes(seed())


def passphrase() -> str:
    """Return what the key is encrypted with where a test asks for it; computed anew likewise."""
    return sha256(b"the word of the miners").hexdigest()


def pieces_of_passphrase() -> Mapping[int, frozenset[int]]:
    """Return the hashes of all pieces of 16 bytes of the passphrase, as those of the key."""
    data = passphrase().encode()
    return {length: frozenset(found) for length, found in forms([data], [data]).items()}


def pieces() -> Mapping[int, frozenset[int]]:
    """Return the hashes of all pieces of 16 bytes of the key in every form, by their lengths.

    They are hashes, so that a search of the memory does not find what it searches for.
    """
    pem, ppk = (
        convert.encode(private_key(), form, NAME) for form in (KeyFormat.PEM, KeyFormat.PPK)
    )
    texts = [pem, ppk.partition(b"Private-Lines: ")[2]]
    lines = [[line for line in text.splitlines() if len(line) > _PIECE] for text in texts]
    bodies = [b"".join(line for line in found if b"-" not in line) for found in lines]
    raw = [seed(), repr(seed())[2:-1].encode(), *bodies, *lines[0][1:-1], *lines[1]]
    # The files repeat the public key, which is for everyone to see, and all begin alike.
    line = convert.public_key(private_key()).line
    blob = b64decode(line.split()[1]) + bytes(6)  # the zeros of a length follow it
    public = f"{line} {NAME}\n".encode()
    known = forms(raw, [seed(), *texts, *bodies])
    seen_by_all = forms([public, lines[0][1], *_base64(blob)], [public])
    return {length: frozenset(known[length] - seen_by_all[length]) for length in known}


def forms(raw: Sequence[bytes], encoded: Sequence[bytes]) -> Mapping[int, set[int]]:
    """Return the hashes of the pieces of what may stand as it is, and of what may be encoded."""
    base64 = [form for data in encoded for form in _base64(data)]
    forms = {_PIECE: raw, _BASE64: base64, _HEX: [data.hex().encode() for data in encoded]}
    return {
        length: {h for d in found for h in _hashes(d, length)} for length, found in forms.items()
    }


def _base64(data: bytes) -> Sequence[bytes]:
    return [b64encode(bytes(shift) + data)[4:-4] for shift in range(3)]


def _hashes(data: bytes, length: int) -> Iterator[int]:
    return (hash(data[start : start + length]) for start in range(len(data) - length + 1))


def holds_key(data: bytes, known: Mapping[int, Set[int]]) -> bool:
    """Return whether any 16 known bytes are in data, as they are, in base64 or in hex.

    A picture has an element for each letter of the key.
    """
    in_elements = re.sub(rb"<[^>]*>|\s+", b"", data) if b"<svg" in data else b""
    return any(
        piece in known[length]
        for text in {data, re.sub(rb"\s+", b"", data), data.lower(), in_elements}
        for length in known
        for piece in _hashes(text, length)
    )


# What the memory holds ---------------------------------------------------------------------------

_PR_GET_DUMPABLE = 3
_BUFFERS: list[bytearray] = []
_HOLDERS: WeakSet[KeyMaterial | Passphrase] = WeakSet()
_CLOSED: list["KeyMaterialScreen | PassphrasePair"] = []
"""What Textual may remember for long after it was closed, as what sent the last event."""


def _noting(make: Any) -> Any:
    def noted(holder: KeyMaterial | Passphrase, secret: bytes | str) -> None:
        make(holder, secret)
        assert holder._buffer is not None
        _BUFFERS.append(holder._buffer)
        _HOLDERS.add(holder)

    return noted


def _remembering(make: Any) -> Any:
    def remembered(
        closed: "KeyMaterialScreen | PassphrasePair", *arguments: Any, **by: Any
    ) -> None:
        make(closed, *arguments, **by)
        _CLOSED.append(closed)

    return remembered


def report(*_: object) -> None:
    """Write down what holds the key, and how well the memory is kept from other programs."""
    gc.collect()
    # What is never collected any more is not listed either.
    gc.unfreeze()
    found = {
        "texts": list(_texts_with_key()),
        "buffers": sum(any(buffer) for buffer in _BUFFERS),
        "holders": len(_HOLDERS),
        "dumpable": CDLL(None).prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0),
        "core": resource.getrlimit(resource.RLIMIT_CORE),
    }
    file = Path(os.environ["CANARY_REPORT"])
    file.with_suffix(".new").write_text(json.dumps(found))
    file.with_suffix(".new").rename(file)


def _texts_with_key() -> Iterator[str]:
    """Yield what refers to each text with the key, or the passphrase, that anything leads to."""
    of_key, of_passphrase = pieces(), pieces_of_passphrase()
    known = {length: of_key[length] | of_passphrase[length] for length in of_key}
    frames = [frame.f_locals for frame in sys._current_frames().values()]
    things = [*gc.get_objects(), *frames]
    seen: set[int] = {id(_BUFFERS)}
    while things:
        thing = things.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        match thing:
            case str():
                data = thing.encode("utf-8", "surrogatepass")
            case bytes() | bytearray():
                data = bytes(thing)
            case list() if thing and all(isinstance(part, str) for part in thing):
                # A field may hold what was typed letter by letter.
                data = "".join(thing).encode("utf-8", "surrogatepass")
                things += thing
            case list() if thing and all(isinstance(part, Segment) for part in thing):
                # The key is drawn letter by letter.
                data = "".join(part.text for part in thing).encode("utf-8", "surrogatepass")
                things += thing
            case _:
                things += gc.get_referents(thing)
                continue
        if len(data) >= _PIECE and holds_key(data, known):
            referrers = [r for r in gc.get_referrers(thing) if r is not things]
            yield f"{type(thing).__name__} in {[str(type(r)) for r in referrers]}"


# The faults --------------------------------------------------------------------------------------


def fail(key_material: KeyMaterial) -> NoReturn:
    """Fail with the private key in local variables, in each of the forms a program may hold."""
    text = key_material.reveal()
    lines = text.splitlines()
    raw = seed()
    reach = f"{len(text)}, {len(lines)} and {len(raw)}"
    raise RuntimeError(f"planted, with {reach} in reach\x1bc")


def in_a_handler(screen: "KeyMaterialScreen") -> None:
    """Stand in for the action of a key."""
    fail(screen._created.key_material)


async def in_a_worker(screen: "KeyMaterialScreen") -> None:
    """Stand in for the action of a key, as a worker."""
    fail(screen._created.key_material)


def in_a_thread(session: Session, created: CreatedKeyPair, *_: Any, **__: Any) -> None:
    """Stand in for what a dialog calls in a thread."""
    fail(created.key_material)


def while_reading(handle: Any, driver: "SteadyDriver", message: "Message") -> None:
    """Stand in for what the thread that reads the keyboard does with `v`."""
    from tui.screens.private_key.key_material import KeyMaterialScreen

    screen = driver._app.screen
    if isinstance(screen, KeyMaterialScreen) and getattr(message, "key", "") == "v":
        fail(screen._created.key_material)
    handle(driver, message)


def while_drawing(draw: Any, view: "KeyMaterialView", y: int) -> "Strip":
    """Stand in for the drawing of the last line of the key that is shown."""
    strip: Strip = draw(view, y)
    return fail(view._material) if "-----END" in strip.text else strip


# The guards, taken out ---------------------------------------------------------------------------


async def by_textual(app: "App[None]", material: KeyMaterial) -> None:
    """Stand in for the sending of a private key: as if it were any other text."""
    from tui.terminal import clipboard

    await clipboard.send(app, material.reveal())


async def by_argument(data: bytes) -> bool:
    """Stand in for the handing over to tmux: with the text in the command line."""
    import asyncio

    if not os.environ.get("TMUX"):
        return False
    tmux = await asyncio.create_subprocess_exec("tmux", "set-buffer", "-w", "--", data.decode())
    return not await tmux.wait()


def by_file(material: bytearray, *, environment: Mapping[str, str] = os.environ, **_: Any) -> None:
    """Stand in for the handing over to the agent: by a file that is there for a moment."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(material)
        file.flush()
        subprocess.run(["ssh-add", "-q", file.name], env=environment, check=True)


def by_environment(
    material: bytearray, *, environment: Mapping[str, str] = os.environ, **_: Any
) -> None:
    """Stand in for the handing over to the agent: with a variable that holds the key."""
    with_key = {**environment, "KEY": material.decode()}
    subprocess.run(["ssh-add", "-q", "-"], input=material, env=with_key, check=True)


class Dumpable(CDLL):
    """The C library, but that it says yes to what is asked of the process, and does nothing."""

    def prctl(self, *_: object) -> int:
        """Do nothing, successfully."""
        return 0


def nothing(*_: object, **__: object) -> None:
    """Stand in for a guard that returns nothing."""


def palette_of_textual(app: "App[None]") -> None:
    """Stand in for the help: the palette of Textual, which has a command that takes a picture."""
    app.use_command_palette = True
    app.action_command_palette()


def ends(*_: object) -> bool:
    """Stand in for what goes on after an error that nobody expected."""
    return False


def plant(fault: str, without: str) -> None:
    """Put the fault and the missing guard into the program, once its modules may be imported."""
    from textual import work
    from textual.app import App
    from textual.drivers.linux_driver import LinuxDriver

    from core.custody import agent
    from tui.app import KeyPairsApp
    from tui.screens.private_key.key_material import KeyMaterialScreen
    from tui.screens.private_key.key_material_view import KeyMaterialView
    from tui.screens.private_key.passphrase_input import PassphraseInput
    from tui.screens.private_key.passphrase_pair import PassphrasePair
    from tui.terminal import clipboard
    from tui.terminal.driver import SteadyDriver

    drawing = KeyMaterialView.render_line
    mounted = KeyMaterialScreen.on_mount
    handed_over = SteadyDriver.process_message

    def shown_at_once(screen: KeyMaterialScreen) -> None:
        mounted(screen)
        screen.action_toggle_shown()

    for closed in (KeyMaterialScreen, PassphrasePair):
        patch.object(closed, "__init__", _remembering(closed.__init__)).start()
    stop = LinuxDriver.stop_application_mode
    changes: Mapping[str, tuple[object, str, Any]] = {
        "handler": (KeyMaterialScreen, "action_toggle_shown", in_a_handler),
        "worker": (KeyMaterialScreen, "action_toggle_shown", work(in_a_worker)),
        "thread": (saving, "save_key_material", in_a_thread),
        "adding": (agent_keys, "add_to_agent", in_a_thread),
        "mounting": (KeyMaterialScreen, "on_mount", in_a_handler),
        "reading": (
            SteadyDriver,
            "process_message",
            lambda *arguments: while_reading(handed_over, *arguments),
        ),
        "copying": (KeyMaterialScreen, "action_copy", in_a_handler),
        "drawing": (KeyMaterialView, "render_line", lambda *a: while_drawing(drawing, *a)),
        "net": (KeyPairsApp, "outlives", ends),
        "report": (KeyPairsApp, "_fatal_error", App._fatal_error),
        "hiding": (KeyMaterialScreen, "on_mount", shown_at_once),
        "wiping the screen": (SteadyDriver, "stop_application_mode", stop),
        "signals": (KeyPairsApp, "on_load", nothing),
        "palette": (KeyPairsApp, "action_help", palette_of_textual),
        "pipe": (clipboard, "_by_tmux", by_argument),
        "agent by a pipe": (agent, "add", by_file),
        "agent by a pipe alone": (agent, "add", by_environment),
        "own sending": (clipboard, "send_private", by_textual),
        "wiping the memory": (KeyMaterial, "wipe", nothing),
        "wiping the passphrase": (Passphrase, "wipe", nothing),
        "forgetting the passphrase": (PassphraseInput, "on_unmount", nothing),
        "forgetting": (KeyMaterialView, "on_unmount", nothing),
        "letting go": (KeyMaterialScreen, "on_unmount", nothing),
    }
    # What outlives such an error while the key is unsaved is tested by itself, in test_net.py.
    for name in (fault, "net", without) if fault else (without,):
        if name in changes:
            patch.object(*changes[name]).start()


def main() -> int:
    """Run the program with the known key."""
    fault, without = (os.environ.pop(f"CANARY_{name}", "") for name in ("FAULT", "WITHOUT"))
    signal.signal(signal.SIGUSR1, report)
    set_environment = nothing if without == "variables" else environment.prepare

    def and_plant(*arguments: Any) -> None:
        set_environment(*arguments)
        plant(fault, without)

    changes: Sequence[Any] = [
        patch.object(keygen, "generate", private_key),
        patch.object(KeyMaterial, "__init__", _noting(KeyMaterial.__init__)),
        patch.object(Passphrase, "__init__", _noting(Passphrase.__init__)),
        patch.object(environment, "prepare", and_plant),
    ]
    for change in changes:
        change.start()
    if without == "terminal":
        patch.object(environment, "check_terminal", nothing).start()
    if without == "core":
        patch.object(resource, "setrlimit", nothing).start()
    if without == "dumps":
        patch.object(ctypes, "CDLL", Dumpable).start()
    return program.main()


if __name__ == "__main__":
    sys.exit(main())
