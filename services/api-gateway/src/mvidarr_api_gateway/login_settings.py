"""How people log in: settings of the gateway."""

from pydantic import Field, SecretStr

from mvidarr_common.messages.identity import Role
from mvidarr_common.settings import Settings


class LoginSettings(Settings):
    """The part of the gateway's settings that is about logins."""

    public_url: str | None = Field(
        default=None,
        description="where people find the gateway, such as https://videos.example; links that are "
        "sent and logins by a provider need it",
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=(),
        description='networks of reverse proxies whose X-Forwarded-For is believed: ["10.0.0.0/8"]',
    )
    trusted_header: str | None = Field(
        default=None,
        description="header in which those proxies name the user whom they have checked, such as "
        "Remote-User; none: nobody logs in so",
    )
    trusted_role: Role | None = Field(
        default=None, description="role of users whom they name first; none: such users are refused"
    )
    oidc_issuer: str | None = Field(
        default=None, description="provider of logins (OpenID Connect), by its issuer URL"
    )
    oidc_client_id: str | None = Field(default=None, description="our name at that provider")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="our secret there, if it gave us one"
    )
    oidc_scopes: str = Field(
        default="openid profile", description="what we ask to know; words with spaces between"
    )
    oidc_name_claim: str = Field(
        default="preferred_username", description="where the provider tells the user's name"
    )
    oidc_role_claim: str = Field(
        default="groups", description="where it tells what the user belongs to"
    )
    oidc_roles: dict[str, Role] = Field(
        default_factory=dict,
        description='the role that each value of that stands for: {"video-admins": "admin"}',
    )
    oidc_default_role: Role | None = Field(
        default=None, description="role of all others; none: they are refused"
    )
    oidc_hosts: tuple[str, ...] = Field(
        default=(),
        description="further origins at which the provider may have its token and key endpoints",
    )
