"""From a step whose turn has come to the job that does it. One function for each kind of step."""

from collections.abc import Callable, Iterator, Mapping

from mvidarr_catalog.library.files import to_move
from mvidarr_catalog.library.shelved import placing
from mvidarr_catalog.library.videos import Video
from mvidarr_common.errors import Conflict
from mvidarr_common.messages.jobs import (
    AnySpec,
    Artwork,
    Download,
    Downloaded,
    EncodePart,
    ExtractAudio,
    FileToScrub,
    IsBetter,
    JoinParts,
    PartEncoded,
    Place,
    Placed,
    PlaceFile,
    Preview,
    PreviewMade,
    Quality,
    Rename,
    Renamed,
    Scrub,
    Sidecars,
    Take,
    Thumbnails,
    ThumbnailsMade,
    Transcode,
    Trash,
    Trim,
    Verify,
    Waveform,
    WaveformDrawn,
)
from mvidarr_common.messages.profiles import QualityProfile, Recipe
from mvidarr_common.messages.work.plans import (
    EncodePartStep,
    ExtractAudioStep,
    PreviewStep,
    TranscodeStep,
    TrimStep,
    WaveformStep,
)

from .sorts import TRADES, Sort
from .task import Film, Task


def spec_of(task: Task) -> AnySpec:
    """The job of this step."""
    return _SPECS[task.step.does](task)


def is_possible(task: Task) -> bool:
    """Whether there is what the step works on: a video may have lost its files meanwhile, and
    there may be no recipe."""
    if isinstance(task.step, TranscodeStep) and task.step.recipe == "profile" and not _recipe(task):
        return False
    if not _has_streams(task):
        return False
    return all(_there[need](task) for need in TRADES[task.step.does].needs) and (
        task.step.does != "place" or bool(task.made())
    )


def _download(task: Task) -> Download:
    inputs = task.inputs
    assert inputs.url is not None
    return Download(url=inputs.url, profile=inputs.profile or QualityProfile(name="Any"))


def _verify(task: Task) -> Verify:
    fetched = task.fetched()
    assert fetched is not None
    promised = fetched.duration if isinstance(fetched, Downloaded) else None
    return Verify(path=fetched.path, expected_duration=promised)


def _take(task: Task) -> Take:
    assert task.inputs.file is not None
    return Take(path=task.inputs.file)


def _transcode(task: Task) -> Transcode:
    step, film = task.step, _film(task)
    assert isinstance(step, TranscodeStep)
    recipe = _recipe(task) if step.recipe == "profile" else step.recipe
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


def _thumbnails(task: Task) -> Thumbnails:
    film = _film(task)
    return Thumbnails(path=film.path, facts=film.facts)


def _quality(task: Task) -> Quality:
    film = _film(task)
    return Quality(path=film.path, facts=film.facts)


def _is_better(task: Task) -> IsBetter:
    """Against the original: a rendition that was made of it says nothing about the source."""
    film, library = _film(task), task.of_library()
    than = next((each for each in library if each.role == "original"), library[0])
    return IsBetter(path=film.path, facts=film.facts, than=than.path, than_facts=than.facts)


def _scrub(task: Task) -> Scrub:
    files = (FileToScrub(path=film.path, sha256=film.sha256) for film in task.of_library())
    return Scrub(files=tuple(files))


def _place(task: Task) -> Place:
    """What is made from a film in the library goes beside it; what was fetched is the film."""
    files = tuple(PlaceFile(**film.model_dump(exclude={"facts"}), facts=film.facts)
                  for film in task.made())  # fmt: skip
    pictures, fetched = task.nearest(ThumbnailsMade), task.fetched()
    if fetched is None:
        known, shown = _described(task), task.files()[0]
        return known.model_copy(update={"files": files, "beside": to_move(shown)})
    video = task.known.get(Video, task.inputs.video_id)
    assert video is not None
    return Place(
        video_id=task.inputs.video_id,
        files=files,
        artwork=pictures.artwork if pictures else (),
        about=video.about,
        page_url=fetched.page_url if isinstance(fetched, Downloaded) else "",
        source=fetched.extractor if isinstance(fetched, Downloaded) else "import",
        source_id=fetched.source_id if isinstance(fetched, Downloaded) else "",
    )


