"""The first administrator: made when there are no users, with a password that is told once.

The password is derived from the instance key and the command's id is fixed, so several gateways
that start together, or one that dies half way, make one administrator with one known password.
The note with it takes its name when the administrator can log in.
"""

import asyncio
import base64
import logging
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mvidarr_common.envelope import fresh
from mvidarr_common.errors import Problem, Unavailable
from mvidarr_common.messages.identity import CreateUser, UserCreated
from mvidarr_common.messages.ids import derive
from mvidarr_common.messages.queries import ListUsers, Users
from mvidarr_common.secrets import InstanceKey
from mvidarr_common.service import Runtime

from .feed import Feed
from .outcomes import Outcomes
from .passwords import Passwords
from .settings import GatewaySettings

log = logging.getLogger(__name__)

PAUSE = 1.0
OUTCOME = 30.0
SOURCE = "api-gateway"


@dataclass(frozen=True)
class FirstLogin:
    """What making the first administrator needs."""

    runtime: Runtime[GatewaySettings]
    feed: Feed
    outcomes: Outcomes
    passwords: Passwords

    async def ensure(self) -> None:
        """Wait for the catalog to answer; make the administrator if there is nobody at all."""
        while True:
            try:
                if await self._somebody() or await self._make():
                    return
            except Unavailable:
                log.debug("the catalog does not answer yet")
            except Problem as problem:
                log.warning("no administrator could be made: %s", problem)
            await asyncio.sleep(PAUSE)

    async def _somebody(self) -> bool:
        answer = await self.runtime.bus.ask(fresh(ListUsers(), source=SOURCE))
        found = bool(Users.model_validate_json(answer).items)
        if found:
            await asyncio.to_thread(publish_note, self.runtime.settings)
        return found

    async def _make(self) -> bool:
        settings, bus = self.runtime.settings, self.runtime.bus
        password = self._password()
        hashed = await self.passwords.hash(password)
        await asyncio.to_thread(draft_note, settings, password)
        name = settings.admin_username
        command = CreateUser(username=name, password_hash=hashed, role="admin")
        asked = fresh(command, source=SOURCE, actor="system", id=derive("instance", "user.create"))
        await bus.publish(asked)
        outcome = await self.outcomes.wait(asked.id, OUTCOME, UserCreated)
        if outcome is None or not await self.feed.committed_to(outcome.offset, bus, OUTCOME):
            return False
        await asyncio.to_thread(publish_note, settings)
        made = outcome.message
        if isinstance(made, UserCreated) and made.password_hash == hashed:
            _tell(settings, password)
        return True

    def _password(self) -> str:
        configured = self.runtime.settings.admin_password
        return configured.get_secret_value() if configured else generated(self.runtime.key)


def generated(key: InstanceKey) -> str:
    """Twenty letters and digits that nobody without the instance key can guess."""
    return base64.b32encode(key.derive("first-administrator", 13)).decode()[:20].lower()


def note_path(settings: GatewaySettings) -> Path:
    """Where the first login is kept until somebody deletes it."""
    return settings.state_dir / "first-login.txt"


def draft_note(settings: GatewaySettings, password: str) -> None:
    """Write the password down before it is used; a configured one its owner knows."""
    if settings.admin_password is not None:
        return
    draft = note_path(settings).with_suffix(".draft")
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.touch(mode=0o600)
        draft.chmod(0o600)
        draft.write_text(f"user: {settings.admin_username}\npassword: {password}\n")
    except OSError as error:
        log.warning("the first login cannot be noted: %s", error)


def publish_note(settings: GatewaySettings) -> None:
    """Give the draft its name, if there is one."""
    with suppress(OSError):
        note_path(settings).with_suffix(".draft").rename(note_path(settings))


def _tell(settings: GatewaySettings, password: str) -> None:
    if settings.admin_password is not None:
        return
    sys.stdout.write(
        f"\nFirst login: user {settings.admin_username}, password {password}\n"
        f"(also in {note_path(settings)}; change it and delete that file)\n\n"
    )
    sys.stdout.flush()
