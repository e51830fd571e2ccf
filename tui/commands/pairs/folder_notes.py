"""Says on stderr what is to be known of the data folder."""

from pathlib import Path

from core.errors import StoreError
from core.store import data_dir
from tui.commands.wrapping import tell
from tui.words.text import visible


def say_all(on_network: str | None, folder: str, *, is_doubtful: bool) -> None:
    """Say what it means that the folder is on a network, and who could replace it, if anybody."""
    if on_network is not None:
        tell(on_network)
    try:
        problem = data_dir.problem(Path(folder)) if is_doubtful else None
    except StoreError:  # what reads it says so
        return
    if problem is not None:
        tell(visible(f"what this shows may be another's: {problem}."))
