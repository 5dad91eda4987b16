"""Whether a schedule is open at a moment, by the clocks of its zone."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from mvidarr_common.messages.dispatch import Schedule, Weekday, Window

DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def is_open(schedule: Schedule, now: datetime) -> bool:
    """Without windows it always is."""
    if not schedule.windows:
        return True
    local = now.astimezone(ZoneInfo(schedule.zone))
    return any(_within(window, local) for window in schedule.windows)


def known_zone(name: str) -> bool:
    """Whether there is such a zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _within(window: Window, local: datetime) -> bool:
    begins, ends = time.fromisoformat(window.begins), time.fromisoformat(window.ends)
    clock = local.time()
    today, yesterday = DAYS[local.weekday()], DAYS[(local - timedelta(days=1)).weekday()]
    if begins < ends:
        return today in window.days and begins <= clock < ends
    began_today = today in window.days and clock >= begins
    return began_today or (yesterday in window.days and clock < ends)
