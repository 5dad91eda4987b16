"""How old yt-dlp is: sites change every week, and an old one fails on them."""

from datetime import UTC, date, datetime

from yt_dlp import version

VERSION: str = version.__version__
"""Of the yt-dlp that is loaded."""

OLD = 60
"""Days after which a newer one is due."""


def age_of(version: str, today: date) -> int | None:
    """Days since the release; versions are dates, such as "2026.10.26"."""
    try:
        year, month, day = map(int, version.split(".")[:3])
        return (today - date(year, month, day)).days
    except ValueError:
        return None


def note_on(version: str, today: date) -> str:
    """What health says of it."""
    age = age_of(version, today)
    if age is not None and age > OLD:
        return f"yt-dlp {version} is {age} days old: newer sites may fail; update it."
    return f"yt-dlp {version}"


def ytdlp_note() -> str:
    """For the yt-dlp that is loaded, today."""
    return note_on(VERSION, datetime.now(UTC).date())
