"""How a wanted video becomes a ready one, told in messages."""

from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.library.files import File
from mvidarr_catalog.library.naming import video_id
from mvidarr_catalog.library.videos import Video
from mvidarr_catalog.testing import Story
from mvidarr_common.messages.dispatch import ChangeQuota, QuotaRules
from mvidarr_common.messages.fetching import SubtitleFile
from mvidarr_common.messages.ids import JobId, WorkerId
from mvidarr_common.messages.jobs import (
    AnyResult,
    Artwork,
    CancelJob,
    Download,
    Downloaded,
    JobAdded,
    JobCompleted,
    JobFailed,
    JobGivenUp,
    JobRescheduled,
    JobStarted,
    PipelineExpired,
    PipelineFailed,
    Place,
    Placed,
    ThumbnailsMade,
    Tidy,
    Transcode,
    Transcoded,
    Trash,
    Verified,
)
from mvidarr_common.messages.library import (
    AcquireVideo,
    AddVideo,
    ArtistAdded,
    DeleteVideo,
    Description,
    IgnoreVideo,
    Rendition,
    VideoAdded,
    VideoDescribed,
    VideoFailed,
    VideoReady,
)
from mvidarr_common.messages.media import AudioStream, MediaFacts, VideoStream
from mvidarr_common.messages.profiles import DEFAULT_PROFILE, QualityProfile, SaveProfile
from mvidarr_common.messages.system import CommandRejected, LogStarted

URL = "https://videos.example/watch/1"
VIDEO = video_id(URL)
FACTS = MediaFacts(
    container="mp4",
    duration=10.0,
    size=1000,
    video=(VideoStream(codec="h264", width=1920, height=1080),),
    audio=(AudioStream(codec="aac", channels=2, sample_rate=48000),),
)
DOWNLOADED = Downloaded(
    path="staging/a/b/video.mp4",
    size=1000,
    sha256="ab",
    found=Description(title="Song", artist="Band"),
    duration=10.0,
    page_url=URL,
    extractor="generic",
    source_id="1",
    format="mp4",
)
VERIFIED = Verified(facts=FACTS, frames=250, sha256="ab")
THUMBNAILS = ThumbnailsMade(
    artwork=(Artwork(path="staging/c/d/p.jpg", role="poster", width=600, height=338),)
)
TRANSCODED = Transcoded(path="staging/e/f/t.mp4", sha256="cd", facts=FACTS)
PLACED = Placed(
    renditions=(
        Rendition(path="library/Band/Band - Song.mp4", role="original", sha256="ab", facts=FACTS),
    )
)


def library(transcode: bool = False) -> Story:
    """A fresh library, whose default profile asks for a transcode or not."""
    story = Story()
    story.live(LogStarted(log_id="log"))
    if transcode:
        profile = QualityProfile(name="Web", transcode="web_optimized")
        story.live(SaveProfile(profile_id=DEFAULT_PROFILE, profile=profile))
    return story


def job(story: Story, kind: str) -> Job:
    """The only job of this kind."""
    [found] = [job for job in story.rows(Job) if job.kind == kind]
    return found


def complete(story: Story, kind: str, result: AnyResult) -> list[object]:
    """The worker does the job of this kind."""
    work = job(story, kind)
    id, worker = JobId(work.id), WorkerId("w1")
    story.live(JobStarted(job_id=id, attempt=1, worker_id=worker, delivery="d1"))
    done = JobCompleted(job_id=id, attempt=1, worker_id=worker, result=result, seconds=1.0)
    return list(story.live(done))


def test_a_video_goes_from_its_address_to_the_library() -> None:
    story = library()
    added = story.live(AddVideo(url=URL))
    assert [each.spec for each in added if isinstance(each, JobAdded)] == [
        Download(url=URL, profile=QualityProfile(name="Any"))
    ]
    complete(story, "download", DOWNLOADED)
    complete(story, "verify", VERIFIED)
    complete(story, "thumbnails", THUMBNAILS)
    said = complete(story, "place", PLACED)
    assert (
        VideoReady(
            video_id=VIDEO,
            title="Song",
            artist="Band",
            path="library/Band/Band - Song.mp4",
            quality="1080p",
        )
        in said
    )
    video = story.row(Video, VIDEO)
    assert (video.state, video.quality, len(video.files)) == ("ready", "1080p", 1)
    assert story.row(File, video.files[0]).state == "present"


def test_subtitles_are_placed_under_names_that_no_page_chooses() -> None:
    story = library()
    story.live(AddVideo(url=URL))
    names = ("en", "pt-BR", "../../x", "e/n", "..")
    texts = tuple(
        SubtitleFile(path=f"staging/{n}.vtt", language=name) for n, name in enumerate(names)
    )
    complete(story, "download", DOWNLOADED.model_copy(update={"subtitles": texts}))
    complete(story, "verify", VERIFIED)
    complete(story, "thumbnails", ThumbnailsMade(artwork=()))
    place = job(story, "place").spec
    assert isinstance(place, Place)
    assert [(art.role, art.path) for art in place.artwork] == [
        ("subtitles/en", "staging/0.vtt"), ("subtitles/pt-BR", "staging/1.vtt"),
        ("subtitles/x", "staging/2.vtt"), ("subtitles/und", "staging/4.vtt"),
    ]  # fmt: skip


