"""An attempt at a job as the notifier's handler sees it, with real child processes."""

import asyncio
import ssl
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, cast

import pytest

from mvidarr_common.bus import Bus
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Notified, Notify
from mvidarr_common.messages.notify import Announcement, Channel
from mvidarr_common.secrets import InstanceKey
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


@dataclass(frozen=True)
class Attempt:
    """What the handler uses of a job."""

    id: str
    deps: Deps

    async def call(self, function: Callable[..., Any], *args: Any, on_message: Any = None) -> Any:
        with ProcessPoolExecutor(1, mp_context=get_context("forkserver")) as children:
            return await asyncio.get_running_loop().run_in_executor(children, function, *args)


Send = Callable[..., Any]


@pytest.fixture
def send() -> Send:
    """Run the job: `await send("webhook", address, secret=…, timeout=…)`."""

    async def send(
        channel: Channel,
        address: str,
        secret: str | None = None,
        allow_private: bool = True,
        timeout: float = 10.0,
        trust: ssl.SSLContext | None = None,
    ) -> Notified:
        async with http_client(timeout, trust) as http:
            # the handler asks nobody: what it needs is in its spec
            deps = Deps("notifier", cast(Bus, None), KEY, http, allow_private)
            spec = Notify(
                subscription_id="s1",
                channel=channel,
                address=KEY.seal(address),
                secret=KEY.seal(secret) if secret else None,
                announcement=ANNOUNCEMENT,
            )
            return await notify(spec, cast(Job[Deps], Attempt("job-1", deps)))

    return send
