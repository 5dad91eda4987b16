"""A small catalog in memory, on a real bus, for tests of what talks to the catalog.

It keeps the promises that others rely on (order, known ids, one answer for each command, news after
each commit) for users, keys, videos, artists, jobs, files, profiles and subscriptions, and nothing
else: no pipelines, no database.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from mvidarr_common.bus import Bus, FromFirst
from mvidarr_common.envelope import Envelope, decode, following, fresh
from mvidarr_common.errors import Conflict, NotFound, Problem
from mvidarr_common.messages import Event, Query, Value, identity, jobs, library, notify
from mvidarr_common.messages import profiles as quality
from mvidarr_common.messages import queries as q
from mvidarr_common.messages.ids import (
    ApiKeyId,
    FileId,
    JobId,
    PipelineId,
    UserId,
    VideoId,
    artist_id,
    derive,
)
from mvidarr_common.messages.system import (
    CatalogAdvanced,
    CommandRejected,
    CommandUnchanged,
)

SOURCE = "catalog"
Decided = Iterator[Event]


@dataclass
class SmallCatalog:
    """What it knows. Clear `awake` and it neither decides nor answers."""

    bus: Bus
    log_id: str = ""
    users: dict[str, identity.UserCreated] = field(default_factory=dict)
    keys: dict[str, identity.ApiKeyCreated] = field(default_factory=dict)
    videos: dict[str, q.VideoView] = field(default_factory=dict)
    artists: dict[str, q.ArtistView] = field(default_factory=dict)
    jobs: dict[str, q.JobView] = field(default_factory=dict)
    files: dict[str, q.FileView] = field(default_factory=dict)
    profiles: dict[str, quality.ProfileSaved] = field(default_factory=dict)
    subscriptions: dict[str, notify.SubscriptionSaved] = field(default_factory=dict)
    records: list[q.RecordView] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    number: int = 0
    skip: int = 0
    """Numbers to leave out before the next news: as if it had been lost."""
    quiet: bool = False
    """Whether the news of a commit is lost."""

    @property
    def offset(self) -> int:
        """How far it is."""
        return self.records[-1].offset if self.records else -1

    async def take(self, offset: int, envelope: Envelope) -> None:
        """One record: fold it, decide, say."""
        known = {record.id for record in self.records}
        self.records.append(_record(offset, envelope))
        if envelope.id in known:
            return
        fold = FOLDS.get(type(envelope.message))
        if fold is not None:
            fold(self, envelope)
        decided = list(self._decide(envelope))
        said = [
            following(envelope, event, source=SOURCE, ordinal=n) for n, event in enumerate(decided)
        ]
        if said:
            await self.bus.publish(*said)

    async def tell(self) -> None:
        """The news of a commit."""
        self.number += 1 + self.skip
        self.skip = 0
        if self.quiet:
            return
        news = CatalogAdvanced(
            log_id=self.log_id, number=self.number, offset=self.offset, epoch=1, subjects=()
        )
        await self.bus.signal(fresh(news, source=SOURCE))

    async def answer(self, envelope: Envelope) -> bytes:
        """The answer to a query."""
        query = envelope.message
        assert isinstance(query, Query)
        self.asked.append(query.wire)
        await self.awake.wait()
        view: Value = ANSWERS[type(query)](self, query)
        return view.model_dump_json().encode()

    def _decide(self, envelope: Envelope) -> Decided:
        decide = DECISIONS.get(type(envelope.message))
        if decide is None:
            return
        told = envelope.id, envelope.message.wire
        try:
            events = list(decide(self, envelope.message, envelope))
        except Problem as no:
            refused = CommandRejected(
                command_id=told[0], command=told[1], code=no.code, message=no.message,
                existing=no.existing,
            )  # fmt: skip
            yield refused
            return
        yield from events or [CommandUnchanged(command_id=told[0], command=told[1])]


@asynccontextmanager
async def small_catalog(bus: Bus) -> AsyncIterator[SmallCatalog]:
    """One that works while the block runs."""
    catalog = SmallCatalog(bus)
    catalog.awake.set()
    async with asyncio.TaskGroup() as group, bus.answer(catalog.answer):
        work = group.create_task(_work(catalog))
        yield catalog
        work.cancel()


async def _work(catalog: SmallCatalog) -> None:
    async with catalog.bus.read_log(FromFirst()) as reader:
        catalog.log_id = reader.log_id or ""
        while True:
            for record in await reader.batch():
                await catalog.awake.wait()
                await catalog.take(record.offset, decode(record.body))
                await catalog.tell()


def _record(offset: int, envelope: Envelope) -> q.RecordView:
    return q.RecordView(
        offset=offset,
        id=envelope.id,
        type=envelope.type,
        kind=envelope.message.kind,
        subject=envelope.subject,
        time=envelope.time,
        source=envelope.source,
        actor=envelope.actor,
        correlation_id=envelope.correlation_id,
        causation_id=envelope.causation_id,
        data=envelope.message.model_dump(mode="json"),
    )


def _there(of: dict[str, Any], id: str, what: str) -> Any:
    if id not in of:
        raise NotFound(f"{what}_not_found", f"There is no {what} {id}.")
    return of[id]


def _create_user(c: SmallCatalog, m: identity.CreateUser, e: Envelope) -> Decided:
    if any(user.username == m.username for user in c.users.values()):
        raise Conflict("username_taken", "There is a user of this name.")
    id = UserId(derive("user", m.username))
    yield identity.UserCreated(
        user_id=id, username=m.username, password_hash=m.password_hash, role=m.role
    )


def _change_password(c: SmallCatalog, m: identity.ChangePassword, e: Envelope) -> Decided:
    _there(c.users, m.user_id, "user")
    yield identity.PasswordChanged(user_id=m.user_id, password_hash=m.password_hash)


def _change_role(c: SmallCatalog, m: identity.ChangeRole, e: Envelope) -> Decided:
    if _there(c.users, m.user_id, "user").role != m.role:
        yield identity.RoleChanged(user_id=m.user_id, role=m.role)


def _delete_user(c: SmallCatalog, m: identity.DeleteUser, e: Envelope) -> Decided:
    _there(c.users, m.user_id, "user")
    yield identity.UserDeleted(user_id=m.user_id)


def _create_key(c: SmallCatalog, m: identity.CreateApiKey, e: Envelope) -> Decided:
    fields = m.model_dump(by_alias=False)
    yield identity.ApiKeyCreated(api_key_id=ApiKeyId(derive(e.id, "api_key")), **fields)


def _revoke_key(c: SmallCatalog, m: identity.RevokeApiKey, e: Envelope) -> Decided:
    _there(c.keys, m.api_key_id, "api_key")
    yield identity.ApiKeyRevoked(api_key_id=m.api_key_id)


def _add_video(c: SmallCatalog, m: library.AddVideo, e: Envelope) -> Decided:
    id = VideoId(derive("video", m.url))
    if id in c.videos:
        raise Conflict("video_exists", "There is a video of this address.", existing=id)
    yield library.VideoAdded(video_id=id, url=m.url, known=m.known, profile_id=m.profile_id)


def _edit_video(c: SmallCatalog, m: library.EditVideo, e: Envelope) -> Decided:
    if _there(c.videos, m.video_id, "video").about != m.changes.over(c.videos[m.video_id].about):
        yield library.VideoEdited(video_id=m.video_id, changes=m.changes)


def _delete_video(c: SmallCatalog, m: library.DeleteVideo, e: Envelope) -> Decided:
    video = _there(c.videos, m.video_id, "video")
    yield library.VideoDeleted(video_id=m.video_id, title=video.title)


def _ignore_video(c: SmallCatalog, m: library.IgnoreVideo, e: Envelope) -> Decided:
    _there(c.videos, m.video_id, "video")
    yield library.VideoIgnored(video_id=m.video_id)


def _follow(c: SmallCatalog, m: library.FollowArtist, e: Envelope) -> Decided:
    if artist_id(m.name) not in c.artists:
        yield library.ArtistAdded(artist_id=artist_id(m.name), name=m.name)
        yield library.ArtistFollowed(artist_id=artist_id(m.name), name=m.name)


def _enqueue(c: SmallCatalog, m: jobs.EnqueueJob, e: Envelope) -> Decided:
    yield jobs.JobAdded(job_id=JobId(derive(e.id, "job")), spec=m.spec, for_subject=m.for_subject)


def _cancel(c: SmallCatalog, m: jobs.CancelJob, e: Envelope) -> Decided:
    if _there(c.jobs, m.job_id, "job").state != "cancelled":
        yield jobs.JobCancelled(job_id=m.job_id)


def _save_profile(c: SmallCatalog, m: quality.SaveProfile, e: Envelope) -> Decided:
    yield quality.ProfileSaved(profile_id=m.profile_id, profile=m.profile)


def _delete_profile(c: SmallCatalog, m: quality.DeleteProfile, e: Envelope) -> Decided:
    _there(c.profiles, m.profile_id, "profile")
    yield quality.ProfileDeleted(profile_id=m.profile_id)


def _save_subscription(c: SmallCatalog, m: notify.SaveSubscription, e: Envelope) -> Decided:
    yield notify.SubscriptionSaved(**m.model_dump(by_alias=False))


DECISIONS: dict[type, Callable[[SmallCatalog, Any, Envelope], Decided]] = {
    identity.CreateUser: _create_user,
    identity.ChangePassword: _change_password,
    identity.ChangeRole: _change_role,
    identity.DeleteUser: _delete_user,
    identity.CreateApiKey: _create_key,
    identity.RevokeApiKey: _revoke_key,
    library.AddVideo: _add_video,
    library.EditVideo: _edit_video,
    library.DeleteVideo: _delete_video,
    library.IgnoreVideo: _ignore_video,
    library.FollowArtist: _follow,
    jobs.EnqueueJob: _enqueue,
    jobs.CancelJob: _cancel,
    quality.SaveProfile: _save_profile,
    quality.DeleteProfile: _delete_profile,
    notify.SaveSubscription: _save_subscription,
}


def _keep(of: str, name: str) -> Callable[[SmallCatalog, Envelope], None]:
    def fold(c: SmallCatalog, e: Envelope) -> None:
        getattr(c, of)[getattr(e.message, name)] = e.message

    return fold


def _drop(of: str, name: str) -> Callable[[SmallCatalog, Envelope], None]:
    def fold(c: SmallCatalog, e: Envelope) -> None:
        getattr(c, of).pop(getattr(e.message, name), None)

    return fold


def _change(of: str, name: str, **fields: Any) -> Callable[[SmallCatalog, Envelope], None]:
    def fold(c: SmallCatalog, e: Envelope) -> None:
        kept, id = getattr(c, of), getattr(e.message, name)
        values = {n: v(e.message) if callable(v) else v for n, v in fields.items()}
        kept[id] = kept[id].model_copy(update=values)

    return fold


def _fold_video(c: SmallCatalog, e: Envelope) -> None:
    m = e.message
    assert isinstance(m, library.VideoAdded)
    c.videos[m.video_id] = q.VideoView(
        id=m.video_id, url=m.url, state="wanted", title=m.known.title or m.url,
        artist=m.known.artist, artist_id=None, about=m.known, profile_id=m.profile_id,
        quality=None, added=e.time, changed=e.time,
    )  # fmt: skip


def _fold_edit(c: SmallCatalog, e: Envelope) -> None:
    m = e.message
    assert isinstance(m, library.VideoEdited)
    was = c.videos[m.video_id]
    about = m.changes.over(was.about)
    title = about.title or was.title
    c.videos[m.video_id] = was.model_copy(update={"about": about, "title": title})


def _fold_artist(c: SmallCatalog, e: Envelope) -> None:
    m = e.message
    assert isinstance(m, library.ArtistFollowed)
    c.artists[m.artist_id] = q.ArtistView(
        id=m.artist_id, name=m.name, followed=True, videos=0, added=e.time
    )


def _fold_file(c: SmallCatalog, e: Envelope) -> None:
    m = e.message
    assert isinstance(m, library.FileAdded)
    c.files[m.file_id] = q.FileView(
        id=FileId(m.file_id), video_id=m.video_id, state="present", quality="144p",
        rendition=m.rendition, added=e.time,
    )  # fmt: skip


def _fold_job(c: SmallCatalog, e: Envelope) -> None:
    m = e.message
    assert isinstance(m, jobs.JobAdded)
    c.jobs[m.job_id] = q.JobView(
        id=m.job_id, kind=m.spec.kind, queue=type(m.spec).queue, state="waiting", attempt=0,
        priority=m.priority, for_subject=m.for_subject, pipeline_id=PipelineId(m.pipeline_id or ""),
        step=m.step, worker_id=None, failure=None, added=e.time, due=None, started=None,
        ended=None, spec=m.spec.model_dump(mode="json"), result=None,
    )  # fmt: skip


FOLDS: dict[type, Callable[[SmallCatalog, Envelope], None]] = {
    identity.UserCreated: _keep("users", "user_id"),
    identity.UserDeleted: _drop("users", "user_id"),
    identity.PasswordChanged: _change("users", "user_id", password_hash=lambda m: m.password_hash),
    identity.RoleChanged: _change("users", "user_id", role=lambda m: m.role),
    identity.ApiKeyCreated: _keep("keys", "api_key_id"),
    identity.ApiKeyRevoked: _drop("keys", "api_key_id"),
    library.VideoAdded: _fold_video,
    library.VideoEdited: _fold_edit,
    library.VideoDeleted: _change("videos", "video_id", state="deleted"),
    library.VideoIgnored: _change("videos", "video_id", state="ignored"),
    library.ArtistFollowed: _fold_artist,
    library.FileAdded: _fold_file,
    jobs.JobAdded: _fold_job,
    jobs.JobCancelled: _change("jobs", "job_id", state="cancelled"),
    quality.ProfileSaved: _keep("profiles", "profile_id"),
    quality.ProfileDeleted: _drop("profiles", "profile_id"),
    notify.SubscriptionSaved: _keep("subscriptions", "subscription_id"),
}


def _user_view(c: SmallCatalog, user: identity.UserCreated) -> q.UserView:
    added = c.records[0].time
    return q.UserView(id=user.user_id, username=user.username, role=user.role, added=added)


def _key_view(c: SmallCatalog, key: identity.ApiKeyCreated) -> q.ApiKeyView:
    fields = key.model_dump(by_alias=False)
    return q.ApiKeyView(id=key.api_key_id, added=c.records[0].time, **fields)


def _credentials(c: SmallCatalog, m: q.FindCredentials) -> q.Credentials:
    key = next((k for k in c.keys.values() if k.key_hash == m.key_hash), None)
    wanted = key.user_id if key else m.user_id
    found = [u for u in c.users.values() if u.user_id == wanted or u.username == m.username]
    if not found:
        return q.Credentials(user=None)
    return q.Credentials(
        user=_user_view(c, found[0]),
        password_hash=found[0].password_hash if m.username else None,
        api_key=_key_view(c, key) if key else None,
    )


def _keys(c: SmallCatalog, m: q.ListApiKeys) -> q.ApiKeys:
    mine = [k for k in c.keys.values() if m.user_id in (None, k.user_id)]
    return q.ApiKeys(items=tuple(_key_view(c, key) for key in mine))


def _records(c: SmallCatalog, m: q.ListRecords) -> q.Records:
    of = m.command_id
    found = [
        r for r in c.records if r.offset > (-1 if m.after is None else m.after)
        and (of is None or of in (r.id, r.causation_id))
    ]  # fmt: skip
    return q.Records(items=tuple(found[: m.limit]))


def _history(c: SmallCatalog, m: q.GetHistory) -> q.Records:
    begun = {r.correlation_id for r in c.records if r.subject == m.of}
    return q.Records(items=tuple(r for r in c.records if r.correlation_id in begun))


def _system(c: SmallCatalog, m: q.GetSystem) -> q.SystemView:
    return q.SystemView(
        log_id=c.log_id, offset=c.offset, generation=1, users=len(c.users), videos={}, jobs={},
        parked=0,
    )  # fmt: skip


def _profile(c: SmallCatalog, m: q.GetProfile) -> q.ProfileView:
    saved = _there(c.profiles, m.id, "profile")
    return q.ProfileView(id=m.id, profile=saved.profile)


def _subscription(c: SmallCatalog, m: q.GetSubscription) -> q.SubscriptionView:
    saved = _there(c.subscriptions, m.id, "subscription")
    return q.SubscriptionView(id=m.id, **saved.model_dump(by_alias=False))


ANSWERS: dict[type, Callable[[SmallCatalog, Any], Value]] = {
    q.GetSystem: _system,
    q.FindCredentials: _credentials,
    q.ListUsers: lambda c, m: q.Users(items=tuple(_user_view(c, u) for u in c.users.values())),
    q.GetUser: lambda c, m: _user_view(c, _there(c.users, m.id, "user")),
    q.ListApiKeys: _keys,
    q.GetVideo: lambda c, m: _there(c.videos, m.id, "video"),
    q.ListVideos: lambda c, m: q.Videos(items=tuple(c.videos.values())),
    q.GetArtist: lambda c, m: _there(c.artists, m.id, "artist"),
    q.ListArtists: lambda c, m: q.Artists(items=tuple(c.artists.values())),
    q.GetJob: lambda c, m: _there(c.jobs, m.id, "job"),
    q.ListJobs: lambda c, m: q.Jobs(items=tuple(c.jobs.values())),
    q.GetFile: lambda c, m: _there(c.files, m.id, "file"),
    q.ListFiles: lambda c, m: q.Files(items=tuple(c.files.values())),
    q.GetProfile: _profile,
    q.ListProfiles: lambda c, m: q.Profiles(
        items=tuple(_profile(c, q.GetProfile(id=p)) for p in c.profiles)  # type: ignore[arg-type]  # ids are str
    ),
    q.GetSubscription: _subscription,
    q.ListSubscriptions: lambda c, m: q.Subscriptions(
        items=tuple(_subscription(c, q.GetSubscription(id=s)) for s in c.subscriptions)  # type: ignore[arg-type]  # ids are str
    ),
    q.ListRecords: _records,
    q.GetHistory: _history,
    q.ListParked: lambda c, m: q.ParkedMessages(items=()),
}
