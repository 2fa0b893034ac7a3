"""Whether a container that has ended is started again, and after how long. Pure."""

from engine.containers.model import Record

_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 60.0
# A run of this length was no failed attempt: the next delay is the first one again.
_SETTLED_S = 10.0


def should_restart(record: Record, exit_code: int) -> bool:
    """What the policy says after a run that ended with `exit_code`."""
    policy = record.host_config["RestartPolicy"]
    if record.was_stopped_by_user:
        return False
    if policy["Name"] == "on-failure":
        limit = policy["MaximumRetryCount"]
        return exit_code != 0 and (limit == 0 or record.restart_count < limit)
    return policy["Name"] in ("always", "unless-stopped")


def should_start_with_daemon(record: Record) -> bool:
    """What the policy says when the daemon starts and finds that the container does not run."""
    policy = record.host_config["RestartPolicy"]["Name"]
    if policy == "always":
        return True
    if policy == "unless-stopped":
        return not record.was_stopped_by_user
    return should_restart(record, record.state.exit_code) and policy == "on-failure"


def next_delay_s(previous_s: float, *, ran_for_s: float) -> float:
    """How long to wait before the next attempt: twice as long as before, up to a minute."""
    if previous_s == 0 or ran_for_s >= _SETTLED_S:
        return _FIRST_DELAY_S
    return min(previous_s * 2, _LONGEST_DELAY_S)
