"""From another description to other names: rename the files, write the `.nfo` anew."""

from mvidarr_catalog.library.files import to_move
from mvidarr_catalog.library.shelved import placing, present_files
from mvidarr_common.messages import Value
from mvidarr_common.messages.ids import VideoId
from mvidarr_common.messages.jobs import Rename, Renamed, Sidecars
from mvidarr_common.messages.library import Description

from .graph import Pipeline, Sofar, Step


class RenameInputs(Value):
    """What a run begins with: the description that it gives the files."""

    video_id: VideoId
    about: Description


def _inputs(sofar: Sofar) -> RenameInputs:
    return RenameInputs.model_validate(sofar.inputs)


def _has_files(sofar: Sofar) -> bool:
    return any(present_files(sofar.known, _inputs(sofar).video_id))


def _rename(sofar: Sofar) -> Rename:
    inputs = _inputs(sofar)
    shown, *others = map(to_move, present_files(sofar.known, inputs.video_id))
    place = placing(sofar.known, inputs.video_id).model_copy(update={"about": inputs.about})
    return Rename(file=shown, place=place, others=tuple(others))


def _was_renamed(sofar: Sofar) -> bool:
    return "rename" in sofar.results


def _sidecars(sofar: Sofar) -> Sidecars:
    inputs = _inputs(sofar)
    place = placing(sofar.known, inputs.video_id).model_copy(update={"about": inputs.about})
    return Sidecars(path=sofar.result("rename", Renamed).moved.path, place=place)


RENAME = Pipeline(
    "rename",
    (
        Step("rename", _rename, when=_has_files),
        Step("sidecars", _sidecars, after=("rename",), when=_was_renamed),
    ),
)
