"""What a filter asks for and that there is not, said with what may have been meant."""

import pytest

from tests.webui.containers.test_listing import ROWS, row
from webui.containers.doubts import doubts_of


def said(text: str) -> list[tuple[str, list[str]]]:
    rows = [*ROWS, row("noted", Labels={"note": "two words"})]
    return [(str(one.words), [filled for _shown, filled in one.offers]) for one in doubts_of(text, rows)]


@pytest.mark.parametrize(
    "text",
    [
        "", "web", "stack:shop", "!stack:shop", "state:running,failing", "stack:shop,monitoring", "shop/web:4.12.0",
        "label:tier=back", 'label:note="two words"', "image:web", "network:edge stack:shop", "a.b:c",
        "debian:12 scratch",
    ],
)  # fmt: skip
def test_nothing_is_said_of_what_can_be_asked(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "words", "offers"),
    [
        ("web stak:shop", "“stak” is nothing that can be asked about.", ["web stack:shop", "web state:shop"]),
        ("!stat:running", "“stat” is nothing that can be asked about.", ["!state:running", "!stack:running"]),
        ("state:runing", "“runing” is no state.", ["state:running"]),
        ("health:sick", "“sick” is no health.", ["health:healthy", "health:unhealthy", "health:starting"]),
        ("stack:sho", "No container has the stack “sho”.", ["stack:shop"]),
        ("stack:shop,gone", "No container has the stack “gone”.", []),
        ("label:teir=back", "No container has the label “teir”.", ["label:tier=back"]),
        ("stack:", "“stack:” asks for a value, as in stack:shop.", []),
        ("label:note=two words", "Quotes hold a value with blanks together.", ['label:"note=two words"']),
        ("stack:shop web stack:monitoring", "Nothing is both stack:shop and stack:monitoring; a comma means “or”.",
         ["stack:shop,monitoring web"]),
    ],
)  # fmt: skip
def test_a_doubt_comes_with_what_may_have_been_meant(text: str, words: str, offers: list[str]) -> None:
    assert (words, offers) in said(text)
