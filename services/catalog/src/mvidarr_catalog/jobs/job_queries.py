"""How jobs are asked for: one, or a page of those that match."""

from mvidarr_catalog.brain.filters import fields_of, inside
from mvidarr_catalog.brain.model import ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_common.messages.queries import GetJob, Jobs, JobView, ListJobs

from .jobs import Job

model = ReadModel()

FIELDS = fields_of(
    Job, "id", "kind", "queue", "state", "attempt", "spent", "priority",
    "requester", "for_subject", "pipeline_id",
    "step", "site", "worker_id", "added", "due", "started", "ended", "deadline",
) | {"failure.code": inside("text", "failure.code")}  # fmt: skip
"""What jobs are filtered by."""


@model.query
async def get(query: GetJob, read: Read) -> JobView:
    return view(await read.one(Job, query.id, "job"))


@model.query
async def list_jobs(query: ListJobs, read: Read) -> Jobs:
    jobs = read.table(Job)
    wanted = {"state": query.state, "kind": query.kind_is, "for_subject": query.for_subject}
    where = [jobs.c[name] == value for name, value in wanted.items() if value is not None]
    found = await read.page(Job, query, FIELDS, *where)
    return Jobs(items=tuple(view(job) for job in found.rows), next=found.next, total=found.total)


def view(job: Job) -> JobView:
    """A job as people see it."""
    fields = {name: getattr(job, name) for name in JobView.model_fields}
    fields["spec"] = job.spec.model_dump(mode="json")
    fields["result"] = job.result and job.result.model_dump(mode="json")
    return JobView(**fields)
