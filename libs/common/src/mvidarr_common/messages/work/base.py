"""What every kind of work has: a spec that says what to do, a result that says what came of it."""

from typing import Any, ClassVar

from mvidarr_common.messages.base import Value


class Result(Value):
    """What came of a job."""


class JobSpec(Value):
    """What a job has to do. Class keywords: `queue`, `gives`, the class of its result, and
    `stages`, whether the result names files in the job's staging folder: it stays then."""

    queue: ClassVar[str]
    gives: ClassVar[type[Result]]
    stages: ClassVar[bool]

    def __init_subclass__(
        cls,
        *,
        queue: str | None = None,
        gives: type[Result] | None = None,
        stages: bool = False,
        **rest: Any,
    ) -> None:
        super().__init_subclass__(**rest)
        if queue is not None and gives is not None:
            cls.queue, cls.gives, cls.stages = queue, gives, stages
