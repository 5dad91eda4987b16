"""What the notifier can be told."""

from pydantic import Field

from mvidarr_common.settings import Settings


class NotifierSettings(Settings):
    """Settings of the notifier."""

    notify_slots: int = Field(
        default=8, ge=1, description="notifications sent at the same time by this process"
    )
    notify_timeout: float = Field(
        default=20.0, gt=0, description="seconds that a receiver has for its answer"
    )
