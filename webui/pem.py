"""Certificates that people paste into forms."""

import ssl

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


def authority(pasted: str) -> str:
    """The certificates of authorities in PEM form (RFC 7468), or "" for none. Raises ValidationError."""
    text = pasted.strip()
    if text:
        try:
            ssl.create_default_context(cadata=text)
        except (ssl.SSLError, ValueError, TypeError) as error:
            # The last two: letters that are not in ASCII.
            raise ValidationError(_("This is no certificate in PEM form.")) from error
    return text
