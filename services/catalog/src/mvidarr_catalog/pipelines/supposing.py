"""A run in thought: each step finds what one would suppose, and the jobs are gathered. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from mvidarr_catalog.brain.state import Known
from mvidarr_common.messages.jobs import (
    AnyResult,
    AnySpec,
    Artwork,
    AudioExtracted,
    Compared,
    Downloaded,
    Fingerprinted,
    Matched,
    Placed,
    PreviewMade,
    Print,
    QualityFound,
    Scrubbed,
    ScrubbedFile,
    Streamable,
    SupposedStep,
    Taken,
    ThumbnailsMade,
    Transcoded,
    Trimmed,
    Verified,
    WaveformDrawn,
)
from mvidarr_common.messages.library import Rendition
from mvidarr_common.messages.media import AudioStream, MediaFacts, VideoStream
from mvidarr_common.messages.work.plans import PipelinePlan

from .conditions import holds
from .graph import Progress, ready
from .specs import is_possible, spec_of
from .task import RunInputs, Task

ORDINARY = MediaFacts(
    container="mp4",
    duration=240.0,
    size=50_000_000,
    video=(VideoStream(codec="h264", width=1920, height=1080, fps=25, pixel_format="yuv420p"),),
    audio=(AudioStream(codec="aac", channels=2, sample_rate=48000),),
)
"""What a film is supposed to be that nobody has fetched yet."""


def supposed(plan: PipelinePlan, inputs: RunInputs, state: Known) -> tuple[SupposedStep, ...]:
    """The steps in their order: the job of each that would run, and why the others would not."""
    results: dict[str, AnyResult] = {}
    found: dict[str, SupposedStep] = {}

    def task(step: Any) -> Task:
        return Task(plan, step, inputs, results, state)

    def wanted(step: Any) -> bool:
        each = task(step)
        return holds(step.when, each.facts()) and is_possible(each)

    while steps := ready(plan, Progress(results.keys(), set(), results.keys()), wanted):
        for step in steps:
            spec = spec_of(task(step))
            found[step.name] = SupposedStep.model_validate({"name": step.name, "spec": spec})
            results[step.name] = _result_of(spec, f"staging/{step.name}", task(step))
    return tuple(
        found.get(step.name) or SupposedStep(name=step.name, left_out=_why(step))
        for step in plan.steps
    )


def _why(step: Any) -> str:
    if step.on == "failure":
        return "It runs when a step before it fails."
    return f"Not needed: {step.when}." if step.when else "There is nothing for it to work on."


def _result_of(spec: AnySpec, place: str, task: Task) -> AnyResult:
    made = _RESULTS.get(spec.kind)
    return made(place, task) if made else spec.gives.model_construct()  # type: ignore[return-value]  # nothing reads it


def _facts(task: Task) -> MediaFacts:
    films = task.films()
    return films[0].facts if films else ORDINARY


def _placed(place: str, task: Task) -> Placed:
    films = task.made()
    return Placed(
        renditions=tuple(
            Rendition(path=f"{place}/{n}", role=film.role, sha256="", facts=film.facts)
            for n, film in enumerate(films)
        )
    )


_RESULTS: Mapping[str, Callable[[str, Task], AnyResult]] = {
    "download": lambda place, task: Downloaded(
        path=f"{place}/video.mp4", size=0, sha256="", page_url=task.inputs.url or "",
        extractor="", source_id="", format="",
    ),
    "take": lambda place, task: Taken(path=f"{place}/taken.mp4", size=0, sha256=""),
    "verify": lambda place, task: Verified(facts=_facts(task), frames=0, sha256=""),
    "transcode": lambda place, task: Transcoded(
        path=f"{place}/film.mp4", sha256="", facts=_facts(task)
    ),
    "trim": lambda place, task: Trimmed(path=f"{place}/film.mp4", sha256="", facts=_facts(task)),
    "extract_audio": lambda place, task: AudioExtracted(
        path=f"{place}/sound.m4a", sha256="", facts=_facts(task)
    ),
    "preview": lambda place, task: PreviewMade(path=f"{place}/preview.webp", size=0),
    "waveform": lambda place, task: WaveformDrawn(
        picture=f"{place}/waveform.png", peaks=f"{place}/peaks.json"
    ),
    "hls": lambda place, task: Streamable(master=f"{place}/hls/master.m3u8", heights=()),
    "fingerprint": lambda place, task: Fingerprinted(print=Print()),
    "match": lambda place, task: Matched(
        verdict="same_video", sound=None, picture=None, offset=None
    ),
    "thumbnails": lambda place, task: ThumbnailsMade(
        artwork=(Artwork(path=f"{place}/poster.jpg", role="poster", width=600, height=338),)
    ),
    "quality": lambda place, task: QualityFound(score=50, parts={}, measured={}),
    "is_better": lambda place, task: Compared(verdict="better", by=1, reasons=("supposed",)),
    "scrub": lambda place, task: Scrubbed(
        files=tuple(ScrubbedFile(path=film.path, state="changed") for film in task.of_library())
    ),
    "place": _placed,
}  # fmt: skip
