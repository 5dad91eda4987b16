"""What may be asked about the rules of dispatch, and the shapes of the answers."""

from datetime import datetime

from .base import Query
from .dispatch import Pace, QueueRules, QuotaRules, RetryPolicy
from .queries import Page, View


class QueueView(QueueRules, View):
    """A queue, its rules, and how many jobs are in each state; `all` is all of them."""

    queue: str
    jobs: dict[str, int]


class PaceView(View):
    """A site with its own rules, and until when it is left alone."""

    site: str
    rules: Pace | None
    paused_until: datetime | None
    reason: str | None
    free_at: datetime | None


class QuotaView(View):
    """What somebody may have, where they have a quota of their own, and has."""

    requester: str
    rules: QuotaRules | None
    open_jobs: int


class RetryPolicyView(View):
    kind: str
    policy: RetryPolicy


class Queues(Page):
    items: tuple[QueueView, ...]


class Paces(Page):
    items: tuple[PaceView, ...]


class Quotas(Page):
    items: tuple[QuotaView, ...]


class RetryPolicies(Page):
    items: tuple[RetryPolicyView, ...]


class ListQueues(Query[Queues], wire="queue.list", answer=Queues):
    pass


class ListPaces(Query[Paces], wire="pace.list", answer=Paces):
    pass


class ListQuotas(Query[Quotas], wire="quota.list", answer=Quotas):
    pass


class ListRetryPolicies(Query[RetryPolicies], wire="retry_policy.list", answer=RetryPolicies):
    pass
