"""Loading the default profile where the kernel has AppArmor (apparmor_parser(8)). Blocks."""

import logging
import shutil
import subprocess
from pathlib import Path

from engine.apparmor.profile import DEFAULT_PROFILE, profile_text

log = logging.getLogger(__name__)

_SEARCH_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
_TIMEOUT_S = 30.0
_ENABLED = Path("/sys/module/apparmor/parameters/enabled")
_PROFILES = Path("/sys/kernel/security/apparmor/profiles")


def is_enabled(enabled: Path = _ENABLED) -> bool:
    try:
        return enabled.read_text(encoding="ascii").startswith("Y")
    except OSError:
        return False


def is_loaded(name: str, profiles: Path = _PROFILES) -> bool:
    """Whether the kernel knows the profile. Without a mounted securityfs nobody can tell: then it does not."""
    try:
        return any(line.startswith(f"{name} (") for line in profiles.read_text(encoding="utf-8").splitlines())
    except OSError:
        return False


def load_default(
    *, enabled: Path = _ENABLED, profiles: Path = _PROFILES, search_path: str = _SEARCH_PATH
) -> str | None:
    """Load the profile unless it is there (dockerd's of the same name is left alone); its name, None without one.

    Where it cannot be loaded containers are not confined by AppArmor, and the log says why.
    """
    if not is_enabled(enabled):
        return None
    if is_loaded(DEFAULT_PROFILE, profiles):
        return DEFAULT_PROFILE
    parser = shutil.which("apparmor_parser", path=search_path)
    if parser is None:
        log.warning("AppArmor is on, but containers go without it: install apparmor_parser (package apparmor)")
        return None
    try:
        finished = subprocess.run(
            [parser, "--skip-cache", "--replace"],
            input=profile_text().encode(),
            capture_output=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("containers go without AppArmor: %s", error)
        return None
    if finished.returncode != 0:
        words = finished.stderr.decode(errors="replace").strip()
        log.warning("containers go without AppArmor: the profile could not be loaded: %s", words)
        return None
    return DEFAULT_PROFILE
