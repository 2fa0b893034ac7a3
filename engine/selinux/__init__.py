"""SELinux labels of containers: who a process is, and whose its files are. Only with `--selinux-enabled`."""

from engine.selinux.labels import Contexts, Labels, labels_of
from engine.selinux.relabelling import read_contexts, relabel

__all__ = ["Contexts", "Labels", "labels_of", "read_contexts", "relabel"]
