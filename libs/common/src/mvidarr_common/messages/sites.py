"""How the downloader behaves towards single sites: what people have set for them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from .base import Command, Event, Value

SITE = r"^[a-z0-9.-]{1,253}$"
"""A host; what is set for it also holds for the hosts below it."""


Held = Literal["cookies", "login", "proxy"]


class SiteSettings(Value):
    """What one site wants, or is allowed."""

    user_agent: str | None = Field(default=None, max_length=500)
    impersonate: str | None = Field(default=None, pattern=r"^[a-z]+(-[a-z0-9.]+)?(:[a-z0-9.-]+)?$")
    """A browser whose handshake is imitated, such as "chrome"."""
    rate: int | None = Field(default=None, gt=0)
    """Bytes a second for each download."""
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    """The country that the site is told, where it asks no more than that."""
    arguments: dict[str, dict[str, tuple[str, ...]]] = Field(default_factory=dict)
    """Arguments of yt-dlp's extractors, such as {"youtube": {"lang": ["de"]}}."""


class SiteProfile(SiteSettings):
    """With what opens the site: `secret` is sealed with the instance key, `holds` says what is in
    it."""

    secret: str | None = None
    holds: tuple[Held, ...] = ()
    cookies_until: datetime | None = None
    """When the first of the cookies expires."""


class ConfigureSite(Command, wire="site.configure", about="site:site"):
    """Behave so towards this site from the next attempt on, in place of what was set before."""

    site: str = Field(pattern=SITE)
    profile: SiteProfile


class ForgetSite(Command, wire="site.forget", about="site:site"):
    """Behave towards this site as towards all others."""

    site: str = Field(pattern=SITE)


class SiteConfigured(Event, wire="site.configured", about="site:site"):
    site: str
    profile: SiteProfile


class SiteForgotten(Event, wire="site.forgotten", about="site:site"):
    site: str
