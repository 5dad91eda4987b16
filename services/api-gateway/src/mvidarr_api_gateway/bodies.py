"""What clients send. Unknown fields are refused: a misspelt one would be ignored in silence."""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, Field, SecretStr

from mvidarr_common.messages import Value
from mvidarr_common.messages.batches import MOST_JOBS
from mvidarr_common.messages.curating import MOST_AT_ONCE
from mvidarr_common.messages.identity import Role
from mvidarr_common.messages.ids import ArtistId, JobId, ProfileId, VideoId
from mvidarr_common.messages.jobs import AnySpec
from mvidarr_common.messages.library import Description, DescriptionField, ImportPath
from mvidarr_common.messages.notify import Channel
from mvidarr_common.messages.pipelines import PipelineName
from mvidarr_common.messages.profiles import DEFAULT_PROFILE, QualityProfile
from mvidarr_common.messages.sites import SiteSettings
from mvidarr_common.messages.work.plans import PipelinePlan

from .scopes import SCOPES, Scope

Priority = Field(default=0, ge=0, le=9)
Password = Field(min_length=12, max_length=1000)


class Body(Value, extra="forbid"):
    """A request's body."""


class DescriptionBody(Description, extra="forbid"):
    """What is known of a video."""


class EditBody(DescriptionBody):
    """What is given is set; what is named in `clear` is not known any more."""

    clear: tuple[DescriptionField, ...] = ()

    @property
    def changes(self) -> Description:
        """What is set."""
        return Description(**self.model_dump(include=set(Description.model_fields), by_alias=False))


class BulkEdit(Body):
    """The same changes for many videos: for these, or for all that match a filter."""

    ids: tuple[VideoId, ...] | None = Field(default=None, min_length=1, max_length=MOST_AT_ONCE)
    filter: str | None = Field(default=None, min_length=1)
    changes: DescriptionBody = DescriptionBody()
    clear: tuple[DescriptionField, ...] = ()


class Others(Body):
    """Artists that are the same one under other names."""

    others: tuple[ArtistId, ...] = Field(min_length=1, max_length=100)


class Wish(Body):
    """What to try on the videos that match a filter."""

    profile: QualityProfile | None = None
    template: str | None = Field(default=None, min_length=1, max_length=1000)
    filter: str | None = None
    kept: bool = False
    limit: int = Field(default=100, ge=1, le=500)
    cursor: str | None = None


class Login(Body):
    """With `cookies` both tokens are put into the browser's, where no script can read them."""

    username: str = Field(max_length=1000)
    password: SecretStr = Field(max_length=1000)
    code: SecretStr | None = Field(default=None, max_length=100)
    cookies: bool = False


class Code(Body):
    """What an authenticator app shows at this moment."""

    code: SecretStr = Field(max_length=100)


class Forgotten(Body):
    """Whose password is forgotten."""

    username: str = Field(min_length=1, max_length=1000)


class Redeemed(Body):
    """What stands at the end of a link that is used once, and the password that is set by it."""

    token: SecretStr = Field(max_length=200)
    password: SecretStr = Password


class Accepted(Redeemed):
    """The same with the name of who is to be."""

    username: str = Field(min_length=1, max_length=100, pattern=r"^[^\s/:]+$")


class Invited(Body):
    role: Role


class ContactBody(Body):
    """Where somebody is told what is for them alone: a webhook's URL, or an Apprise URL."""

    channel: Channel
    address: SecretStr = Field(min_length=1, max_length=4000)


class Renewal(Body):
    """Without one, the browser's cookie counts."""

    refresh_token: SecretStr | None = Field(default=None, max_length=200)


class NewArtist(Body):
    name: str = Field(min_length=1, max_length=300)


class NewVideo(Body):
    """A page with a video, and what is known of it already."""

    url: str = Field(min_length=1, max_length=2000)
    known: DescriptionBody = DescriptionBody()
    profile_id: ProfileId = DEFAULT_PROFILE


class NewImport(Body):
    """A file below import/ in the data root, and what is known of it already."""

    path: ImportPath
    known: DescriptionBody = DescriptionBody()
    profile_id: ProfileId = DEFAULT_PROFILE


class NewJob(Body):
    """It waits until all jobs of `after` are completed; what has not ended at the deadline has
    failed; an attempt may run `runLimit` seconds."""

    spec: AnySpec
    for_subject: str | None = None
    priority: int = Priority
    after: tuple[JobId, ...] = Field(default=(), max_length=100)
    deadline: AwareDatetime | None = None
    run_limit: float | None = Field(default=None, gt=0)


class NewJobs(Body):
    """Many jobs with the same purpose and priority."""

    specs: tuple[AnySpec, ...] = Field(min_length=1, max_length=MOST_JOBS)
    for_subject: str | None = None
    priority: int = Priority


class Matching(Body):
    """Which jobs; docs/filters.md."""

    filter: str = Field(min_length=1, max_length=2000)


class JobChanges(Body):
    priority: int = Field(ge=0, le=9)


class PlanBody(PipelinePlan, extra="forbid"):
    """A pipeline's plan."""


class Trial(Body):
    """What a run of this pipeline, or of a plan that is not saved, would do to a video."""

    video_id: VideoId
    name: PipelineName | None = None
    plan: PlanBody | None = None


class Over(Body):
    """Which videos; all of them without a filter (docs/filters.md)."""

    filter: str | None = Field(default=None, max_length=2000)


class SubscriptionBody(Body):
    """`address` is where it goes: a webhook's URL, or an Apprise URL."""

    name: str = Field(min_length=1, max_length=100)
    channel: Channel
    address: SecretStr = Field(min_length=1, max_length=4000)
    secret: SecretStr | None = Field(default=None, max_length=1000)
    events: tuple[str, ...] = Field(default=(), max_length=200)
    enabled: bool = True


class SiteBody(SiteSettings, extra="forbid"):
    """How to behave towards a site. `cookies` as a browser exports them (Netscape format)."""

    cookies: SecretStr | None = Field(default=None, max_length=500_000)
    username: str | None = Field(default=None, max_length=300)
    password: SecretStr | None = Field(default=None, max_length=1000)
    proxy: SecretStr | None = Field(default=None, max_length=1000)


class NewUser(Body):
    username: str = Field(min_length=1, max_length=100, pattern=r"^[^\s/:]+$")
    password: SecretStr = Password
    role: Role


class NewPassword(Body):
    password: SecretStr = Password


class NewRole(Body):
    role: Role


class NewApiKey(Body):
    """With `scopes` it may do these things alone, as far as the role goes; a writer may read."""

    name: str = Field(min_length=1, max_length=100)
    role: Role
    expires: datetime | None = None
    scopes: tuple[Scope, ...] | None = Field(default=None, min_length=1, max_length=len(SCOPES))


class Position(Body):
    """Seconds from the beginning of the film."""

    position: float = Field(ge=0, le=1_000_000)


class WhichParked(Body):
    event_id: str | None = None


class Reason(Body):
    reason: str = Field(min_length=1, max_length=1000)


class Edit(Reason):
    """Other values for fields of a record's data, by their names there."""

    changes: dict[str, Any] = Field(min_length=1, max_length=100)
