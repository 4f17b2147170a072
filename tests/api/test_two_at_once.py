"""Where the law asks for two, several act in one moment: one of them succeeds, never the one who may not, and it is recorded once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from infrastructure.audit.check import check_all
from tests.api.catalogs import FIRST, SECOND, amendment, issue, propose, withdrawn
from tests.api.conftest import XIHU, Api
from tests.api.test_further_catalogs import form, publish
from tests.api.test_further_catalogs import propose as propose_catalog

pytestmark = pytest.mark.registry("shared")

LOST = {"STALE_VERSION", "CASE_CLOSED", "NOTHING_PROPOSED", "PROPOSAL_PENDING", "WRONG_STATE", "AMENDMENT_CLOSED"}
LOST |= {"PROPOSAL_CLOSED", "STALE_BASE_VERSION", "SAME_OFFICER", "SAME_ADMINISTRATOR"}
HISTORY = (
    """query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) { status history { type actor { subject } } } }"""
)
GROUND = {"ground": "forged", "findings": "the body never issued it"}
WHY = {"reason": "the body confirmed it after all"}


def at_once(*acts: Callable[[], Any]) -> list[str | None]:
    """Let all begin in one moment; the code of each one's refusal, None of whoever succeeded."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> str | None:
        barrier.wait(30)
        refusal = act()["refusal"]
        return None if refusal is None else str(refusal["code"])

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


class Title:
    """A title, and what officers do about it."""

    def __init__(self, api: Api) -> None:
        self.api, self.id = api, api.approved()["case"]["id"]

    def by(self, officer: str, mutation: str, **arguments: Any) -> Callable[[], Any]:
        """An officer's act, to be done later; the token is there already."""
        token = self.api.token("REVIEWER", XIHU, officer)
        return lambda: self.api.decide(mutation, self.id, token, **arguments)

    def done(self, officer: str, mutation: str, **arguments: Any) -> None:
        """An officer's act that succeeds."""
        payload = self.by(officer, mutation, **arguments)()
        assert payload["refusal"] is None, payload

    def heard(self, mutation: str) -> None:
        """Proposed by the first officer, noticed, and waived by the holder."""
        self.done("first", mutation, **GROUND)
        assert self.api.heard(self.id)["refusal"] is None

    def recorded(self, topic: str) -> list[str]:
        """Who is recorded with events of this kind."""
        position = str(self.api.registry.journal.last_position())
        read = self.api.ask(HISTORY, {"id": self.id, "p": position}, self.api.token("AUDITOR"))["case"]
        return [each["actor"]["subject"] for each in read["history"] if each["type"] == f"recognition-case.{topic}"]


@pytest.fixture
def title(api: Api) -> Title:
    """A title that stands."""
    return Title(api)


def one_of(codes: Sequence[str | None], allowed: Sequence[int]) -> int:
    """Which one succeeded: exactly one, of those who may; the others were told."""
    winners = [number for number, code in enumerate(codes) if code is None]
    assert len(winners) == 1, codes
    assert winners[0] in allowed, codes
    assert {code for code in codes if code is not None} <= LOST, codes
    return winners[0]


@pytest.mark.parametrize(("kind", "topic"), [("Revocation", "revoked"), ("Annulment", "annulled")])
def test_a_title_is_ended_once_and_never_by_its_proposer(title: Title, kind: str, topic: str) -> None:
    """The proposer and two others confirm in one moment."""
    title.heard(f"propose{kind}")
    officers = ["first", "second", "third"]
    codes = at_once(*(title.by(each, f"confirm{kind}") for each in officers))
    winner = one_of(codes, [1, 2])
    assert title.recorded(topic) == [officers[winner]]
    assert check_all(title.api.registry.audited).findings == []


def test_what_is_confirmed_and_declined_in_one_moment_is_one_of_them(title: Title) -> None:
    """Whoever comes second finds nothing proposed, or the title ended."""
    title.heard("proposeRevocation")
    codes = at_once(
        title.by("second", "confirmRevocation"), title.by("third", "declineProposal", reason="it is genuine")
    )
    winner = one_of(codes, [0, 1])
    assert (title.recorded("revoked"), title.recorded("proposal-declined")) == ((["second"], []), ([], ["third"]))[
        winner
    ]


def test_one_thing_is_proposed_about_a_title(title: Title) -> None:
    """Revocation and annulment, proposed in one moment by two."""
    codes = at_once(title.by("first", "proposeRevocation", **GROUND), title.by("second", "proposeAnnulment", **GROUND))
    one_of(codes, [0, 1])
    assert len(title.recorded("revocation-proposed") + title.recorded("annulment-proposed")) == 1


def test_a_title_is_given_back_once_by_two_who_did_not_end_it(title: Title) -> None:
    """Those who ended it, the proposer and two others act in one moment, at the proposal and at the confirmation."""
    title.heard("proposeAnnulment")
    title.done("second", "confirmAnnulment")
    officers = ["first", "second", "third", "fourth"]
    codes = at_once(*(title.by(each, "reinstateTitle", **WHY) for each in officers))
    proposer = officers[one_of(codes, [2, 3])]
    assert title.recorded("reinstatement-proposed") == [proposer]
    confirming = ["first", "second", proposer, "fifth", "sixth"]
    codes = at_once(*(title.by(each, "confirmReinstatement") for each in confirming))
    assert title.recorded("reinstated") == [confirming[one_of(codes, [3, 4])]]
    assert check_all(title.api.registry.audited).findings == []


def test_who_overrode_the_rule_set_does_not_approve_in_the_same_moment_either(api: Api) -> None:
    """The one who matched by hand and two others approve at once."""
    case = api.submit()["case"]
    overrode = api.token("REVIEWER", XIHU, "first")
    hand = api.decide("confirmMatch", case["id"], overrode, entryNumber=57, reason="read the certificate")
    assert hand["refusal"] is None
    tokens = [overrode, api.token("REVIEWER", XIHU, "second"), api.token("REVIEWER", XIHU, "third")]
    codes = at_once(
        *(lambda each=each: api.decide("approveCase", case["id"], each, workConsistent=True) for each in tokens)
    )
    one_of(codes, [1, 2])


@pytest.mark.registry("own")
def test_an_amendment_is_issued_once_and_never_by_its_proposer(api: Api) -> None:
    """The proposer and two others issue it in one moment."""
    identifier = propose(api, amendment(1, "2026-11-23", withdrawn(46)), FIRST)["amendment"]["id"]
    names = [FIRST, SECOND, "third"]
    codes = at_once(*(lambda each=each: issue(api, identifier, each) for each in names))
    one_of(codes, [1, 2])
    assert len(api.registry.shelf.catalog("zj-2023-digital-equipment-materials").versions) == 2


@pytest.mark.registry("own")
def test_a_catalog_is_published_once_and_never_by_its_proposer(api: Api) -> None:
    """The proposer and two others publish it in one moment."""
    identifier = propose_catalog(api, form())["proposal"]["id"]
    names = [FIRST, SECOND, "third"]
    codes = at_once(*(lambda each=each: publish(api, identifier, each) for each in names))
    one_of(codes, [1, 2])
