"""What Prometheus sees of the worker. Ids are never labels."""

from prometheus_client import Counter, Gauge, Histogram

_SIX_HOURS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 21600)

SLOTS = Gauge("mvidarr_job_slots", "Jobs that this worker runs at once", ["queue"])
RUNNING = Gauge("mvidarr_jobs_running", "Jobs that run here now", ["queue"])
WAIT = Histogram(
    "mvidarr_job_wait_seconds", "From release to start", ["queue"],
    buckets=(0.005, 0.02, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600),
)  # fmt: skip
SECONDS = Histogram(
    "mvidarr_job_seconds", "How long an attempt took", ["kind", "outcome"], buckets=_SIX_HOURS
)
CANCEL = Histogram("mvidarr_job_cancel_seconds", "From hearing a stop to the end of the attempt")
DELIVERIES = Counter("mvidarr_job_deliveries", "Deliveries of work", ["queue", "outcome"])
