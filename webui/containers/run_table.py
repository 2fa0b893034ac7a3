"""Every field of the run form that fills one place of the create body, by the section that it is in."""

import json
import shlex
from typing import Any, Final

from webui.containers.dialects import devices, mounts, networks, values
from webui.containers.dialects.meaning import PATHS
from webui.containers.run_fields import (
    RunField,
    one_of,
    read_command,
    read_memory,
    read_size,
    read_test,
    whole_path,
    write_pair,
    write_size,
    write_test,
    write_tmpfs,
    write_ulimit,
)

_NEAR: Final = (("", "as the host decides"), ("true", "yes"), ("false", "no"))


def _host(field: str) -> tuple[str, ...]:
    return ("HostConfig", field)


def _field(name: str, section: str, path: tuple[str, ...], label: str, **more: Any) -> RunField:
    return RunField(name, section, path, label, **more)


def _lines(name: str, section: str, path: tuple[str, ...], label: str, **more: Any) -> RunField:
    return RunField(name, section, path, label, kind="lines", **more)


def _switch(name: str, section: str, path: tuple[str, ...], label: str, **more: Any) -> RunField:
    return RunField(name, section, path, label, kind="switch", **more)


def _rate(field: str, name: str, label: str, *, in_bytes: bool) -> RunField:
    return _lines(name, "resources", _host(field), label, placeholder="/dev/sda:10m" if in_bytes else "/dev/sda:500",
                  read=lambda text: devices.read_rate(text, in_bytes=in_bytes),
                  write=lambda limit: devices.write_rate(limit, in_bytes=in_bytes))  # fmt: skip


def _span(name: str, key: str, label: str, placeholder: str) -> RunField:
    return _field(name, "health", ("Healthcheck", key), label, read=values.read_duration,
                  write=values.write_duration, placeholder=placeholder)  # fmt: skip


