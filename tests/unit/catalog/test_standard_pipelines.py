"""The pipelines that are always there: upgrade, heal, optimise, import."""

from collections.abc import Callable

import pytest
from tests.unit.catalog.findings import result_of
from tests.unit.catalog.libraries import (
    VIDEO,
    begin,
    ended,
    library,
    refusal,
)
from tests.unit.catalog.workers import going, work

from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.library.files import File
from mvidarr_catalog.library.videos import Video
from mvidarr_catalog.pipelines.runs import Run
from mvidarr_catalog.testing import Story
from mvidarr_common.messages.jobs import (
    AnyResult,
    Compared,
    Scrubbed,
    ScrubbedFile,
    Transcode,
    Trash,
)
from mvidarr_common.messages.library import (
    ImportVideo,
    PurgeFile,
    VideoAdded,
    VideoUpgraded,
)
from mvidarr_common.messages.pipelines import (
    RunPipeline,
)
from mvidarr_common.messages.profiles import DEFAULT_PROFILE, QualityProfile, SaveProfile
from mvidarr_common.messages.system import LogStarted


def finding(better: bool = True, intact: bool = False) -> Callable[[Job], AnyResult]:
    def finds(job: Job) -> AnyResult:
        if job.kind == "is_better":
            return Compared(verdict="better" if better else "alike", by=9, reasons=("sharper",))
        if job.kind == "scrub":
            file = ScrubbedFile(path="p", state="intact" if intact else "changed")
            return Scrubbed(files=(file,))
        return result_of(job)

    return finds


def test_an_upgrade_puts_the_better_file_there_before_the_old_one_goes_to_the_trash() -> None:
    story = library()
    [old] = story.row(Video, VIDEO).files
    run = begin(story, "upgrade")
    said = work(story, finds=finding())
    order = [job.kind for job in sorted(story.rows(Job), key=lambda job: job.added)]
    assert order.index("is_better") < order.index("trash")
    assert [each.kind for each in (story.row(Run, run.id).results[s] for s in ("place", "retire"))]
    assert [each.video_id for each in said if isinstance(each, VideoUpgraded)] == [VIDEO]
    [new] = story.row(Video, VIDEO).files
    assert new != old
    assert (story.row(File, new).state, story.row(File, old).state) == ("present", "trashed")
    story.live(PurgeFile(file_id=old))
    work(story)
    assert [file.id for file in story.rows(File)] == [new]


def test_an_upgrade_that_is_no_better_changes_nothing() -> None:
    story = library()
    files = story.row(Video, VIDEO).files
    run = begin(story, "upgrade")
    work(story, finds=finding(better=False))
    assert ended(story, run) == "completed"
    assert story.row(Video, VIDEO).files == files
    assert not [job for job in story.rows(Job) if isinstance(job.spec, Trash)]


@pytest.mark.parametrize("intact", [True, False])
def test_what_is_damaged_is_fetched_again_and_what_is_whole_stays(intact: bool) -> None:
    story = library()
    files = story.row(Video, VIDEO).files
    begin(story, "heal")
    work(story, finds=finding(intact=intact))
    assert (story.row(Video, VIDEO).files == files) == intact


def test_optimising_makes_the_rendition_that_is_missing_and_no_second_one() -> None:
    story = library()
    wish = QualityProfile(name="Web", transcode="web_optimized")
    story.live(SaveProfile(profile_id=DEFAULT_PROFILE, profile=wish))
    for _ in range(2):
        story.live(RunPipeline(name="optimise", video_id=VIDEO))
        work(story)
    made = [job.spec for job in story.rows(Job) if isinstance(job.spec, Transcode)]
    assert [spec.recipe for spec in made] == ["web_optimized"]
    assert len(story.row(Video, VIDEO).files) == 2


def test_a_file_on_disk_becomes_a_video_and_its_path_is_its_name() -> None:
    story = Story()
    story.live(LogStarted(log_id="log"))
    [added, *_] = story.live(ImportVideo(path="old/A - T.mkv"))
    assert isinstance(added, VideoAdded)
    assert [job.kind for job in going(story)] == ["take"]
    work(story)
    video = story.row(Video, added.video_id)
    assert (video.state, video.title, video.about.artist) == ("ready", "T", "A")
    assert refusal(story, ImportVideo(path="old/A - T.mkv")) == "video_known"
    assert refusal(story, ImportVideo(path="../secret.mkv")) == "path_outside"
    upgrade = RunPipeline(name="upgrade", video_id=added.video_id)
    assert refusal(story, upgrade) == "video_has_no_page"
