"""Who may do what: every route declares a role, and is closed to everybody below it."""

import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi.routing import APIRoute
from jose import jwk, jwt
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway.callers import RANKS, includes
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.guard import DECLARED, OWNER, Guarded
from mvidarr_api_gateway.routes import ROUTERS
from mvidarr_common.messages.identity import Role
from mvidarr_common.messages.queries import ListUsers

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
Token = Callable[[Role], Awaitable[str]]
ME = "/api/v1/auth/me"


def _routes() -> Iterator[Guarded]:
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute):
                assert isinstance(route, Guarded)
                yield route


PLACES = [(method, route) for route in _routes() for method in sorted(route.methods or ())]


def path_of(route: Guarded) -> str:
    """An address of it."""
    return (
        route.path.replace("{kind}", "video")
        .replace("{deed}", "ignore")
        .replace("{", "")
        .replace("}", "")
    ) + ("?topics=none" if route.path.endswith("/events") else "")


async def test_nobody_gets_in_without_credentials(anyone: httpx.AsyncClient) -> None:
    for method, route in PLACES:
        closed = (route.openapi_extra or {})[DECLARED] != "anyone"
        answer = await anyone.request(method, path_of(route), content=b"{")
        assert (answer.status_code == 401) is closed, f"{method} {route.path}"
        assert answer.headers.get("www-authenticate", "").startswith("Bearer") is closed


@pytest.mark.parametrize("role", RANKS)
async def test_each_role_gets_in_where_it_may_and_nowhere_else(as_: As, role: Role) -> None:
    client = await as_(role)
    seen: dict[str, int] = {}
    for method, route in PLACES:
        needed = (route.openapi_extra or {})[DECLARED]
        answer = await client.request(
            method, path_of(route), content=b"{", headers={"Prefer": "wait=0"}
        )
        may = needed == "anyone" or includes(role, needed)
        assert (answer.status_code == 403) is not may, f"{method} {route.path}: {answer.text}"
        seen[needed] = seen.get(needed, 0) + 1
    assert set(seen) == {*RANKS, "anyone"}


async def test_everybody_may_see_themselves_and_set_their_password(as_: As) -> None:
    client = await as_("readonly")
    me = (await client.get(ME)).json()["id"]
    assert (await client.get(f"/api/v1/users/{me}")).status_code == 200
    assert (await client.get("/api/v1/users/other")).status_code == 403
    body = {"password": "another long one"}
    assert (await client.put("/api/v1/users/other/password", json=body)).status_code == 403
    assert (await client.put(f"/api/v1/users/{me}/password", json=body)).status_code == 200
    assert (await client.get(ME)).json()["code"] == "token_expired"
    assert all(OWNER not in (r.openapi_extra or {}) for r in _routes() if "users" not in r.path)


