"""Films that a run moves into the library, and the steps that read them."""

import pytest
from tests.unit.catalog.libraries import begin, library, plan
from tests.unit.catalog.workers import work

from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.pipelines.checking import check
from mvidarr_catalog.pipelines.runs import Run
from mvidarr_common.errors import Invalid
from mvidarr_common.messages.jobs import Placed, Transcode
from mvidarr_common.messages.pipelines import SavePipeline

Step = dict[str, object]
SMALL: Step = {"name": "small", "does": "transcode", "recipe": "web_optimized"}
PLACE: Step = {"name": "place", "does": "place", "after": ["small"]}


def test_a_step_after_place_reads_the_film_where_it_lies_then() -> None:
    story = library()
    again: Step = {"name": "again", "does": "transcode", "recipe": "mobile_optimized"}
    story.live(SavePipeline(name="twice", plan=plan(SMALL, PLACE, again | {"after": ["place"]})))
    run = begin(story, "twice")
    work(story)
    [place, other] = [story.row(Job, story.row(Run, run.id).jobs[n]) for n in ("place", "again")]
    assert isinstance(place.result, Placed)
    assert isinstance(other.spec, Transcode)
    assert other.spec.path == place.result.renditions[0].path


def test_a_film_is_not_read_while_it_is_moved() -> None:
    score: Step = {"name": "score", "does": "quality", "after": ["small"]}
    with pytest.raises(Invalid, match="score reads a film while place moves it"):
        check(plan(SMALL, PLACE, score))
    check(plan(SMALL, PLACE, score | {"after": ["place"]}))
    check(plan(SMALL, PLACE | {"after": ["score"]}, score))
    check(plan(SMALL, PLACE, score | {"when": "height > 1080"}))
