"""Says what options and environment variables choose: the Region, the data folder, the policy.

It imports next to nothing, because a command that only reads has no time for more.
"""

import os
import sys

TYPE_CHECKING = False
"""What type checkers take for true; `typing` would take a tenth of that time."""

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_REGION = "us-east-1"
REGION_VARIABLES = ("KEYPAIRS_REGION", "AWS_REGION", "AWS_DEFAULT_REGION")
DATA_DIR_VARIABLE, POLICY_VARIABLE = "KEYPAIRS_DATA_DIR", "KEYPAIRS_POLICY"
VARIABLES = (*REGION_VARIABLES, DATA_DIR_VARIABLE, POLICY_VARIABLE)
"""The environment variables that are looked at."""

SYSTEM_POLICY = "/etc/keypairs/policy.json"
"""Where the administrator's policy is, if there is one."""


def region(named: str | None, environment: "Mapping[str, str]" = os.environ) -> str:
    """Return the name of the Region that is chosen, which may be that of none."""
    by_variables = (environment.get(name) for name in REGION_VARIABLES)
    return named or next(filter(None, by_variables), DEFAULT_REGION)


def policy(
    named: "str | os.PathLike[str] | None", environment: "Mapping[str, str]" = os.environ
) -> "str | os.PathLike[str] | None":
    """Return the policy file that is chosen, or None if it is the administrator's."""
    return (environment.get(POLICY_VARIABLE) or None) if named is None else named


def data_folder(
    named: "str | os.PathLike[str] | None", environment: "Mapping[str, str]" = os.environ
) -> str:
    """Return the folder that holds the Regions, in which `~` may stand for a home folder."""
    return (
        os.fspath(named or "")
        or environment.get(DATA_DIR_VARIABLE)
        or _usual_folder("XDG_DATA_HOME", ".local/share", "user_data_dir")
    )


def configuration_file() -> str:
    """Return where the configuration file of a person is looked for."""
    return f"{_usual_folder('XDG_CONFIG_HOME', '.config', 'user_config_dir')}/config.toml"


def _usual_folder(variable: str, below_home: str, of_platformdirs: str) -> str:
    named, home = os.environ.get(variable, ""), os.environ.get("HOME", "")
    # The two plain cases of platformdirs, which takes longer to import than a command may take.
    if sys.platform == "linux" and named.startswith("/"):
        return f"{named}/keypairs"
    if sys.platform == "linux" and not named and home.startswith("/"):
        return f"{home}/{below_home}/keypairs"
    import platformdirs

    folder: str = getattr(platformdirs, of_platformdirs)("keypairs", appauthor=False)
    return folder
