"""What the catalog can be told."""

from pydantic import Field, SecretStr

from mvidarr_common.settings import Settings


class CatalogSettings(Settings):
    """Settings of the catalog."""

    database_url: SecretStr | None = Field(
        default=None,
        description="postgresql://… or mysql://…; without it an embedded PostgreSQL is started",
    )
    database_connections: int = Field(
        default=10, description="connections that one replica opens at most", ge=3
    )
    downloads_per_site: int = Field(
        default=3, description="downloads from one site at a time, over all workers", ge=1
    )
    split_longer_than: float = Field(
        default=600.0,
        description="seconds from which on a film is transcoded in parts, on workers that would"
        " have nothing else to do; 0: never",
        ge=0,
    )
    split_part: float = Field(
        default=60.0, description="how many seconds of a film such a part has, about", gt=0
    )
