"""The videos: what people want to have, what is known of it, and how far it has come."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from mvidarr_catalog.brain.model import Decision, Later, ReadModel
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_catalog.jobs.quotas import require_room
from mvidarr_catalog.profiles import Profile
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict, Invalid, NotFound
from mvidarr_common.messages.ids import (
    ArtistId,
    FileId,
    PipelineId,
    ProfileId,
    VideoId,
    artist_id,
)
from mvidarr_common.messages.jobs import PipelineCancelled, PipelineRetried, PipelineStarted
from mvidarr_common.messages.library import (
    AcquireVideo,
    AddVideo,
    DeleteVideo,
    Description,
    DescriptionField,
    EditVideo,
    FileAdded,
    FileRemoved,
    IgnoreVideo,
    PurgeVideo,
    RestoreVideo,
    VideoAdded,
    VideoDeleted,
    VideoDescribed,
    VideoEdited,
    VideoFailed,
    VideoIgnored,
    VideoPurged,
    VideoReady,
    VideoRestored,
    VideoWanted,
)
from mvidarr_common.messages.queries import Failure, VideoState

from .naming import plain, plain_url, video_id
from .search import BEHIND_ALL, searchable, sort_key
from .video_states import InState, step

ACQUIRING = ("acquire", "import")
"""The pipelines that bring a wanted video into the library."""

TRASH_TIME = timedelta(days=30)
"""How long a deleted video can come back."""


class Video(
    Row,
    table="videos",
    subject="video",
    indexes=(("added",), ("state",), ("artist_id",), ("title_key",), ("artist_key",)),
    words="search",
):
    """One video. `known` is what people said, `found` what its page says; people win.

    `search` is artist and title as `library.search` keeps them, `title_key` the place of its title
    in a list, and `artist_key` that of its artist; `deletion` is the event that put it into the
    trash.
    """

    url: str
    state: VideoState
    known: Description
    found: Description
    artist_id: ArtistId | None
    search: str
    title_key: str
    artist_key: str
    profile_id: ProfileId
    pipeline_id: PipelineId | None
    files: tuple[FileId, ...]
    quality: str | None
    failure: Failure | None
    deletion: str | None
    added: datetime
    changed_at: datetime

    @property
    def about(self) -> Description:
        """What is known of it altogether."""
        return self.known.over(self.found)

    @property
    def title(self) -> str:
        """Its title; as long as none is known, its address."""
        return self.about.title or self.url


class Discography(Row, table="discographies"):
    """By the artist's id: the videos that name the artist."""

    videos: tuple[VideoId, ...]


model = ReadModel(rows=(Video, Discography, InState), version=6)


@model.fold
def added(event: VideoAdded, cause: Envelope, state: State) -> None:
    video = Video(
        id=event.video_id,
        url=event.url,
        state="wanted",
        known=event.known,
        found=Description(),
        artist_id=None,
        search="",
        title_key="",
        artist_key=BEHIND_ALL,
        profile_id=event.profile_id,
        pipeline_id=None,
        files=(),
        quality=None,
        failure=None,
        deletion=None,
        added=cause.time,
        changed_at=cause.time,
    )
    known = state.get(Video, event.video_id)
    step(state, known.state if known else None, video.state)
    _put(state, video)


@model.fold
def described(event: VideoDescribed, cause: Envelope, state: State) -> None:
    _change(state, cause, event.video_id, found=event.found)


@model.fold
def edited(event: VideoEdited, cause: Envelope, state: State) -> None:
    video = state.get(Video, event.video_id)
    if video:
        known = event.changes.over(video.known).without(event.cleared)
        _change(state, cause, event.video_id, known=known)


@model.fold
def wanted(event: VideoWanted, cause: Envelope, state: State) -> None:
    _change(state, cause, event.video_id, state="wanted", failure=None)


