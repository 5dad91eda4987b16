"""The jobs of steps that look at one film, or make another of it."""

from collections.abc import Callable, Mapping
from itertools import islice

from mvidarr_common.errors import Conflict
from mvidarr_common.messages.jobs import (
    AnySpec,
    ExtractAudio,
    Fingerprint,
    Fingerprinted,
    Hls,
    IsBetter,
    Match,
    Preview,
    Quality,
    Thumbnails,
    Transcode,
    Trim,
    Waveform,
)
from mvidarr_common.messages.profiles import Recipe
from mvidarr_common.messages.work.plans import (
    ExtractAudioStep,
    FingerprintStep,
    HlsStep,
    PreviewStep,
    TranscodeStep,
    TrimStep,
)

from .task import Film, Task


def _transcode(task: Task) -> Transcode:
    step, film = task.step, _film(task)
    assert isinstance(step, TranscodeStep)
    recipe = recipe_of(task) if step.recipe == "profile" else step.recipe
    assert recipe is not None
    return Transcode(path=film.path, recipe=recipe, facts=film.facts, treatment=step.treatment)


def _trim(task: Task) -> Trim:
    step, film = task.step, _film(task)
    assert isinstance(step, TrimStep)
    start, end = step.start, step.end
    return Trim(path=film.path, facts=film.facts, start=start, end=end, exact=step.exact)


def _extract_audio(task: Task) -> ExtractAudio:
    step, film = task.step, _film(task)
    assert isinstance(step, ExtractAudioStep)
    return ExtractAudio(path=film.path, facts=film.facts, form=step.form, kbps=step.kbps)


def _preview(task: Task) -> Preview:
    step, film = task.step, _film(task)
    assert isinstance(step, PreviewStep)
    how = {"form": step.form, "start": step.start, "seconds": step.seconds}
    return Preview.model_validate({"path": film.path, "facts": film.facts, **how})


def _waveform(task: Task) -> Waveform:
    film = _film(task)
    return Waveform(path=film.path, facts=film.facts)


def _hls(task: Task) -> Hls:
    """In few files: each goes where the film goes."""
    step, film = task.step, _film(task)
    assert isinstance(step, HlsStep)
    heights, seconds = step.heights, step.seconds
    return Hls(path=film.path, facts=film.facts, heights=heights, seconds=seconds, one_file=True)


def _fingerprint(task: Task) -> Fingerprint:
    step = task.step
    assert isinstance(step, FingerprintStep)
    film = _original(task) if step.film == "library" else _film(task)
    return Fingerprint(path=film.path, facts=film.facts, seconds=step.seconds)


def _match(task: Task) -> Match:
    second, first = islice(task.every(Fingerprinted), 2)
    return Match(first=first.print, second=second.print)


def _thumbnails(task: Task) -> Thumbnails:
    film = _film(task)
    return Thumbnails(path=film.path, facts=film.facts)


def _quality(task: Task) -> Quality:
    film = _film(task)
    return Quality(path=film.path, facts=film.facts)


def _is_better(task: Task) -> IsBetter:
    film, than = _film(task), _original(task)
    return IsBetter(path=film.path, facts=film.facts, than=than.path, than_facts=than.facts)


def recipe_of(task: Task) -> Recipe | None:
    """That of the profile, if it has one."""
    return task.inputs.profile.transcode if task.inputs.profile else None


def _original(task: Task) -> Film:
    """The one in the library: a rendition that was made of it says nothing about the source."""
    library = task.of_library()
    return next((each for each in library if each.role == "original"), library[0])


def _film(task: Task) -> Film:
    films = task.films()
    if not films:
        raise Conflict("no_film", f"There is no film for the step {task.step.name}.")
    return films[0]


OF_A_FILM: Mapping[str, Callable[[Task], AnySpec]] = {
    "transcode": _transcode,
    "trim": _trim,
    "extract_audio": _extract_audio,
    "preview": _preview,
    "waveform": _waveform,
    "hls": _hls,
    "fingerprint": _fingerprint,
    "match": _match,
    "thumbnails": _thumbnails,
    "quality": _quality,
    "is_better": _is_better,
}