def test_a_quota_counts_for_videos_too() -> None:
    story = library().by("user/a")
    story.live(ChangeQuota(requester="user/a", rules=QuotaRules(open=1)))
    [first, *_] = story.live(AddVideo(url=URL))
    assert isinstance(first, VideoAdded)
    [refused] = story.live(AddVideo(url=f"{URL}/2"))
    assert isinstance(refused, CommandRejected)
    assert refused.code == "quota_exceeded"
    story.live(IgnoreVideo(video_id=first.video_id))
    story.live(ChangeQuota(requester="user/a", rules=QuotaRules(open=0)))
    [again] = story.live(AcquireVideo(video_id=first.video_id))
    assert isinstance(again, CommandRejected)
    assert again.code == "quota_exceeded"


def test_what_the_page_says_fills_what_people_left_open() -> None:
    story = library()
    story.live(AddVideo(url=URL, known=Description(title="My title")))
    said = complete(story, "download", DOWNLOADED)
    assert [each.name for each in said if isinstance(each, ArtistAdded)] == ["Band"]
    assert any(isinstance(each, VideoDescribed) for each in said)
    about = story.row(Video, VIDEO).about
    assert (about.title, about.artist) == ("My title", "Band")


def test_a_profile_that_asks_for_a_transcode_gets_it_shown_first() -> None:
    story = library(transcode=True)
    story.live(AddVideo(url=URL))
    complete(story, "download", DOWNLOADED)
    complete(story, "verify", VERIFIED)
    complete(story, "thumbnails", THUMBNAILS)
    spec = job(story, "transcode").spec
    assert isinstance(spec, Transcode)
    assert spec.recipe == "web_optimized"
    complete(story, "transcode", TRANSCODED)
    place = job(story, "place").spec
    assert isinstance(place, Place)
    assert [file.role for file in place.files] == ["transcode", "original"]


def test_the_same_address_is_known_and_named() -> None:
    story = library()
    story.live(AddVideo(url=URL))
    [refusal] = story.live(AddVideo(url=URL.replace("videos.", "VIDEOS.") + "#t=3"))
    assert isinstance(refusal, CommandRejected)
    assert (refusal.code, refusal.existing) == ("video_known", VIDEO)


def test_a_failed_attempt_waits_and_a_hopeless_one_fails_the_video() -> None:
    story = library()
    story.live(AddVideo(url=URL))
    download = JobId(job(story, "download").id)
    network = JobFailed(
        job_id=download, attempt=1, code="network", message="It broke.", retryable=True, after=60
    )
    [again] = story.live(network)
    assert isinstance(again, JobRescheduled)
    assert again.attempt == 2
    gone = JobFailed(job_id=download, attempt=2, code="gone", message="Gone.", retryable=False)
    said = story.live(gone)
    assert {type(each) for each in said} == {
        JobGivenUp, PipelineFailed, PipelineExpired, JobAdded, VideoFailed,
    }  # fmt: skip
    failure = story.row(Video, VIDEO).failure
    assert failure is not None
    assert failure.code == "gone"
    assert isinstance(job(story, "tidy").spec, Tidy)


def test_a_failure_told_twice_is_decided_once() -> None:
    story = library()
    story.live(AddVideo(url=URL))
    download = JobId(job(story, "download").id)
    failed = JobFailed(
        job_id=download, attempt=1, code="network", message="It broke.", retryable=True
    )
    assert len(story.live(failed)) == 1
    assert story.live(failed) == []


def test_ignoring_a_video_stops_its_work_and_nothing_follows_late_results() -> None:
    story = library()
    story.live(AddVideo(url=URL))
    story.live(IgnoreVideo(video_id=VIDEO))
    assert job(story, "download").state == "cancelled"
    said = complete(story, "download", DOWNLOADED)
    assert not any(isinstance(each, JobAdded) for each in said)
    assert [each.kind for each in story.rows(Job)] == ["download", "tidy"]
    assert story.row(Video, VIDEO).state == "ignored"


def test_a_cancelled_job_leaves_the_video_wanted() -> None:
    story = library()
    story.live(AddVideo(url=URL))
    story.live(CancelJob(job_id=JobId(job(story, "download").id)))
    assert story.row(Video, VIDEO).state == "wanted"


def test_a_file_that_arrives_after_the_video_was_deleted_goes_to_the_trash() -> None:
    story = library()
    story.live(AddVideo(url=URL))
    complete(story, "download", DOWNLOADED)
    complete(story, "verify", VERIFIED)
    complete(story, "thumbnails", THUMBNAILS)
    story.live(DeleteVideo(video_id=VIDEO))
    said = complete(story, "place", PLACED)
    assert isinstance(job(story, "trash").spec, Trash)
    assert not any(isinstance(each, VideoReady | VideoFailed) for each in said)
