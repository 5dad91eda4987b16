"""The pipelines that come along. Their steps may be read, and not be changed."""

from collections.abc import Mapping

from mvidarr_common.messages.work.plans import (
    DownloadStep,
    HlsStep,
    IsBetterStep,
    PipelinePlan,
    PlaceStep,
    RenameStep,
    RetireStep,
    ScrubStep,
    SidecarsStep,
    TakeStep,
    ThumbnailsStep,
    TranscodeStep,
    VerifyStep,
)

ACQUIRE = PipelinePlan(
    title="From a page to the library",
    steps=(
        DownloadStep(name="download"),
        VerifyStep(name="verify", after=("download",)),
        TranscodeStep(name="transcode", after=("verify",), when="recipe != null"),
        ThumbnailsStep(name="thumbnails", after=("verify",)),
        PlaceStep(name="place", after=("transcode", "thumbnails"), of=("transcode", "verify")),
    ),
)
IMPORT = PipelinePlan(
    title="From a file below import/ to the library",
    steps=(
        TakeStep(name="take"),
        VerifyStep(name="verify", after=("take",)),
        *ACQUIRE.steps[2:],
    ),
)
UPGRADE = PipelinePlan(
    title="Fetch it again, and keep what is better",
    steps=(
        DownloadStep(name="download"),
        VerifyStep(name="verify", after=("download",)),
        IsBetterStep(name="compare", after=("verify",)),
        TranscodeStep(
            name="transcode", after=("compare",), when="verdict = better and recipe != null"
        ),
        ThumbnailsStep(name="thumbnails", after=("compare",), when="verdict = better"),
        PlaceStep(
            name="place", after=("transcode", "thumbnails"), of=("transcode", "verify"),
            when="verdict = better",
        ),
        RetireStep(name="retire", after=("place",), when="verdict = better"),
        RenameStep(name="rename", after=("retire",), when="verdict = better"),
    ),
)  # fmt: skip
HEAL = PipelinePlan(
    title="Fetch again what has been damaged on disk",
    steps=(
        ScrubStep(name="scrub"),
        DownloadStep(name="download", after=("scrub",), when="intact = false"),
        VerifyStep(name="verify", after=("download",), when="intact = false"),
        TranscodeStep(
            name="transcode", after=("verify",), when="intact = false and recipe != null"
        ),
        ThumbnailsStep(name="thumbnails", after=("verify",), when="intact = false"),
        PlaceStep(
            name="place", after=("transcode", "thumbnails"), of=("transcode", "verify"),
            when="intact = false",
        ),
        RetireStep(name="retire", after=("place",), when="intact = false"),
        RenameStep(name="rename", after=("retire",), when="intact = false"),
    ),
)  # fmt: skip
OPTIMISE = PipelinePlan(
    title="Make the rendition that the profile asks for",
    steps=(
        TranscodeStep(name="transcode", when="recipe != null and hasTranscode = false"),
        PlaceStep(name="place", after=("transcode",), of=("transcode",)),
    ),
)
RENAME = PipelinePlan(
    title="Give the files the names that the video has now",
    steps=(
        RenameStep(name="rename"),
        SidecarsStep(name="sidecars", after=("rename",)),
    ),
)
STREAM = PipelinePlan(
    title="Make renditions for streaming",
    steps=(HlsStep(name="hls"), SidecarsStep(name="sidecars", after=("hls",))),
)

STANDARD: Mapping[str, PipelinePlan] = {
    "acquire": ACQUIRE,
    "import": IMPORT,
    "upgrade": UPGRADE,
    "heal": HEAL,
    "optimise": OPTIMISE,
    "rename": RENAME,
    "stream": STREAM,
}
