"""Personal tokens: what somebody gives to a program so that it may act for them, narrower than they may themselves.

    token, secret = make(...)          the only time that the secret is known
    SECRET                             what one looks like, to find it where it does not belong
    holder = holder_of(token.key)      who acts by it, as of now; None when it is over, revoked, or its person is
    find(secret)                       the key of the token that this secret is, or None

A token is told by its secret (`Authorization: Bearer qs_...`), or by a client certificate that was issued for it.
"""

from webui.tokens.issuing import SECRET, Holder, find, holder_of, make, note_use, revoke

__all__ = ["SECRET", "Holder", "find", "holder_of", "make", "note_use", "revoke"]
