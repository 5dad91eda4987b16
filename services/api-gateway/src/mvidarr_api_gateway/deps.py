"""What the gateway's routes work with, opened and closed in one place."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from mvidarr_common.bus import Bus
from mvidarr_common.files import DataRoot
from mvidarr_common.secrets import InstanceKey
from mvidarr_common.service import Runtime

from .background import background
from .breaker import Breaker
from .endings import Endings
from .feed import Feed, following
from .first_login import FirstLogin
from .hub import Hub
from .identity import Identity
from .key_use import KeyUse
from .links import Links
from .oidc import Oidc
from .outcomes import Outcomes
from .passwords import Passwords
from .progress import Progress
from .rates import Rates
from .reads import Reads, is_identity, is_of_files
from .remuxing import Remuxing, open_remuxing
from .settings import GatewaySettings
from .tokens import Tokens


@dataclass(frozen=True)
class Deps:
    """Everything a route may use."""

    settings: GatewaySettings
    bus: Bus
    catalog: Breaker
    root: DataRoot
    key: InstanceKey
    feed: Feed
    hub: Hub
    outcomes: Outcomes
    endings: Endings
    reads: Reads
    films: Reads
    rights: Reads
    identity: Identity
    key_use: KeyUse
    passwords: Passwords
    tokens: Tokens
    oidc: Oidc
    links: Links
    remuxing: Remuxing
    progress: Progress
    rates: Rates
    runtime: Runtime[GatewaySettings]


@asynccontextmanager
async def open_deps(runtime: Runtime[GatewaySettings]) -> AsyncIterator[Deps]:
    """Follow the log from now, then let requests in."""
    async with AsyncExitStack() as stack:
        remuxing = await stack.enter_async_context(open_remuxing(runtime.settings))
        deps = _compose(runtime, remuxing)
        runtime.checks["log"] = deps.feed.ailment
        runtime.notes["catalog"] = deps.catalog.ailment
        await stack.enter_async_context(following(deps.feed, runtime.bus))
        await stack.enter_async_context(
            background(
                FirstLogin(runtime, deps.feed, deps.outcomes, deps.passwords).ensure(),
                deps.hub.run(),
                deps.catalog.watch(),
                deps.key_use.tell(),
            )
        )
        yield deps


def _compose(runtime: Runtime[GatewaySettings], remuxing: Remuxing) -> Deps:
    feed = Feed(window=runtime.settings.live_window)
    outcomes, endings = Outcomes(), Endings()
    catalog, limit = Breaker(runtime.bus), runtime.settings.cache_bytes
    reads = Reads(catalog, feed, limit)
    kept = Reads(catalog, feed, limit // 10, dropped_by=is_identity)
    films = Reads(catalog, feed, limit // 10, dropped_by=is_of_files)
    feed.watchers.extend((outcomes, endings, reads, kept, films))
    progress = Progress()
    hub = Hub(feed, runtime.bus)
    feed.listeners |= {progress.hear, hub.hear}
    tokens = Tokens(runtime.key, runtime.settings.token_lifetime)
    use = KeyUse(runtime.bus)
    return Deps(
        settings=runtime.settings,
        bus=runtime.bus,
        catalog=catalog,
        root=runtime.root,
        key=runtime.key,
        feed=feed,
        hub=hub,
        outcomes=outcomes,
        endings=endings,
        reads=reads,
        films=films,
        rights=kept,
        identity=Identity(kept, tokens, runtime.key, runtime.settings.second_factor_roles, use),
        key_use=use,
        passwords=Passwords(),
        tokens=tokens,
        oidc=Oidc(runtime.settings, runtime.key),
        links=Links(runtime.key, runtime.settings.link_lifetime),
        remuxing=remuxing,
        progress=progress,
        rates=Rates(runtime.settings),
        runtime=runtime,
    )
