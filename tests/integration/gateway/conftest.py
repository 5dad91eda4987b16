"""The gateway on an embedded bus, with the real catalog behind it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway.app import application
from mvidarr_api_gateway.deps import Deps, open_deps
from mvidarr_api_gateway.edge import Edge
from mvidarr_api_gateway.settings import GatewaySettings
from mvidarr_common.bus import Bus, open_bus
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.identity import CreateUser, Role, UserCreated
from mvidarr_common.messages.ids import WorkerId
from mvidarr_common.messages.queries import FindCredentials
from mvidarr_common.secrets import InstanceKey
from mvidarr_common.service import Runtime
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.web import serving

PASSWORD = "correct horse battery"
Login = Callable[[Role], Awaitable[str]]
As = Callable[[Role], Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def bus() -> AsyncIterator[Bus]:
    async with open_bus("embedded::memory:", "test") as opened:
        yield opened


@pytest.fixture
async def catalog(empty: Catalog) -> Catalog:
    """One that knows an administrator."""
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    admin = CreateUser(username="admin", password_hash=weak, role="admin")
    await empty.has_committed(await empty.say(admin))
    return empty


@pytest.fixture
def settings(tmp_path: Path) -> GatewaySettings:
    return GatewaySettings(
        state_dir=tmp_path / "state",
        data_root=tmp_path / "data",
        allow_private_addresses=True,
    )


@pytest.fixture
def runtime(bus: Bus, settings: GatewaySettings) -> Runtime[GatewaySettings]:
    settings.data_root.mkdir()
    return Runtime(
        name="api-gateway",
        settings=settings,
        bus=bus,
        root=DataRoot(settings.data_root),
        key=InstanceKey(b"k" * 32),
        worker_id=WorkerId("gateway-1"),
    )


@pytest.fixture
async def deps(catalog: Catalog, runtime: Runtime[GatewaySettings]) -> AsyncIterator[Deps]:
    offset = (await catalog.system()).offset
    async with open_deps(runtime) as opened:
        await eventually(lambda: (opened.feed.committed or 0) >= offset)
        yield opened


@pytest.fixture
def app(deps: Deps) -> Edge:
    return application(deps)


@pytest.fixture
async def anyone(app: Edge) -> AsyncIterator[httpx.AsyncClient]:
    """A client that says nothing of who it is."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


@pytest.fixture
def token(deps: Deps, catalog: Catalog) -> Login:
    """A token of a user of this role."""

    async def made(role: Role) -> str:
        name = "admin" if role == "admin" else f"a-{role}"
        who = FindCredentials(username=name)
        if (await catalog.show(who)).user is None:
            asked = CreateUser(username=name, password_hash=f"hash of {name}", role=role)
            said = await catalog.say(asked)
            done = await deps.outcomes.wait(said.id, 10, UserCreated)
            assert done is not None
            assert await deps.feed.committed_to(done.offset, deps.bus, 10)
        found = await catalog.show(who)
        assert found.user is not None
        assert found.password_hash is not None
        return deps.tokens.issue(found.user, found.password_hash)[0]

    return made


@pytest.fixture
async def as_(app: Edge, token: Login) -> AsyncIterator[As]:
    """A client of somebody with this role."""
    async with AsyncExitStack() as stack:

        async def client(role: Role) -> httpx.AsyncClient:
            return await stack.enter_async_context(
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
                    base_url="http://gateway",
                    headers={"Authorization": f"Bearer {await token(role)}"},
                )
            )

        yield client


@pytest.fixture
async def port(app: Edge) -> AsyncIterator[int]:
    """The gateway on a real port."""
    async with serving(app, "127.0.0.1", 0) as chosen:
        yield chosen
