"""When a failed attempt is worth another, and how long to wait for it: a policy for each kind."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import NotFound
from mvidarr_common.messages.dispatch import ChangeRetryPolicy, RetryPolicy, RetryPolicyChanged
from mvidarr_common.messages.dispatch_queries import (
    ListRetryPolicies,
    RetryPolicies,
    RetryPolicyView,
)
from mvidarr_common.messages.jobs import SPECS, JobFailed

from .chance import around

DEFAULT = RetryPolicy()
DEFAULTS = {"notify": RetryPolicy(attempts=200)}
"""A receiver may be away for a week: a notification waits for it."""
KINDS = tuple(sorted(spec.model_fields["kind"].default for spec in SPECS))

MOST_STARTS = 8
"""Starts of one attempt without an end: a job that kills its workers is given up after these."""


class Policy(Row, table="retry_policies", subject="retry_policy"):
    """The policy of a kind of job, where it is not the one that the system comes with."""

    policy: RetryPolicy


model = ReadModel(rows=(Policy,), version=1)


@model.fold
def changed(event: RetryPolicyChanged, _: Envelope, state: State) -> None:
    state.put(Policy(id=event.kind_of_job, policy=event.policy))


@model.decide
def change(command: ChangeRetryPolicy, _: Envelope, state: Known) -> Iterator[Decision]:
    if command.kind_of_job not in KINDS:
        raise NotFound("kind_not_found", f"There are no jobs of the kind {command.kind_of_job}.")
    if policy_of(state, command.kind_of_job) != command.policy:
        yield RetryPolicyChanged(kind_of_job=command.kind_of_job, policy=command.policy)


@model.query
async def list_policies(_: ListRetryPolicies, read: Read) -> RetryPolicies:
    own = {row.id: row.policy for row in await read.rows(Policy)}
    return RetryPolicies(
        items=tuple(
            RetryPolicyView(kind=kind, policy=own.get(kind) or DEFAULTS.get(kind, DEFAULT))
            for kind in KINDS
        )
    )


def policy_of(state: Known, kind: str) -> RetryPolicy:
    """What counts for this kind of job."""
    row = state.get(Policy, kind)
    return row.policy if row else DEFAULTS.get(kind, DEFAULT)


def next_due(
    policy: RetryPolicy, failed: JobFailed, spent: int, now: datetime, id: str
) -> datetime | None:
    """When to try again after so many attempts: pauses double, and keep what the failure asks for.
    None: never. `id`, the failure's own, decides the jitter."""
    worth = (failed.retryable or failed.code in policy.also) and failed.code not in policy.never
    if not worth or spent >= policy.attempts:
        return None
    pause = min(policy.longest_pause, policy.first_pause * 2.0 ** min(spent - 1, 60))
    return now + timedelta(seconds=max(pause * around(id, policy.jitter), failed.after or 0.0))
