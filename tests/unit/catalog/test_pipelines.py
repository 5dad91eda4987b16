"""Pipelines of people's own, told in messages: made, run, failed, tried again, over many videos."""

from collections.abc import Callable

import pytest
from tests.unit.catalog.findings import FACTS, result_of
from tests.unit.catalog.workers import going, work

from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.library.files import File
from mvidarr_catalog.library.naming import video_id
from mvidarr_catalog.library.videos import Video
from mvidarr_catalog.pipelines.bulk import Bulk
from mvidarr_catalog.pipelines.checking import begins_with, check
from mvidarr_catalog.pipelines.conditions import facts_of_film, holds
from mvidarr_catalog.pipelines.run_queries import view
from mvidarr_catalog.pipelines.runs import Run
from mvidarr_catalog.pipelines.standard import STANDARD
from mvidarr_catalog.testing import Story
from mvidarr_common.errors import Invalid
from mvidarr_common.messages import Command, Message
from mvidarr_common.messages.ids import PipelineId, VideoId
from mvidarr_common.messages.jobs import (
    AnyResult,
    Compared,
    JobAdded,
    JobCancelled,
    Place,
    Placed,
    Scrubbed,
    ScrubbedFile,
    ShowCommands,
    Sidecars,
    SidecarsWritten,
    Tidy,
    Transcode,
    Trash,
)
from mvidarr_common.messages.library import (
    AddVideo,
    DeleteVideo,
    ImportVideo,
    PurgeFile,
    VideoAdded,
    VideoUpgraded,
)
from mvidarr_common.messages.media import AudioStream, VideoStream
from mvidarr_common.messages.pipelines import (
    BulkFinished,
    BulkWent,
    CancelBulk,
    CancelPipeline,
    ExpirePipeline,
    PipelineSaved,
    RetryPipeline,
    RunPipeline,
    RunPipelineOver,
    SavePipeline,
    TryPipeline,
)
from mvidarr_common.messages.profiles import DEFAULT_PROFILE, QualityProfile, SaveProfile
from mvidarr_common.messages.system import CommandRejected, LogStarted
from mvidarr_common.messages.work.plans import PipelinePlan

URL = "https://videos.example/watch/1"
VIDEO = video_id(URL)
SMALLER = PipelinePlan.model_validate(
    {
        "title": "Smaller copies",
        "steps": [
            {"name": "small", "does": "transcode", "recipe": "mobile_optimized"},
            {"name": "plain", "does": "transcode", "recipe": "ultra_compress",
             "after": ["small"], "on": "failure"},
            {"name": "sound", "does": "extract_audio", "form": "mp3", "when": "duration > 60"},
            {"name": "place", "does": "place", "after": ["small", "plain", "sound"],
             "of": ["small", "plain", "sound"]},
        ],
    }
)  # fmt: skip


def library(*urls: str) -> Story:
    """Videos in the library, and one pipeline of one's own."""
    story = Story()
    story.live(LogStarted(log_id="log"))
    for url in urls or (URL,):
        story.live(AddVideo(url=url))
    work(story)
    story.live(SavePipeline(name="smaller", plan=SMALLER))
    return story


def begin(story: Story, name: str = "smaller") -> Run:
    story.live(RunPipeline(name=name, video_id=VIDEO))
    [run] = [run for run in story.rows(Run) if run.name == name]
    return run


def refusal(story: Story, command: Command) -> str:
    [said] = story.live(command)
    assert isinstance(said, CommandRejected), said
    return said.code


def fates(story: Story, run: Run) -> dict[str, str]:
    return {step.name: step.state for step in view(story.row(Run, run.id)).steps}


def ended(story: Story, run: Run) -> str:
    return story.row(Run, run.id).state


def plan(*steps: dict[str, object]) -> PipelinePlan:
    return PipelinePlan.model_validate({"title": "T", "steps": steps})


