"""From a page to the library: download, verify, transcode if asked, thumbnails, place."""

from mvidarr_catalog.library.videos import Video
from mvidarr_common.messages import Value
from mvidarr_common.messages.ids import VideoId
from mvidarr_common.messages.jobs import (
    Download,
    Downloaded,
    Place,
    PlaceFile,
    Thumbnails,
    ThumbnailsMade,
    Transcode,
    Transcoded,
    Verified,
    Verify,
)
from mvidarr_common.messages.profiles import QualityProfile

from .graph import Pipeline, Sofar, Step


class AcquireInputs(Value):
    """What a run begins with; the profile is as it was then."""

    video_id: VideoId
    url: str
    profile: QualityProfile


def _inputs(sofar: Sofar) -> AcquireInputs:
    return AcquireInputs.model_validate(sofar.inputs)


def _download(sofar: Sofar) -> Download:
    inputs = _inputs(sofar)
    return Download(url=inputs.url, profile=inputs.profile)


def _verify(sofar: Sofar) -> Verify:
    downloaded = sofar.result("download", Downloaded)
    return Verify(path=downloaded.path, expected_duration=downloaded.duration)


def _wants_transcode(sofar: Sofar) -> bool:
    return _inputs(sofar).profile.transcode is not None


def _transcode(sofar: Sofar) -> Transcode:
    recipe = _inputs(sofar).profile.transcode
    assert recipe is not None
    facts = sofar.result("verify", Verified).facts
    return Transcode(path=sofar.result("download", Downloaded).path, recipe=recipe, facts=facts)


def _thumbnails(sofar: Sofar) -> Thumbnails:
    facts = sofar.result("verify", Verified).facts
    return Thumbnails(path=sofar.result("download", Downloaded).path, facts=facts)


def _place(sofar: Sofar) -> Place:
    """The rendition that the profile asks for is what media servers show; the original stays."""
    downloaded = sofar.result("download", Downloaded)
    video = sofar.known.get(Video, _inputs(sofar).video_id)
    assert video is not None
    return Place(
        video_id=_inputs(sofar).video_id,
        files=(*_transcoded(sofar), _original(sofar)),
        artwork=sofar.result("thumbnails", ThumbnailsMade).artwork,
        about=video.about,
        page_url=downloaded.page_url,
        source=downloaded.extractor,
        source_id=downloaded.source_id,
    )


def _original(sofar: Sofar) -> PlaceFile:
    verified = sofar.result("verify", Verified)
    path = sofar.result("download", Downloaded).path
    return PlaceFile(path=path, role="original", sha256=verified.sha256, facts=verified.facts)


def _transcoded(sofar: Sofar) -> tuple[PlaceFile, ...]:
    if not _wants_transcode(sofar):
        return ()
    made = sofar.result("transcode", Transcoded)
    return (PlaceFile(path=made.path, role="transcode", sha256=made.sha256, facts=made.facts),)


ACQUIRE = Pipeline(
    "acquire",
    (
        Step("download", _download),
        Step("verify", _verify, after=("download",)),
        Step("transcode", _transcode, after=("verify",), when=_wants_transcode),
        Step("thumbnails", _thumbnails, after=("verify",)),
        Step("place", _place, after=("transcode", "thumbnails")),
    ),
)
