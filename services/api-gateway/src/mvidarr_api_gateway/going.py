"""How far runs are at this moment: what their running jobs have said last goes into the answer."""

from typing import Any

import orjson

from mvidarr_common.messages.queries import fraction_of

from .progress import Progress

_RUNNING = b'"running"'


def live_run(answer: bytes, progress: Progress) -> bytes:
    """The catalog's answer about one run, as it is now."""
    if _RUNNING not in answer:
        return answer
    return orjson.dumps(_live(orjson.loads(answer), progress))


def live_runs(answer: bytes, progress: Progress) -> bytes:
    """The same for a list of them; those that were asked for without their steps stay."""
    if _RUNNING not in answer:
        return answer
    page = orjson.loads(answer)
    return orjson.dumps(page | {"items": [_live(run, progress) for run in page["items"]]})


def _live(run: dict[str, Any], progress: Progress) -> dict[str, Any]:
    if run.get("state") != "running" or not {"steps", "fraction"} <= run.keys():
        return run
    steps = [step | {"fraction": _fraction(step, progress)} for step in run["steps"]]
    whole = fraction_of([(step["weight"], step["fraction"]) for step in steps])
    return run | {"steps": steps, "fraction": whole}


def _fraction(step: dict[str, Any], progress: Progress) -> float:
    """A job of several stages tells how far it is in each of them."""
    heard = progress.of(step["jobId"]) if step["state"] == "running" and step["jobId"] else None
    told = heard.fraction if heard and heard.fraction is not None else 0.0
    known: float = step["fraction"]
    return max(known, min(told, 1.0))
