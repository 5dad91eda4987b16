"""Videos that come as files: put below `import/`, named by their path there."""

from collections.abc import Iterator

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.state import Known
from mvidarr_catalog.profiles import Profile
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict, Invalid
from mvidarr_common.messages.library import ImportVideo, VideoAdded

from .naming import IMPORTED, plain, video_id
from .videos import Video

model = ReadModel()


@model.decide
def take_in(command: ImportVideo, _: Envelope, state: Known) -> Iterator[Decision]:
    """The same path is the same video, asked for twice."""
    if {"", ".", ".."} & set(command.path.split("/")):
        raise Invalid("path_outside", "The path must lie below import/.")
    url = f"{IMPORTED}{command.path}"
    known = state.get(Video, video_id(url))
    if known:
        raise Conflict("video_known", "This file was imported already.", existing=known.id)
    if state.get(Profile, command.profile_id) is None:
        raise Invalid("invalid_profile", f"There is no profile {command.profile_id}.")
    yield VideoAdded(
        video_id=video_id(url), url=url, known=plain(command.known), profile_id=command.profile_id
    )
