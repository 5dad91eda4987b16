"""Many videos edited as one: all of them, or none."""

from collections.abc import Iterator

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.state import Known
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.curating import BulkEditVideos, VideosEdited

from .videos import Video, editing, existing

model = ReadModel()


@model.decide
def bulk_edit(command: BulkEditVideos, _: Envelope, state: Known) -> Iterator[Decision]:
    """What answers comes last: when it is shown, every edit is."""
    ids = tuple(dict.fromkeys(command.video_ids))
    state.need(Video, ids)
    edits = [
        edit for id in ids for edit in editing(existing(state, id), command.changes, command.clear)
    ]
    yield from edits
    yield VideosEdited(edited=len(edits), unchanged=len(ids) - len(edits))
