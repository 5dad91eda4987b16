"""The downloader as a whole."""

from mvidarr_common.service import Service

from .deps import Deps, open_deps
from .jobs import download, inspect
from .settings import DownloaderSettings

service: Service[DownloaderSettings, Deps] = Service(
    name="downloader",
    settings=DownloaderSettings,
    open=open_deps,
    jobs=(download, inspect),
    slots=lambda settings: {
        "download": settings.downloads_at_once,
        "inspect": settings.inspect_slots,
    },
    preload=(
        "mvidarr_downloader.fetchers",
        "mvidarr_downloader.inspecting",
        "mvidarr_downloader.unspoilt",
        "mvidarr_downloader.warm",
    ),
)
