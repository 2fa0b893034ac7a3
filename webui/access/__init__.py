"""Who may do what: operations, roles as sets of them, grants of roles, and what each page declares that it needs.

Knows nothing of HTTP paths (that is the gate's table) and nothing of any page.
"""

from webui.access.grants import Effective, Held, effective, held_by, held_of, led_team_ids_of, team_ids_of
from webui.access.needs import (
    needs,
    needs_administrator,
    needs_session,
    needs_sign_in,
    needs_team_leader,
    public,
)
from webui.access.operations import Operation
from webui.access.roles import Role, RoleFacts, operations_of

__all__ = [
    "Effective",
    "Held",
    "Operation",
    "Role",
    "RoleFacts",
    "effective",
    "held_by",
    "held_of",
    "led_team_ids_of",
    "needs",
    "needs_administrator",
    "needs_session",
    "needs_sign_in",
    "needs_team_leader",
    "operations_of",
    "public",
    "team_ids_of",
]
