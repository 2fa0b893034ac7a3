"""Second factors: codes from an app, passkeys, recovery codes; adding and removing them, and who owes one.

django-allauth's mfa does the arithmetic and keeps the rows; `methods` and `passkeys` are the only modules that know it.
"""
