"""What is ordered of a fetcher, and what it tells while it works."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mvidarr_common.addresses import Address, is_public
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.profiles import QualityProfile

Stage = Literal[
    "extracting", "downloading", "downloading video", "downloading audio", "merging", "checking"
]


@dataclass(frozen=True, slots=True)
class Manners:
    """How to behave towards sites, and what not to exceed."""

    max_bytes: int
    ffmpeg: str
    rate: int | None = None
    timeout: float = 20.0
    retries: int = 3
    fragments: int = 4
    user_agent: str | None = None
    allow_private: bool = False
    cookies: str | None = None
    """For the site of this fetch, as browsers export them (Netscape format)."""
    username: str | None = None
    password: str | None = None
    netrc: str | None = None
    """A file with logins by site."""
    proxy: str | None = None
    impersonate: str | None = None
    country: str | None = None
    arguments: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Of yt-dlp's extractors."""
    program: str | None = None
    """Fetches plain files in place of yt-dlp itself."""
    sponsorblock: str = ""
    """The service that is asked for reported parts."""
    po_tokens: str | None = None
    """A service that makes proofs of origin."""
    public: Callable[[Address], bool] = is_public
    """What may be connected to, unless private addresses are allowed."""

    @property
    def secret(self) -> bool:
        """Whether there is something among them that nobody else may come to know."""
        return any((self.cookies, self.username, self.password, self.netrc, self.proxy,
                    self.arguments))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """One video to fetch. `earlier` are folders of attempts before, with what they had."""

    url: str
    profile: QualityProfile
    root: DataRoot
    into: Path
    earlier: tuple[Path, ...]
    manners: Manners

    @property
    def max_bytes(self) -> int:
        """The smaller of what the profile and the settings allow."""
        return min(self.profile.max_bytes or self.manners.max_bytes, self.manners.max_bytes)

    @property
    def rate(self) -> int | None:
        """The smaller of what the profile and the settings allow, bytes a second."""
        rates = [rate for rate in (self.profile.fetch.rate, self.manners.rate) if rate]
        return min(rates, default=None)


@dataclass(frozen=True, slots=True)
class Look:
    """A page to inspect; of a list, `limit` entries from position `start` on."""

    url: str
    profile: QualityProfile | None
    start: int
    limit: int
    manners: Manners


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fetch is; a fetcher tells it with `forked.tell`. Sizes in bytes."""

    stage: Stage
    done: float | None = None
    total: float | None = None
    speed: float | None = None
    eta: float | None = None
    speeds: tuple[int, ...] = ()
    """The last of them, a second apart."""


@dataclass(frozen=True, slots=True)
class Used:
    """Memory that a child had to itself, in bytes, told at its end."""

    bytes: int