def _retire(task: Task) -> Trash:
    placed = task.nearest(Placed)
    new = {rendition.path for rendition in placed.renditions} if placed else set[str]()
    old = (file for file in task.files() if file.rendition.path not in new)
    return Trash(files=tuple(map(to_move, old)), retire=True)


def _rename(task: Task) -> Rename:
    shown, *others = map(to_move, task.files())
    return Rename(file=shown, place=_described(task), others=tuple(others))


def _sidecars(task: Task) -> Sidecars:
    renamed = task.nearest(Renamed)
    path = renamed.moved.path if renamed else task.of_library()[0].path
    return Sidecars(path=path, place=_described(task), artwork=tuple(_extras(task)))


def _extras(task: Task) -> Iterator[Artwork]:
    """What lies beside the film without being a picture of it; how large nobody asks."""
    if preview := task.nearest(PreviewMade):
        yield Artwork(path=preview.path, role="preview", width=0, height=0)
    if drawn := task.nearest(WaveformDrawn):
        for path in (drawn.picture, drawn.peaks):
            yield Artwork(path=path, role="waveform", width=0, height=0)


def _encode_part(task: Task) -> EncodePart:
    step, whole = task.step, task.inputs.whole
    assert isinstance(step, EncodePartStep)
    assert whole is not None
    return EncodePart(whole=whole, what=step.what, begin=step.begin, end=step.end)


def _join_parts(task: Task) -> JoinParts:
    """The parts in the order of the plan, which is that of the film."""
    whole = task.inputs.whole
    assert whole is not None
    found: dict[str, list[PartEncoded]] = {"picture": [], "sound": []}
    for step in task.plan.steps:
        result = task.results.get(step.name)
        if isinstance(step, EncodePartStep) and isinstance(result, PartEncoded):
            found[step.what].append(result)
    sound = found["sound"][0] if found["sound"] else None
    return JoinParts(whole=whole, pictures=tuple(found["picture"]), sound=sound)


def _described(task: Task) -> Place:
    """The files as they are placed, under the description with which the run began."""
    place = placing(task.known, task.inputs.video_id, task.files())
    about = task.inputs.about
    return place.model_copy(update={"about": about}) if about else place


def _has_streams(task: Task) -> bool:
    """Whether the film has what is shown of it: a picture, or sound."""
    if not isinstance(task.step, PreviewStep | WaveformStep) or not task.films():
        return True
    facts = task.films()[0].facts
    return bool(facts.audio if isinstance(task.step, WaveformStep) else facts.picture)


def _recipe(task: Task) -> Recipe | None:
    return task.inputs.profile.transcode if task.inputs.profile else None


def _film(task: Task) -> Film:
    films = task.films()
    if not films:
        raise Conflict("no_film", f"There is no film for the step {task.step.name}.")
    return films[0]


_there: Mapping[Sort, Callable[[Task], bool]] = {
    "page": lambda task: task.inputs.url is not None,
    "library": lambda task: bool(task.files()),
    "file": lambda task: task.inputs.file is not None,
    "fetched": lambda task: task.fetched() is not None,
    "film": lambda task: bool(task.films()),
    "placed": lambda task: task.nearest(Placed) is not None,
    "whole": lambda task: task.inputs.whole is not None,
    "part": lambda task: task.nearest(PartEncoded) is not None,
}
_SPECS: Mapping[str, Callable[[Task], AnySpec]] = {
    "download": _download,
    "take": _take,
    "verify": _verify,
    "transcode": _transcode,
    "trim": _trim,
    "extract_audio": _extract_audio,
    "preview": _preview,
    "waveform": _waveform,
    "thumbnails": _thumbnails,
    "quality": _quality,
    "is_better": _is_better,
    "scrub": _scrub,
    "place": _place,
    "retire": _retire,
    "rename": _rename,
    "sidecars": _sidecars,
    "encode_part": _encode_part,
    "join_parts": _join_parts,
}
