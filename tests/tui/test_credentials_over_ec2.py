"""What the app says where there are no credentials, and what its next key does."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest
from textual.app import App
from textual.pilot import Pilot

from core.aws.bounds import program
from core.ec2.place import Ec2Choice
from core.settings import open_session
from tests.ec2_server import Ec2Server
from tests.tui.driving import app_of, drawn, press_alone, save, until, until_screen
from tests.tui.over_ec2 import Play, play_over_ec2, server
from tests.tui.test_list_over_ec2 import words
from tui.app import KeyPairsApp
from tui.screens.private_key.key_material_view import KeyMaterialView
from tui.work.exclusive import is_busy

__all__ = ["play_over_ec2", "server"]

SSO = (
    "[profile p]\nsso_session = w\nsso_account_id = 1\nsso_role_name = r\n"
    "[sso-session w]\nsso_start_url = https://example.awsapps.com/start\nsso_region = us-east-1\n"
)
LEGACY_SSO = (
    "[profile p]\nsso_start_url = https://example.awsapps.com/start\nsso_region = us-east-1\n"
    "sso_account_id = 1\nsso_role_name = r\n"
)


class Situation(NamedTuple):
    """What stands in the configuration, and what is said of it."""

    config: str
    said: Sequence[str]
    variables: Mapping[str, str] = MappingProxyType({})


P, R, L = "P turns to another profile", "R asks again", "l runs `aws sso login --profile p`"
SITUATIONS = {
    "none at all": Situation("[profile p]\n", ("No AWS credentials were found", P, R)),
    "unknown profile": Situation("[profile pp]\n", ("There is no profile p", "nearest: pp", P)),
    "unreadable file": Situation("[profile p\n", ("cannot be read as an AWS config", R)),
    "half a key": Situation(
        "[profile p]\naws_access_key_id = A\n", ("Half of the credentials is missing", R)
    ),
    "sso, never logged in": Situation(SSO, ("has expired, or never began", L, R)),
    "sso of old": Situation(LEGACY_SSO, ("has expired, or never began", L, R)),
    "wrong source of a role": Situation(
        "[profile p]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = zz\n",
        ("is set up wrongly", "zz", R),
    ),
    "a program that fails": Situation(
        "[profile p]\ncredential_process = sh -c 'echo token \\033 expired >&2; exit 1'\n",
        ("credential_process of profile p", "expired", R),
    ),
    "a program that prints rubbish": Situation(
        "[profile p]\ncredential_process = echo not-json\n", ("is not the JSON", R)
    ),
    "a program that is missing": Situation(
        "[profile p]\ncredential_process = /no/such/program\n", ("/no/such/program", "missing", R)
    ),
    "a program that hangs": Situation(
        "[profile p]\ncredential_process = sleep 60\n", ("did not answer within", R)
    ),
    "a program that prints for ever": Situation(
        "[profile p]\ncredential_process = yes\n", ("printed more than 1 MiB, and was ended", R)
    ),
    "no token file": Situation(
        "[profile p]\nrole_arn = arn:aws:iam::1:role/r\nweb_identity_token_file = /no/token\n",
        ("/no/token", "missing", R),
    ),
    "an endpoint that is no URL": Situation(
        "[profile p]\naws_access_key_id = A\naws_secret_access_key = s\n",
        ("localhost:5000", "begins with http", R),
        {"AWS_ENDPOINT_URL": "localhost:5000"},
    ),
    "an endpoint that is down": Situation(
        "[profile p]\naws_access_key_id = A\naws_secret_access_key = s\n",
        ("127.0.0.1:9 cannot be reached", R),
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
    ),
    "a proxy that is down": Situation(
        "[profile p]\naws_access_key_id = A\naws_secret_access_key = s\n",
        ("the proxy that the environment names does not answer", R),
        {"HTTPS_PROXY": "http://127.0.0.1:9", "AWS_ENDPOINT_URL": "https://ec2.example.com"},
    ),
    "certificates that are missing": Situation(
        "[profile p]\naws_access_key_id = A\naws_secret_access_key = s\n",
        ("/no/bundle is missing", R),
        {"AWS_CA_BUNDLE": "/no/bundle"},
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("name", SITUATIONS)
def test_each_situation_has_its_sentence_and_its_next_step(
    name: str,
    server: Ec2Server,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    situation = SITUATIONS[name]
    monkeypatch.setattr(program, "TIMEOUT", 0.5)
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    for variable, value in situation.variables.items():
        monkeypatch.setenv(variable, value)
    (home / "config").write_text(situation.config)

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: R in words(pilot), "what is wrong")
        for part in situation.said:
            assert part in words(pilot), f"{part!r} not in {words(pilot)}"
        assert "\x1b" not in drawn(pilot)
        # What was wrong is put right, and the next key finds it.
        for variable in situation.variables:
            monkeypatch.delenv(variable)
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        (home / "config").write_text(
            "[profile p]\naws_access_key_id = A\naws_secret_access_key = s\n"
        )
        await pilot.press("R")
        await until(pilot, lambda: "No key pairs in us-east-1 yet" in words(pilot), "the answer")

    async def run() -> None:
        session = open_session("us-east-1", home / "data", ec2=Ec2Choice("p"))
        async with KeyPairsApp(session).run_test(size=(80, 24)) as pilot:
            await scene(pilot)

    asyncio.run(run())
    printed = "".join(capfd.readouterr())
    assert "Traceback" not in printed
    assert "botocore" not in printed


@pytest.mark.long
def test_a_private_key_in_hand_outlives_a_login_that_expires_under_it(
    play_over_ec2: Play, server: Ec2Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.tui.driving import type_text
    from tui.screens.look import log_in as log_in_screen

    shown: list[bool] = []

    def expire(pilot: Pilot[None]) -> None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
        (home / "config").write_text(SSO.replace("profile p", "default"))
        pilot.app.screen._session.place.forget_credentials()  # type: ignore[attr-defined] # ours

    def log_in(app: App[None], command: Sequence[str]) -> str:
        shown.extend(screen.query_one(KeyMaterialView).shown for screen in app.screen_stack[1:2])
        good = "[default]\naws_access_key_id = A\naws_secret_access_key = s\n"
        (home / "config").write_text(good)
        return ""

    monkeypatch.setattr(log_in_screen, "log_in", log_in)

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "No key pairs" in drawn(pilot), "the empty Region")
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, "ci")
        await pilot.press("tab", "right", "enter")
        await until_screen(pilot, "KeyMaterialScreen")
        await pilot.press("l")
        await until(pilot, lambda: "the login is good" in words(pilot), "that it is good")
        expire(pilot)
        await pilot.press("v")
        await until(pilot, lambda: "PRIVATE KEY" in drawn(pilot), "the key")
        await pilot.press("l")
        await until_screen(pilot, "LogInScreen")
        await pilot.press("l")
        await until_screen(pilot, "KeyMaterialScreen")
        await until(pilot, lambda: "logged in" in words(pilot), "that it went well")
        await until(pilot, lambda: not is_busy(app_of(pilot).screen), "that it is over")
        expire(pilot)
        await pilot.press("escape")
        await until_screen(pilot, "DiscardKeyMaterialScreen")
        await type_text(pilot, "ci")
        await pilot.press("enter")
        await until_screen(pilot, "LogInScreen")
        await pilot.press("l")
        await until_screen(pilot, "DiscardKeyMaterialScreen")
        await until(pilot, lambda: "now once more" in words(pilot), "that it went well")
        # Back at the key, which can still be saved.
        await pilot.press("escape")
        await until_screen(pilot, "KeyMaterialScreen")
        await save(pilot)

    play_over_ec2(scene)
    assert shown == [False, False]
    assert (home / ".ssh" / "ci.pem").read_text().startswith("-----BEGIN OPENSSH PRIVATE KEY")
    assert server.calls["DeleteKeyPair"] == 0


@pytest.mark.long
def test_a_form_outlives_a_login_that_expires_under_it(
    play_over_ec2: Play, server: Ec2Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.tui.driving import type_text
    from tui.screens.look import log_in as log_in_screen

    asked = []

    def log_in(app: object, command: Sequence[str]) -> str:
        asked.append(tuple(command))
        if len(asked) == 1:
            return "aws ended with 1"
        (home / "config").write_text(
            "[default]\naws_access_key_id = A\naws_secret_access_key = s\n"
        )
        return ""

    monkeypatch.setattr(log_in_screen, "log_in", log_in)

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "No key pairs" in drawn(pilot), "the empty Region")
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, "ci")
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        (home / "config").write_text(SSO.replace("profile p", "default"))
        pilot.app.screen._session.place.forget_credentials()  # type: ignore[attr-defined] # ours
        await pilot.press("tab", "right", "enter")
        await until_screen(pilot, "LogInScreen")
        assert "aws sso login --profile default" in words(pilot)
        await pilot.press("l")
        await until(pilot, lambda: "aws ended with 1" in words(pilot), "what went wrong")
        await pilot.press("l")
        await until_screen(pilot, "CreateKeyPairScreen")
        await until(pilot, lambda: "logged in" in words(pilot), "that it went well")
        await until(pilot, lambda: not is_busy(app_of(pilot).screen), "that it is over")
        assert "ci" in drawn(pilot)
        await pilot.press("enter")
        await until_screen(pilot, "KeyMaterialScreen")

    play_over_ec2(scene)
    assert asked == [("aws", "sso", "login", "--profile", "default")] * 2


@pytest.mark.long
@pytest.mark.parametrize("act", ["delete", "copy", "tag", "undo", "bring back", "bring all back"])
def test_what_is_done_to_pairs_offers_the_login_and_can_be_repeated(
    play_over_ec2: Play,
    server: Ec2Server,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    act: str,
) -> None:
    from tests.tui.driving import type_text
    from tests.tui.test_list_over_ec2 import add
    from tui.screens.look import log_in as log_in_screen

    add(server, "ci")
    add(server, "web")

    def expire(pilot: Pilot[None]) -> None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
        (home / "config").write_text(SSO.replace("profile p", "default"))
        session = pilot.app.screen_stack[0].view.session  # type: ignore[attr-defined] # ours
        session.place.forget_credentials()

    def log_in(app: object, command: Sequence[str]) -> str:
        good = "[default]\naws_access_key_id = A\naws_secret_access_key = s\n"
        (home / "config").write_text(good)
        return ""

    monkeypatch.setattr(log_in_screen, "log_in", log_in)

    async def renew(pilot: Pilot[None]) -> None:
        await until_screen(pilot, "LogInScreen")
        assert "aws sso login --profile default" in words(pilot)
        await pilot.press("l")
        await until(pilot, lambda: "logged in" in words(pilot), "that it went well")
        await until(pilot, lambda: not is_busy(app_of(pilot).screen), "that it is over")

    async def delete(pilot: Pilot[None]) -> None:
        await pilot.press("asterisk", "d")
        await until(pilot, lambda: "In use: 0 instances" in words(pilot), "what uses them")
        expire(pilot)
        await press_alone(pilot, "y")
        await renew(pilot)
        await press_alone(pilot, "y")
        await until(pilot, lambda: "deleted 2 pairs" in words(pilot), "that they are deleted")

    async def tag(pilot: Pilot[None]) -> None:
        await pilot.press("asterisk", "t")
        await until_screen(pilot, "EditTagsScreen")
        await type_text(pilot, "Env")
        await pilot.press("tab")
        await type_text(pilot, "prod")
        expire(pilot)
        await pilot.press("enter")
        await renew(pilot)
        await pilot.press("enter")
        await until(
            pilot, lambda: "Env=prod set on 2 pairs" in words(pilot), "that they are tagged"
        )

    async def undo(pilot: Pilot[None]) -> None:
        await pilot.press("asterisk", "d")
        await until(pilot, lambda: "In use: 0 instances" in words(pilot), "what uses them")
        await press_alone(pilot, "y")
        await until(pilot, lambda: "deleted 2 pairs" in words(pilot), "that they are deleted")
        expire(pilot)
        await pilot.press("u")
        await renew(pilot)
        await pilot.press("u")
        await until(pilot, lambda: "brought 2 pairs back" in words(pilot), "that they are back")

    async def bring_back(pilot: Pilot[None], *choose: str) -> None:
        """Bring pairs back from their list, and be told what the keys do after the login."""
        await pilot.press("asterisk", "d")
        await until(pilot, lambda: "In use: 0 instances" in words(pilot), "what uses them")
        await press_alone(pilot, "y")
        await until(pilot, lambda: "deleted 2 pairs" in words(pilot), "that they are deleted")
        await pilot.press("U")
        await until_screen(pilot, "DeletedKeyPairsScreen")
        expire(pilot)
        await pilot.press(*choose, "enter")
        await renew(pilot)
        await until_screen(pilot, "KeyPairListScreen")
        after = "logged in: U lists them again; u undoes only what you did here"
        await until(pilot, lambda: after in words(pilot), "what the keys do now")
        await pilot.press("U")
        await until_screen(pilot, "DeletedKeyPairsScreen")
        await pilot.press(*choose, "enter")
        await until(pilot, lambda: "brought" in words(pilot), "that they are back")

    async def bring_back_all(pilot: Pilot[None]) -> None:
        await bring_back(pilot, "asterisk")

    async def copy(pilot: Pilot[None]) -> None:
        await pilot.press("asterisk", "C")
        await until_screen(pilot, "ImportIntoRegionsScreen")
        for region in ("eu-west-3", "eu-west-2"):
            await type_text(pilot, region)
            await pilot.press("space", "ctrl+u")
        expire(pilot)
        await pilot.press("enter")
        await renew(pilot)
        assert "nothing was imported" in words(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "2 of 2 done" in words(pilot), "the copies")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "2 pairs" in words(pilot), "the pairs")
        acts = {"delete": delete, "copy": copy, "tag": tag, "undo": undo}
        acts |= {"bring back": bring_back, "bring all back": bring_back_all}
        await acts[act](pilot)

    play_over_ec2(scene)
