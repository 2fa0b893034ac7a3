"""An image of many small files on our engine beside dockerd: load, save, push, remove, pull."""

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.bench.figures import Figure, heading
from tests.daemons import Daemon, running_dockerd, running_engine, running_registry
from tests.images import layer_tar, save_tar

_LAYERS, _FILES, _FILE_BYTES = 4, 5000, 10_000  # 200 MB in all
_ROUNDS = 2
_NAME = "many-files"


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="qs-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        for part in ("ours", "theirs", "our-registry", "their-registry"):
            (folder / part).mkdir()
        tar = folder / "image.tar"
        save_tar(tar, tags=[f"{_NAME}:latest"], layers=[_layer(number) for number in range(_LAYERS)])
        ours = stack.enter_context(running_engine(folder / "ours"))
        theirs = stack.enter_context(running_dockerd(folder / "theirs"))
        # dockerd has a loopback of its own, in which its registry must be.
        peers = {
            "ours": (ours, stack.enter_context(running_registry(folder / "our-registry"))),
            "theirs": (theirs, stack.enter_context(running_registry(folder / "their-registry", *theirs.argv[:2]))),
        }
        yield heading(f"Images: {_LAYERS} layers, {_LAYERS * _FILES} files, {tar.stat().st_size / 1e6:.0f} MB")
        data = tar.read_bytes()
        taken: dict[str, dict[str, list[float]]] = {}
        for number in range(_ROUNDS):
            for side, (daemon, registry) in peers.items():
                for step, seconds in _life(daemon, f"{registry.address}/{_NAME}{number}", data):
                    # The second time the registry has the layers, under another name.
                    work = "push again, as another repository" if step == "push" and number else step
                    taken.setdefault(work, {}).setdefault(side, []).append(seconds * 1000)
        for work, sides in taken.items():
            yield Figure(
                work, "ms", min(sides["ours"]), min(sides["theirs"]), note=f"best of {len(sides['ours'])}"
            ).line()


def _layer(number: int) -> bytes:
    """Text that compresses about as program files do, other in each layer."""
    dice = random.Random(number)
    words = [dice.randbytes(6).hex() for _ in range(400)]
    text = " ".join(dice.choices(words, k=200_000)).encode()
    starts = [dice.randrange(len(text) - _FILE_BYTES) for _ in range(_FILES)]
    return layer_tar({f"data/{number}/{i % 50}/{i}": text[at : at + _FILE_BYTES] for i, at in enumerate(starts)})


def _life(daemon: Daemon, remote: str, tar: bytes) -> Iterator[tuple[str, float]]:
    yield "load", _timed(daemon, "POST", "/images/load?quiet=1", tar)
    yield "save", _timed(daemon, "GET", f"/images/{_NAME}/get")
    _timed(daemon, "POST", f"/images/{_NAME}/tag?repo={remote}&tag=1")
    yield "push", _timed(daemon, "POST", f"/images/{remote}/push?tag=1")
    _timed(daemon, "DELETE", f"/images/{remote}:1")
    yield "rm", _timed(daemon, "DELETE", f"/images/{_NAME}")
    yield "pull", _timed(daemon, "POST", f"/images/create?fromImage={remote}&tag=1")
    _timed(daemon, "DELETE", f"/images/{remote}:1?force=1")


def _timed(daemon: Daemon, method: str, path: str, body: bytes | None = None) -> float:
    began = time.perf_counter()
    status, answer = daemon.api(method, path, body, X_Registry_Auth="e30=")
    if status >= 400 or b"errorDetail" in answer[-2000:]:
        raise AssertionError(f"{daemon.name} {method} {path}: {status} {answer[-500:]!r}")
    return time.perf_counter() - began
