"""What a test of something elsewhere found, step by step."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One step. One that is not good and not grave is worth knowing, and works."""

    what: str
    words: str
    is_good: bool
    is_grave: bool = True

    @property
    def tone(self) -> str:
        return "good" if self.is_good else "bad" if self.is_grave else "warning"
