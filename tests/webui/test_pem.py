"""Certificates that are pasted into forms."""

import pytest
from django.core.exceptions import ValidationError

from webui.pem import authority


@pytest.mark.parametrize(
    "pasted", ["rubbish", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "Schlüssel"]
)
def test_what_is_no_certificate_is_refused_in_words(pasted: str) -> None:
    with pytest.raises(ValidationError, match="no certificate in PEM form"):
        authority(pasted)


def test_nothing_stays_nothing() -> None:
    assert authority("  \n") == ""
