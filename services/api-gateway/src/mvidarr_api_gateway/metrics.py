"""What Prometheus sees of the gateway beyond its requests. Ids are never labels."""

from prometheus_client import Counter, Gauge

LIVE_CLIENTS = Gauge("mvidarr_live_clients", "Websockets and event streams that are open")
LIVE_FRAMES = Counter("mvidarr_live_frames_total", "Frames told to live clients")
READS = Counter(
    "mvidarr_reads_total",
    "Questions of clients: answered from memory (hit), by the catalog (miss), by its answer to"
    " another client (coalesced), or with something old while it is away (stale)",
    ["outcome"],
)
READS_DROPPED = Counter(
    "mvidarr_reads_dropped_total", "Times that answers in memory were dropped, and why", ["why"]
)
KEPT_BYTES = Gauge("mvidarr_reads_kept_bytes", "Memory that kept answers take")
CATALOG_AWAY = Gauge("mvidarr_catalog_away", "1 while the catalog does not answer")
CHANNELS = Gauge("mvidarr_channels_watched", "Streams of channels that are open")
