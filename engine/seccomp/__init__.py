"""Which system calls a container may make: profiles in Docker's format, resolved to the filter of one container."""

from engine.seccomp.profiles import SeccompProfiles, resolve_profile

__all__ = ["SeccompProfiles", "resolve_profile"]
