"""Who may do what: the operations there are, the roles as sets of them, and what each page declares that it needs.

Knows nothing of HTTP paths (that is the gate's table) and nothing of any page.
"""

from webui.access.needs import needs, needs_administrator, needs_sign_in, public
from webui.access.operations import Operation
from webui.access.roles import Role, operations_of

__all__ = ["Operation", "Role", "needs", "needs_administrator", "needs_sign_in", "operations_of", "public"]
