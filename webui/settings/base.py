"""What the console is made of: its apps, middleware, templates, database, store and log."""

from pathlib import Path

from webui.environment import read_environment, secret_key

ENVIRONMENT = read_environment()
BASE_DIR = Path(__file__).resolve().parents[2]
QUAYSIDE_DATA = ENVIRONMENT.data
QUAYSIDE_ENGINE_SOCKET = ENVIRONMENT.engine_socket
# HOST:PORT of the proxy for docker CLI and others, "" where none is wished.
QUAYSIDE_PROXY_BIND = ENVIRONMENT.proxy_bind
# How long the audit log keeps an entry.
QUAYSIDE_AUDIT_DAYS = ENVIRONMENT.audit_days

SECRET_KEY = secret_key(ENVIRONMENT.data)
DEBUG = ENVIRONMENT.is_debug
ROOT_URLCONF = "webui.urls"
ASGI_APPLICATION = "webui.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "channels",
    "django_htmx",
    "allauth.account",
    "allauth.mfa",
    "webui.access",
    "webui.accounts",
    "webui.factors",
    "webui.signin",
    "webui.audit",
    "webui.hosts",
    "webui.ownership",
    "webui.pages",
    "webui.live",
    "webui.jobs",
    "webui.teams",
    "webui.tokens",
    "webui.resources",
    "webui.registries",
    "webui.dashboard",
    "webui.containers",
    "webui.images",
    "webui.volumes",
    "webui.networks",
    "webui.history",
]

MIDDLEWARE = [
    "webui.access.middleware.KnownHost",
    "django.middleware.security.SecurityMiddleware",
    "webui.access.middleware.SafeHeaders",
    "csp.middleware.CSPMiddleware",
    "webui.compression.GZipWhole",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Second factors by allauth find the request that they belong to by this; none of its pages is served.
    "allauth.account.middleware.AccountMiddleware",
    "webui.accounts.middleware.Seen",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "webui.access.middleware.Declared",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ],
        },
    }
]

DATABASES = {"default": ENVIRONMENT.database()}

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [ENVIRONMENT.store_url(3, scheme_for_socket="unix")], "prefix": "quayside"},
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": ENVIRONMENT.store_url(2, scheme_for_socket="unix"),
        "KEY_PREFIX": "quayside",
    }
}
CELERY_BROKER_URL = ENVIRONMENT.store_url(1, scheme_for_socket="redis+socket")

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
# All words are marked for translation, and there are none yet: asking for each of them is a twentieth of a page's time.
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static" / "dist"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(processName)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"webui": {"level": "INFO"}, "django.request": {"level": "ERROR"}},
}
