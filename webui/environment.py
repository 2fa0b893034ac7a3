"""What the environment variables say, read once; the only place that knows their names.

Both the command line and Django's settings start here, so it imports neither.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

DEFAULT_BIND: Final = "127.0.0.1:8000"
DEFAULT_PROXY_BIND: Final = "127.0.0.1:8443"


class SettingError(Exception):
    """A variable says something that cannot be used; the text names it and what it may say."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Where everything is. `redis_url` is "" for the embedded store, `database_url` "" for SQLite.

    `proxy_bind` is "" where no proxy is wished.
    """

    data: Path
    bind: str
    proxy_bind: str
    database_url: str
    redis_url: str
    allowed_hosts: tuple[str, ...]
    trusted_origins: tuple[str, ...]
    is_debug: bool
    audit_days: int

    @property
    def store_socket(self) -> Path:
        return self.data / "run" / "store.sock"

    @property
    def engine_socket(self) -> Path:
        return self.data / "engine" / "docker.sock"

    def store_url(self, database: int, *, scheme_for_socket: str) -> str:
        """The store as a URL. Libraries differ in a socket's scheme: `unix` (redis-py), `redis+socket` (kombu)."""
        if self.redis_url:
            return f"{self.redis_url.rstrip('/')}/{database}"
        name = "virtual_host" if scheme_for_socket == "redis+socket" else "db"
        return f"{scheme_for_socket}://{self.store_socket}?{name}={database}"

    def database(self) -> dict[str, object]:
        """Django's description of the database. Raises SettingError for a URL that is none."""
        return _postgresql(self.database_url) if self.database_url else _sqlite(self.data / "quayside.sqlite3")


def read_environment() -> Environment:
    """The variables as they are now."""
    return Environment(
        data=Path(os.environ.get("QUAYSIDE_DATA") or _default_data()).absolute(),
        bind=os.environ.get("QUAYSIDE_BIND") or DEFAULT_BIND,
        proxy_bind=os.environ.get("QUAYSIDE_PROXY_BIND", ""),
        database_url=os.environ.get("QUAYSIDE_DATABASE_URL", ""),
        redis_url=os.environ.get("QUAYSIDE_REDIS_URL", ""),
        allowed_hosts=_words("QUAYSIDE_ALLOWED_HOSTS"),
        trusted_origins=_words("QUAYSIDE_TRUSTED_ORIGINS"),
        is_debug=os.environ.get("QUAYSIDE_DEBUG", "") == "1",
        audit_days=_days("QUAYSIDE_AUDIT_DAYS", 180),
    )


def _default_data() -> Path:
    return Path("/var/lib/quayside") if os.geteuid() == 0 else Path.home() / ".local" / "share" / "quayside"


def _words(name: str) -> tuple[str, ...]:
    return tuple(os.environ.get(name, "").replace(",", " ").split())


def _days(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) <= 36_500:
        raise SettingError(f"{name}={text}: give a number of days, from 1 to 36500")
    return int(text)


def split_bind(bind: str) -> tuple[str, int]:
    """`HOST:PORT` as its parts; an IPv6 address stands in brackets. Raises SettingError."""
    host, separator, port = bind.rpartition(":")
    if not separator or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise SettingError(f"cannot listen on {bind!r}: give HOST:PORT, as in {DEFAULT_BIND} or [::1]:8000")
    return host.removeprefix("[").removesuffix("]"), int(port)


def secret_of(name: str) -> str:
    """The value of a variable, or of the file that `<name>_FILE` names; "" where neither is set, or SettingError."""
    if os.environ.get(name):
        return os.environ[name]
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return ""
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise SettingError(f"{name}_FILE={path}: {error.strerror}") from error


def secret_key(data: Path) -> str:
    """The key that signs sessions and seals secrets: from the environment, else from a file that only we can read.

    The file is made at first start. Without a data folder there is nothing to keep a secret in: the key lasts as long
    as the process.
    """
    key = secret_of("QUAYSIDE_SECRET_KEY")
    if key:
        if len(key) < 32:
            raise SettingError("QUAYSIDE_SECRET_KEY is too short: give at least 32 random characters")
        return key
    path = data / "secret-key"
    if not data.is_dir():
        return secrets.token_urlsafe(48)
    try:
        return path.read_text().strip() or _new_key(path)
    except FileNotFoundError:
        return _new_key(path)
    except PermissionError:
        # Only `quayside` itself runs as the owner; checks by somebody else need no key that lasts.
        return secrets.token_urlsafe(48)


def _new_key(path: Path) -> str:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    try:
        # link, not rename: of two that start at once the second must take the first one's key.
        path.hardlink_to(temporary)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    return path.read_text().strip()


def _sqlite(path: Path) -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        # Opening costs more than a page's queries, and pages are made in threads that stay.
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # DEFERRED transactions that write later fail with "database is locked" whatever the timeout.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


def _postgresql(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise SettingError(
            "QUAYSIDE_DATABASE_URL: give postgresql://USER:PASSWORD@HOST:PORT/NAME, or leave it empty for SQLite"
        )
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or "") or options.pop("host", ""),
        "PORT": str(parts.port or ""),
        # Under ASGI each request may run in a thread of its own; only a pool keeps connections between them.
        "OPTIONS": {"pool": True, **options},
    }
