"""What uses a pair, in the details and before it is deleted, over an EC2 on loopback."""

import pytest
from textual.pilot import Pilot

from tests.ec2_server import Ec2Server
from tests.tui.driving import press_alone, type_text, until, until_screen
from tests.tui.over_ec2 import Play, first_line, play_over_ec2, server
from tests.tui.test_list_over_ec2 import add, words

__all__ = ["play_over_ec2", "server"]

REFUSED = ("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)


def use(server: Ec2Server, key_name: str, instance_id: str, name: str = "web") -> None:
    server.instances.append(
        {
            "InstanceId": instance_id,
            "KeyName": key_name,
            "State": {"Name": "running"},
            "Tags": [{"Key": "Name", "Value": name}],
        }
    )


def name_in_template(server: Ec2Server, key_name: str) -> None:
    server.templates.append(
        {
            "LaunchTemplateId": "lt-1",
            "LaunchTemplateName": "fleet",
            "LaunchTemplateData": {"KeyName": key_name},
        }
    )


async def open_question(pilot: Pilot[None], pairs: str = "1 pair ") -> None:
    await until(pilot, lambda: pairs in first_line(pilot), "the pairs")
    await pilot.press("d")
    await until_screen(pilot, "DeleteKeyPairsScreen")


@pytest.mark.long
def test_the_details_say_what_uses_the_pair(play_over_ec2: Play, server: Ec2Server) -> None:
    add(server, "ci")
    use(server, "ci", "i-1", "web\u202e")
    use(server, "another", "i-2")
    name_in_template(server, "ci")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the pair")
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        await until(pilot, lambda: "1 instance, 1 launch template" in words(pilot), "the count")
        assert "i-1 web" in words(pilot) and "\u202e" not in words(pilot)
        assert "launch template lt-1 fleet" in words(pilot)
        assert "i-2" not in words(pilot)

    play_over_ec2(scene)


@pytest.mark.long
def test_what_may_not_be_asked_is_not_known(play_over_ec2: Play, server: Ec2Server) -> None:
    add(server, "ci")
    server.refusals["DescribeInstances"] = REFUSED

    async def scene(pilot: Pilot[None]) -> None:
        await open_question(pilot)
        await until(pilot, lambda: "instances use it is not known" in words(pilot), "the doubt")
        assert "Perhaps in use:" in words(pilot)
        assert "0 launch templates" in words(pilot)
        # Not known is not in use.
        await press_alone(pilot, "y")
        await until_screen(pilot, "KeyPairListScreen")

    play_over_ec2(scene)
    assert server.calls["DeleteKeyPair"] == 1


@pytest.mark.long
def test_a_pair_in_use_takes_a_word_more(play_over_ec2: Play, server: Ec2Server) -> None:
    add(server, "ci")
    use(server, "ci", "i-1")

    async def scene(pilot: Pilot[None]) -> None:
        await open_question(pilot)
        await until(pilot, lambda: "In use: 1 instance" in words(pilot), "what uses it")
        assert "i-1 web running" in words(pilot)
        await until(pilot, lambda: "To delete it, type ci used" in words(pilot), "the word more")
        await type_text(pilot, "y")
        await pilot.press("ctrl+u")
        await type_text(pilot, "ci")
        await pilot.press("enter")
        await until(pilot, lambda: "this is not it" in words(pilot), "the refusal")
        assert server.calls["DeleteKeyPair"] == 0
        await type_text(pilot, " used")
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")

    play_over_ec2(scene)
    assert server.calls["DeleteKeyPair"] == 1


@pytest.mark.long
def test_nothing_is_deleted_before_ec2_said_what_uses_it_and_escape_leaves_at_once(
    play_over_ec2: Play, server: Ec2Server
) -> None:
    add(server, "ci")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the pair")
        server.delays["DescribeInstances"] = 3.0
        await open_question(pilot)
        await press_alone(pilot, "y")
        await until(pilot, lambda: "has not said yet what uses it" in words(pilot), "why not")
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")

    play_over_ec2(scene)
    assert server.calls["DeleteKeyPair"] == 0


@pytest.mark.long
def test_several_are_asked_for_in_one_question(play_over_ec2: Play, server: Ec2Server) -> None:
    add(server, "one", "two", "three")
    use(server, "two", "i-2")
    use(server, "three", "i-3")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "3 pairs" in first_line(pilot), "the pairs")
        await pilot.press("asterisk")
        await open_question(pilot, "3 pairs")
        await until(pilot, lambda: "In use: 2 instances" in words(pilot), "what uses them")
        await until(pilot, lambda: "type delete 3 used" in words(pilot), "the word more")

    play_over_ec2(scene)
    assert server.calls["DescribeInstances"] == 1
