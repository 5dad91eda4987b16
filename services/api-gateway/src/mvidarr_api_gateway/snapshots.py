"""What a client sees first that follows topics: the catalog's word about them at one position, and
what the running jobs among them have said last."""

from typing import Any

import orjson

from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.queries import GetSnapshot

from .frames import Frame, spelled
from .progress import Progress
from .reads import Reads


async def snapshot_of(topics: frozenset[str], reads: Reads, progress: Progress) -> Frame:
    """One frame for all of them; raises Unavailable."""
    answer = orjson.loads(await reads.get(GetSnapshot(topics=tuple(sorted(topics)))))
    told = {
        "type": "snapshot",
        "position": spelled(answer["logId"], answer["offset"]),
        "data": {topic: _live(shown, progress) for topic, shown in answer["topics"].items()},
    }
    return Frame(told, answer["offset"])


def _live(shown: Any, progress: Progress) -> Any:
    """Jobs that run have their newest progress beside them."""
    if not isinstance(shown, dict):
        return shown
    if isinstance(shown.get("items"), list):
        return shown | {"items": [_live(item, progress) for item in shown["items"]]}
    if shown.get("state") != "running" or "spec" not in shown:
        return shown
    heard = progress.of(JobId(shown["id"]))
    return shown | {"progress": heard.model_dump(mode="json") if heard else None}
