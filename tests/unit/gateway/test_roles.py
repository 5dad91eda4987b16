"""Roles: no route without one, and each includes those below it."""

import pytest

from mvidarr_api_gateway.callers import RANKS, lesser
from mvidarr_api_gateway.guard import guarded_router


def test_a_route_without_a_role_cannot_be_made() -> None:
    async def open_to_all() -> None:
        """Forgot to say who may."""

    with pytest.raises(TypeError, match="does not declare"):
        guarded_router("/x", "x").get("")(open_to_all)


def test_roles_are_ordered() -> None:
    assert sorted(RANKS, key=RANKS.__getitem__) == ["readonly", "user", "manager", "admin"]
    assert lesser("admin", "user") == "user"
