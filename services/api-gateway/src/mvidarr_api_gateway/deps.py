"""What the gateway's routes work with, opened and closed in one place."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from mvidarr_common.bus import Bus
from mvidarr_common.files import DataRoot
from mvidarr_common.processes import Children, open_children
from mvidarr_common.runtime import limits_of
from mvidarr_common.secrets import InstanceKey
from mvidarr_common.service import Runtime

from .background import background
from .breaker import Breaker
from .channels import Channels
from .endings import Endings
from .feed import Feed, following
from .first_login import FirstLogin
from .hub import Hub
from .identity import Identity
from .key_use import KeyUse
from .lineups import Lineups
from .links import Links
from .oidc import Oidc
from .outcomes import Outcomes
from .passwords import Passwords
from .progress import Progress
from .rates import Rates
from .reads import Reads, is_identity, is_of_files
from .remuxing import Remuxing
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
    channels: Channels
    progress: Progress
    rates: Rates
    runtime: Runtime[GatewaySettings]


@asynccontextmanager
async def open_deps(runtime: Runtime[GatewaySettings]) -> AsyncIterator[Deps]:
    """Follow the log from now, then let requests in."""
    async with AsyncExitStack() as stack:
        limits = limits_of(runtime.settings)
        children = await stack.enter_async_context(open_children(limits=limits))
        deps = _compose(runtime, children)
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


def _compose(runtime: Runtime[GatewaySettings], children: Children) -> Deps:
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
    roles = runtime.settings.second_factor_roles
    identity = Identity(kept, tokens, runtime.key, roles, use)
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
        identity=identity,
        key_use=use,
        passwords=Passwords(),
        tokens=tokens,
        oidc=Oidc(runtime.settings, runtime.key),
        links=Links(runtime.key, runtime.settings.link_lifetime),
        remuxing=Remuxing(children, runtime.settings.remuxes),
        channels=Channels(children, Lineups(reads), runtime.root, identity, runtime.settings),
        progress=progress,
        rates=Rates(runtime.settings),
        runtime=runtime,
    )
