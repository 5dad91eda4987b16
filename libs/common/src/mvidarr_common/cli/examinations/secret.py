"""The instance key: there, strong enough, and the same for all."""

from collections.abc import AsyncIterator

from mvidarr_common.errors import Invalid
from mvidarr_common.secrets import instance_key
from mvidarr_common.settings import Settings

from .finding import Finding

ABOUT = "instance key"


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Never makes one."""
    configured, kept = settings.instance_key, settings.state_dir / "instance.key"
    if configured is None and not kept.exists():
        yield Finding(ABOUT, "note", f"There is none yet; the first start makes {kept}.")
        return
    try:
        instance_key(settings)
    except (Invalid, ValueError) as error:
        yield Finding(ABOUT, "wrong", f"It cannot be used: {error}")
        return
    where = "MVIDARR_INSTANCE_KEY" if configured else str(kept)
    yield Finding(ABOUT, "well", f"From {where}; keep it with your backups.")
    if configured is None and settings.amqp_url is not None:
        yield Finding(
            ABOUT, "note", "Services on other machines need the same: set MVIDARR_INSTANCE_KEY."
        )
