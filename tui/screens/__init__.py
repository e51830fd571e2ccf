"""Loads each screen when it is first asked for: the first frame needs one of them alone.

The types are in the stub beside this module.
"""

from importlib import import_module

_MODULES = {
    "AddSshHostScreen": "pair.add_ssh_host",
    "AddToAgentScreen": "private_key.add_to_agent",
    "AgentKeysScreen": "look.agent_keys",
    "Asked": "look.find",
    "BringBackAsScreen": "pair.bring_back_as",
    "CheckUpScreen": "look.check_up",
    "ImportIntoRegionsScreen": "pair.import_into_regions",
    "CreateKeyPairScreen": "create.create_key_pair",
    "DeleteKeyPairsScreen": "delete.delete_key_pairs",
    "DeletedKeyPairsScreen": "look.deleted_key_pairs",
    "DetailsScreen": "pair.details",
    "DiscardKeyMaterialScreen": "private_key.discard_key_material",
    "EditTagsScreen": "pair.edit_tags",
    "ExportScreen": "pair.export",
    "FilterInput": "list.filter.field",
    "FindScreen": "look.find",
    "HelpScreen": "look.help",
    "ImportKeyPairScreen": "create.import_key_pair",
    "InstallPublicKeyScreen": "pair.install_public_key",
    "JournalScreen": "look.journal",
    "KeyMaterialScreen": "private_key.key_material",
    "KeyToImport": "look.follow_up",
    "LogInScreen": "look.log_in",
    "LostPrivateKeyScreen": "create.lost_private_key",
    "PairToBringBack": "look.follow_up",
    "MfaCodeScreen": "look.mfa_code",
    "Next": "pair.details",
    "Position": "pair.details",
    "PickRegionScreen": "look.pick_region",
    "PickScreen": "look.pick",
    "SaveKeyMaterialScreen": "private_key.save_key_material",
    "UnlockSavedKeyScreen": "private_key.unlock_saved_key",
    "copy_of_new": "pair.copy_menu",
    "copy_public_keys": "pair.copy_menu",
    "copy_something": "pair.copy_menu",
    "show_help": "look.help",
}
"""What a key opens, and the module that it is in."""


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
