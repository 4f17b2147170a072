"""A further catalog is published by two administrators."""

from datetime import date
from uuid import UUID

import pytest

from domain.catalog.proposal import CatalogProposal, CatalogTerms
from domain.refusals import RefusalCode
from domain.values import TitleAward, TitleLevel
from tests.domain.cases import GRADED, KNOWN, PLAIN
from tests.domain.catalogs import NOTICE
from tests.domain.scenario import ADMINISTRATOR, REVIEWER, SECOND_ADMINISTRATOR, Given, Happened, act

STREAM = UUID("b8f6f3a5-5b55-4b8e-9d39-1c8a2f6f0d11")
TERMS = CatalogTerms(
    code="further", name="目录", notice=NOTICE, effective_from=date(2024, 1, 1), entries=(PLAIN, GRADED)
)
PROPOSED = Happened(CatalogProposal.Proposed, {"terms": TERMS}).by(ADMINISTRATOR)
PUBLISHED = Happened(CatalogProposal.Published, {}).by(SECOND_ADMINISTRATOR)
DISCARDED = Happened(CatalogProposal.Discarded, {"reason": "a slip"}).by(SECOND_ADMINISTRATOR)


def given(*past):
    """The proposal, with what happened since."""
    return Given(CatalogProposal, STREAM, PROPOSED, *past)


def propose(terms, by=ADMINISTRATOR):
    """Somebody proposes."""
    return Given(CatalogProposal, STREAM).when(lambda _: CatalogProposal.propose(act(by), STREAM, terms, KNOWN))


def test_one_administrator_proposes_and_another_publishes():
    """Publishing begins the catalog, whole, as its first version."""
    propose(TERMS).then(PROPOSED)
    catalogs = []
    given().when(lambda proposal: catalogs.append(proposal.publish(act(SECOND_ADMINISTRATOR)))).then(PUBLISHED)
    [catalog] = catalogs
    assert (catalog.state.code, catalog.state.entries_at(1)) == ("further", {1: PLAIN, 88: GRADED})
    assert catalog.state.version_in_force(date(2024, 1, 1)) == 1
    assert catalog.state.version_in_force(date(2023, 12, 31)) is None


def test_the_proposer_does_not_publish():
    """Two administrators; and nobody else."""
    given().when(lambda proposal: proposal.publish(act(ADMINISTRATOR))).refused(RefusalCode.SAME_ADMINISTRATOR)
    given().when(lambda proposal: proposal.publish(act(REVIEWER))).refused(RefusalCode.NOT_PERMITTED)
    propose(TERMS, REVIEWER).refused(RefusalCode.NOT_PERMITTED)


def test_a_discarded_proposal_leads_to_nothing():
    """Its proposer or another administrator drops it."""
    given().when(lambda proposal: proposal.discard(act(SECOND_ADMINISTRATOR), "a slip")).then(DISCARDED)


@pytest.mark.parametrize("end", [PUBLISHED, DISCARDED])
def test_a_closed_proposal_stays_closed(end):
    """It is published or discarded once."""
    closed = given(end)
    closed.when(lambda proposal: proposal.publish(act(SECOND_ADMINISTRATOR))).refused(RefusalCode.PROPOSAL_CLOSED)
    closed.when(lambda proposal: proposal.discard(act(ADMINISTRATOR), "x")).refused(RefusalCode.PROPOSAL_CLOSED)


AWARD = TitleAward(title="工程师", level=TitleLevel.INTERMEDIATE)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"effective_from": date(2023, 11, 1)}, []),
        ({"effective_from": date(2023, 10, 31)}, [RefusalCode.EFFECTIVE_TOO_EARLY]),
        ({"entries": ()}, [RefusalCode.NO_CHANGES]),
        ({"entries": (PLAIN, PLAIN)}, [RefusalCode.ENTRY_EXISTS]),
        ({"entries": (PLAIN.model_copy(update={"awards": ()}),)}, [RefusalCode.CHANGE_INVALID]),
        ({"entries": (PLAIN.model_copy(update={"awards": (AWARD, AWARD)}),)}, [RefusalCode.CHANGE_INVALID]),
        (
            {"entries": (GRADED.model_copy(update={"awards": (GRADED.awards[0], GRADED.awards[0])}),)},
            [RefusalCode.CHANGE_INVALID],
        ),
        (
            {"effective_from": date(2020, 1, 1), "entries": (PLAIN, PLAIN)},
            [RefusalCode.EFFECTIVE_TOO_EARLY, RefusalCode.ENTRY_EXISTS],
        ),
    ],
)
def test_everything_against_it_is_told_at_once(changes, codes):
    """A day before recognition began, no entries, a number twice, titles that no grade tells apart."""
    terms = TERMS.model_copy(update=changes)
    assert [refusal.code for refusal in terms.refusals(KNOWN.rules.commencement)] == codes
    outcome = propose(terms)
    if codes:
        outcome.refused(codes[0])
    else:
        outcome.then(Happened(CatalogProposal.Proposed, {"terms": terms}).by(ADMINISTRATOR))
