"""Questions about artists, videos, their files, and quality profiles."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from mvidarr_common.messages.base import Query
from mvidarr_common.messages.ids import (
    ArtistId,
    FileId,
    PipelineId,
    ProfileId,
    VideoId,
)  # fmt: skip
from mvidarr_common.messages.library import Description, Rendition
from mvidarr_common.messages.profiles import QualityProfile

from .lists import AsOf, Failure, Filtered, Including, Names, Page, View

VideoState = Literal["wanted", "acquiring", "ready", "failed", "ignored", "deleted"]


class ArtistView(View):
    id: ArtistId
    name: str
    followed: bool
    videos: int
    added: datetime
    merged_into: ArtistId | None = None
    """The artist of whom this is another name."""


class FileView(View):
    id: FileId
    video_id: VideoId
    state: Literal["present", "trashed", "removed"]
    quality: str
    rendition: Rendition
    added: datetime


class VideoView(View):
    id: VideoId
    url: str
    state: VideoState
    title: str
    artist: str | None
    artist_id: ArtistId | None
    about: Description
    profile_id: ProfileId
    quality: str | None
    files: tuple[FileView, ...] = ()
    failure: Failure | None = None
    pipeline_id: PipelineId | None = None
    added: datetime
    changed: datetime


class ProfileView(View):
    id: ProfileId
    profile: QualityProfile


class Artists(Page):
    items: tuple[ArtistView, ...]


class Videos(Page):
    items: tuple[VideoView, ...]


class Files(Page):
    items: tuple[FileView, ...]


class Profiles(Page):
    items: tuple[ProfileView, ...]


class WithArtist(Including, AsOf):
    """An artist can be shown with the newest videos."""

    include: Annotated[tuple[Literal["videos"], ...], Names] = ()


class WithVideo(Including, AsOf):
    """A video can be shown with its artist, its quality profile, and its last run."""

    include: Annotated[tuple[Literal["artist", "profile", "run"], ...], Names] = ()


class WithFile(Including):
    """A file can be shown with its video."""

    include: Annotated[tuple[Literal["video"], ...], Names] = ()


class GetArtist(WithArtist, Query[ArtistView], wire="artist.get", answer=ArtistView):
    id: ArtistId


class ListArtists(Filtered, WithArtist, Query[Artists], wire="artist.list", answer=Artists):
    followed: bool | None = None
    search: str | None = None


class GetVideo(WithVideo, Query[VideoView], wire="video.get", answer=VideoView):
    id: VideoId


class ListVideos(Filtered, WithVideo, Query[Videos], wire="video.list", answer=Videos):
    """`ids` are those that are wanted; `below_cutoff` shows what a better file is wanted of."""

    ids: tuple[VideoId, ...] = Field(default=(), max_length=500)
    below_cutoff: bool = False
    state: VideoState | None = None
    artist_id: ArtistId | None = None
    search: str | None = None


class GetFile(WithFile, Query[FileView], wire="file.get", answer=FileView):
    id: FileId


class FileAt(Query[FileView], wire="file.at", answer=FileView):
    """The file at this path, or beside which it lies; a path of any machine that ends so."""

    path: str


class ListFiles(Filtered, WithFile, Query[Files], wire="file.list", answer=Files):
    video_id: VideoId | None = None


class GetProfile(Query[ProfileView], wire="profile.get", answer=ProfileView):
    id: ProfileId


class ListProfiles(Query[Profiles], wire="profile.list", answer=Profiles):
    pass


Outcome = Literal["upgraded", "transcoded", "renamed", "refused", "kept"]


class Supposition(View):
    """What would become of a video, and why."""

    video_id: VideoId
    title: str
    artist: str | None
    quality: str | None
    path: str
    outcome: Outcome
    reason: str
    new_path: str | None = None


class Suppositions(Page):
    """`looked_at` counts the videos of this page; those of which nothing would become are left
    out, so a page may be empty and not the last."""

    items: tuple[Supposition, ...]
    looked_at: int


class WhatIf(Filtered, Query[Suppositions], wire="library.what_if", answer=Suppositions):
    """A quality profile, a naming template, or both, tried on the library; nothing is changed.
    `kept` shows also what would stay as it is."""

    profile: QualityProfile | None = None
    template: str | None = Field(default=None, min_length=1, max_length=1000)
    kept: bool = False
