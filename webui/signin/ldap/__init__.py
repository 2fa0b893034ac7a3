"""LDAP and Active Directory: a search for somebody or a bind by a name, their groups, and a test of each step."""

from webui.signin.ldap.connection import DirectoryFailed
from webui.signin.ldap.examination import examine
from webui.signin.ldap.people import sign_in

__all__ = ["DirectoryFailed", "examine", "sign_in"]
