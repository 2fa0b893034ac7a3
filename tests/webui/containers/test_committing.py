"""The form that makes an image of a container."""

import pytest

from tests.webui.containers.test_listing import row
from webui.containers.committing import CommitForm
from webui.sealed import unseal


def form(**given: str) -> CommitForm:
    return CommitForm({"reference": "shop/web:fixed", "pause": "on", **given}, row=row("web"))


def test_name_and_tag_are_told_apart_also_with_a_port() -> None:
    sent = form(reference="localhost:5000/shop/web", changes='CMD ["run"]\n\nENV A=b\n')
    assert sent.is_valid()
    params = sent.params(row("web"))
    assert (params["repository"], params["tag"]) == ("localhost:5000/shop/web", "latest")
    assert unseal(params["changes"]).split("\n") == ['CMD ["run"]', "ENV A=b"]


@pytest.mark.parametrize("reference", ["Not A Name", "web@sha256:" + "0" * 64, "UPPER"])
def test_what_is_no_name_is_said_beside_it(reference: str) -> None:
    assert "reference" in form(reference=reference).errors


def test_only_settings_can_be_changed() -> None:
    assert "changes" in form(changes="RUN rm -rf /").errors
