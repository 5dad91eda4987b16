"""One film on many workers, told in messages."""

import pytest
from tests.unit.catalog.findings import result_of
from tests.unit.catalog.workers import going, work

from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.pipelines.checking import check
from mvidarr_catalog.pipelines.results import is_staged
from mvidarr_catalog.pipelines.runs import Run
from mvidarr_catalog.pipelines.splitting import SplitRule, is_splittable, parts_of, plan_for
from mvidarr_catalog.testing import Story
from mvidarr_common.errors import Invalid
from mvidarr_common.messages.ids import JobId, PipelineId, WorkerId
from mvidarr_common.messages.jobs import (
    CancelJob,
    EncodePart,
    EnqueueJob,
    ForgetResult,
    JobCompleted,
    JobSplit,
    JoinParts,
    OwnRecipe,
    Tidy,
    Transcode,
    Transcoded,
    Treatment,
)
from mvidarr_common.messages.media import AudioStream, MediaFacts, VideoStream
from mvidarr_common.messages.steering import PauseJob, ResumeJob
from mvidarr_common.messages.system import LogStarted
from mvidarr_common.messages.work.plans import EncodePartStep, PipelinePlan

RULE = SplitRule(longer_than=600, part=60)
FACTS = MediaFacts(
    container="mp4", duration=900.0, size=1000,
    video=(VideoStream(codec="h264", width=1920, height=1080, fps=25),),
    audio=(AudioStream(codec="aac", channels=2, sample_rate=48000),),
)  # fmt: skip
WHOLE = Transcode(path="library/A/A - B.mp4", recipe="web_optimized", facts=FACTS)


def splitting(parts: int = 3) -> tuple[Story, str, str]:
    """A job that is split, and its run."""
    story = Story()
    story.live(LogStarted(log_id="log"))
    story.live(EnqueueJob(spec=WHOLE))
    [job] = story.rows(Job)
    split = JobSplit(job_id=JobId(job.id), attempt=1, pipeline_id=PipelineId("run"), parts=parts)
    story.live(split)
    return story, job.id, "run"


@pytest.mark.parametrize(
    ("change", "splits"),
    [
        ({}, True),
        ({"facts": FACTS.model_copy(update={"duration": 599.0})}, False),
        ({"facts": FACTS.model_copy(update={"video": ()})}, False),
        ({"recipe": "audio_only"}, False),
        ({"recipe": OwnRecipe(name="a", container="mp3", audio="mp3")}, False),
        ({"treatment": Treatment(loudness=-14)}, True),
        ({"treatment": Treatment(crop=True)}, False),
        ({"treatment": Treatment(most_fps=30)}, False),
        ({"treatment": Treatment(copy_fitting=True)}, False),
    ],
)
def test_what_looks_at_all_of_a_film_is_one_workers_work(
    change: dict[str, object], splits: bool
) -> None:
    assert is_splittable(WHOLE.model_copy(update=change), RULE) == splits


def test_there_are_as_many_parts_as_keep_free_workers_busy() -> None:
    assert [parts_of(900, idle, RULE) for idle in (2, 3, 4, 16)] == [14, 15, 12, 15]
    assert parts_of(20, 2, SplitRule(1, 60)) == 2


def test_parts_cover_the_film_without_a_gap_and_the_sound_is_one() -> None:
    steps = [step for step in plan_for(WHOLE, 4).steps if isinstance(step, EncodePartStep)]
    assert [step.what for step in steps] == ["sound", *["picture"] * 4]
    pictures = steps[1:]
    assert (pictures[0].begin, pictures[-1].end) == (0.0, None)
    assert [step.end for step in pictures[:-1]] == [step.begin for step in pictures[1:]]


def test_people_cannot_make_parts_of_their_own() -> None:
    steps = ({"name": "a", "does": "encode_part"},)
    with pytest.raises(Invalid, match="a needs a job that is split"):
        check(PipelinePlan.model_validate({"title": "T", "steps": steps}))


