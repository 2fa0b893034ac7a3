"""Binds, volumes, `--mount` and `--tmpfs` as text, read into the API's Binds, Volumes and Mounts and back."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from webui.containers.dialects import DialectError, Raw
from webui.containers.dialects.values import read_bool, read_bytes, read_csv, write_bytes, write_csv

_RECURSIVE: Final = {
    "enabled": {}, "disabled": {"NonRecursive": True}, "writable": {"ReadOnlyNonRecursive": True},
    "readonly": {"ReadOnlyForceRecursive": True},
}  # fmt: skip
_TYPES: Final = ("bind", "volume", "tmpfs", "image", "npipe", "cluster")


def read_volume(spec: str) -> tuple[str, str]:
    """(bind, "") for `source:target[:options]`, ("", target) for a volume without a name."""
    parts = spec.split(":")
    if any(not part for part in parts):
        raise DialectError(f"“{spec}” has nothing before or after a colon.")
    if len(parts) == 1:
        return "", absolute(spec, spec)
    if len(parts) > 3:
        raise DialectError(f"“{spec}” has too many colons: source:target:options.")
    refuse_relative(parts[0], spec)
    absolute(parts[1], spec)
    return spec, ""


def refuse_relative(source: str, spec: str) -> None:
    if source.startswith((".", "~")):
        raise DialectError(f"“{spec}”: {source} is counted from a folder of yours; write the whole path on the host.")


def absolute(target: str, spec: str) -> str:
    if not target.startswith("/"):
        whose = f"“{spec}”: " if spec != target else ""
        raise DialectError(f"{whose}{target} must be a whole path inside the container, such as /data.")
    return target


def read_mount(text: str) -> Raw:
    """The API's Mount of what `--mount` was given."""
    mount: Raw = {"Type": "volume"}
    recursive: dict[str, bool] = {}
    for part in read_csv(text):
        key, sign, value = part.partition("=")
        key = key.strip().lower()
        if key in {"readonly", "ro"}:
            mount |= {"ReadOnly": True} if not sign or read_bool(value) else {}
        elif key == "bind-nonrecursive":
            recursive = {"NonRecursive": read_bool(value) if sign else True}
        elif key == "bind-recursive":
            recursive = dict(_chosen(_RECURSIVE, value, text))
        elif key == "volume-nocopy":
            _options(mount, "Volume")["NoCopy"] = read_bool(value) if sign else True
        elif not sign:
            raise DialectError(f"“{text}”: {part} must be written as {key}=value.")
        else:
            _put(mount, key, value, text)
    if recursive:
        _options(mount, "Bind").update(recursive)
    return _checked(mount, text)


# Words of --mount with one value: the options of the mount that they are in ("" for the mount itself), and the field.
_FIELDS: Final = {
    "type": ("", "Type"), "source": ("", "Source"), "src": ("", "Source"), "target": ("", "Target"),
    "dst": ("", "Target"), "destination": ("", "Target"), "consistency": ("", "Consistency"),
    "bind-propagation": ("Bind", "Propagation"), "volume-subpath": ("Volume", "Subpath"),
    "image-subpath": ("Image", "Subpath"), "tmpfs-size": ("Tmpfs", "SizeBytes"), "tmpfs-mode": ("Tmpfs", "Mode"),
}  # fmt: skip
_LOWERED: Final = frozenset({"type", "consistency", "bind-propagation"})


def _put(mount: Raw, key: str, value: str, text: str) -> None:
    if key in {"volume-label", "volume-opt"}:
        name, _, said = value.partition("=")
        held = _options(mount, "Volume") if key == "volume-label" else _driver(mount)
        held.setdefault("Labels" if key == "volume-label" else "Options", {})[name] = said
    elif key == "volume-driver":
        _driver(mount)["Name"] = value
    elif key in _FIELDS:
        kind, field = _FIELDS[key]
        target = _options(mount, kind) if kind else mount
        target[field] = _value(key, value, text)
    else:
        raise DialectError(f"“{text}”: --mount has no {key}.")


def _value(key: str, value: str, text: str) -> str | int:
    if key == "tmpfs-size":
        return read_bytes(value)
    if key == "tmpfs-mode":
        return _octal(value, text)
    return value.lower() if key in _LOWERED else value


def _chosen(choices: Mapping[str, Any], value: str, text: str) -> Any:
    if value not in choices:
        raise DialectError(f"“{text}”: {value} is none of {', '.join(choices)}.")
    return choices[value]