async def test_a_login_opens_and_a_wrong_one_does_not(
    anyone: httpx.AsyncClient, deps: Deps
) -> None:
    right = {"username": "admin", "password": "correct horse battery"}
    answer = await anyone.post("/api/v1/auth/login", json=right)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["tokenType"], told["user"]["role"]) == ("Bearer", "admin")
    opened = await anyone.get(ME, headers={"Authorization": f"Bearer {told['accessToken']}"})
    assert opened.json()["username"] == "admin"
    for wrong in ({"username": "admin", "password": "no"}, {"username": "no", "password": "no"}):
        answer = await anyone.post("/api/v1/auth/login", json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")


async def _claims(catalog: Catalog, **changed: object) -> dict[str, object]:
    (user,) = (await catalog.show(ListUsers())).items
    now = int(time.time())
    return {
        "iss": "mvidarr", "aud": "mvidarr", "sub": user.id, "name": user.username,
        "role": "admin", "iat": now, "exp": now + 60, **changed,
    }  # fmt: skip


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


async def _code(client: httpx.AsyncClient, token: str) -> str:
    header = f"Bearer {token}".encode()
    answer = await client.get(ME, headers={b"Authorization": header})
    assert answer.status_code == 401, answer.text
    return str(answer.json()["code"])


async def test_forged_tokens_are_refused(
    anyone: httpx.AsyncClient, deps: Deps, catalog: Catalog, token: Token
) -> None:
    ours, theirs = _pem(deps.key.signing_key()), _pem(ec.generate_private_key(ec.SECP256R1()))
    claims = await _claims(catalog)
    head, body, signature = (await token("admin")).split(".")
    nothing = jwt.encode(claims, "x", "HS256").split(".")[1]
    forged = [
        jwt.encode(claims, theirs, "ES256"),
        f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{nothing}.",
        f"{head}.{nothing}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-4]}AAAA",
        jwt.encode(claims, "secret", "HS256"),
        jwt.encode(claims | {"aud": "other"}, ours, "ES256"),
        jwt.encode(claims | {"iss": "other"}, ours, "ES256"),
        jwt.encode(claims | {"role": "king"}, ours, "ES256"),
        jwt.encode({k: v for k, v in claims.items() if k != "exp"}, ours, "ES256"),
        "rubbish", "a.b.c", "é.é.é",
    ]  # fmt: skip
    for each in forged:
        assert await _code(anyone, each) == "unauthenticated"


async def test_an_old_token_is_refused(
    anyone: httpx.AsyncClient, deps: Deps, catalog: Catalog
) -> None:
    ours = _pem(deps.key.signing_key())
    old = jwt.encode(await _claims(catalog, exp=int(time.time()) - 1), ours, "ES256")
    assert await _code(anyone, old) == "token_expired"


async def test_the_published_key_checks_our_tokens(anyone: httpx.AsyncClient, token: Token) -> None:
    published = (await anyone.get("/.well-known/jwks.json")).json()["keys"][0]
    signed = await token("user")
    assert jwt.get_unverified_header(signed)["kid"] == published["kid"]
    assert "d" not in published
    claims = jwt.decode(signed, jwk.construct(published).to_dict(), ["ES256"], audience="mvidarr")
    assert claims["role"] == "user"


async def test_a_new_role_counts_at_once(as_: As, catalog: Catalog) -> None:
    admin, user = await as_("admin"), await as_("user")
    me = (await user.get(ME)).json()["id"]
    answer = await admin.put(f"/api/v1/users/{me}/role", json={"role": "readonly"})
    assert answer.json()["role"] == "readonly"
    assert (await user.post("/api/v1/artists", json={"name": "A"})).status_code == 403


async def test_a_deleted_user_is_out_at_once(as_: As) -> None:
    admin, user = await as_("admin"), await as_("user")
    me = (await user.get(ME)).json()["id"]
    assert (await admin.delete(f"/api/v1/users/{me}")).status_code == 204
    assert (await user.get(ME)).status_code == 401


async def test_an_api_key_is_shown_once_and_opens(
    as_: As, anyone: httpx.AsyncClient, catalog: Catalog
) -> None:
    user = await as_("user")
    body = {"name": "player", "role": "readonly"}
    answer = await user.post("/api/v1/api-keys", json=body)
    assert answer.status_code == 201, answer.text
    key = answer.json()["key"]
    assert key.startswith("mva_")
    assert all(key not in record.model_dump_json() for record in await catalog.records())
    listed = (await user.get("/api/v1/api-keys")).text
    assert "player" in listed
    assert key not in listed
    assert "keyHash" not in listed
    for opened in (
        await anyone.get(ME, headers={"X-Api-Key": key}),
        await anyone.get(ME, params={"apikey": key}),
    ):
        assert opened.json()["role"] == "readonly"
    refused = await anyone.post("/api/v1/artists", json={"name": "A"}, headers={"X-Api-Key": key})
    assert refused.status_code == 403
    assert (await user.delete(f"/api/v1/api-keys/{answer.json()['id']}")).status_code == 204
    assert (await anyone.get(ME, headers={"X-Api-Key": key})).status_code == 401


async def test_a_key_has_at_most_the_rights_of_who_makes_it(as_: As) -> None:
    user = await as_("user")
    answer = await user.post("/api/v1/api-keys", json={"name": "k", "role": "manager"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_key_loses_the_rights_that_its_owner_loses(
    as_: As, anyone: httpx.AsyncClient
) -> None:
    admin, user = await as_("admin"), await as_("user")
    made = await user.post("/api/v1/api-keys", json={"name": "k", "role": "user"})
    me = made.json()["userId"]
    await admin.put(f"/api/v1/users/{me}/role", json={"role": "readonly"})
    opened = await anyone.get(ME, headers={"X-Api-Key": made.json()["key"]})
    assert opened.json()["role"] == "readonly"


async def test_an_old_key_is_refused(as_: As, anyone: httpx.AsyncClient) -> None:
    user = await as_("user")
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    body = {"name": "k", "role": "user", "expires": past}
    key = (await user.post("/api/v1/api-keys", json=body)).json()["key"]
    answer = await anyone.get(ME, headers={"X-Api-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_expired")


async def test_nobody_revokes_the_keys_of_others(as_: As) -> None:
    user, other = await as_("user"), await as_("manager")
    made = await user.post("/api/v1/api-keys", json={"name": "k", "role": "user"})
    place = f"/api/v1/api-keys/{made.json()['id']}"
    assert (await other.delete(place)).status_code == 404
    assert (await (await as_("admin")).delete(place)).status_code == 204
