import pytest

from screenshots.make import FOLDER, SCENES, draw


@pytest.mark.long
@pytest.mark.parametrize("name", SCENES)
def test_the_pictures_of_the_readme_show_what_the_app_shows(name: str) -> None:
    assert draw(SCENES[name]) == (FOLDER / f"{name}.svg").read_text(), (
        "stale: run python -m screenshots.make"
    )


def test_the_readme_shows_every_picture() -> None:
    readme = (FOLDER.parent / "README.md").read_text()

    shown = {name for name in SCENES if f"screenshots/{name}.svg" in readme}

    assert shown == set(SCENES)
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(SCENES)
