"""What Prometheus sees of the downloader."""

import logging
from datetime import UTC, datetime

from prometheus_client import Gauge, Histogram

from .version import OLD, VERSION, age_of, ytdlp_note

log = logging.getLogger(__name__)

_MIB = 1024**2

MEMORY = Histogram(
    "mvidarr_download_memory_bytes",
    "Memory that the child of a download had to itself",
    buckets=[size * _MIB for size in (8, 16, 32, 64, 128, 256, 512, 1024)],
)
YTDLP = Gauge("mvidarr_ytdlp_info", "The yt-dlp that is loaded", ["version"])
YTDLP_AGE = Gauge("mvidarr_ytdlp_age_days", "Days since the release of the yt-dlp that is loaded")


def describe_ytdlp() -> None:
    """At the start; an age is counted anew whenever somebody looks."""
    YTDLP.labels(VERSION).set(1)
    YTDLP_AGE.set_function(lambda: age_of(VERSION, datetime.now(UTC).date()) or 0)
    if (age_of(VERSION, datetime.now(UTC).date()) or 0) > OLD:
        log.warning(ytdlp_note())
