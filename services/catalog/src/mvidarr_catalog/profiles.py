"""The quality profiles: what may be fetched, and which rendition is made of it."""

from collections.abc import Iterator

from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict, NotFound
from mvidarr_common.messages.ids import ProfileId
from mvidarr_common.messages.profiles import (
    DEFAULT_PROFILE,
    DeleteProfile,
    ProfileDeleted,
    ProfileSaved,
    QualityProfile,
    SaveProfile,
)
from mvidarr_common.messages.queries import GetProfile, ListProfiles, Profiles, ProfileView
from mvidarr_common.messages.system import LogStarted

from .brain.model import Decision, ReadModel
from .brain.reading import Read
from .brain.rows import Row
from .brain.state import Known, State


class Profile(Row, table="profiles", subject="profile", whole=True):
    """One profile under its id."""

    profile: QualityProfile


model = ReadModel(rows=(Profile,), version=1)


@model.fold
def saved(event: ProfileSaved, _: Envelope, state: State) -> None:
    state.put(Profile(id=event.profile_id, profile=event.profile))


@model.fold
def deleted(event: ProfileDeleted, _: Envelope, state: State) -> None:
    state.drop(Profile, event.profile_id)


@model.decide
def first_profile(event: LogStarted, _: Envelope, __: Known) -> Iterator[Decision]:
    """Every library begins with a profile that allows everything and changes nothing."""
    yield ProfileSaved(profile_id=DEFAULT_PROFILE, profile=QualityProfile(name="Any"))


@model.decide
def save(command: SaveProfile, _: Envelope, state: Known) -> Iterator[Decision]:
    present = state.get(Profile, command.profile_id)
    require_free_name(state, command.profile_id, command.profile.name)
    if present is None or present.profile != command.profile:
        yield ProfileSaved(profile_id=command.profile_id, profile=command.profile)


@model.decide
def delete(command: DeleteProfile, _: Envelope, state: Known) -> Iterator[Decision]:
    if state.get(Profile, command.profile_id) is None:
        raise NotFound("profile_not_found", f"There is no profile {command.profile_id}.")
    if command.profile_id == DEFAULT_PROFILE:
        raise Conflict("profile_is_default", "The default profile stays; change it instead.")
    yield ProfileDeleted(profile_id=command.profile_id)


@model.query
async def get(query: GetProfile, read: Read) -> ProfileView:
    return view(await read.one(Profile, query.id, "profile"))


@model.query
async def list_profiles(_: ListProfiles, read: Read) -> Profiles:
    return Profiles(items=tuple(view(row) for row in await read.rows(Profile)))


def require_free_name(state: Known, id: ProfileId, name: str) -> None:
    """No two profiles have the same name."""
    for other in state.all(Profile):
        if other.id != id and other.profile.name == name:
            raise Conflict("profile_name_taken", "A profile has this name.", existing=other.id)


def view(row: Profile) -> ProfileView:
    """A profile as people see it."""
    return ProfileView(id=ProfileId(row.id), profile=row.profile)
