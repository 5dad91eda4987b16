"""Whatever the graph of a pipeline, and however its steps end: a run ends, no step is done twice in
one attempt, and a cancel ends everything.

The same few examples each time; CHAOS_EXAMPLES=1000 tries so many others.
"""

import os
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.catalog.findings import result_of
from tests.unit.catalog.workers import going, work

from mvidarr_catalog.jobs.jobs import ENDED, UNSTOPPABLE, Job
from mvidarr_catalog.library.naming import video_id
from mvidarr_catalog.pipelines.checking import check
from mvidarr_catalog.pipelines.going import Going
from mvidarr_catalog.pipelines.run_queries import view
from mvidarr_catalog.pipelines.runs import Run
from mvidarr_catalog.testing import Story
from mvidarr_common.messages import Message
from mvidarr_common.messages.ids import JobId, PipelineId, WorkerId
from mvidarr_common.messages.jobs import JobAdded, JobCompleted, JobFailed
from mvidarr_common.messages.library import AddVideo, DeleteVideo
from mvidarr_common.messages.pipelines import (
    CancelPipeline,
    RetryPipeline,
    RunPipeline,
    SavePipeline,
)
from mvidarr_common.messages.system import LogStarted
from mvidarr_common.messages.work.plans import PipelinePlan

URL = "https://videos.example/watch/1"
VIDEO = video_id(URL)
EXAMPLES = int(os.environ.get("CHAOS_EXAMPLES", "0"))
FEW = 25
STEPS: tuple[dict[str, Any], ...] = (
    {"does": "transcode", "recipe": "av1"}, {"does": "transcode"}, {"does": "extract_audio"},
    {"does": "thumbnails"}, {"does": "scrub"}, {"does": "is_better"}, {"does": "rename"},
)  # fmt: skip
CONDITIONS = (None, None, "duration > 5", "height > 1080", "intact = false", "verdict = worse")


@st.composite
def plans(draw: st.DrawFn) -> PipelinePlan:
    """Any acyclic graph of up to seven steps, each of which has what it needs. No step reads the
    film beside one that renames it."""
    steps, renaming = [], list[str]()
    for number in range(draw(st.integers(1, 7))):
        earlier = [f"s{each}" for each in range(number)]
        after = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=3)) if earlier else []
        does = draw(st.sampled_from(STEPS))
        if does["does"] == "rename":
            after, renaming = earlier, [f"s{number}"]
        else:
            after = list(dict.fromkeys((*after, *renaming)))
        on = draw(st.sampled_from(("success", "success", "failure"))) if after else "success"
        when = draw(st.sampled_from(CONDITIONS))
        step = {"name": f"s{number}", "after": after, "on": on, "when": when}
        steps.append(step | does)
    order = draw(st.permutations(steps))
    return PipelinePlan.model_validate({"title": "Any", "steps": order})


@settings(
    max_examples=EXAMPLES or FEW, deadline=None, database=None, derandomize=not EXAMPLES,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(plan=plans(), data=st.data())
def test_any_run_ends_and_does_no_step_twice(plan: PipelinePlan, data: st.DataObject) -> None:
    check(plan)
    story = Story()
    story.live(LogStarted(log_id="log"), AddVideo(url=URL))
    work(story)
    story.live(SavePipeline(name="any", plan=plan))
    said = story.live(RunPipeline(name="any", video_id=VIDEO))
    [run] = [each for each in story.rows(Run) if each.name == "any"]
    said += lived(story, run.id, data)
    for attempt in (2, 3):
        if story.row(Run, run.id).state != "failed":
            break
        said += story.live(RetryPipeline(pipeline_id=PipelineId(run.id)))
        assert story.row(Run, run.id).attempt == attempt
        said += lived(story, run.id, data)
    require_once(story, run.id, said)
    work(story)
    assert story.row(Run, run.id).state in ("completed", "failed", "cancelled")
    assert not [each for each in story.rows(Going) if run.id in each.runs]


def lived(story: Story, id: str, data: st.DataObject) -> list[Message]:
    """The workers do what is there in any order, well or badly, and somebody may want no more."""
    said: list[Message] = []
    while story.row(Run, id).state == "running":
        jobs = [job for job in going(story) if job.pipeline_id == id]
        assert jobs, f"nothing goes on: {view(story.row(Run, id)).steps}"
        job = jobs[data.draw(st.integers(0, len(jobs) - 1))]
        end = data.draw(st.sampled_from(("done", "done", "done", "broken", "stop", "delete")))
        said += story.live(_word(job, id, end))
    left = [job for job in going(story) if job.pipeline_id == id]
    assert {job.kind for job in left} <= UNSTOPPABLE
    return said


def require_once(story: Story, id: str, said: list[Message]) -> None:
    """Each step once in an attempt, and none again that was done."""
    attempts = story.row(Run, id).attempt
    added = Counter(
        each.step for each in said if isinstance(each, JobAdded) and each.pipeline_id == id
    )
    assert all(count <= attempts for count in added.values()), added
    jobs = [job for job in story.rows(Job) if job.pipeline_id == id]
    done = Counter(job.step for job in jobs if job.state == "completed")
    assert all(count == 1 for step, count in done.items()), done
    assert all(job.state in ENDED or job.kind in UNSTOPPABLE for job in jobs)


def _word(job: Job, run: str, end: str) -> Message:
    if end == "stop":
        return CancelPipeline(pipeline_id=PipelineId(run))
    if end == "delete":
        return DeleteVideo(video_id=VIDEO)
    id = JobId(job.id)
    if end == "broken":
        return JobFailed(job_id=id, attempt=job.attempt, code="c", message="m", retryable=False)
    return JobCompleted(
        job_id=id, attempt=job.attempt, worker_id=WorkerId("w"), result=result_of(job), seconds=1
    )
