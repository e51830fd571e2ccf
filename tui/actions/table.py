"""Holds the one table of actions, which bindings, the hint bar, the help and the README read.

An action belongs to a place, which is a screen or a kind of screen. Its id is what the
configuration file calls it; its key is the default, empty where the help is the way to it. What is
made of the table, and which keys are in force, is in `tui.actions.keymap`.
"""

from enum import Enum
from typing import NamedTuple


class Place(Enum):
    """Where an action can be done; the value is the heading in the help."""

    ANYWHERE = "everywhere"
    LIST = "list of key pairs"
    FILTER = "filter"
    CREATE = "creating"
    IMPORT = "importing"
    KEY_MATERIAL = "private key"
    ADD_TO_AGENT = "to the agent"
    SAVE = "saving"
    EXPORT = "exporting"
    DISCARD = "giving up"
    UNLOCK = "unlocking"
    SSH_HOST = "ssh configuration"
    DETAILS = "details"
    TAGS = "tags"
    DELETE = "deleting"
    DELETED = "deleted key pairs"
    BRING_BACK = "bringing back"
    AGENT = "ssh-agent"
    INSTALL = "installing"
    FIND = "finding"
    CHECK_UP = "check-up"
    JOURNAL = "journal"
    PICK = "picking"
    INTO_REGIONS = "other Regions"
    MFA_CODE = "mfa code"
    LOST_KEY = "lost private key"
    LOG_IN = "logging in"


ONLY_TO_CHANGE = {
    Place.CREATE,
    Place.IMPORT,
    Place.KEY_MATERIAL,
    Place.SAVE,
    Place.DISCARD,
    Place.SSH_HOST,
    Place.TAGS,
    Place.DELETE,
    Place.BRING_BACK,
    Place.INTO_REGIONS,
    Place.LOST_KEY,
}
"""Places that are for a change alone: a session that only reads gets to none of them."""


class Action(NamedTuple):
    """Something a person can do.

    `hint` is the word beside the key in the hint bar, or empty when the bar need not teach it;
    `wide_hint` is taught only where the window is wide.
    `help` is a sentence. `words` are others by which a person may look for it in the help.
    `priority` makes the key work while a text field has the focus. `changes` is of what a
    session that only reads refuses at its key, and so does not teach; all is of places to which it
    does not get.
    """

    id: str
    place: Place
    key: str
    method: str
    hint: str
    help: str
    words: str = ""
    wide_hint: str = ""
    priority: bool = False
    changes: bool = False


