import pytest

from engine.containers.config import command_of, complete_config
from engine.errors import InvalidArgument

IMAGE = {"Env": ["PATH=/bin", "A=image"], "Cmd": ["serve"], "Entrypoint": ["/entry"], "Labels": {"from": "image"}}


def test_the_image_fills_what_was_not_asked_for() -> None:
    config = complete_config({"Image": "x"}, IMAGE)
    assert command_of(config) == ("/entry", ["serve"])
    assert config["Env"] == ["PATH=/bin", "A=image"]


def test_a_command_of_ones_own_goes_to_the_image_s_entrypoint() -> None:
    assert command_of(complete_config({"Cmd": "ls"}, IMAGE)) == ("/entry", ["ls"])


def test_an_entrypoint_of_ones_own_drops_the_image_s_command() -> None:
    assert command_of(complete_config({"Entrypoint": ["sh"]}, IMAGE)) == ("sh", [])


def test_variables_and_labels_of_ones_own_win() -> None:
    config = complete_config({"Env": ["A=own"], "Labels": {"from": "me", "more": ""}}, IMAGE)
    assert config["Env"] == ["A=own", "PATH=/bin"]
    assert config["Labels"] == {"from": "me", "more": ""}


def test_without_a_command_there_is_nothing_to_run() -> None:
    with pytest.raises(InvalidArgument, match="No command specified"):
        command_of(complete_config({}, {}))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"WorkingDir": "a"}, "the working directory 'a' is invalid, it needs to be an absolute path"),
        ({"Env": ["=a"]}, "invalid environment variable: =a"),
        ({"StopSignal": "FOO"}, "Invalid signal: FOO"),
        ({"Healthcheck": {"Test": ["CMD", "a"], "Interval": 100}}, "Interval in Healthcheck cannot be less than 1ms"),
    ],
)
def test_bad_values_are_refused_in_docker_s_words(given: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        complete_config(given, IMAGE)
    assert raised.value.message == message
