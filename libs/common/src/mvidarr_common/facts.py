"""What a worker tells of one delivery, with ids that are the same however often it is said."""

from dataclasses import dataclass

from .envelope import Envelope, following
from .messages import Event
from .messages.ids import WorkerId
from .messages.jobs import JobCompleted, JobHandedBack, JobQueued, JobStarted, Result
from .messages.steering import JobPaused
from .outcome import failure


@dataclass(frozen=True)
class Facts:
    """Follows from the `JobQueued` in `cause`, as `worker` handles the delivery `nonce`."""

    cause: Envelope
    queued: JobQueued
    worker: WorkerId
    source: str
    nonce: str

    def started(self) -> Envelope:
        """A new fact at each delivery: worker and delivery are in its id."""
        job, attempt = self.queued.job_id, self.queued.attempt
        fact = JobStarted(job_id=job, attempt=attempt, worker_id=self.worker, delivery=self.nonce)
        return self._follows(fact, f"{self.worker}/{self.nonce}")

    def completed(self, result: Result, seconds: float) -> Envelope:
        """With the result, which is refused here if it is not of the kind that the spec gives."""
        if not isinstance(result, self.queued.spec.gives):
            raise TypeError(f"a {self.queued.spec.kind} job gave a {type(result).__name__}")
        return self._follows(
            JobCompleted(
                job_id=self.queued.job_id, attempt=self.queued.attempt, worker_id=self.worker,
                result=result,  # type: ignore[arg-type]  # one of AnyResult, as just shown
                seconds=round(seconds, 3),
            )
        )  # fmt: skip

    def failed(self, error: BaseException) -> Envelope:
        """With what the error tells."""
        return self._follows(failure(self.queued, self.worker, error))

    def handed_back(self) -> Envelope:
        """It costs no attempt."""
        job, attempt = self.queued.job_id, self.queued.attempt
        return self._follows(
            JobHandedBack(job_id=job, attempt=attempt, worker_id=self.worker, delivery=self.nonce)
        )

    def paused(self) -> Envelope:
        """It costs no attempt; whoever resumes it finds the partial files."""
        job, attempt = self.queued.job_id, self.queued.attempt
        return self._follows(
            JobPaused(job_id=job, attempt=attempt, worker_id=self.worker, delivery=self.nonce)
        )

    def _follows(self, fact: Event, ordinal: str | None = None) -> Envelope:
        return following(self.cause, fact, source=self.source, ordinal=ordinal or self.nonce)
