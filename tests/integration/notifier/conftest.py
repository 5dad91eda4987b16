"""Runs the notifier's handler as a worker does, with real child processes."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from mvidarr_common.bus import Bus
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import Notify, Result
from mvidarr_common.messages.notify import Announcement, Channel
from mvidarr_common.secrets import InstanceKey
from mvidarr_common.testing.worker import run_job
from mvidarr_notifier.audience import Audience
from mvidarr_notifier.deps import Deps, http_client
from mvidarr_notifier.jobs import notify

KEY = InstanceKey(b"k" * 32)
ANNOUNCEMENT = Announcement(
    event_id="e1",
    event_type="video.ready",
    time="2026-05-04T03:02:01+00:00",
    title="Ready: Björk – Jóga",
    body="In the library in 1080p: library/Björk/Björk - Jóga.mp4",
    subject="video/v1",
    level="success",
    data={"videoId": "v1"},
)


Send = Callable[..., Any]


@pytest.fixture
def send(tmp_path: Path) -> Send:
    """Run the job: `await send("webhook", address, secret=…, timeout=…)`."""

    root = DataRoot(tmp_path)

    async def send(
        channel: Channel,
        address: str,
        secret: str | None = None,
        allow_private: bool = True,
        timeout: float = 10.0,
        trust: ssl.SSLContext | None = None,
    ) -> Result:
        async with http_client(timeout, trust) as http:
            # the handler asks nobody: what it needs is in its spec
            nobody = cast(Bus, None)
            deps = Deps("notifier", nobody, KEY, http, allow_private, Audience(nobody, "notifier"))
            spec = Notify(
                subscription_id="s1",
                channel=channel,
                address=KEY.seal(address),
                secret=KEY.seal(secret) if secret else None,
                announcement=ANNOUNCEMENT,
            )
            return await run_job(notify, spec, deps, root, job_id="job-1", preload=("apprise",))

    return send
