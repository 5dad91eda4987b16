"""What a filter's text means, and how a bad one is refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mvidarr_catalog.brain.filters import matching
from mvidarr_catalog.brain.rows import table_of
from mvidarr_catalog.jobs.job_queries import FIELDS
from mvidarr_catalog.jobs.jobs import Job
from mvidarr_common.errors import Invalid
from mvidarr_common.filtering import DEEPEST, LONGEST, MOST, All, Any, Comparison, Given, No, parse

FAILED = Comparison("state", "=", (Given("failed"),))
URGENT = Comparison("priority", ">=", (Given("5"),))
KINDS = Comparison("kind", "in", (Given("download"), Given("place", quoted=True)))


def refusal(text: str) -> Invalid:
    """What a list of jobs says to this filter."""
    with pytest.raises(Invalid) as refused:
        matching(text, FIELDS, table_of(Job, 1))
    assert refused.value.code == "bad_filter"
    assert refused.value.more["fields"] == sorted(FIELDS)
    return refused.value


def test_a_filter_reads_as_it_is_said() -> None:
    text = 'state = failed and (priority>=5 or not kind in (download, "place"))'
    assert parse(text) == All((FAILED, Any((URGENT, No(KINDS)))))
    assert parse("NOT state=failed AND priority >= 5") == All((No(FAILED), URGENT))
    assert parse(r'title ~ "say \"or\" \\ and"') == Comparison(
        "title", "~", (Given(r'say "or" \ and', quoted=True),)
    )


def test_words_of_the_grammar_are_values_and_parts_of_names() -> None:
    assert parse("a = and or notes = not") == Any(
        (Comparison("a", "=", (Given("and"),)), Comparison("notes", "=", (Given("not"),)))
    )
    assert parse("url = https://a.b/c?x=1") == Comparison("url", "=", (Given("https://a.b/c?x=1"),))


@pytest.mark.parametrize(
    ("text", "position", "sentence"),
    [
        ("", 0, "expected (, a field, not"),
        ("state", 5, "expected = != < <= > >= or ~, in"),
        ("state = failed or", 17, "expected (, a field, not"),
        ("state = failed) ", 14, "expected the end"),
        ("(state = failed", 15, "expected )"),
        ('state = "failed', 8, "expected a value"),
        ("state == failed", 7, "expected a value"),
        ("kind in ()", 9, "expected a value"),
        ("state = failed drop", 15, "expected "),
        ("state = failed;", 0, "state is one of"),
        ("priority = 1 and colour = red", 17, "there is no field 'colour'"),
        ("state = lost", 0, "state is one of waiting, queued"),
        ("priority = high", 0, "priority is compared with a whole number, not with 'high'"),
        ("priority = 99999999999999999999", 0, "a whole number"),
        ("priority ~ 1", 0, "priority is compared with = != < <= > >= in only"),
        ("kind > a", 0, "kind is compared with = != ~ in only"),
        ("added > yesterday", 0, "added is compared with a time such as"),
        ("added > 0001-01-01T00:00+14:00", 0, "added is compared with a time"),
        ('kind = "\0"', 0, "text without NUL"),
        ("kind in (null, place)", 0, "null is compared with = and != only"),
    ],
)
def test_a_bad_filter_is_refused_with_its_place(text: str, position: int, sentence: str) -> None:
    refused = refusal(text)
    assert (refused.more["position"], refused.status) == (position, 422)
    assert sentence in refused.message


def test_a_filter_has_bounds() -> None:
    assert parse("not " * (DEEPEST - 1) + "a=1")
    assert parse("(" * 500 + "a=1" + ")" * 500) == Comparison("a", "=", (Given("1"),))
    assert parse(" or ".join(["a=1"] * MOST))
    for text in ("not " * DEEPEST + "a=1", " or ".join(["a=1"] * (MOST + 1)), "a" * (LONGEST + 1)):
        refusal(text)


@given(st.text(alphabet='aé01 ()",=!<>~\\\t\0andortin', max_size=40))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with suppress(Invalid):
        matching(text, FIELDS, table_of(Job, 1))
