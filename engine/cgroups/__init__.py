"""The control groups of containers on version 1, hybrid and version 2 hosts: where they are, limits, freezing, OOM."""

from engine.cgroups.group import CgroupStillBusy, ContainerCgroup
from engine.cgroups.hierarchy import CgroupMode, Hierarchies, container_cgroup_path, engine_cgroup_path

__all__ = [
    "CgroupMode",
    "CgroupStillBusy",
    "ContainerCgroup",
    "Hierarchies",
    "container_cgroup_path",
    "engine_cgroup_path",
]
