import pytest

from core.ec2.place import Ec2Choice, chosen
from core.errors import SettingsError


def test_only_an_option_our_variable_or_our_file_chooses_ec2() -> None:
    aws = {"AWS_PROFILE": "prod", "AWS_ENDPOINT_URL": "http://x", "AWS_REGION": "eu-west-1"}
    assert chosen(environment=aws) is None
    assert chosen(environment=aws, configured=(None, "prod")) is None
    assert chosen(ec2=True, environment={}) == Ec2Choice()
    assert chosen(profile="prod", environment={}) == Ec2Choice("prod")
    assert chosen(endpoint_url="http://x", environment={}) == Ec2Choice(None, "http://x")
    assert chosen(environment={"KEYPAIRS_BACKEND": "ec2"}) == Ec2Choice()
    assert chosen(configured=("ec2", "prod"), environment={}) == Ec2Choice("prod")


def test_what_is_nearer_to_the_person_counts() -> None:
    file = ("ec2", "of-the-file")
    assert chosen(configured=file, environment={"KEYPAIRS_BACKEND": "local"}) is None
    assert chosen(ec2=True, environment={"KEYPAIRS_BACKEND": "local"}) == Ec2Choice()
    assert chosen(profile="given", configured=file, environment={}) == Ec2Choice("given")
    # botocore takes AWS_PROFILE itself where no profile is given to it.
    assert chosen(configured=file, environment={"AWS_PROFILE": "of-the-shell"}) == Ec2Choice()
    other = {"AWS_DEFAULT_PROFILE": "of-the-shell"}
    assert chosen(configured=file, environment=other) == Ec2Choice()


def test_times_are_those_that_were_given() -> None:
    given = chosen(ec2=True, connect_timeout=1, read_timeout=2, environment={})
    assert given == Ec2Choice(None, None, 1, 2)


@pytest.mark.parametrize(
    ("variable", "file"), [("aws", None), ("EC2", None), ("", "cloud"), ("local", "cloud")]
)
def test_a_place_that_is_none_is_refused(variable: str, file: str | None) -> None:
    with pytest.raises(SettingsError, match="only local and ec2"):
        chosen(configured=(file, None), environment={"KEYPAIRS_BACKEND": variable})
