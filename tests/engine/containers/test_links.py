import pytest

from engine.containers.links import parse_link


@pytest.mark.parametrize(
    ("text", "expected"),
    [("db", ("db", "db")), ("db:database", ("db", "database")), ("/db:/web/database", ("db", "database"))],
)
def test_a_link_is_a_target_and_an_alias(text: str, expected: tuple[str, str]) -> None:
    assert parse_link(text) == expected
