"""Links that are used once: made, sent to who they are for, and taken.

    <public URL>/#/invitation/<token>      <public URL>/#/password/<token>

The token stands behind the `#`: a browser tells that part to no server, and no log keeps it.
"""

import base64
import logging
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.requests import Request

from mvidarr_common.envelope import fresh
from mvidarr_common.errors import NotFound
from mvidarr_common.messages.identity import Role
from mvidarr_common.messages.ids import PassId, UserId, derive
from mvidarr_common.messages.jobs import EnqueueJob, Notify
from mvidarr_common.messages.notify import Announcement
from mvidarr_common.messages.passes import ContactView, FindContact, IssuePass, Purpose

from .deciding import asked_now
from .deps import Deps
from .identity import key_hash

log = logging.getLogger(__name__)

_TOKEN = re.compile(r"mvl_([0-9a-f-]{36})\.[\w-]{43}")
INVITATION = timedelta(days=7)
PASSWORD = timedelta(hours=1)


@dataclass(frozen=True, repr=False)
class Link:
    """A link as its holder has it; the catalog knows the hash."""

    id: PassId
    token: str
    url: str
    command: IssuePass


def new_link(
    request: Request, deps: Deps, command: str, role: Role | None, user: UserId | None
) -> Link:
    """The link that this command issues: the same request gives the same one."""
    purpose: Purpose = "invitation" if user is None else "password"
    id = PassId(derive(command, "pass"))
    secret = base64.urlsafe_b64encode(deps.key.derive(f"link/{command}")).decode().rstrip("=")
    token = f"mvl_{id}.{secret}"
    expires = _rounded(INVITATION if user is None else PASSWORD)
    wish = IssuePass(
        pass_id=id,
        purpose=purpose,
        token_hash=key_hash(token),
        expires=expires,
        role=role,
        user_id=user,
    )
    return Link(id, token, f"{_base(request, deps)}/#/{purpose}/{token}", wish)


def _rounded(lifetime: timedelta) -> datetime:
    """The end, to a full hour: a request that is repeated asks for the same."""
    end = datetime.now(UTC) + lifetime + timedelta(hours=1)
    return end.replace(minute=0, second=0, microsecond=0)


def pass_of(token: str) -> PassId:
    """Whose token it says that it is; raises NotFound for what is none of ours."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise NotFound("link_not_found", "The link is none of ours, was used, or has expired.")
    return PassId(found[1])


async def send_reset(request: Request, deps: Deps, username: str) -> None:
    """Send a user a link to set their password, if there is such a user who can be reached; one in
    a quarter of an hour. Without a public URL none is sent: a request can lie about our address."""
    if deps.settings.public_url is None:
        log.warning("no link for a new password is sent: MVIDARR_PUBLIC_URL is not set")
        return
    found = await asked_now(deps, FindContact(username=username))
    if found.user is None or found.channel is None or found.address is None:
        return
    command = derive(found.user.id, "password.reset", int(time.time() // 900))
    link = new_link(request, deps, command, None, found.user.id)
    actor = f"user/{found.user.id}"
    issued = fresh(link.command, source="api-gateway", actor=actor, id=command)
    letter = EnqueueJob(spec=_letter(deps, found, link))
    sent = fresh(letter, source="api-gateway", actor=actor, id=derive(command, "letter"))
    await deps.bus.publish(issued, sent)


def _letter(deps: Deps, found: ContactView, link: Link) -> Notify:
    assert found.user is not None
    assert found.channel is not None
    assert found.address is not None
    told = Announcement(
        event_id=link.id,
        event_type="password.reset",
        time=datetime.now(UTC).isoformat(),
        title="A new password for MVidarr",
        body=f"Somebody, probably you, has asked for a new password for {found.user.username}. "
        "Within an hour it can be set once at the link below. If it was not you, do nothing.",
        subject=f"user/{found.user.id}",
    )
    return Notify(
        subscription_id="",
        channel=found.channel,
        address=found.address,
        announcement=told,
        sealed=deps.key.seal(link.url),
    )


def _base(request: Request, deps: Deps) -> str:
    """Where people find us; for who makes a link themselves, where they are."""
    return (deps.settings.public_url or str(request.base_url)).rstrip("/")
