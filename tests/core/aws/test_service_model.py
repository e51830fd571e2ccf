import json
import os
import re
from pathlib import Path

import botocore  # type: ignore[import-untyped]  # botocore has no types
import pytest
from botocore.loaders import Loader  # type: ignore[import-untyped]  # likewise
from botocore.session import Session  # type: ignore[import-untyped]  # likewise

from core.aws.connection import Connection
from core.aws.service_model import (
    DATA_PATH,
    ENDPOINTS_FILE,
    MODEL_FILE,
    OPERATIONS,
    ModelLoader,
    cut,
    cut_endpoints,
    installed_endpoints,
    installed_model,
)
from core.ec2.place import Ec2Choice
from core.ec2.regions import REGIONS


def test_the_cut_is_that_of_the_installed_botocore() -> None:
    assert json.loads(MODEL_FILE.read_text()) == cut(installed_model())


def test_every_member_that_is_kept_is_the_one_of_the_whole_model() -> None:
    kept, whole = json.loads(MODEL_FILE.read_text()), installed_model()
    assert set(kept["operations"]) == set(OPERATIONS)
    for name, shape in kept["shapes"].items():
        assert shape["type"] == whole["shapes"][name]["type"], name
        for member, reference in shape.get("members", {}).items():
            original = whole["shapes"][name]["members"][member]
            assert reference == {key: original[key] for key in reference}, (name, member)


def test_requests_of_key_pairs_are_kept_whole() -> None:
    kept, whole = json.loads(MODEL_FILE.read_text()), installed_model()
    for name in OPERATIONS[:7]:
        shape = kept["operations"][name]["input"]["shape"]
        assert set(kept["shapes"][shape]["members"]) == set(whole["shapes"][shape]["members"])


def test_it_holds_no_texts() -> None:
    assert "documentation" not in MODEL_FILE.read_text()
    assert MODEL_FILE.stat().st_size < 20_000
    assert Path(MODEL_FILE).parts[-3:] == ("ec2", "2016-11-15", "service-2.json")


def test_the_table_of_endpoints_is_that_of_the_installed_botocore() -> None:
    assert json.loads(ENDPOINTS_FILE.read_text()) == cut_endpoints(installed_endpoints())
    assert ENDPOINTS_FILE.stat().st_size < 40_000


def test_every_host_is_found_as_with_the_whole_table() -> None:
    whole, ours = Session(), Session()
    ours.set_config_variable("data_path", str(DATA_PATH))
    tables = [each._get_internal_component("endpoint_resolver") for each in (whole, ours)]
    for service in ("ec2", "sts", "oidc", "portal.sso", "signin"):
        for region in REGIONS:
            expected, found = (table.construct_endpoint(service, region) for table in tables)
            assert found == expected, (service, region)


@pytest.mark.parametrize("kind", ["service-2", "endpoint-rule-set-1", "waiters-2", "no-such-kind"])
def test_the_services_that_are_looked_for_are_those_of_the_installed_botocore(kind: str) -> None:
    asked = {"ec2", "signin", "sso", "sso-oidc", "sts"}
    found = Loader().list_available_services(kind)
    assert ModelLoader([str(DATA_PATH)]).list_available_services(kind) == [
        each for each in found if each in asked
    ]
    assert kind == "no-such-kind" or "ec2" in found


def test_what_the_installed_botocore_asks_for_credentials_is_looked_for() -> None:
    made = re.compile(
        r"""(?:client_creator|create_\w*client)\((?:\s*self\._session,)?\s*["']([\w-]+)"""
    )
    folder = Path(botocore.__file__).parent
    text = "".join((folder / name).read_text() for name in ("credentials.py", "tokens.py"))
    asked = set(made.findall(text))
    assert asked == {"signin", "sso", "sso-oidc", "sts"}
    assert asked <= set(ModelLoader().list_available_services("service-2"))


def test_no_client_has_the_folders_of_all_services_looked_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There are more than four hundred, and that took a fifth of the time of a first client."""
    listed, listdir = [], os.listdir

    def and_note(path: str) -> list[str]:
        listed.append(path)
        return listdir(path)

    monkeypatch.setattr(os, "listdir", and_note)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "example")
    Connection(Ec2Choice()).endpoint("us-east-1")
    assert 0 < len(listed) < 30
