"""How to behave towards one site: the worker's own manners, and what people have set for it."""

from dataclasses import replace

from mvidarr_common.messages.sites import SiteProfile
from mvidarr_common.secrets import InstanceKey
from mvidarr_common.site_secrets import unsealed

from .cookies import living
from .orders import Manners


def at_site(manners: Manners, profile: SiteProfile, key: InstanceKey) -> Manners:
    """Raises the failure `cookies_expired` when none of its cookies is good any longer."""
    secrets = unsealed(profile, key)
    rates = [rate for rate in (manners.rate, profile.rate) if rate]
    return replace(
        manners,
        cookies=living(secrets.cookies) if secrets.cookies else None,
        username=secrets.username,
        password=secrets.password,
        proxy=secrets.proxy,
        user_agent=profile.user_agent or manners.user_agent,
        impersonate=profile.impersonate,
        country=profile.country,
        arguments=profile.arguments,
        rate=min(rates, default=None),
    )
