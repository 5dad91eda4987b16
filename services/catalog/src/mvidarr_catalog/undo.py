"""Taking back what a command has changed: all of it or nothing; and that can be taken back too.

What is folded here is folded before everything else: it sees the rows as they were.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict
from mvidarr_common.messages import Command, Event
from mvidarr_common.messages.curating import (
    ArtistsMerged,
    ArtistsParted,
    BulkEditVideos,
    CommandUndone,
    MergeArtists,
    UndoCommand,
)
from mvidarr_common.messages.jobs import EnqueueJob, JobCompleted, Rename
from mvidarr_common.messages.jobs import Renamed as FilesRenamed
from mvidarr_common.messages.library import (
    ArtistFollowed,
    ArtistUnfollowed,
    DeleteVideo,
    EditVideo,
    FollowArtist,
    IgnoreVideo,
    RestoreVideo,
    UnfollowArtist,
    VideoDeleted,
    VideoEdited,
    VideoIgnored,
    VideoRestored,
    VideoWanted,
)
from mvidarr_common.messages.notify import DeleteSubscription, SaveSubscription
from mvidarr_common.messages.pipelines import DeletePipeline, SavePipeline
from mvidarr_common.messages.profiles import DeleteProfile, SaveProfile
from mvidarr_common.messages.sites import ConfigureSite, ForgetSite

from . import saves
from .brain.model import Decision, ReadModel
from .brain.rows import Row
from .brain.state import Known, State
from .jobs.jobs import Job
from .library.artists import Artist
from .library.shelved import Shelved
from .library.videos import Video
from .reversals import (
    Deleted,
    Described,
    Followed,
    Heeded,
    Ignored,
    Merged,
    Renamed,
    Restored,
    described,
)
from .saves import Saved

Change = Annotated[
    Described | Deleted | Restored | Ignored | Heeded | Followed | Merged | Saved | Renamed,
    Field(discriminator="kind"),
]


class Deed(Row, table="deeds", subject="command"):
    """What one command has changed, in order; by the command's id."""

    wire: str
    changes: tuple[Change, ...]
    undone_by: str | None


model = ReadModel(rows=(Deed,), version=2)

UNDOABLE: tuple[type[Command], ...] = (
    EditVideo, BulkEditVideos, IgnoreVideo, DeleteVideo, RestoreVideo, FollowArtist,
    UnfollowArtist, MergeArtists, SaveProfile, DeleteProfile, SaveSubscription, DeleteSubscription,
    SavePipeline, DeletePipeline, ConfigureSite, ForgetSite, EnqueueJob, UndoCommand,
)  # fmt: skip
"""Of all jobs those that move files are taken back. What is not here is final: work that is begun
or done has a cancel, a delete or a retry of its own, rules of the dispatcher are set to what they
were, and nobody gets rights or a password back by an undo."""


def asked(command: Command, cause: Envelope, state: State) -> None:
    """From now on its consequences are written down."""
    if not isinstance(command, EnqueueJob) or isinstance(command.spec, Rename):
        state.put(Deed(id=cause.id, wire=command.wire, changes=(), undone_by=None))


def saved(event: Event, cause: Envelope, state: State) -> None:
    """Something that is saved whole."""
    if deed := _deed(cause, state):
        _note(state, deed, saves.saved(state, event))


for _kind in UNDOABLE:
    model.folds[_kind].append(asked)
for _event in saves.EVENTS:
    model.folds[_event].append(saved)


@model.fold
def edited(event: VideoEdited, cause: Envelope, state: State) -> None:
    deed, video = _deed(cause, state), state.get(Video, event.video_id)
    if deed and video:
        after = event.changes.over(video.known).without(event.cleared)
        _note(state, deed, described(event.video_id, video.known, after))


@model.fold
def deleted(event: VideoDeleted, cause: Envelope, state: State) -> None:
    deed, video = _deed(cause, state), state.get(Video, event.video_id)
    if deed and video:
        _note(state, deed, Deleted(video_id=event.video_id, deletion=cause.id, was=video.state))


