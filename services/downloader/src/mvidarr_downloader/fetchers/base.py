"""What a fetcher is: it takes an order and leaves one whole file in a folder."""

from typing import Protocol

from mvidarr_common.messages.jobs import Downloaded
from mvidarr_downloader.orders import Order


class Fetcher(Protocol):
    """A way to get videos. `fetch` runs in a forked child: it may block, and it raises JobError."""

    name: str

    def takes(self, url: str) -> bool:
        """Whether this is the one to try for such an address."""
        ...

    def fetch(self, order: Order) -> Downloaded:
        """Fetch the file into the order's folder."""
        ...
