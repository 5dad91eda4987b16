"""What the gateway can be told beyond what every service can."""

from pydantic import Field, SecretStr

from mvidarr_common.messages.identity import Role

from .login_settings import LoginSettings


class GatewaySettings(LoginSettings):
    """Settings of the gateway."""

    host: str = Field(
        default="127.0.0.1", description="address to listen on; 0.0.0.0 lets other machines in"
    )
    port: int = Field(default=8080, description="port of the API; 0 takes a free one", ge=0)
    token_lifetime: float = Field(
        default=900.0, description="seconds until an access token has to be renewed", gt=0
    )
    session_lifetime: float = Field(
        default=30 * 86400.0,
        description="seconds until a login has to be repeated, unless it is used before",
        gt=0,
    )
    link_lifetime: float = Field(
        default=6 * 3600.0,
        description="seconds in which a signed link to a film can be opened, by players that send "
        "no headers",
        gt=0,
    )
    cookie_secure: bool | None = Field(
        default=None,
        description="whether browsers send cookies over HTTPS alone; none: if the login came so",
    )
    second_factor_roles: tuple[Role, ...] = Field(
        default=(),
        description='roles that must have a second factor to log in with a password: ["admin"]',
    )
    remuxes: int = Field(
        default=4,
        description="films that are copied into another container while they are watched, at once",
        ge=0,
    )
    channels: int = Field(
        default=8, description="channels that are watched at once, by all users", ge=0
    )
    channels_per_user: int = Field(default=3, description="the same by one user", ge=0)
    admin_username: str = Field(
        default="admin", description="name of the administrator made at the first start"
    )
    admin_password: SecretStr | None = Field(
        default=None,
        description="password of the first administrator; without it one is generated and told",
    )
    outcome_wait: float = Field(
        default=5.0,
        description="seconds a request waits for its outcome, unless Prefer: wait= says otherwise",
        ge=0,
    )
    cors_origins: tuple[str, ...] = Field(
        default=(),
        description='origins whose pages may use the API, as JSON: ["https://videos.example"]',
    )
    body_limit: int = Field(default=1024 * 1024, description="largest request body in bytes", gt=0)
    bulk_body_limit: int = Field(
        default=16 * 1024 * 1024, description="the same, where many jobs are added at once", gt=0
    )
    body_seconds: float = Field(
        default=60.0, description="seconds in which a request's body has to be there", gt=0
    )
    requests_per_address: int = Field(
        default=12_000, description="requests a minute from one address; 0 sets no limit", ge=0
    )
    requests_per_user: int = Field(
        default=6000,
        description="the same of one user, on all devices; many items in one count as many",
        ge=0,
    )
    requests_per_key: int = Field(default=6000, description="the same with one API key", ge=0)
    backlog_limit: int = Field(
        default=50_000,
        description="records that the catalog may be behind the log before commands are refused",
        gt=0,
    )
    heartbeat: float = Field(
        default=20.0, description="seconds between signs of life on a websocket", gt=0
    )
    live_window: int = Field(
        default=5000,
        description="newest facts kept for websocket clients; who is behind reads the log",
        gt=0,
    )
    live_connections: int = Field(
        default=50, description="websockets and event streams that a user may have at a time", gt=0
    )
    live_topics: int = Field(default=100, description="topics that one of them may follow", gt=0)
    cache_bytes: int = Field(
        default=64 * 1024 * 1024, description="memory for answers of the catalog, in bytes", ge=0
    )
