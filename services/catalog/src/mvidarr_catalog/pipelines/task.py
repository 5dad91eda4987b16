"""What a run knows when the turn of a step has come, and which film the step works on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from mvidarr_catalog.brain.state import Known
from mvidarr_catalog.library.files import File
from mvidarr_catalog.library.shelved import present_files
from mvidarr_common.messages import Value
from mvidarr_common.messages.ids import JobId, VideoId
from mvidarr_common.messages.jobs import (
    AnyResult,
    AudioExtracted,
    Compared,
    Downloaded,
    Matched,
    Placed,
    QualityFound,
    Renamed,
    Result,
    Scrubbed,
    Taken,
    Transcode,
    Transcoded,
    Trashed,
    Trimmed,
    Verified,
)
from mvidarr_common.messages.library import Description, Rendition
from mvidarr_common.messages.media import MediaFacts
from mvidarr_common.messages.profiles import QualityProfile
from mvidarr_common.messages.work.plans import AnyStep, PipelinePlan

from .conditions import Fact, Facts, facts_of_film
from .graph import before

T = TypeVar("T", bound=Result)
MADE = (Transcoded, Trimmed, AudioExtracted)


class RunInputs(Value):
    """What a run begins with; profile and description are as they were then."""

    video_id: VideoId = VideoId("")
    url: str | None = None
    file: str | None = None
    profile: QualityProfile | None = None
    about: Description | None = None
    whole: Transcode | None = None
    job_id: JobId | None = None


class Film(Value):
    """A film that a step may work on."""

    path: str
    sha256: str
    facts: MediaFacts
    role: Literal["original", "transcode"]


@dataclass(frozen=True, slots=True)
class Task:
    """One step of one run."""

    plan: PipelinePlan
    step: AnyStep
    inputs: RunInputs
    results: Mapping[str, AnyResult]
    known: Known

    def before(self) -> Iterator[AnyResult]:
        """What the steps before this one have found, the nearest first."""
        names = self.step.of or before(self.plan, self.step.name)
        return (self.results[name] for name in names if name in self.results)

    def nearest(self, kind: type[T]) -> T | None:
        """The nearest result of this kind before this step, whatever film it takes."""
        return next(self.every(kind), None)

    def every(self, kind: type[T]) -> Iterator[T]:
        """All of them, the nearest first."""
        names = before(self.plan, self.step.name)
        found = (self.results[name] for name in names if name in self.results)
        return (result for result in found if isinstance(result, kind))

    def fetched(self) -> Downloaded | Taken | None:
        """The file that came from a page or from a folder."""
        return self.nearest(Downloaded) or self.nearest(Taken)

    def made(self) -> tuple[Film, ...]:
        """The films of the steps that it is told to take them from; else the nearest one."""
        found = tuple(film for film in map(self._film, self.before()) if film)
        return found if self.step.of else found[:1]

    def films(self) -> tuple[Film, ...]:
        """Those, or the one in the library; what has been placed lies there."""
        if self.step.of:
            return self.made() or self.of_library()[:1]
        for result in self.before():
            if isinstance(result, Renamed):
                break
            if isinstance(result, Placed):
                return tuple(map(_of_rendition, result.renditions[:1]))
            if film := self._film(result):
                return (film,)
        return self.of_library()[:1]

    def files(self) -> tuple[File, ...]:
        """The video's files in the library, without those that a step before has retired; the
        first is the one that media servers show."""
        retired = self.nearest(Trashed)
        gone = {each.file_id for each in retired.moved} if retired else set[str]()
        present = present_files(self.known, self.inputs.video_id)
        return tuple(file for file in present if file.id not in gone)

    def of_library(self) -> tuple[Film, ...]:
        """The video's films in the library."""
        return tuple(_of_rendition(file.rendition) for file in self.files())

    def facts(self) -> Facts:
        """All that a condition may speak of."""
        films, library = self.films(), self.of_library()
        score, verdict = self.nearest(QualityFound), self.nearest(Compared)
        match = self.nearest(Matched)
        checked, profile = self.nearest(Scrubbed), self.inputs.profile
        recipe = profile.transcode if profile else None
        more: dict[str, Fact] = {
            "recipe": recipe,
            "hasTranscode": any(film.role == "transcode" for film in library),
            "score": score.score if score else None,
            "verdict": verdict.verdict if verdict else None,
            "match": match.verdict if match else None,
            "intact": all(file.state == "intact" for file in checked.files) if checked else None,
        }
        return facts_of_film(films[0].facts if films else None) | more

    def _film(self, result: AnyResult) -> Film | None:
        if isinstance(result, MADE):
            path, sha256, facts = result.path, result.sha256, result.facts
            return Film(path=path, sha256=sha256, facts=facts, role="transcode")
        if isinstance(result, Verified) and (fetched := self.fetched()):
            facts, sha256 = result.facts, result.sha256
            return Film(path=fetched.path, sha256=sha256, facts=facts, role="original")
        return None


def _of_rendition(each: Rendition) -> Film:
    return Film(path=each.path, sha256=each.sha256, facts=each.facts, role=each.role)