@pytest.mark.parametrize("name", STANDARD)
def test_the_standard_pipelines_make_sense(name: str) -> None:
    check(STANDARD[name])


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        (({"name": "a", "does": "verify"},), "a needs a file that was fetched"),
        (({"name": "a", "does": "retire"},), "a needs new files in the library"),
        (({"name": "a", "does": "rename"},) * 2, "two steps are called a"),
        (({"name": "a", "does": "rename", "after": ["b"]},), "a speaks of b"),
        (
            ({"name": "a", "does": "rename", "after": ["b"]},
             {"name": "b", "does": "sidecars", "after": ["a"]}),
            "it runs in a circle",
        ),
        (
            ({"name": "a", "does": "scrub"},
             {"name": "b", "does": "place", "after": ["a"], "of": ["a"]}),
            "b takes the film of a",
        ),
        (({"name": "a", "does": "scrub", "on": "failure"},), "a waits for the failure of no step"),
        (({"name": "a", "does": "scrub", "when": "colour = red"},), "there is no fact 'colour'"),
        (({"name": "a", "does": "scrub", "when": "hdr > 3"},), "hdr is no number"),
        (({"name": "a", "does": "scrub", "when": "height > tall"},), "height cannot be 'tall'"),
        (({"name": "a", "does": "scrub", "when": "height >"},), "expected a value"),
    ],
)  # fmt: skip
def test_a_plan_that_makes_no_sense_is_refused_with_the_reason(
    steps: tuple[dict[str, object], ...], why: str
) -> None:
    with pytest.raises(Invalid, match=why.replace("(", r"\(")):
        check(plan(*steps))


def test_what_a_plan_begins_with_follows_from_its_steps() -> None:
    assert begins_with(STANDARD["acquire"]) == {"page"}
    assert begins_with(STANDARD["upgrade"]) == {"page", "library"}
    assert begins_with(SMALLER) == {"library"}


def test_conditions_compare_facts_and_what_is_not_known_is_neither_less_nor_more() -> None:
    picture = VideoStream(codec="hevc", width=3840, height=2160, fps=50, hdr="hdr10")
    film = FACTS.model_copy(update={"video": (picture,)})
    facts = facts_of_film(film) | {"intact": True, "verdict": None}
    for text in (
        "height > 1080", "height >= 2160 and not fps <= 30", "videoCodec in (hevc, av1)",
        "hdr ~ HDR", "hdr != null", "intact = true", "quality = 2160p", "duration = 10",
    ):  # fmt: skip
        assert holds(text, facts), text
    for text in ("height < 1080", "score > 1", "score <= 1", "verdict = better", "hdr = null"):
        assert not holds(text, facts), text


def test_a_plan_that_is_changed_gets_a_number_and_a_standard_one_is_not_changed() -> None:
    story = library()
    changed = SMALLER.model_copy(update={"title": "Other"})
    assert story.live(SavePipeline(name="smaller", plan=changed)) == [
        PipelineSaved(name="smaller", edition=2, plan=changed)
    ]
    assert refusal(story, SavePipeline(name="acquire", plan=SMALLER)) == "pipeline_is_standard"
    assert refusal(story, RunPipeline(name="none", video_id=VIDEO)) == "pipeline_not_found"


def test_a_run_keeps_the_plan_with_which_it_began() -> None:
    story = library()
    run = begin(story)
    other = plan({"name": "scrub", "does": "scrub"})
    story.live(SavePipeline(name="smaller", plan=other))
    work(story)
    assert ended(story, run) == "completed"
    assert set(story.row(Run, run.id).results) == {"small", "place"}


def test_what_a_run_makes_goes_beside_the_film_and_its_condition_leaves_a_step_out() -> None:
    story = library()
    run = begin(story)
    work(story)
    assert fates(story, run) == {
        "small": "done", "plain": "cut_off", "sound": "unneeded", "place": "done",
    }  # fmt: skip
    [placing] = [
        job.spec for job in story.rows(Job)
        if isinstance(job.spec, Place) and job.pipeline_id == run.id
    ]  # fmt: skip
    assert placing.beside is not None
    assert [file.role for file in placing.files] == ["transcode"]
    assert len(story.row(Video, VIDEO).files) == 2


SHOWING = plan(
    {"name": "clip", "does": "preview"},
    {"name": "wave", "does": "waveform"},
    {"name": "sound", "does": "extract_audio", "form": "mp3"},
    {"name": "place", "does": "place", "after": ["sound"]},
    {"name": "beside", "does": "sidecars", "after": ["clip", "wave", "place"]},
)


