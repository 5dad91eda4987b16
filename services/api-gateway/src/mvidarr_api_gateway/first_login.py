"""The first administrator: made when there are no users, with a password that is told once.

The password is derived from the instance key and the command's id is fixed, so several gateways
that start together, or one that dies half way, make one administrator with one known password.
"""

import asyncio
import base64
import logging
import sys
from pathlib import Path

from mvidarr_common.envelope import fresh
from mvidarr_common.errors import Problem, Unavailable
from mvidarr_common.messages.identity import CreateUser, UserCreated
from mvidarr_common.messages.ids import derive
from mvidarr_common.messages.queries import ListUsers, Users
from mvidarr_common.secrets import InstanceKey
from mvidarr_common.service import Runtime

from .outcomes import Outcomes
from .passwords import Passwords
from .settings import GatewaySettings

log = logging.getLogger(__name__)

PAUSE = 1.0
OUTCOME = 30.0
SOURCE = "api-gateway"


async def ensure_administrator(
    runtime: Runtime[GatewaySettings], outcomes: Outcomes, passwords: Passwords
) -> None:
    """Wait for the catalog to answer; make the administrator if there is nobody at all."""
    while True:
        try:
            if await _anybody(runtime):
                return
            if await _make(runtime, outcomes, passwords):
                return
        except Unavailable:
            log.debug("the catalog does not answer yet")
        except Problem as problem:
            log.warning("no administrator could be made: %s", problem)
        await asyncio.sleep(PAUSE)


def generated(key: InstanceKey) -> str:
    """Twenty letters and digits that nobody without the instance key can guess."""
    return base64.b32encode(key.derive("first-administrator", 13)).decode()[:20].lower()


async def _anybody(runtime: Runtime[GatewaySettings]) -> bool:
    answer = await runtime.bus.ask(fresh(ListUsers(), source=SOURCE))
    return bool(Users.model_validate_json(answer).items)


async def _make(
    runtime: Runtime[GatewaySettings], outcomes: Outcomes, passwords: Passwords
) -> bool:
    configured = runtime.settings.admin_password
    password = configured.get_secret_value() if configured else generated(runtime.key)
    hashed = await passwords.hash(password)
    if not configured:
        await asyncio.to_thread(_note, runtime.settings, password)
    command = CreateUser(
        username=runtime.settings.admin_username, password_hash=hashed, role="admin"
    )
    asked = fresh(command, source=SOURCE, actor="system", id=derive("instance", "user.create"))
    await runtime.bus.publish(asked)
    outcome = await outcomes.wait(asked.id, OUTCOME, UserCreated)
    if outcome is None:
        return False
    made = outcome.message
    if not configured and isinstance(made, UserCreated) and made.password_hash == hashed:
        _tell(runtime.settings, password)
    return True


def _note(settings: GatewaySettings, password: str) -> None:
    path = note_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(f"user: {settings.admin_username}\npassword: {password}\n")


def note_path(settings: GatewaySettings) -> Path:
    """Where the first login is kept until somebody deletes it."""
    return settings.state_dir / "first-login.txt"


def _tell(settings: GatewaySettings, password: str) -> None:
    sys.stdout.write(
        f"\nFirst login: user {settings.admin_username}, password {password}\n"
        f"(also in {note_path(settings)}; change it and delete that file)\n\n"
    )
    sys.stdout.flush()
