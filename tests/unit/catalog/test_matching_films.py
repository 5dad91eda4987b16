"""Fingerprints in pipelines: what a run has made, compared with what the library has."""

import pytest
from tests.unit.catalog.libraries import begin, fates, library, plan
from tests.unit.catalog.workers import work

from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.library.files import File
from mvidarr_catalog.pipelines.checking import begins_with, check
from mvidarr_catalog.pipelines.runs import Run
from mvidarr_common.errors import Invalid
from mvidarr_common.messages.jobs import Match
from mvidarr_common.messages.pipelines import SavePipeline

SAME = plan(
    {"name": "small", "does": "transcode", "recipe": "mobile_optimized"},
    {"name": "new", "does": "fingerprint", "after": ["small"]},
    {"name": "old", "does": "fingerprint", "film": "library", "after": ["small"]},
    {"name": "same", "does": "match", "after": ["new", "old"]},
    {"name": "place", "does": "place", "after": ["same"], "when": "match = same_video"},
    {
        "name": "again",
        "does": "transcode",
        "recipe": "web_optimized",
        "after": ["same"],
        "when": "match in (other_cut)",
    },
)


def test_what_a_run_has_made_is_compared_with_the_film_in_the_library() -> None:
    story = library()
    story.live(SavePipeline(name="same", plan=SAME))
    run = begin(story, "same")
    work(story)
    [match] = [job.spec for job in story.rows(Job) if isinstance(job.spec, Match)]
    [film] = [each for each in story.rows(File) if each.rendition.role == "original"]
    assert film.rendition.path in (match.first.sound, match.second.sound)
    assert match.first.sound != match.second.sound
    found = fates(story, story.row(Run, run.id))
    assert (found["place"], found["again"]) == ("unneeded", "done")


def test_a_match_of_one_fingerprint_is_refused() -> None:
    with pytest.raises(Invalid, match="same compares two fingerprints, and only one is taken"):
        check(plan({"name": "one", "does": "fingerprint"},
                   {"name": "same", "does": "match", "after": ["one"]}))  # fmt: skip


def test_a_fingerprint_of_the_library_alone_wants_a_video_there() -> None:
    assert begins_with(plan({"name": "a", "does": "fingerprint", "film": "library"})) == {"library"}