def loud(job: Job) -> AnyResult:
    """What workers find of a film with a picture and sound."""
    result = result_of(job)
    sound = (AudioStream(codec="aac", channels=2, sample_rate=48000),)
    picture = (VideoStream(codec="h264", width=320, height=180, fps=25),)
    facts = FACTS.model_copy(update={"audio": sound, "video": picture})
    if not isinstance(result, Placed):
        return result
    films = (each.model_copy(update={"facts": facts}) for each in result.renditions)
    return Placed(renditions=tuple(films))


def with_sound() -> Story:
    """A film with sound in the library."""
    story = Story()
    story.live(LogStarted(log_id="log"))
    story.live(AddVideo(url=URL))
    work(story, finds=loud)
    return story


def test_previews_and_waveforms_lie_beside_the_film_and_go_where_it_goes() -> None:
    story = with_sound()
    story.live(SavePipeline(name="showing", plan=SHOWING))
    run = begin(story, "showing")
    work(story)
    assert fates(story, story.row(Run, run.id)) == dict.fromkeys(names_of(SHOWING), "done")
    [beside] = [job.spec for job in story.rows(Job) if isinstance(job.spec, Sidecars)]
    assert [art.role for art in beside.artwork] == ["preview", "waveform", "waveform"]
    [film] = [each for each in story.rows(File) if each.rendition.path == beside.path]
    assert set(result_of_sidecars(story)) <= set(film.rendition.sidecars)


def result_of_sidecars(story: Story) -> tuple[str, ...]:
    [job] = [each for each in story.rows(Job) if each.kind == "sidecars"]
    assert isinstance(job.result, SidecarsWritten)
    return job.result.written


def test_a_silent_film_has_no_waveform() -> None:
    story = library()
    story.live(SavePipeline(name="showing", plan=SHOWING))
    run = begin(story, "showing")
    work(story)
    assert fates(story, story.row(Run, run.id))["wave"] == "unneeded"


def test_a_dry_run_names_previews_and_waveforms() -> None:
    story = with_sound()
    [job] = story.live(TryPipeline(video_id=VIDEO, plan=SHOWING))[:1]
    assert isinstance(job, JobAdded)
    assert isinstance(job.spec, ShowCommands)
    kinds = {step.name: step.spec.kind if step.spec else None for step in job.spec.steps}
    assert kinds == {"clip": "preview", "wave": "waveform", "sound": "extract_audio",
                     "place": "place", "beside": "sidecars"}  # fmt: skip


@pytest.mark.parametrize("does", ["hls", "fingerprint"])
def test_what_has_no_place_in_a_pipeline_is_refused_with_a_sentence(does: str) -> None:
    with pytest.raises(ValueError, match=f"{does} is no step: .*; add it as a job"):
        plan({"name": "a", "does": does})


def test_a_preview_that_nobody_would_find_is_refused() -> None:
    with pytest.raises(Invalid, match="clip makes what a sidecars step puts beside the film"):
        check(plan({"name": "clip", "does": "preview"}))


def test_a_failure_branch_does_instead_of_the_step_that_failed() -> None:
    story = library()
    run = begin(story)
    work(story, fails=lambda job: job.step == "small")
    assert ended(story, run) == "completed"
    assert fates(story, run) == {
        "small": "failed", "plain": "done", "sound": "unneeded", "place": "done",
    }  # fmt: skip


def test_a_failed_run_goes_on_from_the_step_that_failed() -> None:
    story = library()
    run = begin(story)
    work(story, fails=lambda job: job.step == "place")
    assert (ended(story, run), view(story.row(Run, run.id)).failed_step) == ("failed", "place")
    assert not [job for job in going(story) if isinstance(job.spec, Tidy)]
    [again] = [
        each for each in story.live(RetryPipeline(pipeline_id=PipelineId(run.id)))
        if isinstance(each, JobAdded)
    ]  # fmt: skip
    assert again.step == "place"
    work(story)
    assert ended(story, run) == "completed"
    assert view(story.row(Run, run.id)).fraction == 1