@model.fold
def acquiring(event: PipelineStarted, cause: Envelope, state: State) -> None:
    """One that is not wanted any more keeps its state; the run is cancelled by its id."""
    id = _of(event.for_subject)
    video = state.get(Video, id) if id else None
    if video and event.name in ACQUIRING:
        now: VideoState = "acquiring" if video.state == "wanted" else video.state
        run = event.pipeline_id
        _change(state, cause, VideoId(video.id), state=now, pipeline_id=run, failure=None)


@model.fold
def acquiring_again(event: PipelineRetried, cause: Envelope, state: State) -> None:
    id = _of(event.for_subject)
    video = state.get(Video, id) if id else None
    if video and (video.pipeline_id, video.state) == (event.pipeline_id, "failed"):
        _change(state, cause, VideoId(video.id), state="acquiring", failure=None)


@model.fold
def acquiring_cancelled(event: PipelineCancelled, cause: Envelope, state: State) -> None:
    id = _of(event.for_subject)
    video = state.get(Video, id) if id else None
    if video and video.state == "acquiring" and video.pipeline_id == event.pipeline_id:
        _change(state, cause, VideoId(video.id), state="wanted")


@model.fold
def ready(event: VideoReady, cause: Envelope, state: State) -> None:
    _change(state, cause, event.video_id, state="ready", quality=event.quality, failure=None)


@model.fold
def failed(event: VideoFailed, cause: Envelope, state: State) -> None:
    failure = Failure(code=event.code, message=event.message)
    _change(state, cause, event.video_id, state="failed", failure=failure)


@model.fold
def ignored(event: VideoIgnored, cause: Envelope, state: State) -> None:
    _change(state, cause, event.video_id, state="ignored")


@model.fold
def deleted(event: VideoDeleted, cause: Envelope, state: State) -> None:
    _change(state, cause, event.video_id, state="deleted", deletion=cause.id)


@model.fold
def restored(event: VideoRestored, cause: Envelope, state: State) -> None:
    video = state.get(Video, event.video_id)
    if video:
        back: VideoState = "ready" if video.files else "wanted"
        _change(state, cause, event.video_id, state=back, deletion=None)


@model.fold
def purged(event: VideoPurged, _: Envelope, state: State) -> None:
    video = state.get(Video, event.video_id)
    if video:
        step(state, video.state, None)
        _credit(state, VideoId(video.id), video.artist_id, None)
    state.drop(Video, event.video_id)


@model.fold
def file_added(event: FileAdded, cause: Envelope, state: State) -> None:
    video = state.get(Video, event.video_id)
    if video and event.file_id not in video.files:
        _change(state, cause, event.video_id, files=(*video.files, event.file_id))


@model.fold
def file_removed(event: FileRemoved, cause: Envelope, state: State) -> None:
    video = state.get(Video, event.video_id)
    if video:
        left = tuple(id for id in video.files if id != event.file_id)
        _change(state, cause, event.video_id, files=left)


@model.decide
def add(command: AddVideo, cause: Envelope, state: Known) -> Iterator[Decision]:
    url = plain_url(command.url)
    known = state.get(Video, video_id(url))
    if known and known.state == "deleted":
        raise Conflict("video_in_trash", "It is in the trash: restore it.", existing=known.id)
    if known:
        raise Conflict("video_known", "This address is in the library already.", existing=known.id)
    if state.get(Profile, command.profile_id) is None:
        raise Invalid("invalid_profile", f"There is no profile {command.profile_id}.")
    require_room(state, cause.actor)
    yield VideoAdded(
        video_id=video_id(url), url=url, known=plain(command.known), profile_id=command.profile_id
    )


@model.decide
def edit(command: EditVideo, _: Envelope, state: Known) -> Iterator[Decision]:
    yield from editing(existing(state, command.video_id), command.changes, command.clear)


@model.decide
def ignore(command: IgnoreVideo, _: Envelope, state: Known) -> Iterator[Decision]:
    if existing(state, command.video_id).state != "ignored":
        yield VideoIgnored(video_id=command.video_id)


