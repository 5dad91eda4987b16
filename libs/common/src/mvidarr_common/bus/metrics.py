"""What can be watched of the bus in Prometheus; ids are never labels."""

from prometheus_client import Counter, Gauge, Histogram

from mvidarr_common.errors import LogReplaced, LogRewound, LogTruncated

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

PUBLISH_SECONDS = Histogram(
    "mvidarr_publish_seconds",
    "From handing a message to the broker until its outcome",
    ["exchange", "outcome"],
    buckets=_FAST,
)
PUBLISH_INFLIGHT = Gauge("mvidarr_publish_inflight", "Publishes without an outcome yet")
UNROUTED = Counter("mvidarr_unrouted", "Messages refused because no queue takes them")
CONNECTED = Gauge("mvidarr_amqp_connected", "Whether the connection is up", ["role"])
BLOCKED = Gauge("mvidarr_amqp_blocked", "Whether the broker refuses to read from us", ["role"])
RECONNECTS = Counter(
    "mvidarr_amqp_reconnects", "Lost connections and consumers", ["role", "reason"]
)
LEASES_LOST = Counter(
    "mvidarr_job_lease_lost", "Deliveries whose lease ended under the handler", ["queue", "reason"]
)
LIVE_SECONDS = Histogram(
    "mvidarr_live_seconds", "Age of what passes by when it is heard", buckets=_FAST
)
LIVE_DROPPED = Counter("mvidarr_live_dropped", "Live messages that were not heard", ["reason"])
LIVE_GAPS = Counter("mvidarr_live_gaps", "Times that a listener may have missed something")
QUERY_SECONDS = Histogram(
    "mvidarr_query_seconds", "From question to answer", ["query", "outcome"], buckets=_FAST
)
LOG_HEAD = Gauge(
    "mvidarr_log_head_offset", "Offset of the newest record that has come; it may not be read yet"
)
LOG_IDENTITY_ERRORS = Counter(
    "mvidarr_log_identity_errors", "The log was not the one that its reader knew", ["error"]
)
for _error in (LogTruncated, LogReplaced, LogRewound):
    # To Prometheus a counter that begins at one has never risen, and no alert sees it.
    LOG_IDENTITY_ERRORS.labels(_error.__name__)
