"""Which values are nobody else's business, and that an inspection goes without them."""

import pytest

from webui.containers.secrets import MASK, is_secret, masked, pairs_of


@pytest.mark.parametrize(
    "name",
    ["DB_PASSWORD", "MYSQL_ROOT_PASSWD", "API_KEY", "apikey", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "AUTH",
     "SSH_PRIVATE", "DATABASE_URL", "SENTRY_DSN", "KEY", "redis_url"],
)  # fmt: skip
def test_names_that_speak_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["PATH", "MODE", "KEYBOARD", "HOME", "MONKEY", "TZ", "URL"])
def test_names_that_do_not(name: str) -> None:
    assert not is_secret(name)


def test_a_password_in_an_address_is_one_whatever_the_name() -> None:
    assert is_secret("UPSTREAM", "amqp://user:pass@mq/")
    assert not is_secret("UPSTREAM", "https://mq/path@2x")


def test_an_inspection_is_masked_and_itself_left_alone() -> None:
    found = {"Config": {"Env": ["DB_PASSWORD=x", "EMPTY_TOKEN=", "A=b"], "Labels": {"api.token": "y", "n": "z"}}}
    shown, count = masked(found)
    assert count == 2
    assert shown["Config"] == {
        "Env": [f"DB_PASSWORD={MASK}", "EMPTY_TOKEN=", "A=b"], "Labels": {"api.token": MASK, "n": "z"},
    }  # fmt: skip
    assert found["Config"]["Env"][0] == "DB_PASSWORD=x"


def test_a_value_keeps_its_equals_signs() -> None:
    assert pairs_of(["A=b=c", "NOVALUE"]) == [("A", "b=c")]
    assert pairs_of(None) == []
