"""The rules as data: each is named, grounded and stated once, and every event has its list."""

import re

import pytest

from domain.case.guards import dated
from domain.case.title_guards import GUARDS as OF_CASES
from domain.catalog.catalog import Catalog
from domain.catalog.timeline import AmendmentIssued
from domain.guards import Asks, Attempt, guard
from domain.refusals import RefusalCode, Refused
from domain.streams import AGGREGATES, declared_event_classes
from tests.docs import rules
from tests.domain import cases, catalogs
from tests.domain.scenario import ADMINISTRATOR, SECOND_ADMINISTRATOR, Happened

ALL = {each.name: each for aggregate in AGGREGATES for guards in aggregate.GUARDS.values() for each in guards}


def test_every_event_of_the_domain_has_its_list():
    """An event class that an aggregate does not know cannot be recorded, so none is left out."""
    listed = [kind for aggregate in AGGREGATES for kind in aggregate.GUARDS]
    assert len(listed) == len(set(listed)) > 25
    assert set(listed) == set(declared_event_classes())


def test_every_rule_is_named_grounded_and_stated():
    """A rule has a name of its own, the ground on which it stands, and one sentence that an auditor can read."""
    assert len(ALL) > 40
    for each in ALL.values():
        assert re.fullmatch(r"[a-z_]+", each.name)
        assert each.asks in Asks
        assert each.ground
        assert re.fullmatch(r"[A-Z].+\.", each.sentence), each.name
    assert len({each.sentence for each in ALL.values()}) == len(ALL)


def test_the_page_of_rules_is_current():
    """`python -m tests.docs.rules` prints the page anew from the lists."""
    assert rules.PAGE.read_text(encoding="utf-8") == rules.page()


def test_a_rule_without_a_sentence_is_none():
    """A function that states no rule cannot become a guard."""
    with pytest.raises(TypeError, match="states no rule"):
        guard(Asks.WHO, "article 1")(lambda _: None)


def attempt(happened, past="approved"):
    """An event as it would stand behind a past of a case."""
    before = cases.given(past).when(lambda _: None)
    event = happened.at(cases.CASE, len(before.past) + 1, "")
    return Attempt(event, before.state, cases.KNOWN)


def refused(guards, each):
    """The codes with which an event's list answers."""
    return {code.code for rule in guards for code in rule.refusals(each)}


@pytest.mark.parametrize(
    ("happened", "past", "code"),
    [
        (Happened(cases.REJECTED.kind, cases.REJECTED.facts | {"holder_ref": cases.AMENDMENT}), "matched", RefusalCode.OTHER_HOLDER),
        (Happened(cases.REVOKED.kind, cases.REVOKED.facts | {"ground": "another"}), "proposed", RefusalCode.TERMS_CHANGED),
        (Happened(cases.APPROVED.kind, cases.APPROVED.facts | {"recognized_on": cases.date(2020, 1, 1)}), "matched", RefusalCode.DAY_MISMATCH),
    ],
)  # fmt: skip
def test_what_no_command_can_bring_about_is_refused_all_the_same(happened, past, code):
    """Facts that a command derives are checked too, since a history may have been written by another way."""
    each = attempt(happened, past)
    assert code in refused(OF_CASES[happened.kind], each)


def test_a_version_whose_number_does_not_follow_is_refused():
    """Versions are numbered without a gap."""
    past = catalogs.given(catalogs.proposed(2, catalogs.terms(catalogs.add(101)))).when(lambda _: None)
    (amendment,) = past.state.amendments.values()
    issued = Happened(AmendmentIssued, {"amendment_id": amendment.id, "number": 3, "terms": amendment.terms})
    each = Attempt(issued.by(SECOND_ADMINISTRATOR).at(catalogs.STREAM, 3, ""), past.state, None)
    assert refused(Catalog.GUARDS[AmendmentIssued], each) == {RefusalCode.NUMBER_SKIPPED}
    assert ADMINISTRATOR != SECOND_ADMINISTRATOR


def test_a_rule_may_ask_of_some_events_only():
    """A guard is asked where it applies, and keeps its name, ground and sentence."""
    rule = dated("recognized_on").where(lambda _: False)
    assert list(rule.refusals(attempt(cases.APPROVED))) == []
    assert rule.name == "dated_as_recorded"


def test_a_rule_may_find_several_faults():
    """An event with many parts is told all that is wrong with it at once."""

    @guard(Asks.WHAT, "article 5")
    def two_faults(_):
        """Nothing is ever right."""
        yield Refused(RefusalCode.NO_CHANGES, "One.")
        yield Refused(RefusalCode.CHANGE_INVALID, "Two.")

    assert [each.code for each in two_faults.refusals(None)] == [RefusalCode.NO_CHANGES, RefusalCode.CHANGE_INVALID]
