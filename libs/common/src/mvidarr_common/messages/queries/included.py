"""Answers with something else in them: what `include` of the question names.

A name that was not asked for, and what there is not, is left out.
"""

from typing import Any

from pydantic import Field

from .library import Artists, ArtistView, Files, FileView, ProfileView, Videos, VideoView
from .lists import View
from .work import Jobs, JobView, RunView


def _absent(value: Any) -> bool:
    return value is None


class BesideVideo(View):
    artist: ArtistView | None = Field(default=None, exclude_if=_absent)
    profile: ProfileView | None = Field(default=None, exclude_if=_absent)
    run: RunView | None = Field(default=None, exclude_if=_absent)


class BesideArtist(View):
    """`videos` are the newest ten."""

    videos: tuple[VideoView, ...] | None = Field(default=None, exclude_if=_absent)


class BesideFile(View):
    video: VideoView | None = Field(default=None, exclude_if=_absent)


class BesideJob(View):
    video: VideoView | None = Field(default=None, exclude_if=_absent)
    run: RunView | None = Field(default=None, exclude_if=_absent)


class VideoWithMore(VideoView):
    included: BesideVideo | None = None


class ArtistWithMore(ArtistView):
    included: BesideArtist | None = None


class FileWithMore(FileView):
    included: BesideFile | None = None


class JobWithMore(JobView):
    included: BesideJob | None = None


class VideosWithMore(Videos):
    items: tuple[VideoWithMore, ...]


class ArtistsWithMore(Artists):
    items: tuple[ArtistWithMore, ...]


class FilesWithMore(Files):
    items: tuple[FileWithMore, ...]


class JobsWithMore(Jobs):
    items: tuple[JobWithMore, ...]
