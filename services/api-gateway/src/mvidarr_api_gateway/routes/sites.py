"""Sites: how the downloader behaves towards them. Secrets are sealed before they are said."""

from typing import Annotated

from fastapi import Path, Request, Response

from mvidarr_api_gateway.bodies import SiteBody
from mvidarr_api_gateway.commanding import NOTHING, Reply, perform
from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.responses import json_bytes
from mvidarr_common.messages.queries import GetSite, ListSites, Sites, SiteView
from mvidarr_common.messages.sites import SITE, ConfigureSite, ForgetSite
from mvidarr_common.site_secrets import SiteSecrets, sealed

router = guarded_router("/api/v1/sites", "sites")
Name = Annotated[str, Path(pattern=SITE)]


@router.get("", openapi_extra=needs("manager"), response_model=Sites)
async def sites(deps: Given) -> Response:
    """All for which something is set, without cookies and passwords."""
    return json_bytes(await deps.reads.get(ListSites()))


@router.get("/{name}", openapi_extra=needs("manager"), response_model=SiteView)
async def site(name: Name, deps: Given) -> Response:
    """One site."""
    return json_bytes(await deps.reads.get(GetSite(id=name)))


@router.put("/{name}", openapi_extra=needs("manager"), response_model=SiteView)
async def configure(name: Name, body: SiteBody, request: Request, deps: Given) -> Response:
    """Behave so towards it, in place of what was set before."""
    profile = sealed(body, _secrets(body), deps.key)
    command = ConfigureSite(site=name, profile=profile)
    return await perform(request, command, Reply(show=lambda _: GetSite(id=name)))


@router.delete("/{name}", openapi_extra=needs("manager"), status_code=204)
async def forget(name: Name, request: Request) -> Response:
    """Behave towards it as towards all others."""
    return await perform(request, ForgetSite(site=name), NOTHING)


def _secrets(body: SiteBody) -> SiteSecrets:
    secret = (body.cookies, body.password, body.proxy)
    cookies, password, proxy = (each.get_secret_value() if each else None for each in secret)
    return SiteSecrets(cookies=cookies, username=body.username, password=password, proxy=proxy)
