import json
from pathlib import Path

from botocore.session import Session  # type: ignore[import-untyped]  # botocore has no types

from core.aws.service_model import (
    DATA_PATH,
    ENDPOINTS_FILE,
    MODEL_FILE,
    OPERATIONS,
    cut,
    cut_endpoints,
    installed_endpoints,
    installed_model,
)
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
