"""Films that a run moves into the library, and the steps that read them."""

import pytest
from tests.unit.catalog.libraries import begin, ended, library, plan, refusal
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
AFTER: Step = {"after": ["place"]}


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


@pytest.mark.parametrize(
    ("base", "reader", "mover"),
    [
        ((), {"does": "hls"}, {"does": "rename"}),
        ((), {"does": "fingerprint", "film": "library"}, {"does": "rename"}),
        ((), {"does": "scrub"}, {"does": "rename"}),
        ((SMALL,), {"does": "place", "after": ["small"]}, {"does": "rename", "after": ["small"]}),
        ((SMALL, PLACE), {"does": "preview", "after": ["place"]}, {"does": "rename", **AFTER}),
        ((SMALL, PLACE), {"does": "scrub", "after": ["place"]}, {"does": "retire", **AFTER}),
        ((SMALL, PLACE), {"does": "rename", "after": ["place"]}, {"does": "retire", **AFTER}),
    ],
)
def test_a_film_in_the_library_is_not_read_while_it_is_renamed_or_retired(
    base: tuple[Step, ...], reader: Step, mover: Step
) -> None:
    beside: Step = {"name": "beside", "does": "sidecars", "after": ["read", "move"]}
    steps = (*base, {"name": "read"} | reader)
    with pytest.raises(Invalid, match=r"(read|move) reads a film while (read|move) moves it"):
        check(plan(*steps, {"name": "move"} | mover, beside))
    check(plan(*steps, {"name": "move"} | mover | {"after": ["read"]}, beside))


def test_a_pipeline_that_reads_what_it_renames_meanwhile_is_not_kept() -> None:
    story = library()
    stream: Step = {"name": "stream", "does": "hls"}
    rename: Step = {"name": "rename", "does": "rename"}
    told: Step = {"name": "told", "does": "sidecars", "after": ["stream", "rename"]}
    beside = SavePipeline(name="streams", plan=plan(stream, rename, told))
    assert refusal(story, beside) == "bad_pipeline"
    in_turn = plan(stream | {"after": ["rename"]}, rename, told)
    story.live(SavePipeline(name="streams", plan=in_turn))
    run = begin(story, "streams")
    work(story)
    assert ended(story, run) == "completed"
