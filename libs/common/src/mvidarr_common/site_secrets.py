"""What opens a site, sealed on its way from the person who sets it to the worker who uses it."""

from datetime import UTC, datetime

from .messages import Value
from .messages.sites import Held, SiteProfile, SiteSettings
from .secrets import InstanceKey


class SiteSecrets(Value):
    """Cookies as browsers export them (Netscape format), a login, and the URL of a proxy."""

    cookies: str | None = None
    username: str | None = None
    password: str | None = None
    proxy: str | None = None


def sealed(settings: SiteSettings, secrets: SiteSecrets, key: InstanceKey) -> SiteProfile:
    """The settings with the secrets, and what may be known of them."""
    each: dict[Held, str | None] = {
        "cookies": secrets.cookies, "login": secrets.username, "proxy": secrets.proxy,
    }  # fmt: skip
    held = [name for name, value in each.items() if value]
    plain = {name: getattr(settings, name) for name in SiteSettings.model_fields}
    return SiteProfile(
        **plain,
        secret=key.seal(secrets.model_dump_json()) if held else None,
        holds=tuple(held),
        cookies_until=first_expiry(secrets.cookies or ""),
    )


def unsealed(profile: SiteProfile, key: InstanceKey) -> SiteSecrets:
    """Raises Invalid for what another key has sealed."""
    if profile.secret is None:
        return SiteSecrets()
    return SiteSecrets.model_validate_json(key.unseal(profile.secret))


def first_expiry(cookies: str) -> datetime | None:
    """When the first of those that expire at all does."""
    rows = [line.split("\t") for line in cookies.splitlines() if line.count("\t") == 6]
    ends = [int(row[4]) for row in rows if row[4].isdigit() and int(row[4]) > 0]
    return datetime.fromtimestamp(min(ends), UTC) if ends else None
