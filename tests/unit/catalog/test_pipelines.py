"""Pipelines of people's own, told in messages: made, run, failed, tried again."""

import pytest
from tests.unit.catalog.findings import FACTS, result_of
from tests.unit.catalog.libraries import (
    SMALLER,
    URL,
    VIDEO,
    begin,
    ended,
    fates,
    library,
    plan,
    refusal,
)
from tests.unit.catalog.workers import going, work

from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.library.files import File
from mvidarr_catalog.library.videos import Video
from mvidarr_catalog.pipelines.checking import begins_with, check
from mvidarr_catalog.pipelines.conditions import facts_of_film, holds
from mvidarr_catalog.pipelines.run_queries import view
from mvidarr_catalog.pipelines.runs import Run
from mvidarr_catalog.pipelines.standard import STANDARD
from mvidarr_catalog.testing import Story
from mvidarr_common.errors import Invalid
from mvidarr_common.messages import Command
from mvidarr_common.messages.ids import PipelineId
from mvidarr_common.messages.jobs import (
    AnyResult,
    JobAdded,
    JobCancelled,
    Place,
    Placed,
    ShowCommands,
    Sidecars,
    SidecarsWritten,
    Tidy,
)
from mvidarr_common.messages.library import (
    AddVideo,
    DeleteVideo,
)
from mvidarr_common.messages.media import AudioStream, VideoStream
from mvidarr_common.messages.pipelines import (
    CancelPipeline,
    ExpirePipeline,
    PipelineSaved,
    RetryPipeline,
    RunPipeline,
    SavePipeline,
    TryPipeline,
)
from mvidarr_common.messages.system import LogStarted
from mvidarr_common.messages.work.plans import PipelinePlan


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
    {"name": "stream", "does": "hls", "heights": [360]},
    {"name": "beside", "does": "sidecars", "after": ["clip", "wave", "stream", "place"]},
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


def test_previews_waveforms_and_streams_lie_beside_the_film_and_go_where_it_goes() -> None:
    story = with_sound()
    story.live(SavePipeline(name="showing", plan=SHOWING))
    run = begin(story, "showing")
    work(story)
    assert fates(story, story.row(Run, run.id)) == dict.fromkeys(names_of(SHOWING), "done")
    [beside] = [job.spec for job in story.rows(Job) if isinstance(job.spec, Sidecars)]
    assert [art.role for art in beside.artwork] == [
        "preview", "waveform", "waveform", "hls/master", "hls/v0/index",
    ]  # fmt: skip
    [film] = [each for each in story.rows(File) if each.rendition.path == beside.path]
    assert set(result_of_sidecars(story)) <= set(film.rendition.sidecars)


def result_of_sidecars(story: Story) -> tuple[str, ...]:
    [job] = [each for each in story.rows(Job) if each.kind == "sidecars"]
    assert isinstance(job.result, SidecarsWritten)
    return job.result.written


def test_what_is_not_known_to_have_sound_or_pictures_is_not_shown() -> None:
    story = library()
    story.live(SavePipeline(name="showing", plan=SHOWING))
    run = begin(story, "showing")
    work(story)
    found = fates(story, story.row(Run, run.id))
    assert (found["wave"], found["stream"]) == ("unneeded", "unneeded")


def test_a_dry_run_names_previews_and_waveforms() -> None:
    story = with_sound()
    [job] = story.live(TryPipeline(video_id=VIDEO, plan=SHOWING))[:1]
    assert isinstance(job, JobAdded)
    assert isinstance(job.spec, ShowCommands)
    kinds = {step.name: step.spec.kind if step.spec else None for step in job.spec.steps}
    assert kinds == {"clip": "preview", "wave": "waveform", "sound": "extract_audio",
                     "stream": "hls", "place": "place", "beside": "sidecars"}  # fmt: skip


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


def names_of(plan: PipelinePlan) -> list[str]:
    return [step.name for step in plan.steps]
