import pytest

from screenshots.make import FOLDER, README, SCENES, draw, with_keys
from tui.actions.table import ACTIONS, Place


@pytest.mark.parametrize("name", SCENES)
def test_the_pictures_of_the_readme_show_what_the_app_shows(name: str) -> None:
    assert draw(SCENES[name]) == (FOLDER / f"{name}.svg").read_text(), (
        "stale: run python -m screenshots.make"
    )


def test_the_table_of_keys_in_the_readme_is_that_of_the_actions() -> None:
    readme = README.read_text()

    assert with_keys(readme) == readme, "stale: run python -m screenshots.make"
    for action in ACTIONS:
        if action.place is Place.LIST and action.key:
            assert action.help.removesuffix(".") in readme


def test_the_readme_shows_every_picture() -> None:
    readme = README.read_text()

    shown = {name for name in SCENES if f"screenshots/{name}.svg" in readme}

    assert shown == set(SCENES)
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(SCENES)
