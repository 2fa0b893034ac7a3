"""Signing in by somebody else's word: OpenID Connect providers and LDAP directories, and who is whom there.

`oidc` and `ldap` each turn a sign-in into an Arrival; `arrivals` says which person of ours that is.
"""
