"""Gives a file the extended attributes of another one: access control lists among them."""

import errno
import os

_NONE_HERE = {errno.EOPNOTSUPP, errno.ENOSYS}
_OF_THE_KERNEL = {"security.ima", "security.evm"}
"""Digests of what a file holds and of its attributes: the kernel makes them anew."""


def copy(old: int, new: int) -> None:
    """Give an open file the extended attributes of another open file, and none that it has not.

    A new file may have got an access control list from its folder (acl(5), default ACL).

    Raises:
        OSError: one of them could not be given; says which.
    """
    if not hasattr(os, "listxattr"):  # Linux alone has these calls
        return
    wanted, present = _of(old), _of(new)
    for name in [*wanted, *(present.keys() - wanted.keys())]:
        try:
            if name not in wanted:
                os.removexattr(new, name)
            elif wanted[name] != present.get(name):
                os.setxattr(new, name, wanted[name])
        except OSError as error:
            why = f"its extended attribute {name} cannot be kept ({error.strerror})"
            raise OSError(error.errno, why) from error


def _of(file: int) -> dict[str, bytes]:
    try:
        names = os.listxattr(file)
    except OSError as error:
        if error.errno in _NONE_HERE:
            return {}
        raise
    return {name: os.getxattr(file, name) for name in names if name not in _OF_THE_KERNEL}
