"""How far running jobs are: the newest word of each, for answers that show it."""

from collections import OrderedDict

from mvidarr_common.bus import Gap
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import JobProgressed

KEPT = 2000


class Progress:
    """Listens to the workers; what it knows of a job that has ended is pushed out in time."""

    def __init__(self) -> None:
        self._newest: OrderedDict[JobId, JobProgressed] = OrderedDict()

    def of(self, job_id: JobId) -> JobProgressed | None:
        """What a job has said last, if it was heard."""
        return self._newest.get(job_id)

    def hear(self, heard: Envelope | Gap) -> None:
        """A Signal; what was missed is said again soon."""
        if isinstance(heard, Envelope) and isinstance(heard.message, JobProgressed):
            self._newest[heard.message.job_id] = heard.message
            self._newest.move_to_end(heard.message.job_id)
            while len(self._newest) > KEPT:
                self._newest.popitem(last=False)