FIELDS: Final[tuple[RunField, ...]] = (
    _field("command", "basics", ("Cmd",), "Command", kind="code", read=read_command, write=shlex.join,
           placeholder="(from the image)"),
    _switch("publish_all", "ports", _host("PublishAllPorts"), "Publish all that the image exposes, on free ports"),
    # How it runs.
    _field("entrypoint", "process", ("Entrypoint",), "Entrypoint", kind="code", read=read_command, write=shlex.join,
           placeholder="(from the image)", hint='What the command is given to. "" takes the image\'s away.'),
    _field("user", "process", ("User",), "User", kind="code", placeholder="(from the image)",
           hint="A name or number, with a group after a colon."),
    _field("workdir", "process", ("WorkingDir",), "Working folder", kind="code", read=whole_path,
           placeholder="(from the image)"),
    _lines("groups", "process", _host("GroupAdd"), "Further groups", placeholder="one a line"),
    _switch("tty", "process", ("Tty",), "A terminal (tty)"),
    _switch("stdin", "process", ("OpenStdin",), "Keep its input open"),
    _field("init", "process", _host("Init"), "An init inside", kind="choice", choices=_NEAR, read=values.read_bool,
           write=lambda value: "true" if value else "false",
           hint="It reaps what its children leave, and passes on signals."),
    _field("stop_signal", "process", ("StopSignal",), "Stop signal", kind="code", placeholder="SIGTERM"),
    _field("stop_timeout", "process", ("StopTimeout",), "Seconds to stop in", read=values.read_int, placeholder="10",
           hint="Then it is killed; -1 waits for ever."),
    # Storage.
    _lines("binds_more", "storage", _host("Binds"), "Mounts with options", placeholder="/srv/data:/data:ro,z",
           hint="As after -v, one a line."),
    RunField("nameless", "storage", ("Volumes",), "Volumes without a name", kind="map",
             read=lambda text: (whole_path(text), {}), write=lambda entry: entry[0], placeholder="/cache",
             hint="Paths in the container, one a line."),
    RunField("tmpfs", "storage", _host("Tmpfs"), "In memory (tmpfs)", kind="map", read=mounts.read_tmpfs,
             write=write_tmpfs, placeholder="/run:size=64m,mode=1777", hint="A path, and options after a colon."),
    _lines("mounts_long", "storage", _host("Mounts"), "Mounts in long words", read=mounts.read_mount,
           write=lambda mount: mounts.write_mount(mount)[0],
           placeholder="type=volume,source=data,target=/data,readonly",
           hint="As after --mount, one a line."),
    _lines("volumes_from", "storage", _host("VolumesFrom"), "Volumes of containers", placeholder="shop-data:ro"),
    _field("volume_driver", "storage", _host("VolumeDriver"), "Driver of new volumes", kind="code"),
    _field("shm_size", "storage", _host("ShmSize"), "Size of /dev/shm", read=read_size, write=write_size,
           placeholder="64m"),
    _switch("read_only", "storage", _host("ReadonlyRootfs"), "Its own files are read-only",
            hint="Only volumes, binds and tmpfs can be written."),
    RunField("storage_opt", "storage", _host("StorageOpt"), "Options of the storage driver", kind="map",
           read=values.pair,
             write=write_pair, placeholder="size=10G"),
    # Networks.
    _field("hostname", "networks", ("Hostname",), "Host name", kind="code", placeholder="its id"),
    _field("domainname", "networks", ("Domainname",), "Domain name", kind="code"),
    _lines("dns", "networks", _host("Dns"), "DNS servers", placeholder="1.1.1.1"),
    _lines("dns_search", "networks", _host("DnsSearch"), "DNS search domains", placeholder="example.org"),
    _lines("dns_options", "networks", _host("DnsOptions"), "DNS options", placeholder="ndots:1"),
    _lines("extra_hosts", "networks", _host("ExtraHosts"), "Further hosts", read=networks.read_host,
           placeholder="db.internal:10.0.0.5", hint="A name and its address; host-gateway is the host."),
    _lines("links", "networks", _host("Links"), "Links", placeholder="shop-db:db",
           hint="Of old; on a network of your own, names and aliases do the same."),
    # Health and restart.
    _field("health_test", "health", ("Healthcheck", "Test"), "Health check", kind="code", read=read_test,
           write=write_test, placeholder="(from the image)",
           hint='A command for a shell, a list ["CMD", …], or ["NONE"] for none.'),
    _span("health_interval", "Interval", "Every", "30s"), _span("health_timeout", "Timeout", "It may take", "30s"),
    _field("health_retries", "health", ("Healthcheck", "Retries"), "Failures until unhealthy", read=values.read_int,
           placeholder="3"),
    _span("health_start", "StartPeriod", "Time to start in", "0s"),
    _span("health_start_interval", "StartInterval", "Every, while it starts", "5s"),
    _switch("auto_remove", "health", _host("AutoRemove"), "Remove it when it ends",
            hint="With its volumes that have no name."),
    # Resources.
    _field("memory", "resources", _host("Memory"), "Memory", read=read_memory, write=write_size,
           placeholder="no limit, e.g. 512m"),
    _field("reservation", "resources", _host("MemoryReservation"), "Memory reserved", read=read_size,
           write=write_size,
           placeholder="none", hint="What it falls back to when the host is short of memory."),
    _field("swap", "resources", _host("MemorySwap"), "Memory and swap together", read=read_size, write=write_size,
           placeholder="twice the memory", hint="-1: as much swap as there is."),
    _field("swappiness", "resources", _host("MemorySwappiness"), "Swappiness", read=values.read_int,
           placeholder="the host's", hint="0 to 100."),
    _field("cpus", "resources", _host("NanoCpus"), "CPUs", read=values.read_cpus, write=values.write_cpus,
           placeholder="no limit, e.g. 1.5"),
    _field("cpu_shares", "resources", _host("CpuShares"), "CPU shares", read=values.read_int, placeholder="1024",
           hint="Its weight where CPUs are short."),
    _field("cpuset", "resources", _host("CpusetCpus"), "On these CPUs", kind="code", placeholder="0-3"),
    _field("cpuset_mems", "resources", _host("CpusetMems"), "On these memory nodes", kind="code", placeholder="0"),
    _field("cpu_period", "resources", _host("CpuPeriod"), "CPU period (µs)", read=values.read_int,
           placeholder="100000"),
    _field("cpu_quota", "resources", _host("CpuQuota"), "CPU quota (µs)", read=values.read_int),
    _field("cpu_rt_period", "resources", _host("CpuRealtimePeriod"), "Real-time period (µs)", read=values.read_int),
    _field("cpu_rt_runtime", "resources", _host("CpuRealtimeRuntime"), "Real-time run time (µs)",
           read=values.read_int),
    _field("pids", "resources", _host("PidsLimit"), "Processes", read=values.read_int, placeholder="no limit"),
    _lines("ulimits", "resources", _host("Ulimits"), "Limits of processes (ulimits)", read=values.read_ulimit,
           write=write_ulimit, placeholder="nofile=1024:2048"),
    _lines("gpus", "resources", _host("DeviceRequests"), "GPUs", placeholder='all, 2 or "device=0,1"',
           read=devices.read_gpus, write=lambda one: devices.write_gpus(one)[0] or json.dumps(one)),
    _field("blkio_weight", "resources", _host("BlkioWeight"), "Weight of disk access", read=values.read_int,
           placeholder="10 to 1000"),
    _lines("blkio_weights", "resources", _host("BlkioWeightDevice"), "Weight by disk", read=devices.read_weight,
           write=lambda limit: f"{limit['Path']}:{limit['Weight']}", placeholder="/dev/sda:200"),
    _rate("BlkioDeviceReadBps", "read_bps", "Bytes read a second", in_bytes=True),
    _rate("BlkioDeviceWriteBps", "write_bps", "Bytes written a second", in_bytes=True),
    _rate("BlkioDeviceReadIOps", "read_iops", "Reads a second", in_bytes=False),
    _rate("BlkioDeviceWriteIOps", "write_iops", "Writes a second", in_bytes=False),
    _switch("oom_kill_disable", "resources", _host("OomKillDisable"), "Not killed when memory runs out"),
    _field("oom_score", "resources", _host("OomScoreAdj"), "Likelihood to be killed for memory", read=values.read_int,
           placeholder="0", hint="-1000 to 1000."),
    # Security.
    _switch("privileged", "security", _host("Privileged"), "Privileged",
           hint="It may do everything that the host may."),
    _lines("cap_add", "security", _host("CapAdd"), "Capabilities added", placeholder="NET_ADMIN"),
    _lines("cap_drop", "security", _host("CapDrop"), "Capabilities taken away", placeholder="ALL"),
    _lines("devices", "security", _host("Devices"), "Devices", read=devices.read_device, write=devices.write_device,
           placeholder="/dev/ttyUSB0 or /dev/sda:/dev/xvda:r"),
    _lines("device_rules", "security", _host("DeviceCgroupRules"), "Rules for devices", placeholder="c 1:3 rwm"),
    _lines("security_opt", "security", _host("SecurityOpt"), "Security options",
           placeholder="no-new-privileges", hint="Such as seccomp=unconfined, apparmor=…, label=…"),
    _switch("open_paths", "security", _host(PATHS[0]), "All of /proc and /sys is open to it"),
    _field("pid", "security", _host("PidMode"), "Processes shared with", read=one_of("host"), placeholder="nobody",
           hint="host or container:NAME."),
    _field("ipc", "security", _host("IpcMode"), "Shared memory with", read=one_of("host", "private", "shareable",
           "none"),
           placeholder="private", hint="host, shareable, none or container:NAME."),
    _field("uts", "security", _host("UTSMode"), "Host name shared with", read=one_of("host", joins=False),
           placeholder="nobody", hint="host."),
    _field("userns", "security", _host("UsernsMode"), "Users shared with", read=one_of("host", joins=False),
           placeholder="as the host decides", hint="host."),
    _field("cgroupns", "security", _host("CgroupnsMode"), "Control groups", read=one_of("host", "private",
           joins=False),
           placeholder="as the host decides", hint="host or private."),
    RunField("sysctls", "security", _host("Sysctls"), "Kernel settings (sysctls)", kind="map", read=values.pair,
             write=write_pair, placeholder="net.core.somaxconn=1024"),
    # Everything else.
    RunField("labels", "more", ("Labels",), "Labels", kind="map", read=mounts.read_label, write=write_pair,
             placeholder="com.example.team=shop"),
    RunField("annotations", "more", _host("Annotations"), "Annotations", kind="map", read=mounts.read_label,
             write=write_pair, placeholder="for the runtime"),
    _field("log_driver", "more", (*_host("LogConfig"), "Type"), "Logging driver", kind="code",
           placeholder="the host's"),
    RunField("log_options", "more", (*_host("LogConfig"), "Config"), "Logging options", kind="map", read=values.pair,
             write=write_pair, placeholder="max-size=10m"),
    _field("runtime", "more", _host("Runtime"), "Runtime", kind="code", placeholder="the host's"),
    _field("cgroup_parent", "more", _host("CgroupParent"), "Parent control group", kind="code"),
    _field("isolation", "more", _host("Isolation"), "Isolation", kind="code", placeholder="default"),
)  # fmt: skip
BY_NAME: Final = {field.name: field for field in FIELDS}