def test_a_split_job_ends_with_the_join_of_its_parts() -> None:
    story, job, run = splitting()
    assert [each.kind for each in going(story)].count("encode_part") == 4
    work(story)
    done = story.row(Job, job)
    assert (done.state, story.row(Run, run).state) == ("completed", "completed")
    assert isinstance(done.result, Transcoded)
    join = story.row(Run, run).jobs["join"]
    assert done.result.path == f"staging/{join}/j.mp4"
    [joining] = [each.spec for each in story.rows(Job) if isinstance(each.spec, JoinParts)]
    assert (len(joining.pictures), joining.sound is not None) == (3, True)
    [tidy] = [each.spec for each in story.rows(Job) if isinstance(each.spec, Tidy)]
    assert join not in tidy.jobs


def test_a_part_that_fails_leaves_the_job_to_one_worker() -> None:
    story, job, run = splitting()
    work(story, "encode_part", "tidy", fails=lambda each: each.step == "part-2")
    now = story.row(Job, job)
    assert (now.state, now.attempt, story.row(Run, run).state) == ("waiting", 2, "failed")
    assert {each.kind for each in going(story)} == {"transcode"}
    work(story)
    assert story.row(Job, job).state == "completed"


def test_cancelling_the_job_ends_every_part_and_cancelling_a_part_ends_the_job() -> None:
    story, job, run = splitting()
    story.live(CancelJob(job_id=JobId(job)))
    assert not [each for each in going(story) if isinstance(each.spec, EncodePart)]
    assert story.row(Run, run).state == "cancelled"
    story, job, run = splitting()
    part = story.row(Run, run).jobs["part-1"]
    story.live(CancelJob(job_id=part))
    assert story.row(Job, job).state == "cancelled"
    assert not [each for each in going(story) if isinstance(each.spec, EncodePart)]


def test_pausing_the_job_pauses_its_parts_and_resuming_does_what_is_left() -> None:
    story, job, run = splitting()
    [first, *others] = [each for each in going(story) if isinstance(each.spec, EncodePart)]
    done = work_on(story, first)
    story.live(PauseJob(job_id=JobId(job)))
    assert {each.state for each in going(story)} == {"paused"}
    late = work_on(story, others[0])
    story.live(ResumeJob(job_id=JobId(job)))
    now = story.row(Job, job)
    assert (now.state, now.split, story.row(Run, run).state) == ("running", run, "running")
    assert {each.state for each in going(story) if each.kind == "encode_part"} == {"waiting"}
    work(story)
    assert story.row(Job, job).state == "completed"
    assert {each.attempt for each in story.rows(Job) if each.id in (done, late)} == {1}


def test_a_join_that_would_begin_while_the_job_is_paused_waits() -> None:
    story, job, _ = splitting()
    parts = [each for each in going(story) if isinstance(each.spec, EncodePart)]
    for part in parts[:-1]:
        work_on(story, part)
    story.live(PauseJob(job_id=JobId(job)))
    work_on(story, parts[-1])
    [join] = [each for each in story.rows(Job) if isinstance(each.spec, JoinParts)]
    assert join.state == "paused"
    story.live(ResumeJob(job_id=JobId(job)))
    assert story.row(Job, join.id).state == "waiting"


def test_what_a_job_of_its_own_has_made_is_forgotten_after_its_time() -> None:
    story, job, run = splitting()
    work(story)
    story.live(ForgetResult(job_id=JobId(job)))
    [*_, tidy] = [each.spec for each in going(story) if isinstance(each.spec, Tidy)]
    assert tidy.jobs == (job, story.row(Run, run).jobs["join"])
    assert is_staged(Transcoded(path="staging/x/t.mp4", sha256="t", facts=FACTS))
    assert not is_staged(Transcoded(path="library/t.mp4", sha256="t", facts=FACTS))


def work_on(story: Story, job: Job) -> str:
    """A worker brings the result of this job's first attempt."""
    done = JobCompleted(
        job_id=JobId(job.id), attempt=1, worker_id=WorkerId("w"), result=result_of(job), seconds=1
    )
    story.live(done)
    return job.id


def test_a_result_that_one_worker_brings_after_all_ends_the_job_once() -> None:
    story, job, _ = splitting()
    result = Transcoded(path="staging/x/t.mp4", sha256="t", facts=FACTS)
    story.live(
        JobCompleted(
            job_id=JobId(job), attempt=1, worker_id=WorkerId("w"), result=result, seconds=1
        )
    )
    said = work(story)
    ends = [each for each in said if isinstance(each, JobCompleted) and each.job_id == job]
    assert ends == []
    assert story.row(Job, job).result == result