def _octal(value: str, text: str) -> int:
    try:
        return int(value, 8)
    except ValueError:
        raise DialectError(f"“{text}”: {value} is not a mode in octal digits, such as 1777.") from None


def _options(mount: Raw, kind: str) -> Raw:
    options: Raw = mount.setdefault(f"{kind}Options", {})
    return options


def _driver(mount: Raw) -> Raw:
    driver: Raw = _options(mount, "Volume").setdefault("DriverConfig", {})
    return driver


def _checked(mount: Raw, text: str) -> Raw:
    kind = mount["Type"]
    if kind not in _TYPES:
        raise DialectError(f"“{text}”: {kind} is no type of mount: {', '.join(_TYPES[:4])}.")
    if not mount.get("Target"):
        raise DialectError(f"“{text}” says not where it is mounted: target=/path.")
    for name in ("Volume", "Image", "Bind", "Tmpfs"):
        if f"{name}Options" in mount and kind != name.lower() and not (name == "Volume" and kind == "cluster"):
            raise DialectError(f"“{text}”: what begins with {name.lower()}- is not for mounts of type {kind}.")
    options = mount.get("BindOptions") or {}
    if kind == "bind":
        refuse_relative(str(mount.get("Source") or ""), text)
        if options.get("ReadOnlyForceRecursive") and options.get("Propagation") != "rprivate":
            raise DialectError(f"“{text}”: bind-recursive=readonly needs bind-propagation=rprivate.")
        if (options.get("ReadOnlyForceRecursive") or options.get("ReadOnlyNonRecursive")) and not mount.get("ReadOnly"):
            raise DialectError(f"“{text}”: this bind-recursive needs readonly.")
    if kind == "tmpfs" and mount.get("Source"):
        raise DialectError(f"“{text}”: a tmpfs has no source.")
    return mount


def write_mount(mount: Mapping[str, Any]) -> tuple[str, list[str]]:
    """What `--mount` must be given, and the fields of the mount that it has no words for."""
    known = {"Type", "Source", "Target", "ReadOnly", "Consistency", "BindOptions", "VolumeOptions", "TmpfsOptions",
             "ImageOptions"}  # fmt: skip
    lost = [f"Mounts.{key}" for key, value in mount.items() if key not in known and value]
    parts = [f"type={mount.get('Type') or 'volume'}"]
    parts += [f"source={mount['Source']}"] if mount.get("Source") else []
    parts += [f"target={mount.get('Target', '')}"] + (["readonly"] if mount.get("ReadOnly") else [])
    parts += [f"consistency={mount['Consistency']}"] if mount.get("Consistency") else []
    bind, volume = mount.get("BindOptions") or {}, mount.get("VolumeOptions") or {}
    parts += [*_written_bind(bind), *_written_volume(volume)]
    tmpfs, image = mount.get("TmpfsOptions") or {}, mount.get("ImageOptions") or {}
    parts += [f"tmpfs-size={write_bytes(tmpfs['SizeBytes'])}"] if tmpfs.get("SizeBytes") else []
    parts += [f"tmpfs-mode={tmpfs['Mode']:o}"] if tmpfs.get("Mode") else []
    parts += [f"image-subpath={image['Subpath']}"] if image.get("Subpath") else []
    lost += ["Mounts.BindOptions.CreateMountpoint"] if bind.get("CreateMountpoint") else []
    lost += ["Mounts.TmpfsOptions.Options"] if tmpfs.get("Options") else []
    return write_csv(parts), lost


def _written_bind(options: Mapping[str, Any]) -> Iterator[str]:
    if options.get("Propagation"):
        yield f"bind-propagation={options['Propagation']}"
    for word, fields in _RECURSIVE.items():
        if fields and all(options.get(key) for key in fields):
            yield f"bind-recursive={word}"


def _written_volume(options: Mapping[str, Any]) -> Iterator[str]:
    if options.get("NoCopy"):
        yield "volume-nocopy"
    if options.get("Subpath"):
        yield f"volume-subpath={options['Subpath']}"
    for name, value in (options.get("Labels") or {}).items():
        yield f"volume-label={name}={value}"
    driver = options.get("DriverConfig") or {}
    if driver.get("Name"):
        yield f"volume-driver={driver['Name']}"
    for name, value in (driver.get("Options") or {}).items():
        yield f"volume-opt={name}={value}"


def read_tmpfs(text: str) -> tuple[str, str]:
    """(path, options) of `/run:size=64m`."""
    path, _, options = text.partition(":")
    return absolute(path, text), options


def read_label(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if not name:
        raise DialectError("A label has no name.")
    return name, value
