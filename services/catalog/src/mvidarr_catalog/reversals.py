"""What facts have changed, as it was and as it became, and the facts that make it as it was.

Nothing is taken back over the head of whoever has changed the same thing since.
"""

from collections.abc import Iterator
from typing import Literal, cast

from mvidarr_common.errors import Conflict
from mvidarr_common.messages import Value
from mvidarr_common.messages.curating import ArtistsMerged, ArtistsParted
from mvidarr_common.messages.ids import ArtistId, JobId, VideoId, artist_id, derive
from mvidarr_common.messages.jobs import JobAdded, Rename
from mvidarr_common.messages.library import (
    ArtistFollowed,
    ArtistUnfollowed,
    Description,
    DescriptionField,
    VideoDeleted,
    VideoEdited,
    VideoIgnored,
    VideoRestored,
    VideoWanted,
)
from mvidarr_common.messages.queries import VideoState

from .brain.model import Decision
from .brain.state import Known
from .library.artists import Artist
from .library.files import to_move
from .library.shelved import Shelved, placing, present_files
from .library.videos import Video, subject_of


class Described(Value):
    """These fields of what people say of a video were otherwise."""

    kind: Literal["described"] = "described"
    video_id: VideoId
    fields: tuple[DescriptionField, ...]
    before: Description
    after: Description

    def back(self, state: Known, _: str) -> Iterator[Decision]:
        """The fields get their old values; what was not known then is not known again."""
        video = _living(state, self.video_id)
        for field in self.fields:
            if getattr(video.known, field) != getattr(self.after, field):
                raise overtaken(f"The {field} of {video.title} was changed again.", video.id)
        artist = artist_id(self.before.artist) if self.before.artist else None
        unknown = tuple(field for field in self.fields if getattr(self.before, field) is None)
        yield VideoEdited(
            video_id=self.video_id, changes=self.before, artist_id=artist, cleared=unknown
        )


class Deleted(Value):
    """A video was put into the trash by this event; before it was in that state."""

    kind: Literal["deleted"] = "deleted"
    video_id: VideoId
    deletion: str
    was: VideoState

    def back(self, state: Known, _: str) -> Iterator[Decision]:
        """It comes back with its files, and is fetched on if it was on its way."""
        video = state.get(Video, self.video_id)
        if video is None:
            raise overtaken("Its time in the trash is over.", self.video_id)
        if video.deletion != self.deletion:
            raise overtaken(f"{video.title} was restored since.", video.id)
        yield VideoRestored(video_id=self.video_id)
        if self.was == "ignored":
            yield VideoIgnored(video_id=self.video_id)
        elif self.was in ("wanted", "acquiring") and not video.files:
            yield VideoWanted(video_id=self.video_id)


class Restored(Value):
    """A video was brought back from the trash."""

    kind: Literal["restored"] = "restored"
    video_id: VideoId

    def back(self, state: Known, _: str) -> Iterator[Decision]:
        """Into the trash again."""
        video = _living(state, self.video_id)
        yield VideoDeleted(video_id=self.video_id, title=video.title)


class Ignored(Value):
    """A video is no longer wanted; before it was in that state."""

    kind: Literal["ignored"] = "ignored"
    video_id: VideoId
    was: VideoState

    def back(self, state: Known, _: str) -> Iterator[Decision]:
        """What lay in the library is shown again, all else is fetched again."""
        video = _living(state, self.video_id)
        if video.state != "ignored":
            raise overtaken(f"{video.title} is wanted again.", video.id)
        back = VideoRestored if self.was == "ready" else VideoWanted
        yield back(video_id=self.video_id)


class Heeded(Value):
    """A video that was ignored is wanted again."""

    kind: Literal["heeded"] = "heeded"
    video_id: VideoId

    def back(self, state: Known, _: str) -> Iterator[Decision]:
        """Ignored again; what came of it meanwhile stays."""
        video = _living(state, self.video_id)
        if video.state == "ignored":
            raise overtaken(f"{video.title} is ignored since.", video.id)
        yield VideoIgnored(video_id=self.video_id)


class Followed(Value):
    """An artist is followed, or no longer."""

    kind: Literal["followed"] = "followed"
    artist_id: ArtistId
    name: str
    now: bool

    def back(self, state: Known, _: str) -> Iterator[Decision]:
        """The other way round."""
        artist = state.get(Artist, self.artist_id)
        if artist is None or artist.followed != self.now or artist.merged_into:
            raise overtaken(f"With {self.name} something else was done since.", self.artist_id)
        if self.now:
            yield ArtistUnfollowed(artist_id=self.artist_id)
        else:
            yield ArtistFollowed(artist_id=self.artist_id, name=self.name)


class Merged(Value):
    """Other names became an artist's, or (`now` is False) artists of their own again."""

    kind: Literal["merged"] = "merged"
    artist_id: ArtistId
    others: tuple[ArtistId, ...]
    now: bool

    def back(self, state: Known, _: str) -> Iterator[Decision]:
        """The other way round; the videos are taken back one by one."""
        for id in self.others:
            artist = state.get(Artist, id)
            if artist is None or artist.merged_into != (self.artist_id if self.now else None):
                raise overtaken("An artist was merged with another since.", id)
        said = ArtistsParted if self.now else ArtistsMerged
        yield said(artist_id=self.artist_id, others=self.others)


class Renamed(Value):
    """A video's files got the names that this description asks for, instead of that one."""

    kind: Literal["renamed"] = "renamed"
    video_id: VideoId
    before: Description
    after: Description

    def back(self, state: Known, cause: str) -> Iterator[Decision]:
        """The files get their old names, by a job."""
        _living(state, self.video_id)
        shelved, files = (
            state.get(Shelved, self.video_id),
            list(present_files(state, self.video_id)),
        )
        if shelved is None or not files or shelved.about != self.after:
            raise overtaken("Its files were renamed again.", self.video_id)
        place = placing(state, self.video_id, files).model_copy(update={"about": self.before})
        shown, *others = map(to_move, files)
        yield JobAdded(
            job_id=JobId(derive(cause, "rename", self.video_id)),
            spec=Rename(file=shown, place=place, others=tuple(others)),
            for_subject=subject_of(self.video_id),
        )


def described(id: VideoId, before: Description, after: Description) -> Described:
    """What differs between the two."""
    differing = [
        name for name in Description.model_fields if getattr(before, name) != getattr(after, name)
    ]
    return Described(
        video_id=id,
        fields=cast(tuple[DescriptionField, ...], tuple(differing)),
        before=Description(**{name: getattr(before, name) for name in differing}),
        after=Description(**{name: getattr(after, name) for name in differing}),
    )


def _living(state: Known, id: VideoId) -> Video:
    video = state.get(Video, id)
    if video is None:
        raise overtaken("The video is gone for good.", id)
    if video.state == "deleted":
        raise overtaken(f"{video.title} is in the trash since.", id)
    return video


def overtaken(message: str, id: str) -> Conflict:
    """Somebody has changed the same thing since."""
    return Conflict("overtaken", f"It cannot be undone any more: {message}", existing=id)
