# The types of what `__init__.py` loads when it is first asked for.
from tui.screens.create.create_key_pair import CreateKeyPairScreen as CreateKeyPairScreen
from tui.screens.create.import_key_pair import ImportKeyPairScreen as ImportKeyPairScreen
from tui.screens.create.lost_private_key import LostPrivateKeyScreen as LostPrivateKeyScreen
from tui.screens.delete.delete_key_pairs import DeleteKeyPairsScreen as DeleteKeyPairsScreen
from tui.screens.list.filter.field import FilterInput as FilterInput
from tui.screens.look.agent_keys import AgentKeysScreen as AgentKeysScreen
from tui.screens.look.check_up import CheckUpScreen as CheckUpScreen
from tui.screens.look.deleted_key_pairs import DeletedKeyPairsScreen as DeletedKeyPairsScreen
from tui.screens.look.find import Asked as Asked
from tui.screens.look.find import FindScreen as FindScreen
from tui.screens.look.follow_up import KeyToImport as KeyToImport
from tui.screens.look.follow_up import PairToBringBack as PairToBringBack
from tui.screens.look.help import HelpScreen as HelpScreen
from tui.screens.look.help import show_help as show_help
from tui.screens.look.journal import JournalScreen as JournalScreen
from tui.screens.look.log_in import LogInScreen as LogInScreen
from tui.screens.look.mfa_code import MfaCodeScreen as MfaCodeScreen
from tui.screens.look.pick import PickScreen as PickScreen
from tui.screens.look.pick_region import PickRegionScreen as PickRegionScreen
from tui.screens.pair.add_ssh_host import AddSshHostScreen as AddSshHostScreen
from tui.screens.pair.bring_back_as import BringBackAsScreen as BringBackAsScreen
from tui.screens.pair.copy_menu import copy_of_new as copy_of_new
from tui.screens.pair.copy_menu import copy_public_keys as copy_public_keys
from tui.screens.pair.copy_menu import copy_something as copy_something
from tui.screens.pair.details import DetailsScreen as DetailsScreen
from tui.screens.pair.details import Next as Next
from tui.screens.pair.details import Position as Position
from tui.screens.pair.edit_tags import EditTagsScreen as EditTagsScreen
from tui.screens.pair.export import ExportScreen as ExportScreen
from tui.screens.pair.import_into_regions import ImportIntoRegionsScreen as ImportIntoRegionsScreen
from tui.screens.pair.install_public_key import InstallPublicKeyScreen as InstallPublicKeyScreen
from tui.screens.private_key.add_to_agent import AddToAgentScreen as AddToAgentScreen
from tui.screens.private_key.discard_key_material import (
    DiscardKeyMaterialScreen as DiscardKeyMaterialScreen,
)
from tui.screens.private_key.key_material import KeyMaterialScreen as KeyMaterialScreen
from tui.screens.private_key.save_key_material import SaveKeyMaterialScreen as SaveKeyMaterialScreen
from tui.screens.private_key.unlock_saved_key import UnlockSavedKeyScreen as UnlockSavedKeyScreen
