"""What people have set for sites; a job is given it when it is released, secrets still sealed."""

from collections.abc import Iterator

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_catalog.brain.turn import Turn
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import NotFound
from mvidarr_common.messages.jobs import AnySpec, Download, Inspect
from mvidarr_common.messages.queries import GetSite, ListSites, Sites, SiteView
from mvidarr_common.messages.sites import (
    ConfigureSite,
    ForgetSite,
    SiteConfigured,
    SiteForgotten,
    SiteProfile,
)
from mvidarr_common.sites import for_address


class Manners(Row, table="site_profiles", subject="site"):
    """What is set for the site of this id."""

    profile: SiteProfile


model = ReadModel(rows=(Manners,), version=1)


@model.fold
def configured(event: SiteConfigured, _: Envelope, state: State) -> None:
    state.put(Manners(id=event.site, profile=event.profile))


@model.fold
def forgotten(event: SiteForgotten, _: Envelope, state: State) -> None:
    state.drop(Manners, event.site)


@model.decide
def configure(command: ConfigureSite, _: Envelope, __: Known) -> Iterator[Decision]:
    yield SiteConfigured(site=command.site, profile=command.profile)


@model.decide
def forget(command: ForgetSite, _: Envelope, state: Known) -> Iterator[Decision]:
    if state.get(Manners, command.site) is None:
        raise NotFound("site_not_found", f"Nothing is set for the site {command.site}.")
    yield SiteForgotten(site=command.site)


@model.query
async def get(query: GetSite, read: Read) -> SiteView:
    return _view(await read.one(Manners, query.id, "site"))


@model.query
async def list_sites(_: ListSites, read: Read) -> Sites:
    return Sites(items=tuple(_view(row) for row in await read.rows(Manners)))


async def with_profile(spec: AnySpec, turn: Turn) -> AnySpec:
    """The job with what is set for its site, or for the nearest one above it."""
    if not isinstance(spec, Download | Inspect):
        return spec
    for name in for_address(spec.url):
        if manners := await turn.row(Manners, name):
            return spec.model_copy(update={"site": manners.profile})
    return spec


def _view(row: Manners) -> SiteView:
    return SiteView(id=row.id, profile=row.profile.model_copy(update={"secret": None}))