@model.fold
def restored(event: VideoRestored, cause: Envelope, state: State) -> None:
    deed, video = _deed(cause, state), state.get(Video, event.video_id)
    if deed and video:
        ignored = video.state == "ignored"
        _note(state, deed, (Heeded if ignored else Restored)(video_id=event.video_id))


@model.fold
def ignored(event: VideoIgnored, cause: Envelope, state: State) -> None:
    """But for what was ignored when it was deleted, and comes back from the trash so."""
    deed, video = _deed(cause, state), state.get(Video, event.video_id)
    if deed and video and Restored(video_id=event.video_id) not in deed.changes:
        _note(state, deed, Ignored(video_id=event.video_id, was=video.state))


@model.fold
def wanted(event: VideoWanted, cause: Envelope, state: State) -> None:
    deed, video = _deed(cause, state), state.get(Video, event.video_id)
    if deed and video and video.state == "ignored":
        _note(state, deed, Heeded(video_id=event.video_id))


@model.fold
def followed(event: ArtistFollowed, cause: Envelope, state: State) -> None:
    if deed := _deed(cause, state):
        _note(state, deed, Followed(artist_id=event.artist_id, name=event.name, now=True))


@model.fold
def unfollowed(event: ArtistUnfollowed, cause: Envelope, state: State) -> None:
    deed, artist = _deed(cause, state), state.get(Artist, event.artist_id)
    if deed and artist:
        _note(state, deed, Followed(artist_id=event.artist_id, name=artist.name, now=False))


@model.fold
def merged(event: ArtistsMerged, cause: Envelope, state: State) -> None:
    if deed := _deed(cause, state):
        _note(state, deed, Merged(artist_id=event.artist_id, others=event.others, now=True))


@model.fold
def parted(event: ArtistsParted, cause: Envelope, state: State) -> None:
    if deed := _deed(cause, state):
        _note(state, deed, Merged(artist_id=event.artist_id, others=event.others, now=False))


@model.fold
def renamed(event: JobCompleted, cause: Envelope, state: State) -> None:
    """Of a rename that somebody asked for; one that follows from an edit is undone with it."""
    if not isinstance(event.result, FilesRenamed):
        return
    job, deed = state.get(Job, event.job_id), state.get(Deed, cause.correlation_id)
    if deed is None or job is None or job.pipeline_id or not isinstance(job.spec, Rename):
        return
    place = job.spec.place
    shelved = state.get(Shelved, place.video_id)
    if shelved:
        change = Renamed(video_id=place.video_id, before=shelved.about, after=place.about)
        _note(state, deed, change)


@model.fold
def undone(event: CommandUndone, cause: Envelope, state: State) -> None:
    if deed := state.get(Deed, event.command_id):
        state.put(deed.changed(undone_by=cause.causation_id))


@model.decide
def undo(command: UndoCommand, cause: Envelope, state: Known) -> Iterator[Decision]:
    """What answers comes last: when it is shown, everything is as it was."""
    deed = state.get(Deed, command.command_id)
    if deed is None:
        raise Conflict("not_undoable", "What this command has done cannot be undone.")
    if deed.undone_by:
        raise Conflict("already_undone", "It was undone already.", existing=deed.undone_by)
    if not deed.changes:
        raise Conflict("nothing_to_undo", "The command has changed nothing.")
    state.need(Video, [each.video_id for each in deed.changes if isinstance(each, Described)])
    facts = [fact for change in _backwards(deed) for fact in change.back(state, cause.id)]
    yield from facts
    yield CommandUndone(command_id=command.command_id, changes=len(deed.changes))


def _backwards(deed: Deed) -> Iterator[Change]:
    """Last first; but names part before their videos, which would become one artist's again."""
    names = [each for each in deed.changes if isinstance(each, Merged)]
    yield from names
    yield from (each for each in reversed(deed.changes) if not isinstance(each, Merged))


def _deed(cause: Envelope, state: State) -> Deed | None:
    return state.get(Deed, cause.causation_id) if cause.causation_id else None


def _note(state: State, deed: Deed, change: Change) -> None:
    state.put(deed.changed(changes=(*deed.changes, change)))
