"""The settings of a service, where it is installed."""

from typing import Any

from mvidarr_common.cli.run import installed, load


def own_settings(service: str) -> Any:
    """As the environment gives them; None for a service that is not installed here."""
    return load(service).settings() if service in installed() else None