def test_a_retry_that_comes_too_late_begins_anew() -> None:
    story = library()
    run = begin(story)
    work(story, fails=lambda job: job.step == "place")
    id = PipelineId(run.id)
    story.live(ExpirePipeline(pipeline_id=id, attempt=1))
    [tidy] = [job.spec for job in going(story) if isinstance(job.spec, Tidy)]
    assert len(tidy.jobs) == 2
    work(story)
    said = story.live(RetryPipeline(pipeline_id=id))
    assert [each.step for each in said if isinstance(each, JobAdded)] == ["small"]
    work(story)
    assert ended(story, run) == "completed"


def test_only_a_failed_run_is_retried_and_one_that_goes_keeps_others_from_its_video() -> None:
    story = library()
    run = begin(story)
    assert refusal(story, RetryPipeline(pipeline_id=PipelineId(run.id))) == "run_has_not_failed"
    assert refusal(story, RunPipeline(name="heal", video_id=VIDEO)) == "video_busy"


@pytest.mark.parametrize("how", ["run", "video"])
def test_cancelling_ends_everything(how: str) -> None:
    story = library()
    run = begin(story)
    cancel: Command = CancelPipeline(pipeline_id=PipelineId(run.id))
    said = story.live(cancel if how == "run" else DeleteVideo(video_id=VIDEO))
    assert [each for each in said if isinstance(each, JobCancelled)]
    assert ended(story, run) == "cancelled"
    work(story)
    assert refusal(story, CancelPipeline(pipeline_id=PipelineId(run.id))) == "run_has_ended"


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


def test_a_dry_run_names_every_step_and_does_none() -> None:
    story = library()
    before = len(story.rows(Job))
    [said] = story.live(TryPipeline(video_id=VIDEO, plan=SMALLER))
    assert isinstance(said, JobAdded)
    assert isinstance(said.spec, ShowCommands)
    shown = {
        step.name: (step.spec.kind if step.spec else step.left_out) for step in said.spec.steps
    }
    assert shown == {
        "small": "transcode", "plain": "It runs when a step before it fails.",
        "sound": "Not needed: duration > 60.", "place": "place",
    }  # fmt: skip
    assert len(story.rows(Job)) == before + 1
    assert len(story.rows(Run)) == 1


URLS = tuple(f"https://videos.example/{n}" for n in range(5))


def bulk(story: Story) -> Bulk:
    story.live(RunPipelineOver(name="smaller", filter="state = ready"))
    [row] = story.rows(Bulk)
    return row


def went(story: Story, row: Bulk, *, rest: int = 0) -> list[Message]:
    """What the leader's chore says when it has looked."""
    ids = tuple(sorted((VideoId(video.id) for video in story.rows(Video)), key=str))
    return story.live(BulkWent(bulk_id=row.id, videos=ids, rest=rest))


def test_a_bulk_runs_over_all_and_counts_how_they_end() -> None:
    story = library(*URLS)
    row = bulk(story)
    went(story, row)
    assert len(story.row(Bulk, row.id).running) == 5
    first = going(story)[0].pipeline_id
    work(story, fails=lambda job: job.pipeline_id == first and job.step in ("small", "plain"))
    now = story.row(Bulk, row.id)
    assert (now.completed, now.failed, now.running) == (4, 1, ())
    story.live(BulkFinished(bulk_id=row.id, completed=4, failed=1, cancelled=0))
    assert story.row(Bulk, row.id).state == "finished"


def test_one_cancel_ends_a_bulk_with_all_its_runs() -> None:
    story = library(*URLS)
    row = bulk(story)
    went(story, row, rest=7)
    story.live(CancelBulk(bulk_id=row.id))
    now = story.row(Bulk, row.id)
    assert (now.state, now.cancelled, now.running) == ("cancelled", 5, ())
    assert not [job for job in going(story) if job.kind == "transcode"]
    assert went(story, row) == []


def test_a_bulk_with_a_bad_filter_is_refused_at_once() -> None:
    story = library()
    assert refusal(story, RunPipelineOver(name="smaller", filter="colour = red")) == "bad_filter"


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


def names_of(plan: PipelinePlan) -> list[str]:
    return [step.name for step in plan.steps]