# A row is two lines; as the formatter has it, a screenful would show five of them.
# fmt: off
ACTIONS: tuple[Action, ...] = (
    Action("key-pair.create", Place.LIST, "c", "create_key_pair", "create",
        "Create a key pair and save its private key.", words="new make generate add ssh-keygen",
        changes=True),
    Action("key-pair.import", Place.LIST, "i", "import_key_pair", "import",
        "Import a public key that you have.", words="upload add existing own bring",
        changes=True),
    Action("list.filter", Place.LIST, "slash", "filter", "filter",
        "Narrow the list: web*, tag:Env=prod; the field shows more.",
        words="search narrow grep look text type: is: id: fp: fingerprint saved:no replaced:"
        " older:90d newer:2w terms grammar"),
    Action("key-pair.details", Place.LIST, "enter", "details", "details",
        "Everything about the pair, its history, and lines to paste.",
        words="show view info open fingerprints public key randomart known_hosts ssh config"
        " terraform recipes"),
    Action("key-pair.tags", Place.LIST, "t", "edit_tags", "",
        "Edit the tags of the pair, or add tags to the chosen ones.", words="label",
        wide_hint="tags", changes=True),
    Action("key-pair.delete", Place.LIST, "d", "delete", "",
        "Delete the pair, or the chosen ones.", words="remove retire erase", wide_hint="delete",
        changes=True),
    Action("list.find", Place.LIST, "f", "find", "",
        "Say whose a key is: by file, folder, agent, fingerprint.",
        words="identify which match unknown ssh-agent public",
        wide_hint="find"),
    Action("key-pair.replace", Place.LIST, "n", "replace_key_pair", "",
        "Create the pair that replaces this one, with the same tags.",
        words="rotate rotation successor renew rename", wide_hint="replace", changes=True),
    Action("key-pair.import-into-regions", Place.LIST, "C", "import_into_regions", "",
        "Import the pair, or the chosen ones, into other Regions.",
        words="copy replicate multi-region other regions", changes=True),
    Action("key-pair.undo", Place.LIST, "u", "undo", "",
        "Undo what this session deleted or tagged last.",
        words="undelete restore recover trash revert", wide_hint="undo", changes=True),
    Action("list.deleted", Place.LIST, "U", "deleted", "",
        "The deleted pairs, to bring any of them back.",
        words="undelete restore recover trash bin history"),
    Action("key-pair.copy", Place.LIST, "y", "copy", "",
        "Copy something of the pair, or all chosen public keys.",
        words="paste yank clipboard",
        wide_hint="copy"),
    Action("list.choose", Place.LIST, "space", "choose", "",
        "Choose the pair, or no longer, and move on to the next.",
        words="select mark several multiple batch bulk", wide_hint="choose"),
    Action("list.choose-all", Place.LIST, "asterisk", "choose_all", "",
        "Choose all pairs that are shown.", words="select mark every"),
    Action("list.show-all", Place.LIST, "escape", "show_all", "",
        "Clear the filter; where there is none, choose no pairs.",
        words="reset show all deselect unmark"),
    Action("list.sort", Place.LIST, "s", "sort", "",
        "Sort by the next column.", words="order",
        wide_hint="sort"),
    Action("list.reverse", Place.LIST, "S", "reverse", "",
        "Reverse the order.", words="order descending"),
    Action("list.region", Place.LIST, "r", "region", "",
        "Look at another Region.", words="switch change",
        wide_hint="Region"),
    Action("list.place", Place.LIST, "P", "place", "",
        "Turn to this machine, or to EC2 by an AWS profile.",
        words="profile account aws ec2 local switch backend"),
    Action("list.log-in", Place.LIST, "l", "log_in", "",
        "Log in to AWS anew where a login has expired, and ask again.",
        words="sso login aws credentials expired"),
    Action("list.pane", Place.LIST, "p", "turn_pane", "",
        "Close the pane at the right, or open it.", words="side details summary wide hide"),
    Action("list.reload", Place.LIST, "R", "reload", "",
        "Read the Region's file again.", words="refresh"),
    Action("list.export", Place.LIST, "e", "export", "",
        "Write the list to a file, as CSV or JSON.", words="save dump report inventory",
        wide_hint="export"),
    Action("list.journal", Place.LIST, "J", "journal", "",
        "The journal: what was done in this Region, when and by whom.", words="log history audit",
        wide_hint="journal"),
    Action("list.agent", Place.LIST, "a", "agent", "",
        "What the ssh-agent holds, and which pair each key is.", words="ssh-add loaded remove",
        wide_hint="agent"),
    Action("key-pair.install", Place.LIST, "I", "install", "",
        "Install the public key in authorized_keys here or elsewhere.",
        words="ssh-copy-id deploy login host server",
        wide_hint="install"),
    Action("list.check-up", Place.LIST, "D", "check_up", "",
        "Look for what is wrong with pairs, files and the store.",
        words="doctor lost weak old changed health audit permissions verify damaged",
        wide_hint="check-up"),
    Action("app.quit", Place.LIST, "q", "quit", "",
        "Quit.", words="exit leave",
        wide_hint="quit"),

    Action("filter.done", Place.FILTER, "enter,down", "filter_done", "to the list",
        "Go to the list, and keep the filter."),
    Action("filter.clear", Place.FILTER, "escape", "filter_clear", "show all",
        "Clear the filter and show all pairs."),

    Action("create.submit", Place.CREATE, "enter", "submit", "create",
        "Create the key pair as shown."),
    Action("create.add-tag", Place.CREATE, "ctrl+t", "add_tag", "tag",
        "Add a tag.", priority=True),
    Action("create.remove-tag", Place.CREATE, "ctrl+r", "remove_tag", "",
        "Remove the row that has the focus, or the last one.", priority=True),
    Action("create.dry-run", Place.CREATE, "ctrl+d", "dry_run", "dry run",
        "Ask whether you may create it, without creating anything.",
        words="permission policy test", priority=True),
    Action("create.back", Place.CREATE, "escape", "back", "back",
        "Go back; nothing is created."),

    Action("key-material.save", Place.KEY_MATERIAL, "s", "save", "save",
        "Save it to a new file.", words="write pem ppk openssh"),
    Action("key-material.go-on", Place.KEY_MATERIAL, "enter", "go_on", "",
        "Save it; once it is in a file, go back to the list."),
    Action("key-material.agent", Place.KEY_MATERIAL, "a", "add_to_agent", "agent",
        "Add it to the ssh-agent, from memory: nothing goes to disk.", words="ssh-add"),
    Action("key-material.show", Place.KEY_MATERIAL, "v", "toggle_shown", "show",
        "Show or hide it; what records this terminal records it too.",
        words="reveal print view"),
    Action("key-material.copy", Place.KEY_MATERIAL, "y", "copy", "copy",
        "Send something to your clipboard; the key only if asked.",
        words="paste"),
    Action("key-material.log-in", Place.KEY_MATERIAL, "l", "log_in", "",
        "Over EC2: log in to AWS anew, where a login has expired; the key stays, hidden.",
        words="sso login aws credentials expired"),
    Action("key-material.leave", Place.KEY_MATERIAL, "escape", "back", "leave",
        "Leave; if it is not safe yet, the name must be typed first.",
        words="discard"),
    Action("key-material.done", Place.KEY_MATERIAL, "q", "leave", "",
        "Leave if it is safe, else say what to do."),

    Action("add-to-agent.submit", Place.ADD_TO_AGENT, "enter", "submit", "add",
        "Add the private key to the agent."),
    Action("add-to-agent.back", Place.ADD_TO_AGENT, "escape", "back", "back",
        "Go back; nothing is added."),

    Action("save.submit", Place.SAVE, "enter", "submit", "save",
        "Save, read back and prove."),
    Action("save.back", Place.SAVE, "escape", "back", "back",
        "Go back; nothing is saved."),

    Action("export.submit", Place.EXPORT, "enter", "submit", "save",
        "Save the pairs to a new file, as CSV or JSON."),
    Action("export.back", Place.EXPORT, "escape", "back", "back",
        "Go back; nothing is saved."),

    Action("unlock.submit", Place.UNLOCK, "enter", "submit", "open",
        "Open the private key file with the passphrase."),
    Action("unlock.back", Place.UNLOCK, "escape", "back", "back",
        "Go back; the file stays locked."),

    Action("ssh-host.submit", Place.SSH_HOST, "enter", "submit", "add",
        "Say what would be written; a second time writes it."),
    Action("ssh-host.back", Place.SSH_HOST, "escape", "back", "back",
        "Go back; nothing is added."),

    Action("discard.submit", Place.DISCARD, "enter", "submit", "discard",
        "Give the private key up, and delete or keep the pair as chosen."),
    Action("discard.back", Place.DISCARD, "escape", "back", "back",
        "Go back; the key is still there."),

    Action("import.submit", Place.IMPORT, "enter", "submit", "import",
        "Import the public key as shown."),
    Action("import.pick", Place.IMPORT, "ctrl+o", "pick", "pick",
        "Pick one of the public keys in ~/.ssh.", priority=True),
    Action("import.add-tag", Place.IMPORT, "ctrl+t", "add_tag", "tag",
        "Add a tag.", priority=True),
    Action("import.remove-tag", Place.IMPORT, "ctrl+r", "remove_tag", "",
        "Remove the row that has the focus, or the last one.", priority=True),
    Action("import.dry-run", Place.IMPORT, "ctrl+d", "dry_run", "dry run",
        "Ask whether you may import it, without importing anything.",
        words="permission policy test", priority=True),
    Action("import.back", Place.IMPORT, "escape", "back", "back",
        "Go back; nothing is imported."),

    Action("details.copy", Place.DETAILS, "y", "copy", "copy",
        "Send something of the pair to your terminal's clipboard."),
    Action("details.tags", Place.DETAILS, "t", "tags", "tags",
        "Edit the tags of the pair.", words="label", changes=True),
    Action("details.delete", Place.DETAILS, "d", "delete", "delete",
        "Delete the pair.", words="remove", changes=True),
    Action("details.following", Place.DETAILS, "right_square_bracket", "following", "",
        "Go to the next pair of the list.", wide_hint="next"),
    Action("details.previous", Place.DETAILS, "left_square_bracket", "previous", "",
        "Go to the pair before.", wide_hint="previous"),
    Action("details.agent", Place.DETAILS, "a", "agent", "",
        "Add the saved private key to the ssh-agent.", words="ssh-add load", wide_hint="agent"),
    Action("details.save", Place.DETAILS, "s", "save", "",
        "Save it again: another format, or with a passphrase.",
        words="convert ppk pem openssh pkcs8 encrypt write key file", wide_hint="save again",
        changes=True),
    Action("details.public-file", Place.DETAILS, "p", "public_file", "",
        "Write the public key beside the saved file, as NAME.pub.",
        words="pub write public key file", wide_hint=".pub", changes=True),
    Action("details.mode", Place.DETAILS, "m", "mode", "",
        "Make the saved file readable by you alone: mode 0600.",
        words="chmod permissions exposed mend", wide_hint="mode", changes=True),
    Action("details.ssh-host", Place.DETAILS, "H", "ssh_host", "",
        "Add a Host block for the key to ~/.ssh/config.",
        words="ssh config alias login", wide_hint="Host", changes=True),
    Action("details.replace", Place.DETAILS, "n", "replace", "",
        "Create the pair that replaces this one, with the same tags.",
        words="rotate rotation successor renew", wide_hint="replace", changes=True),
    Action("details.import-into-regions", Place.DETAILS, "C", "import_into_regions", "",
        "Import the public half of the pair into other Regions.",
        words="copy replicate multi-region", changes=True),
    Action("details.install", Place.DETAILS, "I", "install", "",
        "Install the public key in authorized_keys here or elsewhere.",
        words="ssh-copy-id deploy login host server", wide_hint="install"),
    Action("details.bring-back", Place.DETAILS, "u", "bring_back", "",
        "Undo tags just set on the pair, or bring it back, if deleted.",
        words="undelete restore undo revert", changes=True),
    Action("details.back", Place.DETAILS, "escape,q", "back", "back",
        "Go back to the list."),

    Action("tags.submit", Place.TAGS, "enter", "submit", "save",
        "Save the tags as shown."),
    Action("tags.add", Place.TAGS, "ctrl+t", "add_tag", "add tag",
        "Add a tag.", priority=True),
    Action("tags.remove", Place.TAGS, "ctrl+r", "remove_tag", "remove tag",
        "Remove the row that has the focus, or the last one.", priority=True),
    Action("tags.back", Place.TAGS, "escape", "back", "back",
        "Go back; nothing is changed."),

    Action("deleted.bring-back", Place.DELETED, "enter", "bring_back", "bring back",
        "Bring back the chosen pairs, or that under the cursor.", words="restore undelete",
        changes=True),
    Action("deleted.choose", Place.DELETED, "space", "choose", "choose",
        "Choose the pair, or no longer, and move on to the next.",
        words="select mark several", priority=True, changes=True),
    Action("deleted.choose-all", Place.DELETED, "asterisk", "choose_all", "all",
        "Choose all pairs that are shown.", words="select mark every", priority=True, changes=True),
    Action("deleted.back", Place.DELETED, "escape", "back", "back",
        "Go back; nothing is changed."),

    Action("bring-back.submit", Place.BRING_BACK, "enter", "submit", "bring back",
        "Bring the pair back under this name."),
    Action("bring-back.back", Place.BRING_BACK, "escape", "back", "back",
        "Go back; the pair stays deleted."),

    Action("delete.yes", Place.DELETE, "y", "yes", "yes, delete",
        "Delete, where no name has to be typed."),
    Action("delete.submit", Place.DELETE, "enter", "submit", "",
        "Delete, once the name is typed."),
    Action("delete.back", Place.DELETE, "escape", "back", "back",
        "Go back, or stop before the next one."),

    Action("agent.go", Place.AGENT, "enter", "go", "go to pair",
        "Go to the pair of this key in any Region, or import the key."),
    Action("agent.remove", Place.AGENT, "d", "remove", "take out",
        "Take the key out of the agent; asks first if it is in no file.",
        words="delete remove forget ssh-add", changes=True),
    Action("agent.yes", Place.AGENT, "y", "yes", "",
        "Take it out, where that was asked.", changes=True),
    Action("agent.reload", Place.AGENT, "r", "reload", "ask again",
        "Ask the agent again."),
    Action("agent.back", Place.AGENT, "escape,q", "back", "back",
        "Go back to the list."),

    Action("install.submit", Place.INSTALL, "enter", "submit", "add",
        "Add the line to authorized_keys.", changes=True),
    Action("install.restrict", Place.INSTALL, "ctrl+r", "toggle_restrict", "restrict",
        "Forbid, or allow again, all but commands.",
        words="options", priority=True),
    Action("install.from", Place.INSTALL, "ctrl+f", "toggle_from", "from",
        "Let the key in from some addresses only, or from anywhere.",
        words="options address", priority=True),
    Action("install.copy", Place.INSTALL, "ctrl+y", "copy", "copy",
        "Send the commands for another host to your clipboard.", priority=True),
    Action("install.back", Place.INSTALL, "escape", "back", "back",
        "Go back; nothing is added."),

    Action("find.submit", Place.FIND, "enter", "submit", "find",
        "Look it up; then go to its pair, import it, or unlock it."),
    Action("find.back", Place.FIND, "escape", "back", "back",
        "Stop looking, or go back."),

    Action("check-up.close-file", Place.CHECK_UP, "ctrl+o", "close_file", "chmod 600",
        "Give the file to you alone, mode 0600, and look again.",
        words="mend fix mode permissions exposed", priority=True, changes=True),
    Action("check-up.go", Place.CHECK_UP, "enter", "go", "go to pair",
        "Go to the pair of the finding, or open and close a kind."),
    Action("check-up.copy", Place.CHECK_UP, "ctrl+y", "copy", "copy command",
        "Send the command that puts it right to your clipboard.",
        words="paste yank", priority=True),
    Action("check-up.look-again", Place.CHECK_UP, "ctrl+r", "look_again", "look again",
        "Look at everything again.", words="refresh reload", priority=True),
    Action("check-up.back", Place.CHECK_UP, "escape", "back", "back",
        "Stop looking, or go back."),

    Action("journal.go", Place.JOURNAL, "enter", "go", "go to pair",
        "Go to the pair, or open and close what was done to many."),
    Action("journal.back", Place.JOURNAL, "escape", "back", "back",
        "Go back."),

    Action("pick.pick", Place.PICK, "enter", "pick", "pick",
        "Pick the line under the cursor."),
    Action("pick.back", Place.PICK, "escape", "back", "back",
        "Go back."),

    Action("into-regions.submit", Place.INTO_REGIONS, "enter", "submit", "import",
        "Import into the chosen Regions, one after the other."),
    Action("into-regions.choose", Place.INTO_REGIONS, "space", "choose", "choose",
        "Choose the Region under the cursor, or no longer.", priority=True),
    Action("into-regions.back", Place.INTO_REGIONS, "escape", "back", "back",
        "Go back, or stop before the next one."),

    Action("mfa-code.submit", Place.MFA_CODE, "enter", "submit", "log in",
        "Give the code to AWS."),
    Action("mfa-code.back", Place.MFA_CODE, "escape", "back", "back",
        "Give no code; nothing is asked of EC2 then."),

    Action("lost-key.submit", Place.LOST_KEY, "enter", "submit", "delete",
        "Delete the pair whose private key was lost, once its name is typed."),
    Action("lost-key.back", Place.LOST_KEY, "escape", "back", "back",
        "Go back to the form; the pair stays in EC2."),

    Action("log-in.submit", Place.LOG_IN, "l,enter", "submit", "log in",
        "Log in to AWS by its command, in the terminal, and come back."),
    Action("log-in.back", Place.LOG_IN, "escape", "back", "back",
        "Go back without; what was typed stays."),

    Action("app.help", Place.ANYWHERE, "question_mark,f1,ctrl+p", "help", "help",
        "What can be done here, then all keys; f1 where you type.",
        words="keys shortcuts palette commands"),
    Action("app.theme", Place.ANYWHERE, "", "change_theme", "",
        "Change the theme, for now; config.toml keeps one (--help).",
        words="colors colours dark light settings preferences options configuration"),
    Action("app.leave", Place.ANYWHERE, "ctrl+q", "quit_by_key", "",
        "Quit, from any screen.", words="exit", priority=True),
)
# fmt: on

