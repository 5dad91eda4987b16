"""What every service can be told: environment variables `MVIDARR_<FIELD>`, or `<FIELD>_FILE`.

A service's own settings subclass `Settings` in its `settings.py`; nothing reads them at import.
"""

import os
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "MVIDARR_"


class _FromFiles(PydanticBaseSettingsSource):
    """`MVIDARR_X_FILE` names a file that holds the value of X: how containers pass secrets."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE")
        return (Path(path).read_text().strip() if path else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.fields.items()}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of the settings class being filled."""
        return dict(self.settings_cls.model_fields)


class Settings(BaseSettings):
    """Settings that all services share."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    amqp_url: SecretStr | None = Field(
        default=None, description="RabbitMQ; without it the embedded bus is used (one process)"
    )
    state_dir: Path = Field(
        default=Path(".mvidarr"), description="the instance key and whatever is embedded"
    )
    data_root: Path = Field(
        default=Path("data"),
        description="one file system with staging/, library/, trash/ and artwork/",
    )
    instance_key: SecretStr | None = Field(
        default=None,
        description="secret of this installation, 32 bytes in base64url; the same for all services",
    )
    allow_private_addresses: bool = Field(
        default=False, description="let user-given URLs and webhooks reach private networks"
    )
    metrics_port: int | None = Field(
        default=None, description="port of /metrics and /health; none: not served"
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_format: str = Field(default="json", description="json or text")
    otlp_endpoint: str | None = Field(default=None, description="OTLP/HTTP collector for traces")
    child_memory_mb: int | None = Field(
        default=None,
        description="memory that one child process may use for data, in MiB; none: half of what"
        " the machine has",
        gt=0,
    )
    child_cpu_seconds: int | None = Field(
        default=None, description="processor time that one child process may use; none: no limit",
        gt=0,
    )  # fmt: skip
    child_open_files: int = Field(
        default=1024, description="files that one child process may have open", ge=64
    )
    grace: float = Field(default=30.0, description="seconds from SIGTERM to the end", gt=0)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _FromFiles(settings_cls)
