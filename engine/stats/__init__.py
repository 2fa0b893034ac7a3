"""What containers consume, in the JSON of GET /containers/{id}/stats (API 1.51); one sampler for all who watch."""

from engine.stats.reading import StatsTarget, empty_stats
from engine.stats.sampler import StatsSampler

__all__ = ["StatsSampler", "StatsTarget", "empty_stats"]
