"""Quality profiles."""

from fastapi import Request, Response

from mvidarr_api_gateway.commanding import NOTHING, Reply, command_id, perform
from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.responses import json_bytes
from mvidarr_common.messages.ids import ProfileId, derive
from mvidarr_common.messages.profiles import (
    DeleteProfile,
    ProfileSaved,
    QualityProfile,
    SaveProfile,
)
from mvidarr_common.messages.queries import GetProfile, ListProfiles, Profiles, ProfileView

router = guarded_router("/api/v1/profiles", "profiles")
PLACE = "/api/v1/profiles"


@router.get("", openapi_extra=needs("readonly"), response_model=Profiles)
async def profiles(deps: Given) -> Response:
    """All of them."""
    return json_bytes(await deps.reads.get(ListProfiles()))


@router.post("", openapi_extra=needs("manager"), response_model=ProfileView, status_code=201)
async def create(body: QualityProfile, request: Request) -> Response:
    """Make a profile."""
    id = ProfileId(derive(command_id(request), "profile"))
    reply = Reply(ProfileSaved, lambda _: GetProfile(id=id), PLACE)
    return await perform(request, SaveProfile(profile_id=id, profile=body), reply)


@router.get("/{id}", openapi_extra=needs("readonly"), response_model=ProfileView)
async def profile(id: ProfileId, deps: Given) -> Response:
    """One profile."""
    return json_bytes(await deps.reads.get(GetProfile(id=id)))


@router.put("/{id}", openapi_extra=needs("manager"), response_model=ProfileView)
async def replace(id: ProfileId, body: QualityProfile, request: Request, deps: Given) -> Response:
    """Replace a profile that there is."""
    await deps.reads.get(GetProfile(id=id))
    reply = Reply(show=lambda _: GetProfile(id=id))
    return await perform(request, SaveProfile(profile_id=id, profile=body), reply)


@router.delete("/{id}", openapi_extra=needs("manager"), status_code=204)
async def delete(id: ProfileId, request: Request) -> Response:
    """Remove a profile that no video uses."""
    return await perform(request, DeleteProfile(profile_id=id), NOTHING)
