"""How the console keeps itself safe by default: content policy, cookies, headers, passwords.

htmx and its extensions hx-csp and hx-ws work under this policy; nothing is inline and nothing evaluates text.
"""

from csp.constants import NONCE, NONE, SELF

from webui.settings.base import ENVIRONMENT

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "require-trusted-types-for": ["'script'"],
        # The second one lets the worker that runs people's patterns start, and no other script.
        "trusted-types": ["htmx", "quayside-worker"],
    }
}

# Names are checked by webui.access.middleware.KnownHost, which lets addresses in and says which setting to change.
ALLOWED_HOSTS = ["*"]
QUAYSIDE_ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
CSRF_TRUSTED_ORIGINS = list(ENVIRONMENT.trusted_origins)

# An https:// origin means that a proxy speaks TLS for us: then no cookie may travel without it.
_IS_HTTPS = any(origin.startswith("https://") for origin in ENVIRONMENT.trusted_origins)
SESSION_ENGINE = "webui.accounts.session_store"
SESSION_COOKIE_NAME = "quayside-session"
SESSION_COOKIE_SECURE = _IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_NAME = "quayside-csrf"
CSRF_COOKIE_SECURE = _IS_HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "webui.pages.errors.csrf_failure"

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
# Each of many things that somebody acts on at once is a field.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "dashboard"
AUTHENTICATION_BACKENDS = [
    "webui.accounts.backend.Passwords",
    "webui.signin.ldap.backend.DirectoryBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [{"NAME": "webui.accounts.password_rules.Chosen"}]

MFA_ADAPTER = "webui.factors.adapter.SealedFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Quayside"
# Clocks of phones differ: a code is good for one period before and after its own.
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODE_DIGITS = 10
