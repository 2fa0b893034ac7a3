"""What a new password must be: Django's own validators, as many of them as administrators have chosen."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    MinimumLengthValidator,
    NumericPasswordValidator,
    UserAttributeSimilarityValidator,
)
from django.core.exceptions import ValidationError

if TYPE_CHECKING:
    from webui.accounts.models import PasswordRules

# What a password is compared with, beside the name.
_OF_A_PERSON = ("username", "display_name", "email")


def rules() -> "PasswordRules":
    """The rules as they are now; those of a fresh console where nobody has chosen any."""
    from webui.accounts.models import PasswordRules

    return PasswordRules.objects.first() or PasswordRules()


def words() -> str:
    """The rules in words, for beside the field."""
    return Chosen().get_help_text()


class Chosen:
    """The one entry of AUTH_PASSWORD_VALIDATORS. It is asked anew for each password, so that a change holds at once."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError with everything that is wrong."""
        errors: list[ValidationError] = []
        for validator in _validators():
            try:
                validator.validate(password, user)
            except ValidationError as error:
                errors += error.error_list
        if errors:
            raise ValidationError(errors)

    def get_help_text(self) -> str:
        return " ".join(str(validator.get_help_text()) for validator in _validators())


def _validators() -> list[Any]:
    chosen = rules()
    validators: list[Any] = [MinimumLengthValidator(chosen.min_length)]
    if chosen.refuses_similar:
        validators.append(UserAttributeSimilarityValidator(user_attributes=_OF_A_PERSON))
    if chosen.refuses_common:
        validators.append(CommonPasswordValidator())
    if chosen.refuses_numeric:
        validators.append(NumericPasswordValidator())
    return validators
