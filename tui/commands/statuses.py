"""Says how commands end: EC2's verbs as the AWS CLI's version 2, the others as commands do."""


class Statuses:
    """The exit statuses of a family of commands for what ends any of them."""

    def __init__(self, *, usage: int, unusable: int, failed: int, pipe_closed: int) -> None:
        self.usage = usage
        """The command line is wrong; nothing was done."""
        self.unusable = unusable
        """A setting rules it out; nothing was done."""
        self.failed = failed
        """It went wrong, or what was to be printed could not be written."""
        self.pipe_closed = pipe_closed
        """Whoever read what was printed went away."""


DONE = 0
INTERRUPTED = 130
"""Ctrl-C: 128 and SIGINT."""

PEOPLES = Statuses(usage=2, unusable=2, failed=2, pipe_closed=141)
"""Of `list`, `find`, `doctor` and the like, in which 1 is an answer; 141 is 128 and SIGPIPE."""

REFUSED, FAILED = 254, 255
"""EC2's verbs: the service refused it; anything else went wrong."""

EC2S = Statuses(usage=252, unusable=253, failed=FAILED, pipe_closed=FAILED)
"""Of EC2's verbs: those of the AWS CLI's version 2."""

EC2S_IN_WORDS = """\
exit status:
  0 done; 252 the command line is wrong, and nothing was done; 253 a setting is unusable; \
254 EC2's rules refuse it, or it was a dry run; 255 anything else: a damaged store, a full disk; \
130 Ctrl-C"""
