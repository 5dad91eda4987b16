"""Libraries with a pipeline of one's own, and what tests of pipelines ask of them."""

from tests.unit.catalog.workers import work

from mvidarr_catalog.library.naming import video_id
from mvidarr_catalog.pipelines.run_queries import view
from mvidarr_catalog.pipelines.runs import Run
from mvidarr_catalog.testing import Story
from mvidarr_common.messages import Command
from mvidarr_common.messages.library import (
    AddVideo,
)
from mvidarr_common.messages.pipelines import (
    RunPipeline,
    SavePipeline,
)
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
