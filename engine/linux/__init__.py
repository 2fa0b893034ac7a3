"""The kernel's own doors: mounts, namespaces, processes, netlink.

Knows nothing of containers. Each module raises OSError as the kernel gave it, with the object named.
"""