OPENED_BY = {
    Place.FILTER: "list.filter",
    Place.CREATE: "key-pair.create",
    Place.IMPORT: "key-pair.import",
    Place.KEY_MATERIAL: "create.submit",
    Place.ADD_TO_AGENT: "details.agent",
    Place.SAVE: "details.save",
    Place.EXPORT: "list.export",
    Place.DISCARD: "key-material.leave",
    Place.UNLOCK: "details.save",
    Place.SSH_HOST: "details.ssh-host",
    Place.DETAILS: "key-pair.details",
    Place.TAGS: "key-pair.tags",
    Place.DELETE: "key-pair.delete",
    Place.DELETED: "list.deleted",
    Place.BRING_BACK: "deleted.bring-back",
    Place.AGENT: "list.agent",
    Place.INSTALL: "key-pair.install",
    Place.FIND: "list.find",
    Place.CHECK_UP: "list.check-up",
    Place.JOURNAL: "list.journal",
    Place.PICK: "list.region",
    Place.INTO_REGIONS: "key-pair.import-into-regions",
    Place.LOG_IN: "list.log-in",
}
"""By which action, of its id, one comes to a place; to some nobody comes by a key."""

_CURSOR_LIST = (
    ("↑ ↓ k j", "Move by a line."),
    ("PgUp PgDn", "Move by a page."),
    ("home end g G", "Go to the first line, or the last."),
)

