"""What a request would take of a quota, and the word for too much: known also before Django's models are."""

from dataclasses import dataclass


class OverQuota(Exception):
    """It would be more than the team may have; the text says of what, for a person."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request would take. Memory and CPUs 0: without a bound. `is_whole`: of what is changed nothing stays."""

    containers: int = 0
    memory_bytes: int = 0
    nano_cpus: int = 0
    volumes: int = 0
    is_whole: bool = False

    @property
    def bounds_matter(self) -> bool:
        """Whether it is about a container, whose memory and CPUs must be said where a quota counts them."""
        return bool(self.containers or self.memory_bytes or self.nano_cpus)