@model.decide
def acquire(command: AcquireVideo, cause: Envelope, state: Known) -> Iterator[Decision]:
    video = existing(state, command.video_id)
    if video.state == "ready":
        raise Conflict("video_ready", "It lies in the library already.", existing=video.id)
    if video.state != "acquiring":
        require_room(state, cause.actor)
        yield VideoWanted(video_id=command.video_id)


@model.decide
def delete(command: DeleteVideo, cause: Envelope, state: Known) -> Iterator[Decision]:
    video = existing(state, command.video_id)
    yield VideoDeleted(video_id=command.video_id, title=video.title)


@model.decide
def expire(event: VideoDeleted, cause: Envelope, _: Known) -> Iterator[Decision]:
    """The clock will empty the trash."""
    purge = PurgeVideo(video_id=event.video_id, deletion=cause.id)
    yield Later(cause.time + TRASH_TIME, purge)


@model.decide
def restore(command: RestoreVideo, _: Envelope, state: Known) -> Iterator[Decision]:
    video = state.get(Video, command.video_id)
    if video is None:
        raise _unknown(command.video_id)
    if video.state == "deleted":
        yield VideoRestored(video_id=command.video_id)


@model.decide
def purge(command: PurgeVideo, _: Envelope, state: Known) -> Iterator[Decision]:
    video = state.get(Video, command.video_id)
    if video and video.deletion == command.deletion:
        yield VideoPurged(video_id=command.video_id, files=video.files)


def editing(
    video: Video, changes: Description, clear: tuple[DescriptionField, ...] = ()
) -> Iterator[VideoEdited]:
    """What makes a video's description so, if it is not so already."""
    changes = plain(changes)
    if changes.over(video.known).without(clear) != video.known:
        artist = artist_id(changes.artist) if changes.artist else None
        yield VideoEdited(
            video_id=VideoId(video.id), changes=changes, artist_id=artist, cleared=clear
        )


def credited(state: Known | State, id: ArtistId) -> tuple[VideoId, ...]:
    """The videos that name an artist."""
    discography = state.get(Discography, id)
    return discography.videos if discography else ()


def existing(state: Known, id: VideoId) -> Video:
    """The video, unless it is in the trash; raises NotFound."""
    video = state.get(Video, id)
    if video is None or video.state == "deleted":
        raise _unknown(id)
    return video


def subject_of(id: str) -> str:
    """A video's subject."""
    return f"video/{id}"


def _unknown(id: str) -> NotFound:
    return NotFound("video_not_found", f"There is no video {id}.")


def _of(subject: str) -> VideoId | None:
    kind, _, id = subject.partition("/")
    return VideoId(id) if kind == "video" else None


def _change(state: State, cause: Envelope, id: VideoId, /, **fields: object) -> None:
    video = state.get(Video, id)
    if video:
        changed = video.changed(changed_at=cause.time, **fields)
        step(state, video.state, changed.state)
        if "known" in fields or "found" in fields:
            _put(state, changed)
        else:
            state.put(changed)


def _put(state: State, video: Video) -> None:
    now = _searchable(video)
    _credit(state, VideoId(video.id), video.artist_id, now.artist_id)
    state.put(now)


def _credit(state: State, id: VideoId, before: ArtistId | None, now: ArtistId | None) -> None:
    """Keep the discographies true."""
    if before == now:
        return
    for artist, there in ((before, False), (now, True)):
        if artist is None:
            continue
        videos = set(credited(state, artist)) - {id} | ({id} if there else set())
        if videos:
            state.put(Discography(id=artist, videos=tuple(sorted(videos))))
        else:
            state.drop(Discography, artist)


def _searchable(video: Video) -> Video:
    about = video.about
    words = searchable(about.artist or "", about.title or video.url)
    return video.changed(
        search=words,
        artist_id=artist_id(about.artist) if about.artist else None,
        title_key=sort_key(about.title or video.url),
        artist_key=sort_key(about.artist) if about.artist else BEHIND_ALL,
    )
