"""Images for tests, made here: a busybox in the form that `docker save` writes."""

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

BUSYBOX = Path("/bin/busybox")
_ETC_PASSWD = b"root:x:0:0:root:/root:/bin/sh\nwww:x:33:33:www:/www:/bin/sh\n"
_ETC_GROUP = b"root:x:0:\nwww:x:33:\nstaff:x:50:www\n"


def layer_tar(
    files: Mapping[str, bytes], links: Mapping[str, str] | None = None, folders: tuple[str, ...] = ()
) -> bytes:
    """A layer with these files (mode 0755), symbolic links and folders."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for folder in folders:
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            tar.addfile(entry)
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o755
            tar.addfile(entry, io.BytesIO(data))
        for name, target in (links or {}).items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)
    return buffer.getvalue()


def busybox_layer() -> bytes:
    applets = subprocess.run([BUSYBOX, "--list"], check=True, capture_output=True, text=True).stdout.split()
    return layer_tar(
        {
            "bin/busybox": BUSYBOX.read_bytes(),
            "etc/passwd": _ETC_PASSWD,
            "etc/group": _ETC_GROUP,
            "www/index.html": b"hello from quayside\n",
        },
        {f"bin/{applet}": "busybox" for applet in applets if applet != "busybox"},
        folders=("bin", "etc", "root", "tmp", "www", "dev", "proc", "sys", "var"),
    )


def save_tar(path: Path, *, tags: list[str], layers: list[bytes], config: Mapping[str, object] | None = None) -> str:
    """Write an image as `docker save` does; returns its id (sha256:...)."""
    diff_ids = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]
    document = {
        "architecture": "amd64",
        "os": "linux",
        "created": "2026-01-01T00:00:00Z",
        "config": {"Env": ["PATH=/bin"], "Cmd": ["sh"], **(config or {})},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": [{"created": "2026-01-01T00:00:00Z", "created_by": "made for a test"} for _ in layers],
    }
    body = json.dumps(document).encode()
    image_id = hashlib.sha256(body).hexdigest()
    names = [f"{diff_id[7:]}/layer.tar" for diff_id in diff_ids]
    manifest = [{"Config": f"{image_id}.json", "RepoTags": tags, "Layers": names}]
    with tarfile.open(path, "w") as tar:
        entries = {f"{image_id}.json": body, **dict(zip(names, layers, strict=True))}
        for name, data in {**entries, "manifest.json": json.dumps(manifest).encode()}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return f"sha256:{image_id}"
