"""What a topic binding takes, and the names on the broker."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mvidarr_common.bus.topology import JOB_QUEUES, LOG_BINDINGS, job_queue, matches
from mvidarr_common.messages import registered

words = st.lists(st.sampled_from(["a", "b", "event", "job"]), min_size=1, max_size=5)
patterns = st.lists(st.sampled_from(["a", "b", "event", "job", "*", "#"]), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("binding", "key", "taken"),
    [
        ("command.#", "command.video.add", True),
        ("command.#", "command", True),
        ("command.#", "event.video.added", False),
        ("event.*", "event.started", True),
        ("event.*", "event.job.started", False),
        ("event.*", "event", False),
        ("event.job.queued.noop", "event.job.queued.noop", True),
        ("event.job.queued.noop", "event.job.queued.noop.more", False),
        ("event.job.queued.noop", "event.job.queued", False),
        ("#", "anything.at.all", True),
        ("#.started", "event.job.started", True),
        ("#.started", "started", True),
        ("event.#.started", "event.started", True),
        ("event.#.started", "event.a.b.started", True),
        ("event.#.started", "event.a.b.ended", False),
        ("*.#.*", "one", False),
        ("*.#.*", "one.two", True),
        ("#.#", "one", True),
    ],
)
def test_a_binding_takes_keys(binding: str, key: str, taken: bool) -> None:
    assert matches(binding, key) is taken


@given(patterns, words)
def test_a_binding_takes_what_its_regular_expression_takes(
    pattern: list[str], key: list[str]
) -> None:
    meaning = {"*": "[a-z]+/", "#": "(?:[a-z]+/)*"}
    expression = "".join(meaning.get(word, f"{word}/") for word in pattern)
    expected = re.fullmatch(expression, "".join(f"{word}/" for word in key)) is not None
    assert matches(".".join(pattern), ".".join(key)) is expected


@given(words)
def test_a_key_takes_itself(key: list[str]) -> None:
    assert matches(".".join(key), ".".join(key))


def test_commands_and_events_are_in_the_log_and_nothing_else() -> None:
    for cls in registered():
        key = f"{cls.kind}.{cls.wire}"
        logged = any(matches(binding, key) for binding in LOG_BINDINGS)
        assert logged is (cls.kind in ("command", "event"))


def test_a_released_job_goes_to_the_queue_of_its_kind_alone() -> None:
    takers = [queue for queue in JOB_QUEUES if matches(queue.bindings[0], "event.job.queued.media")]
    assert takers == [job_queue("media")]
