"""The choice of a runtime, kept from one start of the daemon to the next: trying it out takes longer than all the rest.

It is good as long as everything that it was made from is the same: programs, kernel, boot, control groups, rights.
"""

import logging
import os
from pathlib import Path

import orjson
from msgspec.structs import asdict

from engine.cgroups import Hierarchies
from engine.config import EngineConfig
from engine.linux.files import write_atomically
from engine.runtime.choice import RuntimeChoice

log = logging.getLogger(__name__)

_FILE = "runtime.json"


class RememberedChoice:
    """The file of one engine, below its exec root: it does not outlive the machine's boot."""

    def __init__(self, config: EngineConfig, *, programs: dict[str, str | None]) -> None:
        """`programs` are the paths of all that there is to choose from."""
        self._path = config.exec_root / _FILE
        self._made_from = {
            "wanted": config.runtime,
            "kernel": os.uname().release,
            "cgroups": str(Hierarchies.read().mode),
            "rights": _rights(),
            "programs": {name: _identity(path) for name, path in programs.items()},
        }

    def load(self) -> RuntimeChoice | None:
        """What was chosen, None when that has to be found out anew."""
        try:
            saved = orjson.loads(self._path.read_bytes())
            if saved["made_from"] != self._made_from:
                return None
            choice = saved["choice"]
            return RuntimeChoice(**{**choice, "path": Path(choice["path"]), "conmon": Path(choice["conmon"])})
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("%s cannot be read, the runtime is tried out again: %s", self._path, error)
            return None

    def save(self, choice: RuntimeChoice) -> None:
        document = {"made_from": self._made_from, "choice": asdict(choice)}
        write_atomically(self._path, orjson.dumps(document, default=str))


def _identity(path: str | None) -> list[object] | None:
    if path is None:
        return None
    status = Path(path).stat()
    return [path, status.st_ino, status.st_size, status.st_mtime_ns]


def _rights() -> str:
    """The bounding set: without some capabilities a runtime that is there does not work."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next((line.split()[1] for line in lines if line.startswith("CapBnd:")), "")
