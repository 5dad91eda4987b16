"""A worker and jobs of other releases: what it lacks is filled in, what it does not know is passed
over, and a kind of job that it has never heard of is for another."""

import orjson

from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import JobCompleted, JobStarted, Noop, NothingDone

from .conftest import Shop, Slip, queued


async def done(spec: Noop, job: Job[None]) -> NothingDone:
    return NothingDone()


def changed(spec: dict[str, object], **fields: object) -> bytes:
    """A job's record with other fields, said by another release."""
    raw = orjson.loads(queued().encode())
    data = {key: raw["data"][key] for key in ("jobId", "attempt")}
    return orjson.dumps(raw | {"data": data | fields | {"spec": spec}, "dataversion": 99})


async def test_a_newer_job_is_done_without_what_is_not_known_of_it(shop: Shop) -> None:
    newer = Slip(changed({"kind": "noop", "colour": "red"}, urgency=3))
    await shop.worker(done).take(newer)
    assert newer.became == "acked"
    assert len(await shop.said(JobCompleted)) == 1


async def test_an_older_job_is_done_with_what_it_lacks_filled_in(shop: Shop) -> None:
    older = Slip(changed({"kind": "noop"}))
    await shop.worker(done).take(older)
    assert older.became == "acked"
    assert len(await shop.said(JobCompleted)) == 1


async def test_a_kind_of_job_that_is_not_known_is_for_another_worker(shop: Shop) -> None:
    unknown = Slip(changed({"kind": "hologram"}))
    await shop.worker(done).take(unknown)
    assert unknown.became == "rejected"
    assert await shop.said(JobStarted) == []
