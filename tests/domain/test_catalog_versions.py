"""The version at (day, instant) is what going through the events by hand gives."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.catalog.catalog import Catalog
from domain.catalog.timeline import AmendmentIssued
from domain.refusals import Refused
from tests.domain.catalogs import (
    ADMINISTRATOR,
    FIRST_DAY,
    SECOND_ADMINISTRATOR,
    STREAM,
    add,
    published,
    revise,
    terms,
    withdraw,
)
from tests.domain.scenario import act, replay

START = datetime(2023, 11, 20, 4, tzinfo=UTC)
NUMBERS = st.integers(1, 8)
CHANGES = st.one_of(
    NUMBERS.map(add), st.builds(revise, NUMBERS, st.sampled_from(["One", "Two"])), NUMBERS.map(withdraw)
)
AMENDMENT = st.tuples(st.lists(CHANGES, min_size=1, max_size=3), st.integers(-30, 30), st.booleans())
HISTORY = st.lists(st.tuples(AMENDMENT, st.integers(0, 5)), max_size=8)


def history(amendments):
    """The events of a catalog to which these amendments were put, as far as the rules allow them."""
    events = [published().at(STREAM, 1, Catalog.TOPIC)]
    catalog, now = replay(events), START
    for (changes, days, erratum), pause in amendments:
        now += timedelta(days=pause, seconds=1)
        what = terms(*changes, base=catalog.state.latest.number, on=now.date() + timedelta(days=days), erratum=erratum)
        try:
            catalog.issue(act(SECOND_ADMINISTRATOR, now), catalog.propose(act(ADMINISTRATOR, now), what))
        except Refused:
            continue
        events += catalog.collect_events()
    return events


def naive(events, on, known_at):
    """Version and entries by hand: every issued version in turn; the last one that is known and effective stays."""
    content, answer = {entry.number: entry for entry in events[0].entries}, None
    if events[0].timestamp <= known_at and events[0].effective_from <= on:
        answer = (1, dict(content))
    for event in events:
        if isinstance(event, AmendmentIssued):
            for change in event.terms.changes:
                content.pop(change.number, None)
                if change.entry is not None:
                    content[change.number] = change.entry
            if event.timestamp <= known_at and event.terms.effective_from <= on:
                answer = (event.number, dict(content))
    return answer


@settings(deadline=None)
@given(HISTORY, st.integers(-5, 120), st.integers(-40, 60))
def test_the_version_at_a_day_and_an_instant_is_the_naive_folds(amendments, day, known):
    """Whatever was amended: which version is in force, as known at an instant, and each of its entries."""
    events = history(amendments)
    on, known_at = FIRST_DAY + timedelta(days=day), START + timedelta(days=known)
    catalog, expected = replay(events).state, naive(events, on, known_at)
    number = catalog.version_in_force(on, known_at)
    assert (expected is None) == (number is None)
    if number is not None:
        assert (number, catalog.entries_at(number)) == expected
        ever = {n for version in range(1, number + 1) for n in catalog.entries_at(version)}
        for entry in [*range(1, 10), 88]:
            assert catalog.entry_at(number, entry) == expected[1].get(entry)
            assert catalog.had(number, entry) == (entry in ever)


def test_a_history_by_hand():
    """An erratum reaches back over what came before it; before its issue nobody knew."""
    events = history([(([add(5)], 10, False), 0), (([revise(1, "Two")], -19, True), 3)])
    catalog = replay(events).state
    assert [version.effective_from for version in catalog.versions] == [
        FIRST_DAY,
        date(2023, 11, 30),
        date(2023, 11, 4),
    ]
    days = [date(2023, 11, 1), date(2023, 11, 4), date(2023, 11, 30)]
    assert [catalog.version_in_force(day) for day in days] == [1, 3, 3]
    assert [catalog.version_in_force(day, START + timedelta(days=1)) for day in days] == [1, 1, 2]
