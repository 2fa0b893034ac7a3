"""Certificates of single registries, in folders named HOST:PORT as dockerd has them.

`*.crt` are authorities that are believed besides the system's; `*.cert` with a `*.key` of the same name is who we are.
"""

import ssl
from collections.abc import Iterable
from pathlib import Path

from engine.errors import EngineError

SYSTEM_FOLDER = Path("/etc/docker/certs.d")


def folder_of(host: str, places: Iterable[Path]) -> Path | None:
    """The folder of the registry `host` (with its port, if it has one) in the first place that has one."""
    return next((place / host for place in places if (place / host).is_dir()), None)


def context_of(folder: Path, *, verifies: bool) -> ssl.SSLContext:
    """Raises EngineError for a certificate without its key, a key without its certificate, or a file that is none."""
    context = ssl.create_default_context()
    if not verifies:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for path in sorted(folder.iterdir()):
        try:
            if path.suffix == ".crt":
                context.load_verify_locations(path)
            elif path.suffix == ".cert":
                _identify(context, path)
            elif path.suffix == ".key" and not path.with_suffix(".cert").exists():
                raise EngineError(f"missing client certificate {path.stem}.cert for key {path.name}")
        except (ssl.SSLError, OSError) as error:
            raise EngineError(f"cannot use {path} for the registry {folder.name}: {error}") from error
    return context


def _identify(context: ssl.SSLContext, certificate: Path) -> None:
    key = certificate.with_suffix(".key")
    if not key.exists():
        raise EngineError(
            f"missing key {key.name} for client certificate {certificate.name}. CA certificates must use the "
            "extension .crt."
        )
    context.load_cert_chain(certificate, key)
