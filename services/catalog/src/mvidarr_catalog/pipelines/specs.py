"""From a step whose turn has come to the job that does it. One function for each kind of step."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from mvidarr_catalog.library.files import to_move
from mvidarr_catalog.library.shelved import placing
from mvidarr_catalog.library.videos import Video
from mvidarr_common.messages.jobs import (
    AnySpec,
    Artwork,
    Download,
    Downloaded,
    EncodePart,
    FileToScrub,
    Fingerprinted,
    JoinParts,
    PartEncoded,
    Place,
    Placed,
    PlaceFile,
    PreviewMade,
    Rename,
    Renamed,
    Scrub,
    Sidecars,
    Streamable,
    Take,
    Taken,
    ThumbnailsMade,
    Trash,
    Verify,
    WaveformDrawn,
)
from mvidarr_common.messages.profiles import QualityProfile
from mvidarr_common.messages.work.plans import (
    EncodePartStep,
    HlsStep,
    PreviewStep,
    TranscodeStep,
    WaveformStep,
)

from .film_specs import OF_A_FILM, recipe_of
from .sorts import Sort, needs_of
from .task import Task

_NOT_A_TAG = re.compile(r"[^A-Za-z0-9-]")


def spec_of(task: Task) -> AnySpec:
    """The job of this step."""
    return _SPECS[task.step.does](task)


def is_possible(task: Task) -> bool:
    """Whether there is what the step works on: a video may have lost its files meanwhile, and
    there may be no recipe."""
    step = task.step
    if isinstance(step, TranscodeStep) and step.recipe == "profile" and not recipe_of(task):
        return False
    if not _has_streams(task):
        return False
    return all(_there[need](task) for need in needs_of(task.step)) and (
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
        artwork=(*(pictures.artwork if pictures else ()), *_texts(fetched)),
        about=video.about,
        page_url=fetched.page_url if isinstance(fetched, Downloaded) else "",
        source=fetched.extractor if isinstance(fetched, Downloaded) else "import",
        source_id=fetched.source_id if isinstance(fetched, Downloaded) else "",
    )


def _texts(fetched: Downloaded | Taken) -> Iterator[Artwork]:
    """One file of subtitles for each language, whose name is what a page has told."""
    named: dict[str, str] = {}
    for each in fetched.subtitles if isinstance(fetched, Downloaded) else ():
        named.setdefault(_NOT_A_TAG.sub("", each.language)[:20] or "und", each.path)
    for language, path in named.items():
        yield Artwork(path=path, role=f"subtitles/{language}", width=0, height=0)


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
    if stream := task.nearest(Streamable):
        folder = PurePosixPath(stream.master).parent
        for file in map(PurePosixPath, stream.files):
            role = f"hls/{file.relative_to(folder).with_suffix('')}"
            yield Artwork(path=str(file), role=role, width=0, height=0)


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
    if not isinstance(task.step, PreviewStep | WaveformStep | HlsStep) or not task.films():
        return True
    facts = task.films()[0].facts
    return bool(facts.audio if isinstance(task.step, WaveformStep) else facts.picture)


_there: Mapping[Sort, Callable[[Task], bool]] = {
    "page": lambda task: task.inputs.url is not None,
    "library": lambda task: bool(task.files()),
    "file": lambda task: task.inputs.file is not None,
    "fetched": lambda task: task.fetched() is not None,
    "film": lambda task: bool(task.films()),
    "placed": lambda task: task.nearest(Placed) is not None,
    "print": lambda task: len([*task.every(Fingerprinted)]) > 1,
    "whole": lambda task: task.inputs.whole is not None,
    "part": lambda task: task.nearest(PartEncoded) is not None,
}
_SPECS: Mapping[str, Callable[[Task], AnySpec]] = {
    **OF_A_FILM,
    "download": _download,
    "take": _take,
    "verify": _verify,
    "scrub": _scrub,
    "place": _place,
    "retire": _retire,
    "rename": _rename,
    "sidecars": _sidecars,
    "encode_part": _encode_part,
    "join_parts": _join_parts,
}
