"""The guards of a catalog by themselves, as an audit asks them: of any event, whatever was before."""

from __future__ import annotations

from datetime import date

import pytest

from domain.catalog import catalog as rules
from domain.catalog.timeline import AmendmentDiscarded, AmendmentIssued
from domain.guards import Attempt, breaches
from domain.refusals import RefusalCode
from tests.domain import catalogs
from tests.domain.scenario import ADMINISTRATOR, SECOND_ADMINISTRATOR, Happened

WHAT = catalogs.terms(catalogs.add(101))
PROPOSED = catalogs.proposed(2, WHAT)
LAST = date(2027, 12, 31)


def attempt(happened, *past):
    """An event as it would stand behind a catalog's past."""
    given = catalogs.given(*past).when(lambda _: None)
    return Attempt(happened.at(catalogs.STREAM, len(given.past) + 1, ""), given.state, None)


def issue(version=2, number=2, what=WHAT):
    """Another administrator issues what was proposed at a version of the stream."""
    return catalogs.issued(version, number, what)


@pytest.mark.parametrize(
    ("past", "code", "words"),
    [
        ((), RefusalCode.UNKNOWN_AMENDMENT, ""),
        ((PROPOSED, issue()), RefusalCode.AMENDMENT_CLOSED, "issued"),
        ((PROPOSED, catalogs.discarded(2)), RefusalCode.AMENDMENT_CLOSED, "discarded"),
    ],
)
def test_an_amendment_is_issued_or_discarded_that_is_open(past, code, words):
    """The form shows at the amendment which of the three it is."""
    for happened in (issue(), catalogs.discarded(2)):
        refusal = rules.amendment_open(attempt(happened, *past))
        assert (refusal.code, refusal.field) == (code, "amendmentId")
        assert words in refusal.message
        assert ({"issued", "discarded"} - {words}).isdisjoint(refusal.message.replace(".", "").split()) or not words
    assert rules.amendment_open(attempt(issue(), PROPOSED)) is None


@pytest.mark.parametrize("past", [(), (PROPOSED,), (PROPOSED, issue()), (PROPOSED, catalogs.discarded(2))])
def test_every_guard_answers_whatever_was_before(past):
    """A history written by another way is told what is wrong with it, and the audit never breaks off."""
    for happened in (PROPOSED, issue(), issue(9, 9), catalogs.discarded(2), catalogs.discarded(9)):
        for breach in breaches(catalogs.Catalog.GUARDS, attempt(happened, *past)):
            assert breach.refusal.message.endswith(".")


def test_whoever_proposed_an_amendment_does_not_issue_it():
    """Of one that nobody proposed, nobody is the proposer."""
    facts = {"amendment_id": catalogs.amendment(2), "number": 2, "terms": WHAT}
    own, other = (Happened(AmendmentIssued, facts).by(who) for who in (ADMINISTRATOR, SECOND_ADMINISTRATOR))
    assert rules.another_administrator(attempt(own, PROPOSED)).code is RefusalCode.SAME_ADMINISTRATOR
    assert rules.another_administrator(attempt(other, PROPOSED)) is None
    assert rules.another_administrator(attempt(own)) is None
    assert AmendmentDiscarded in catalogs.Catalog.GUARDS


def test_an_amendment_changes_the_latest_version():
    """The form shows it at the version that was named."""
    stale = catalogs.proposed(4, catalogs.terms(catalogs.add(102), base=1))
    refusal = rules.on_the_latest_version(attempt(stale, PROPOSED, issue()))
    assert (refusal.code, refusal.field) == (RefusalCode.STALE_BASE_VERSION, "baseVersion")
    assert rules.on_the_latest_version(attempt(PROPOSED)) is None


def test_an_amendment_changes_something():
    """An entry, an alias, a word or the day on which the catalog ends; the day that it ends on already is no change."""
    nothing, ends = catalogs.terms(), catalogs.terms(ends_on=LAST)
    refusal = rules.changes_something(attempt(catalogs.proposed(2, nothing)))
    assert (refusal.code, refusal.field) == (RefusalCode.NO_CHANGES, "changes")
    assert rules.changes_something(attempt(catalogs.proposed(2, ends))) is None
    ended = (catalogs.proposed(2, ends), issue(2, 2, ends))
    again = catalogs.proposed(4, catalogs.terms(base=2, ends_on=LAST))
    assert rules.changes_something(attempt(again, *ended)).code is RefusalCode.NO_CHANGES
    silent = catalogs.proposed(4, catalogs.terms(base=2))
    assert rules.changes_something(attempt(silent, *ended)).code is RefusalCode.NO_CHANGES
