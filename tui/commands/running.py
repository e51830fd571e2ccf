"""Runs a command: checks the options it would not heed, and turns what ends it into a status."""

import argparse
import sys

from core.errors import KeyPairsError, NoCredentials, NoSuchRegion, SettingsError
from tui.commands import streams
from tui.commands.parser import command_of, statuses_of
from tui.commands.places import say_where
from tui.commands.statuses import EC2S, INTERRUPTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def run(options: argparse.Namespace) -> int:
    """Run the command that was named, and return the exit status."""
    statuses = statuses_of(options.command)
    out_is_closed = sys.stdout is None
    is_stopped = False
    streams.stand_in_for_closed()
    try:
        command = command_of(options.command)
        problem = _problem(options, command.REFUSES)
        if problem is None and out_is_closed and statuses is EC2S:
            problem = "Standard output is closed. Nothing was done."
        if problem is not None:
            _say(problem)
            return statuses.usage
        if statuses is not EC2S and "data_dir" not in command.REFUSES:
            say_where(options)
        if command.HANDLES_KEYS:
            from core.process import forbid_dumps

            forbid_dumps()
        status = command.run(options)
        sys.stdout.flush()
        return status
    except NoSuchRegion as error:
        _say(error)
        return statuses.usage
    except SettingsError as error:
        _say(error)
        return statuses.unusable
    except NoCredentials as error:
        _say(error)
        return statuses.unusable
    except KeyPairsError as error:
        # A folder or a file of the store, say, before anything was done.
        _say(error)
        return statuses.failed
    except BrokenPipeError:
        # Whoever reads it has seen enough.
        return statuses.pipe_closed
    except OSError as error:
        # What the core cannot read or write it says in errors of its own. This is the output: the
        # disk it goes to is full, say, and no other status may stand for what was not said.
        _say(KeyPairsError(f"The output ended early: {error.strerror}."))
        return statuses.failed
    except KeyboardInterrupt:
        is_stopped = True
        streams.say_stopped()
        return INTERRUPTED
    finally:
        # What was printed before Ctrl+C is not waited for here: nobody may read on.
        if not is_stopped:
            streams.let_go_of_lost()


def _problem(options: argparse.Namespace, refuses: "Mapping[str, str]") -> str | None:
    """Return why an option that was given means nothing to this command, if one does."""
    if options.no_mouse:
        return f"{options.command} shows no screen. Leave out --no-mouse."
    given = (name for name in refuses if getattr(options, name) not in (None, False))
    return next((refuses[name] for name in given), None)


def _say(what: str | KeyPairsError) -> None:
    # Imported here: a command that ends well needs no words.
    from tui.commands import wrapping

    if isinstance(what, KeyPairsError):
        wrapping.tell_of(what)
    else:
        wrapping.tell(what)