WIDGET_KEYS: dict[str, tuple[tuple[str, str], ...]] = {
    "CursorList": _CURSOR_LIST,
    "PickList": (
        ("↑ ↓ PgUp/Dn", "Move in the list."),
        ("home end", "Go to the first line, or the last."),
        ("letters", "Type on in the field."),
    ),
    "KeyPairTable": (
        *_CURSOR_LIST,
        ("mark !", "The private key of this pair was never saved."),
        ("mark ↓", "This pair was imported: only its public key came here."),
        ("mark *", "This pair is chosen, for what is done to several."),
    ),
    "SearchInput": (
        ("↑ ↓ PgUp/Dn", "Move in the list below."),
        ("home end", "Go to the list's first line or last, once at the text's."),
        ("→", "At the end of the text: take what is suggested, if anything is."),
        ("ctrl+u", "Delete what was typed."),
    ),
    "SearchAndOpen": (
        ("→ ←", "Open or close the line, at the ends of the text."),
        ("↑ ↓ PgUp/Dn", "Move in the list below."),
        ("home end", "Go to the list's first line or last, once at the text's."),
        ("ctrl+u", "Delete what was typed."),
    ),
    "Input": (
        ("(shift+)tab", "Go to the next field, or the one before."),
        ("→", "At the end of the text: take what is suggested."),
        ("ctrl+u", "Delete to the beginning."),
        ("ctrl+k", "Delete to the end."),
        ("ctrl+w", "Delete the word before the cursor."),
    ),
    "TextArea": (
        ("(shift+)tab", "Go to the next field, or the one before."),
        ("→", "At the end of a path: take what is suggested."),
    ),
    "Choice": (
        ("← → space", "Choose."),
        ("(shift+)tab", "Go to the next field, or the one before."),
    ),
    "Toggle": (
        ("space", "Turn it on or off."),
        ("(shift+)tab", "Go to the next field, or the one before."),
    ),
    "PassphraseInput": (
        ("(shift+)tab", "Go to the next field, or the one before."),
        ("ctrl+u", "Delete what was typed."),
    ),
    "ScrollView": (("↑ ↓ PgUp/Dn", "Scroll."),),
    "ScrollableContainer": (("↑ ↓ PgUp/Dn", "Scroll."),),
}
"""What a widget does with keys of its own, and the marks that it shows, by the name of its class.

These keys are not rebound.
"""
