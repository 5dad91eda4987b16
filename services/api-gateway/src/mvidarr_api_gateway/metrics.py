"""What Prometheus sees of the gateway beyond its requests. Ids are never labels."""

from prometheus_client import Counter, Gauge

LIVE_CLIENTS = Gauge("mvidarr_live_clients", "Websockets and event streams that are open")
LIVE_FRAMES = Counter("mvidarr_live_frames_total", "Frames told to live clients")
