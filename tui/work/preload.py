"""What the screens of a private key need, loaded before there is one.

An upgrade, or a disk that goes away, may take the files of the program while a key is on the screen
that exists nowhere else. What was not imported by then cannot be, and would leave no way to save
it. The style sheets of these screens come with the form that creates: see `CreateKeyPairScreen`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.service import KeyPairService


def load(service: "KeyPairService") -> None:
    """Import what a key on the screen can lead to; blocks, and may be called in any thread."""
    # All of these are only to be there when they are needed.
    from rich import traceback  # noqa: F401 - see above
    from textual import scrollbar, theme  # noqa: F401 - see above

    from tui.screens.look import help as help_  # noqa: F401 - see above
    from tui.screens.look import (
        pick,  # noqa: F401 - see above
    )
    from tui.screens.pair import copy_menu  # noqa: F401 - see above
    from tui.screens.private_key import (
        add_to_agent,  # noqa: F401 - see above
        discard_key_material,  # noqa: F401 - see above
        key_material,  # noqa: F401 - see above
        save_key_material,  # noqa: F401 - see above
    )
    from tui.terminal import suspension  # noqa: F401 - see above
    from tui.work import help_key  # noqa: F401 - see above

    service.make_ready_to_deliver()
