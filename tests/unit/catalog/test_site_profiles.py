"""What is set for a site is kept sealed, and given to the jobs that go there."""

import pytest

from mvidarr_catalog.jobs.site_profiles import Manners
from mvidarr_catalog.testing import Story
from mvidarr_common.messages.sites import (
    ConfigureSite,
    ForgetSite,
    SiteConfigured,
    SiteForgotten,
    SiteProfile,
    SiteSettings,
)
from mvidarr_common.messages.system import CommandRejected
from mvidarr_common.secrets import InstanceKey
from mvidarr_common.site_secrets import SiteSecrets, sealed, unsealed
from mvidarr_common.sites import for_address

SITE = "videos.example"
KEY = InstanceKey(b"k" * 32)
PROFILE = SiteProfile(user_agent="MVidarr", country="DE")
COOKIE = "\t".join((SITE, "FALSE", "/", "FALSE", "1900000000", "session", "good"))


def test_what_is_set_for_a_site_replaces_what_was_set_before() -> None:
    story = Story().given(SiteConfigured(site=SITE, profile=SiteProfile(rate=5)))
    assert story.live(ConfigureSite(site=SITE, profile=PROFILE)) == [
        SiteConfigured(site=SITE, profile=PROFILE)
    ]
    assert story.row(Manners, SITE).profile == PROFILE


def test_a_site_is_forgotten_once() -> None:
    story = Story().given(SiteConfigured(site=SITE, profile=PROFILE))
    assert story.live(ForgetSite(site=SITE)) == [SiteForgotten(site=SITE)]
    [refused] = story.when(ForgetSite(site=SITE))
    assert isinstance(refused, CommandRejected)
    assert refused.code == "site_not_found"


def test_what_is_set_for_a_site_holds_for_the_hosts_below_it() -> None:
    above = [SITE, "example"]
    assert list(for_address(f"https://m.{SITE}/1")) == [f"m.{SITE}", *above]
    assert list(for_address("https://youtu.be/1")) == ["youtu.be", "be", "youtube.com", "com"]
    assert list(for_address("ytsearch5:words")) == ["youtube.com", "com"]


def test_cookies_and_passwords_are_sealed_and_it_is_known_that_they_are_there() -> None:
    secrets = SiteSecrets(cookies=COOKIE, username="me", password="secret word")
    profile = sealed(SiteSettings(rate=7), secrets, KEY)
    assert (profile.rate, profile.holds) == (7, ("cookies", "login"))
    assert profile.cookies_until is not None
    assert profile.cookies_until.year == 2030
    assert "good" not in profile.model_dump_json()
    assert "secret word" not in profile.model_dump_json()
    assert unsealed(profile, KEY) == secrets


@pytest.mark.parametrize("name", ["../etc", "Videos.example", "a/b", ""])
def test_only_the_name_of_a_host_is_a_site(name: str) -> None:
    with pytest.raises(ValueError, match="site"):
        ConfigureSite(site=name, profile=PROFILE)
