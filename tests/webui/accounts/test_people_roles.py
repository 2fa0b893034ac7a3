"""Which roles can be given."""

from webui.access.roles import OFFERED, Role
from webui.accounts.people_forms import PersonForm, RoleForm
from webui.teams.forms import GrantForm


def test_every_built_in_role_is_offered_for_a_person() -> None:
    for form in (PersonForm, RoleForm):
        assert [value for value, _ in form.base_fields["role"].choices] == list(OFFERED) == list(Role)


def test_no_grant_makes_an_administrator_of_the_console() -> None:
    assert Role.ADMINISTRATOR not in [value for value, _ in GrantForm.base_fields["role"].choices]
