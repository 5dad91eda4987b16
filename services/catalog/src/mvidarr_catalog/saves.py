"""What is saved whole under a name (profiles, subscriptions, pipelines, what is set for sites), as
the event that would make it so: taking back a change of it is saying the event before."""

from collections.abc import Callable, Iterator
from typing import Any, Literal

from mvidarr_common.messages import Event, Value, find
from mvidarr_common.messages.base import Json
from mvidarr_common.messages.notify import SubscriptionDeleted, SubscriptionSaved
from mvidarr_common.messages.pipelines import PipelineDeleted, PipelineSaved
from mvidarr_common.messages.profiles import ProfileDeleted, ProfileSaved
from mvidarr_common.messages.sites import SiteConfigured, SiteForgotten

from .brain.model import Decision
from .brain.state import Known, State
from .jobs.site_profiles import Manners
from .pipelines.own import Own
from .profiles import Profile, require_free_name
from .reversals import overtaken
from .subscriptions import Subscription

Read = Known | State

COUNTED = 0
"""Stands for the edition of a pipeline, which counts on and is never taken back."""


class Said(Value):
    """An event, in a row."""

    wire: str
    version: int
    data: Json

    def event(self) -> Event:
        """As it was said."""
        event = find("event", self.wire).read(self.data, self.version)
        assert isinstance(event, Event)
        return event


class Saved(Value):
    """Something was saved or deleted; before it was as that event says."""

    kind: Literal["saved"] = "saved"
    before: Said
    after: Said

    def back(self, state: Known, _: str) -> Iterator[Decision]:
        """As it was before, unless somebody has changed it again."""
        before, after = self.before.event(), self.after.event()
        if as_it_is(state, after) != after:
            raise overtaken("It was changed again.", after.subject.partition("/")[2])
        yield _sayable(before, state)


def saved(state: Read, event: Event) -> Saved:
    """What an event changes that is not folded yet."""
    if isinstance(event, PipelineSaved):
        event = event.model_copy(update={"edition": COUNTED})
    return Saved(before=_said(as_it_is(state, event)), after=_said(event))


def as_it_is(state: Read, event: Event) -> Event:
    """The event that would make what this one is about as it is now."""
    return _AS_IT_IS[type(event)](state, event)


def _profile(state: Read, event: ProfileSaved | ProfileDeleted) -> Event:
    row = state.get(Profile, event.profile_id)
    if row is None:
        return ProfileDeleted(profile_id=event.profile_id)
    return ProfileSaved(profile_id=event.profile_id, profile=row.profile)


def _subscription(state: Read, event: SubscriptionSaved | SubscriptionDeleted) -> Event:
    row, id = state.get(Subscription, event.subscription_id), event.subscription_id
    if row is None:
        return SubscriptionDeleted(subscription_id=id)
    return SubscriptionSaved(
        subscription_id=id, name=row.name, channel=row.channel, address=row.address,
        secret=row.secret, events=row.events, enabled=row.enabled,
    )  # fmt: skip


def _pipeline(state: Read, event: PipelineSaved | PipelineDeleted) -> Event:
    row = state.get(Own, event.name)
    if row is None or row.deleted:
        return PipelineDeleted(name=event.name)
    return PipelineSaved(name=event.name, edition=COUNTED, plan=row.plan)


def _site(state: Read, event: SiteConfigured | SiteForgotten) -> Event:
    row = state.get(Manners, event.site)
    if row is None:
        return SiteForgotten(site=event.site)
    return SiteConfigured(site=event.site, profile=row.profile)


_AS_IT_IS: dict[type[Event], Callable[[Read, Any], Event]] = {
    ProfileSaved: _profile,
    ProfileDeleted: _profile,
    SubscriptionSaved: _subscription,
    SubscriptionDeleted: _subscription,
    PipelineSaved: _pipeline,
    PipelineDeleted: _pipeline,
    SiteConfigured: _site,
    SiteForgotten: _site,
}
EVENTS = tuple(_AS_IT_IS)
"""What saves or deletes something."""


def _sayable(before: Event, state: Known) -> Event:
    """Names of profiles stay their own, and no edition of a pipeline comes twice."""
    if isinstance(before, PipelineSaved):
        own = state.get(Own, before.name)
        return before.model_copy(update={"edition": own.version + 1 if own else 1})
    if isinstance(before, ProfileSaved):
        require_free_name(state, before.profile_id, before.profile.name)
    return before


def _said(event: Event) -> Said:
    return Said(wire=event.wire, version=event.version, data=event.model_dump(mode="json"))
