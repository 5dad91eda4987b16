"""Which program this is, since when it runs, and where."""

import os
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

VERSION = version("mvidarr-api-gateway")
STARTED = datetime.now(UTC)
IN_CONTAINER = Path("/.dockerenv").exists() or "KUBERNETES_SERVICE_HOST" in os.environ
