"""The text of the default profile (apparmor.d(5)). Pure.

Files, capabilities and the network are left to the other walls (namespaces, capabilities, seccomp). What this one adds:
no mounts, no writing to what of /proc and /sys belongs to the whole machine, no tracing or signals beyond the profile.
"""

DEFAULT_PROFILE = "docker-default"  # the name that dockerd's has, and that people look for

# Of the machine, not of the container.
_PROC_FOLDERS = "acpi,asound,bus,driver,fs,irq,scsi,tty"
_SYSCTL_FOLDERS = "abi,debug,dev,fs,sunrpc,user,vm,xen"
_SYS_FOLDERS = "block,bus,class,dev,devices,firmware,hypervisor,kernel,module,power"
# Of kernel.* only what belongs to the namespaces of a container may be written: domainname, hostname, msg*, sem, shm*.
_KERNEL_SYSCTLS = (
    "[^dhms]*,dmesg_restrict,dirty*,hardlockup*,hotplug,hung_task*,max_*,modprobe,modules_disabled,sched*,seccomp,"
    "sg-big-buff,soft*,stack*,sysctl*,sysrq"
)
_HIDDEN = ("sysrq-trigger", "kcore", "kmem", "mem")


def profile_text(name: str = DEFAULT_PROFILE) -> str:
    """For apparmor_parser(8)."""
    rules = [
        "network,",
        "capability,",
        "file,",
        "umount,",
        "deny mount,",
        # Who starts and stops containers is outside of the profile.
        "signal (receive) peer=unconfined,",
        "signal (receive) peer={crun,runc},",
        f"signal (send, receive) peer={name},",
        f"ptrace (trace, read, tracedby, readby) peer={name},",
        *(f"deny @{{PROC}}/{file} rwklx," for file in _HIDDEN),
        "deny @{PROC}/[^1-9]* w,",
        f"deny @{{PROC}}/{{{_PROC_FOLDERS}}}/** wklx,",
        f"deny @{{PROC}}/sys/{{{_SYSCTL_FOLDERS}}}/** wklx,",
        f"deny @{{PROC}}/sys/kernel/{{{_KERNEL_SYSCTLS}}} wklx,",
        "deny @{PROC}/sys/kernel/*/** wklx,",
        f"deny /sys/{{{_SYS_FOLDERS}}}/** wklx,",
        "deny /sys/fs/[^c]*/** wklx,",
        "deny /sys/firmware/** rwklx,",
        "deny /sys/devices/virtual/powercap/** rwklx,",
        "deny /sys/kernel/security/** rwklx,",
    ]
    body = "\n".join(f"  {rule}" for rule in rules)
    return (
        "#include <tunables/global>\n\n"
        f"profile {name} flags=(attach_disconnected,mediate_deleted) {{\n"
        f"  #include <abstractions/base>\n\n{body}\n}}\n"
    )
